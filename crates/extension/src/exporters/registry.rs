//! The list of all destinations.

use std::sync::Arc;

use crudder_settings::ConfigError;

use super::exporter::Exporter;
use super::{honeycomb, rollbar, xray};
use crate::environment::Environment;

/// Builds an exporter from the environment.
pub(crate) type Build = fn(&Environment<'_>) -> Result<Arc<dyn Exporter>, ConfigError>;

/// Every destination, one line each. The index is the number of the destination's sink in the ring.
pub(crate) const REGISTRY: &[Build] = &[
    |environment| Ok(Arc::new(honeycomb::Honeycomb::from_environment(environment)?)),
    |environment| Ok(Arc::new(rollbar::Rollbar::from_environment(environment)?)),
    |environment| Ok(Arc::new(xray::XRay::from_environment(environment)?)),
];
