//! `GET /api/about`: where the API is, who may sign in, what is switched on, and the bounds of what is held.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::{Console, answer};
use crate::seed::SAMPLE_USERS;
use crate::services::Services;
use crate::template::Template;

/// The stage in which functions refuse to die on purpose, whatever `CRUDDER_FAULTS` says.
const PRODUCTION: &str = "prod";

/// What does not change while it runs.
#[derive(Debug, Clone)]
pub(crate) struct About {
    faults: bool,
    stage: String,
    relayed: Vec<&'static str>,
    /// How long the function may take whose button is `timeout`.
    timeout_s: u64,
}

impl About {
    pub(crate) fn new(template: &Template, services: &Services) -> Self {
        let stage = services.variables().get("CRUDDER_STAGE").cloned().unwrap_or_default();
        let is_on = services.variables().get("CRUDDER_FAULTS").is_some_and(|value| value == "on");
        let dying = template.functions.iter().find(|function| function.binary == "rollbar-test");
        Self {
            faults: is_on && stage != PRODUCTION,
            stage,
            relayed: services.relayed(),
            timeout_s: dying.map_or(0, |function| function.timeout.as_secs()),
        }
    }
}

pub(super) async fn tell(State(console): State<Console>) -> Response {
    let About { faults, stage, relayed, timeout_s } = &console.about;
    let users: Vec<_> =
        SAMPLE_USERS.iter().map(|user| json!({ "handle": user.handle, "display_name": user.display_name })).collect();
    let about = json!({
        "api": format!("http://{}", console.api), "stage": stage, "faults": faults, "timeout_s": timeout_s, "users": users,
        "relayed": relayed, "requests": console.requests.held(), "version": env!("CARGO_PKG_VERSION"),
    });
    answer(StatusCode::OK, &about)
}
