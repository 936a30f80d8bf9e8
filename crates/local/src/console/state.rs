//! The state that the console's handlers share.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crudder_fakes::Fakes;
use reqwest::Client;

use crate::logs::Logs;
use crate::requests::Requests;
use crate::services::Services;
use crate::template::Template;
use crate::tokens::Tokens;

/// The stage in which functions never fail on purpose, whatever `CRUDDER_FAULTS` is.
const PRODUCTION: &str = "prod";

/// The timeout of a call to the API. It is above the gateway's own 29 s, so that the gateway's
/// response arrives.
const API_TIMEOUT: Duration = Duration::from_secs(35);

/// What the console shows, and what it needs to act.
#[derive(Debug, Clone)]
pub(crate) struct Console {
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) logs: Logs,
    pub(crate) fakes: Arc<Fakes>,
    pub(crate) requests: Requests,
    /// The address of the API.
    pub(crate) api: SocketAddr,
    pub(crate) about: About,
    pub(crate) client: ApiClient,
}

/// Facts about the local stack that do not change while it runs.
#[derive(Debug, Clone)]
pub(crate) struct About {
    /// Whether functions fail on purpose if a request asks for it.
    pub(super) faults: bool,
    pub(super) stage: String,
    /// The vendors that receive everything too.
    pub(super) forwarded_to: Vec<&'static str>,
    /// The timeout of the function that the fault buttons call.
    pub(super) timeout_s: u64,
}

impl About {
    pub(crate) fn new(template: &Template, services: &Services) -> Self {
        let stage = services.variables().get("CRUDDER_STAGE").cloned().unwrap_or_default();
        let is_on = services.variables().get("CRUDDER_FAULTS").is_some_and(|value| value == "on");
        let function = template.functions.iter().find(|function| function.binary == "rollbar-test");
        Self {
            faults: is_on && !stage.eq_ignore_ascii_case(PRODUCTION),
            stage,
            forwarded_to: services.forwarded_to(),
            timeout_s: function.map_or(0, |function| function.timeout.as_secs()),
        }
    }
}

/// The HTTP client with which the console calls the API.
#[derive(Debug, Clone)]
pub(crate) struct ApiClient(pub(super) Client);

impl ApiClient {
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        Client::builder().timeout(API_TIMEOUT).user_agent("crudder-console").build().map(Self)
    }
}
