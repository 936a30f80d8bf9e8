//! Carries one request to one vendor and brings back what its answer means.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use tokio::task::JoinSet;

use crate::answer::Answer;
use crate::config::Config;
use crate::keys::{self, KeyError, KeySource};
use crate::vendor::Vendor;
use crate::{honeycomb, letters, log, rollbar, xray};

/// A vendor that has not answered by then has probably lost the batch; it is longer than any answer seen of a healthy one.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection that takes longer is not worth having inside an invocation.
const CONNECT: Duration = Duration::from_secs(3);
/// An answer's body beyond this tells nothing more.
const LONGEST_ANSWER: usize = 64 << 10;
/// A connection may have died in a freeze; one that idled longer is not used again.
const IDLE: Duration = Duration::from_secs(20);

/// What is to be sent.
#[derive(Clone, Debug)]
pub(crate) enum Parcel {
    /// An OTLP request, as it is or packed.
    Spans { body: Bytes, packed: bool },
    /// A Rollbar item.
    Item(Bytes),
    /// X-Ray's documents.
    Datagrams { daemon: Option<SocketAddr>, datagrams: Vec<Vec<u8>> },
}

/// What came back.
#[derive(Debug)]
pub(crate) enum Returned {
    Answer { vendor: Vendor, answer: Answer },
    Key { vendor: Vendor, key: Result<String, KeyError> },
}

/// Sends in the background, and is asked what has come back.
pub(crate) struct Courier {
    /// Made when it is first needed: it loads certificates, which takes longer than the first `/next` may.
    client: Option<reqwest::Client>,
    under_way: JoinSet<Returned>,
}

impl Courier {
    pub(crate) fn new() -> Self {
        Self { client: None, under_way: JoinSet::new() }
    }

    fn client(&mut self) -> reqwest::Client {
        self.client.get_or_insert_with(client).clone()
    }

    pub(crate) fn fetch_key(&mut self, vendor: Vendor, source: KeySource, config: &Config) {
        let (client, aws) = (self.client(), config.aws.clone());
        self.under_way.spawn(async move { Returned::Key { vendor, key: keys::resolve(source, aws, client).await } });
    }

    pub(crate) fn send(&mut self, vendor: Vendor, parcel: Parcel, key: &str, config: &Config) {
        let (client, key, config) = (self.client(), key.to_owned(), config.clone());
        self.under_way.spawn(async move {
            Returned::Answer { vendor, answer: carry(vendor, parcel, &key, &config, client).await }
        });
    }

    /// The next thing that comes back; waits for ever when nothing is under way.
    pub(crate) async fn returned(&mut self) -> Returned {
        loop {
            match self.under_way.join_next().await {
                Some(Ok(returned)) => return returned,
                // A task that panicked: its batch stays unanswered, and goes again in the next life at the latest.
                Some(Err(error)) => log::error("a delivery ended abnormally", [("error", error.to_string().into())]),
                None => std::future::pending().await,
            }
        }
    }
}

/// A client of the vendors: bounded in time, and never led elsewhere.
pub(crate) fn client() -> reqwest::Client {
    let built = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(PATIENCE)
        .pool_idle_timeout(IDLE)
        .redirect(reqwest::redirect::Policy::none())
        .build();
    // Without roots no vendor can be reached, but plain requests of its kind still say so one by one.
    built.unwrap_or_else(|error| {
        log::error("the HTTP client could not be set up", [("error", log::chain(&error).into())]);
        reqwest::Client::new()
    })
}

/// Carries one parcel, and reads the answer.
pub(crate) async fn carry(
    vendor: Vendor,
    parcel: Parcel,
    key: &str,
    config: &Config,
    client: reqwest::Client,
) -> Answer {
    match parcel {
        Parcel::Spans { body, packed } => {
            ask(vendor, honeycomb::request(&client, &config.honeycomb, key, body, packed)).await
        }
        Parcel::Item(body) => ask(vendor, rollbar::request_for(&client, &config.rollbar, key, body)).await,
        Parcel::Datagrams { daemon, datagrams } => xray::send(daemon, datagrams, config.aws.clone(), client).await,
    }
}

async fn ask(vendor: Vendor, request: reqwest::RequestBuilder) -> Answer {
    let silent = |error: reqwest::Error| Answer::Silent { words: log::chain(&error.without_url()) };
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) => return silent(error),
    };
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let (retry, remaining) = (header("retry-after"), header("x-rate-limit-remaining-seconds"));
    let body = http_body_util::Limited::new(reqwest::Body::from(response), LONGEST_ANSWER).collect().await;
    let body = match body {
        Ok(body) => body.to_bytes(),
        // The head of an answer that breaks off says what became of the batch.
        Err(_) if status >= 300 => Bytes::new(),
        Err(error) => return Answer::Silent { words: error.to_string() },
    };
    match vendor {
        Vendor::Rollbar => rollbar::read(status, remaining.as_deref(), SystemTime::now()),
        Vendor::Honeycomb | Vendor::XRay => honeycomb::read(status, retry.as_deref(), &body, SystemTime::now()),
    }
}

impl Parcel {
    /// The body as it is packed for spool and letters.
    pub(crate) fn packed(&self) -> Vec<u8> {
        match self {
            Self::Spans { body, packed: true } => body.to_vec(),
            Self::Spans { body, packed: false } | Self::Item(body) => letters::pack(body),
            Self::Datagrams { datagrams, .. } => letters::pack(&datagrams.join(&b'\n')),
        }
    }
}
