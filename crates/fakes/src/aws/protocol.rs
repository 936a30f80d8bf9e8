//! AWS's error responses in the two protocols of its services.

use http::StatusCode;
use serde_json::json;

use crate::handler::Response;

/// The protocol of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// REST with JSON, and "AWS JSON 1.1".
    Json,
    /// The query protocol: forms in requests, XML in responses.
    Query,
}

impl Protocol {
    pub(super) fn error(self, status: StatusCode, kind: &str, message: &str) -> Response {
        match self {
            Self::Json => Response::json(status, &json!({ "__type": kind, "message": message }))
                .with_header("x-amzn-errortype", kind),
            Self::Query => {
                let escaped = message.replace('&', "&amp;").replace('<', "&lt;");
                let body = format!(
                    "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
                     <Code>{kind}</Code><Message>{escaped}</Message></Error></ErrorResponse>"
                );
                Response::new(status, "text/xml", body)
            }
        }
    }

    pub(super) fn access_denied(self, message: &str) -> Response {
        match self {
            Self::Json => self.error(StatusCode::FORBIDDEN, "AccessDeniedException", message),
            Self::Query => self.error(StatusCode::FORBIDDEN, "AccessDenied", message),
        }
    }

    pub(super) fn throttled(self, service: &str) -> Response {
        match service {
            "cloudformation" => self.error(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
            "logs" => self.error(StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded"),
            "xray" => self.error(StatusCode::TOO_MANY_REQUESTS, "ThrottledException", "Rate exceeded"),
            _ => self.error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded"),
        }
    }
}
