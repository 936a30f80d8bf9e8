//! What delivery needs from the rest of the extension.

use std::collections::HashMap;

use crudder_recorder::{Reader, WriterId};
use tokio::time::Instant;

use crate::aws::AwsConfig;
use crate::invocations::Process;

/// The ring, what is known of its writers, and the time of the call.
pub(crate) struct DeliveryContext<'a> {
    pub(crate) reader: &'a mut Reader,
    pub(crate) processes: &'a HashMap<WriterId, Process>,
    pub(crate) aws: &'a AwsConfig,
    pub(crate) now: Instant,
}
