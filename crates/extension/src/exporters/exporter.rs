//! The trait that holds everything in which destinations differ.

use std::collections::HashMap;
use std::fmt::Debug;
use std::pin::Pin;
use std::time::SystemTime;

use crudder_recorder::{Reader, Stats, WriterId};

use super::context::{Context, Observation};
use super::gzip::gunzip;
use super::http::{self, HttpResponse};
use super::item::Item;
use super::payload::Payload;
use super::result::ExportResult;
use crate::aws::{AwsConfig, KeySource};
use crate::invocations::Process;

/// The code of one destination. The dispatcher gives each exporter a queue, a circuit breaker, a
/// spool, dead letters and a sink in the ring; the exporter decides what it exports, in which form,
/// and what a response means.
pub(crate) trait Exporter: Debug + Send + Sync {
    /// The name in spool files, dead letters and log lines, in lower case and without `-`.
    fn name(&self) -> &'static str;

    /// The environment variable that an operator has to check if the destination refuses the
    /// credentials.
    fn key_variable(&self) -> &'static str;

    fn credentials(&self) -> Credentials;

    /// The largest number of items in one request.
    fn max_items(&self) -> usize;

    /// Whether its requests carry the recorder's loss counters.
    fn reports_losses(&self) -> bool {
        false
    }

    /// Returns the items to export because of an observation; none if it does not concern this
    /// destination.
    fn items(&self, observation: &Observation<'_>, context: &Context<'_>) -> Vec<Item>;

    /// Encodes a batch as a request body. By default a batch is the payload of its first item.
    fn encode(&self, batch: &Batch<'_>) -> Payload {
        batch.items.first().map(|item| item.payload.clone()).unwrap_or_default()
    }

    /// Restores a payload from the gzip in a spool file or a dead letter; `None` if it is damaged.
    fn restore(&self, packed: Vec<u8>) -> Option<Payload> {
        gunzip(&packed).map(|body| Payload::new(body.into()))
    }

    fn request(&self, payload: &Payload, access: Access<'_>) -> reqwest::RequestBuilder;

    /// Classifies the response to a request.
    fn classify(&self, response: &HttpResponse, now: SystemTime) -> ExportResult;

    /// Sends a payload. By default it is one HTTP request.
    fn send<'a>(&'a self, payload: &'a Payload, access: Access<'a>) -> ResultFuture<'a> {
        Box::pin(exchange(self, payload, access))
    }
}

/// Sends a payload as one HTTP request of the exporter and classifies the response.
pub(super) async fn exchange<E: Exporter + ?Sized>(
    exporter: &E,
    payload: &Payload,
    access: Access<'_>,
) -> ExportResult {
    match http::send(exporter.request(payload, access)).await {
        Ok(response) => exporter.classify(&response, SystemTime::now()),
        Err(message) => ExportResult::NoResponse { message },
    }
}

/// The result of sending a payload, once it is known.
pub(super) type ResultFuture<'a> = Pin<Box<dyn Future<Output = ExportResult> + Send + 'a>>;

/// What authorizes the requests of an exporter.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    /// An API key; without one the exporter is disabled.
    ApiKey(Option<KeySource>),
    /// The AWS credentials of the process.
    Aws,
}

/// What a request needs besides its payload.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    pub(crate) client: &'a reqwest::Client,
    /// Empty for an exporter that has no API key.
    pub(crate) api_key: &'a str,
    pub(crate) aws: &'a AwsConfig,
}

/// The items of one request, and what encoding them needs.
pub(crate) struct Batch<'a> {
    pub(crate) items: &'a [Item],
    pub(crate) reader: &'a Reader,
    pub(crate) processes: &'a HashMap<WriterId, Process>,
    /// The losses to report; zeros for an exporter that reports none.
    pub(crate) losses: &'a Stats,
}
