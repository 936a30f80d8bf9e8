//! Runs requests in the background and returns their results.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::aws::{AwsConfig, KeyError, KeySource, fetch_key};
use crate::exporters::{self, Access, ExportResult, Exporter, Payload};
use crate::log;

/// A request that has completed. `destination` is the index of its exporter.
#[derive(Debug)]
pub(crate) enum Completion {
    Sent { destination: usize, result: ExportResult },
    Key { destination: usize, key: Result<String, KeyError> },
}

/// The requests in flight.
pub(crate) struct Transport {
    /// Built at first use: loading the root certificates takes longer than the first `/next` may.
    client: Option<reqwest::Client>,
    in_flight: JoinSet<Completion>,
}

impl Transport {
    pub(super) fn new() -> Self {
        Self { client: None, in_flight: JoinSet::new() }
    }

    fn client(&mut self) -> reqwest::Client {
        self.client.get_or_insert_with(exporters::client).clone()
    }

    pub(super) fn fetch_key(&mut self, destination: usize, source: KeySource, aws: AwsConfig) {
        let client = self.client();
        self.in_flight.spawn(async move { Completion::Key { destination, key: fetch_key(source, aws, client).await } });
    }

    pub(super) fn send(
        &mut self,
        destination: usize,
        exporter: Arc<dyn Exporter>,
        payload: Payload,
        api_key: String,
        aws: AwsConfig,
    ) {
        let client = self.client();
        self.in_flight.spawn(async move {
            let access = Access { client: &client, api_key: &api_key, aws: &aws };
            Completion::Sent { destination, result: exporter.send(&payload, access).await }
        });
    }

    /// Returns the next request that completes. Waits for ever while none is in flight.
    pub(crate) async fn completed(&mut self) -> Completion {
        loop {
            match self.in_flight.join_next().await {
                Some(Ok(completion)) => return completion,
                // The task panicked. Its batch stays unanswered; the next extension process sends
                // it again.
                Some(Err(error)) => log::error("export task failed", [("error", error.to_string().into())]),
                None => std::future::pending().await,
            }
        }
    }
}
