//! Decodes the body of a call to `/v1/traces`: compression and encoding.

use std::io::Read;

use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::handler::Call;

/// The limit of a decompressed body, as OTLP's specification advises servers. Beyond it they answer
/// 413.
const MAX_DECOMPRESSED_BYTES: u64 = 64 * 1024 * 1024;

/// Honeycomb's message for every body that it cannot read (husky).
const UNREADABLE: &str = "failed to parse OTLP request body";

/// The message of 415 (husky).
pub(super) const UNSUPPORTED_CONTENT_TYPE: &str =
    "unsupported content-type, valid types are: application/protobuf, application/x-protobuf, application/json";

/// The encoding of an OTLP request. The response has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// Returns the encoding that the content type names, if Honeycomb accepts it.
    fn from_content_type(call: &Call) -> Option<Self> {
        let content_type = call.header("content-type").unwrap_or("");
        match content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
            "application/protobuf" | "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    /// Returns the encoding of a response to this call. It is protobuf if the call names none.
    pub(super) fn of(call: &Call) -> Self {
        Self::from_content_type(call).unwrap_or(Self::Protobuf)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Decodes the body.
///
/// # Errors
/// Returns the status and message of Honeycomb's rejection.
pub(super) fn read(call: &Call) -> Result<(Encoding, ExportTraceServiceRequest), (StatusCode, &'static str)> {
    let encoding =
        Encoding::from_content_type(call).ok_or((StatusCode::UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_CONTENT_TYPE))?;
    if call.is_truncated {
        return Err((StatusCode::BAD_REQUEST, UNREADABLE));
    }
    let bytes = decompress(call)?;
    let request = match encoding {
        Encoding::Protobuf => ExportTraceServiceRequest::decode(bytes.as_slice()).ok(),
        Encoding::Json => serde_json::from_slice(&bytes).ok(),
    };
    Ok((encoding, request.ok_or((StatusCode::BAD_REQUEST, UNREADABLE))?))
}

fn decompress(call: &Call) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let body = call.body.as_ref();
    let unreadable = (StatusCode::BAD_REQUEST, UNREADABLE);
    match call.header("content-encoding").unwrap_or("").to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(body.to_vec()),
        "gzip" => read_to_limit(flate2::read::MultiGzDecoder::new(body)),
        "zstd" => read_to_limit(ruzstd::decoding::StreamingDecoder::new(body).map_err(|_| unreadable)?),
        _ => Err(unreadable),
    }
}

fn read_to_limit(decoder: impl Read) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let mut bytes = Vec::new();
    decoder
        .take(MAX_DECOMPRESSED_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| (StatusCode::BAD_REQUEST, UNREADABLE))?;
    if bytes.len() as u64 > MAX_DECOMPRESSED_BYTES {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "request body is too large after decompression"));
    }
    Ok(bytes)
}
