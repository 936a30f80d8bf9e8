//! Plain calls by HTTP: the console, the API, Honeycomb, Rollbar. Every wait has an end, and no answer is longer than one reads.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use serde_json::Value;

/// Nobody waits at a terminal for longer.
const PATIENCE: Duration = Duration::from_secs(30);
const CONNECT: Duration = Duration::from_secs(5);
/// A trace with its planes may have some megabytes.
const LARGEST_ANSWER: usize = 64 << 20;

/// Why there is no answer that could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("reach {url}")]
    Unreachable {
        url: String,
        #[source]
        source: reqwest::Error,
    },
    #[error("read what {url} answered: {why}")]
    Unreadable { url: String, why: String },
    #[error("ask {url}: it answered {status}")]
    Refused { url: String, status: u16 },
}

/// An answer in full.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Client(reqwest::Client);

impl Client {
    pub(crate) fn new() -> Self {
        let built = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("crudder/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(built.unwrap_or_default())
    }

    pub(crate) fn get(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.get(url)
    }

    pub(crate) fn post(&self, url: &str) -> reqwest::RequestBuilder {
        self.0.post(url)
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder, url: &str) -> Result<Answer, ClientError> {
        let unreachable =
            |source: reqwest::Error| ClientError::Unreachable { url: url.to_owned(), source: source.without_url() };
        let response = request.send().await.map_err(unreachable)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = Limited::new(reqwest::Body::from(response), LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| ClientError::Unreadable { url: url.to_owned(), why: error.to_string() })?;
        Ok(Answer { status, headers, body: body.to_bytes().to_vec() })
    }

    /// The JSON at an address; `None` where it answers 404.
    pub(crate) async fn find(&self, url: &str) -> Result<Option<Value>, ClientError> {
        let answer = self.send(self.get(url), url).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|error| ClientError::Unreadable { url: url.to_owned(), why: error.to_string() }),
            404 => Ok(None),
            status => Err(ClientError::Refused { url: url.to_owned(), status }),
        }
    }
}
