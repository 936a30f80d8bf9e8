//! AWS's refusals, in the protocol of the service that refuses.

use http::StatusCode;
use serde_json::json;

use crate::handler::Answer;

/// How a service words its answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// REST with JSON, and "AWS JSON 1.1".
    Json,
    /// Forms in, XML out.
    Query,
}

impl Protocol {
    pub(super) fn error(self, status: StatusCode, kind: &str, message: &str) -> Answer {
        match self {
            Self::Json => {
                Answer::json(status, &json!({ "__type": kind, "message": message })).with("x-amzn-errortype", kind)
            }
            Self::Query => {
                let escaped = message.replace('&', "&amp;").replace('<', "&lt;");
                let body = format!(
                    "<ErrorResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><Error><Type>Sender</Type>\
                     <Code>{kind}</Code><Message>{escaped}</Message></Error></ErrorResponse>"
                );
                Answer::new(status, "text/xml", body)
            }
        }
    }

    pub(super) fn denied(self, message: &str) -> Answer {
        match self {
            Self::Json => self.error(StatusCode::FORBIDDEN, "AccessDeniedException", message),
            Self::Query => self.error(StatusCode::FORBIDDEN, "AccessDenied", message),
        }
    }

    pub(super) fn throttled(self, service: &str) -> Answer {
        match service {
            "cloudformation" => self.error(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"),
            "logs" => self.error(StatusCode::BAD_REQUEST, "ThrottlingException", "Rate exceeded"),
            "xray" => self.error(StatusCode::TOO_MANY_REQUESTS, "ThrottledException", "Rate exceeded"),
            _ => self.error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate exceeded"),
        }
    }
}
