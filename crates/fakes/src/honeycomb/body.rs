//! What a call to `/v1/traces` carries: which encoding, unpacked how, decoded to OTLP's own message.

use std::io::Read;

use http::StatusCode;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;

use crate::handler::Call;

/// Unpacked bodies end here, as OTLP's specification advises receivers: beyond it, 413.
const UNPACKED: u64 = 64 * 1024 * 1024;

/// Honeycomb's text for whatever it can't read (HUSKY).
const UNREADABLE: &str = "failed to parse OTLP request body";

/// How OTLP is written in this call; the answer is written alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Protobuf,
    Json,
}

impl Encoding {
    /// The encoding that the content type names, if Honeycomb takes it.
    fn named(call: &Call) -> Option<Self> {
        let named = call.header("content-type").unwrap_or("");
        match named.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
            "application/protobuf" | "application/x-protobuf" => Some(Self::Protobuf),
            "application/json" => Some(Self::Json),
            _ => None,
        }
    }

    /// The encoding of an answer to this call, protobuf where it names none.
    pub(super) fn of(call: &Call) -> Self {
        Self::named(call).unwrap_or(Self::Protobuf)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => "application/x-protobuf",
            Self::Json => "application/json",
        }
    }
}

/// Reads the body, or says with which status and words Honeycomb refuses it.
pub(super) fn read(call: &Call) -> Result<(Encoding, ExportTraceServiceRequest), (StatusCode, &'static str)> {
    let encoding = Encoding::named(call).ok_or((StatusCode::UNSUPPORTED_MEDIA_TYPE, super::answer::UNSUPPORTED))?;
    if call.is_cut {
        return Err((StatusCode::BAD_REQUEST, UNREADABLE));
    }
    let bytes = unpack(call)?;
    let request = match encoding {
        Encoding::Protobuf => ExportTraceServiceRequest::decode(bytes.as_slice()).ok(),
        Encoding::Json => serde_json::from_slice(&bytes).ok(),
    };
    Ok((encoding, request.ok_or((StatusCode::BAD_REQUEST, UNREADABLE))?))
}

fn unpack(call: &Call) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let packed = call.body.as_ref();
    let unreadable = (StatusCode::BAD_REQUEST, UNREADABLE);
    match call.header("content-encoding").unwrap_or("").to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(packed.to_vec()),
        "gzip" => drain(flate2::read::MultiGzDecoder::new(packed)),
        "zstd" => drain(ruzstd::decoding::StreamingDecoder::new(packed).map_err(|_| unreadable)?),
        _ => Err(unreadable),
    }
}

fn drain(unpacked: impl Read) -> Result<Vec<u8>, (StatusCode, &'static str)> {
    let mut bytes = Vec::new();
    unpacked.take(UNPACKED + 1).read_to_end(&mut bytes).map_err(|_| (StatusCode::BAD_REQUEST, UNREADABLE))?;
    if bytes.len() as u64 > UNPACKED {
        return Err((StatusCode::PAYLOAD_TOO_LARGE, "request body is too large once unpacked"));
    }
    Ok(bytes)
}
