//! The route of the Telemetry API, version 2022-07-01, and the validation of subscriptions.
//!
//! Limits and defaults are those of AWS's page "Lambda Telemetry API reference".

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;

use crate::api::{ApiState, read_body};
use crate::extensions_api::identifier;
use crate::faults::TelemetryFault;
use crate::lifecycle::{ApiCall, ApiError};
use crate::telemetry_event::{Buffering, Destination, Schema, SubscriptionRequest, TelemetryType};

/// Lambda reserves this port for its own listener in the sandbox.
const RESERVED_PORT: u16 = 9001;

/// The ports below are reserved for the system.
const FIRST_PORT: u16 = 1024;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/2022-07-01/telemetry", put(subscribe))
}

#[derive(Debug, Deserialize)]
struct SubscriptionBody {
    #[serde(rename = "schemaVersion")]
    schema_version: Option<String>,
    types: Vec<String>,
    #[serde(default)]
    buffering: BufferingBody,
    destination: DestinationBody,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BufferingBody {
    max_items: Option<u64>,
    max_bytes: Option<u64>,
    timeout_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct DestinationBody {
    protocol: String,
    #[serde(rename = "URI")]
    uri: Option<String>,
    port: Option<u16>,
}

async fn subscribe(State(api): State<ApiState>, headers: HeaderMap, body: Body) -> Result<Response, ApiError> {
    let id = identifier(&headers)?;
    match api.identity.faults.get().telemetry {
        TelemetryFault::None => (),
        TelemetryFault::NotSupported => {
            return Err(ApiError::new(202, "Telemetry.NotSupported", "Telemetry API is not supported"));
        }
        TelemetryFault::ServerError => return Err(ApiError::internal()),
    }
    let body: SubscriptionBody =
        serde_json::from_slice(&read_body(body).await).map_err(|error| invalid(error.to_string()))?;
    let request = body.parse()?;
    api.call(ApiCall::Subscribe { id, request }).await?;
    Ok((StatusCode::OK, "OK").into_response())
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(400, "ValidationError", message)
}

impl SubscriptionBody {
    fn parse(self) -> Result<SubscriptionRequest, ApiError> {
        let schema = match self.schema_version.as_deref() {
            None | Some("2022-07-01") => Schema::Strings,
            Some("2022-12-13" | "2025-01-29") => Schema::Objects,
            Some(other) => return Err(invalid(format!("schemaVersion {other} is not supported"))),
        };
        let types: Option<Vec<TelemetryType>> = self.types.iter().map(|text| TelemetryType::parse(text)).collect();
        let types = types.filter(|types| !types.is_empty());
        let types = types.ok_or_else(|| invalid("types must be some of platform, function, extension"))?;
        let buffering = self.buffering.parse()?;
        let destination = self.destination.parse()?;
        Ok(SubscriptionRequest { schema, types, buffering, destination })
    }
}

impl BufferingBody {
    fn parse(self) -> Result<Buffering, ApiError> {
        let max_items = in_range("maxItems", self.max_items, 10_000, 1_000, 10_000)?;
        let max_bytes = in_range("maxBytes", self.max_bytes, 262_144, 262_144, 1_048_576)?;
        let timeout_ms = in_range("timeoutMs", self.timeout_ms, 1_000, 25, 30_000)?;
        Ok(Buffering { max_items: max_items as usize, max_bytes: max_bytes as usize, timeout_ms })
    }
}

/// Returns the value or its default, if it is in `min..=max`.
fn in_range(name: &str, value: Option<u64>, default: u64, min: u64, max: u64) -> Result<u64, ApiError> {
    let value = value.unwrap_or(default);
    if (min..=max).contains(&value) {
        return Ok(value);
    }
    Err(invalid(format!("{name} must be between {min} and {max}, it is {value}")))
}

impl DestinationBody {
    fn parse(self) -> Result<Destination, ApiError> {
        match self.protocol.as_str() {
            "HTTP" => {
                let uri = self.uri.ok_or_else(|| invalid("destination.URI is missing"))?;
                let uri: Uri = uri.parse().map_err(|_| invalid("destination.URI is not a URI"))?;
                let host = uri.host().unwrap_or_default();
                if uri.scheme_str() != Some("http") || !matches!(host, "sandbox.localdomain" | "sandbox") {
                    return Err(invalid("destination.URI must begin with http://sandbox.localdomain"));
                }
                let port = check_port(uri.port_u16())?;
                let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
                Ok(Destination::Http { port, path })
            }
            "TCP" => Ok(Destination::Tcp { port: check_port(self.port)? }),
            other => Err(invalid(format!("destination.protocol {other} is not supported"))),
        }
    }
}

/// Returns the port if an extension may listen on it.
fn check_port(port: Option<u16>) -> Result<u16, ApiError> {
    let port = port.ok_or_else(|| invalid("destination has no port"))?;
    if port == RESERVED_PORT || port < FIRST_PORT {
        return Err(invalid(format!("port {port} is reserved")));
    }
    Ok(port)
}
