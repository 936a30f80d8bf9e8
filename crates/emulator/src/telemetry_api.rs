//! The Telemetry API, version 2022-07-01: who may subscribe to what, and how much is sent at once.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::put;
use http::{HeaderMap, StatusCode, Uri};
use serde::Deserialize;

use crate::api::{Door, read_body};
use crate::extensions_api::identifier;
use crate::faults::TelemetryFault;
use crate::life::{Call, Refusal};
use crate::telemetry::{Buffering, Destination, Kind, Request, Schema};

/// Reserved by Lambda for its own listener in the sandbox.
const RESERVED_PORT: u16 = 9001;

/// What lies below belongs to the system.
const FIRST_PORT: u16 = 1024;

pub(crate) fn routes() -> Router<Door> {
    Router::new().route("/2022-07-01/telemetry", put(subscribe))
}

#[derive(Debug, Deserialize)]
struct Wish {
    #[serde(rename = "schemaVersion")]
    schema_version: Option<String>,
    types: Vec<String>,
    #[serde(default)]
    buffering: BufferingWish,
    destination: DestinationWish,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BufferingWish {
    max_items: Option<u64>,
    max_bytes: Option<u64>,
    timeout_ms: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct DestinationWish {
    protocol: String,
    #[serde(rename = "URI")]
    uri: Option<String>,
    port: Option<u16>,
}

async fn subscribe(State(door): State<Door>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let id = identifier(&headers)?;
    match door.identity.faults.now().telemetry {
        TelemetryFault::None => (),
        TelemetryFault::NotSupported => {
            return Err(Refusal::new(202, "Telemetry.NotSupported", "Telemetry API is not supported"));
        }
        TelemetryFault::ServerError => return Err(Refusal::new(500, "InternalServerError", "Internal Server Error")),
    }
    let wish: Wish = serde_json::from_slice(&read_body(body).await).map_err(|error| invalid(error.to_string()))?;
    let request = wish.parse()?;
    door.ask(Call::Subscribe { id, request }).await?;
    Ok((StatusCode::OK, "OK").into_response())
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationError", message)
}

impl Wish {
    fn parse(self) -> Result<Request, Refusal> {
        let schema = match self.schema_version.as_deref() {
            None | Some("2022-07-01") => Schema::Strings,
            Some("2022-12-13" | "2025-01-29") => Schema::Objects,
            Some(other) => return Err(invalid(format!("schemaVersion {other} is not supported"))),
        };
        let kinds: Option<Vec<Kind>> = self.types.iter().map(|word| Kind::parse(word)).collect();
        let kinds = kinds.filter(|kinds| !kinds.is_empty());
        let kinds = kinds.ok_or_else(|| invalid("types must be some of platform, function, extension"))?;
        let buffering = self.buffering.parse()?;
        let destination = self.destination.parse()?;
        Ok(Request { schema, kinds, buffering, destination })
    }
}

impl BufferingWish {
    fn parse(self) -> Result<Buffering, Refusal> {
        let max_items = within("maxItems", self.max_items, 10_000, 1_000, 10_000)?;
        let max_bytes = within("maxBytes", self.max_bytes, 262_144, 262_144, 1_048_576)?;
        let timeout_ms = within("timeoutMs", self.timeout_ms, 1_000, 25, 30_000)?;
        Ok(Buffering { max_items: max_items as usize, max_bytes: max_bytes as usize, timeout_ms })
    }
}

fn within(name: &str, wish: Option<u64>, default: u64, least: u64, most: u64) -> Result<u64, Refusal> {
    let value = wish.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    Err(invalid(format!("{name} must be between {least} and {most}, it is {value}")))
}

impl DestinationWish {
    fn parse(self) -> Result<Destination, Refusal> {
        match self.protocol.as_str() {
            "HTTP" => {
                let uri = self.uri.ok_or_else(|| invalid("destination.URI is missing"))?;
                let uri: Uri = uri.parse().map_err(|_| invalid("destination.URI is not a URI"))?;
                let host = uri.host().unwrap_or_default();
                if uri.scheme_str() != Some("http") || !matches!(host, "sandbox.localdomain" | "sandbox") {
                    return Err(invalid("destination.URI must begin with http://sandbox.localdomain"));
                }
                let port = free_port(uri.port_u16())?;
                let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
                Ok(Destination::Http { port, path })
            }
            "TCP" => Ok(Destination::Tcp { port: free_port(self.port)? }),
            other => Err(invalid(format!("destination.protocol {other} is not supported"))),
        }
    }
}

fn free_port(port: Option<u16>) -> Result<u16, Refusal> {
    let port = port.ok_or_else(|| invalid("destination has no port"))?;
    if port == RESERVED_PORT || port < FIRST_PORT {
        return Err(invalid(format!("port {port} is reserved")));
    }
    Ok(port)
}
