//! The routes of one environment: Runtime, Extensions and Telemetry API on one address.
//!
//! Processes find the address in `AWS_LAMBDA_RUNTIME_API`.

use axum::Router;

use crate::api::ApiState;
use crate::{extensions_api, runtime_api, telemetry_api};

/// Returns the routes of one environment.
pub(crate) fn router(state: ApiState) -> Router {
    Router::new()
        .merge(runtime_api::routes())
        .merge(extensions_api::routes())
        .merge(telemetry_api::routes())
        .with_state(state)
}
