//! Handles `GetSecretValue` and `GetParameter`.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::config::SecretsConfig;
use super::store::SecretsStore;
use crate::handler::{Call, Handled, Handler, Response};
use crate::{CallLog, Fault, Secret, signature};

const GET_SECRET: &str = "secretsmanager.GetSecretValue";
const GET_PARAMETER: &str = "AmazonSSM.GetParameter";

/// The protocol "AWS JSON 1.1" of both services.
const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Handles the calls to both services.
#[derive(Debug)]
pub struct SecretsHandler {
    config: SecretsConfig,
}

/// An error response of AWS: its status, type and message.
struct AwsError(StatusCode, &'static str, String);

impl AwsError {
    fn bad_request(kind: &'static str, message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, kind, message.into())
    }

    fn response(&self) -> Response {
        let Self(status, kind, message) = self;
        let body = json!({ "__type": kind, "message": message }).to_string();
        Response::new(*status, CONTENT_TYPE, body).with_header("x-amzn-errortype", kind)
    }
}

impl Handler for SecretsHandler {
    type Store = SecretsStore;
    const VENDOR: &'static str = "Secrets Manager";
    /// The body of a call holds one ARN.
    const MAX_BODY_BYTES: usize = 64 * 1024;

    fn is_delivery(&self, _: &Call) -> bool {
        true
    }

    fn supports(fault: &Fault) -> bool {
        !matches!(
            fault,
            Fault::PartialSuccess { .. } | Fault::Poisoned { .. } | Fault::ForbiddenThrottling | Fault::TooLarge
        )
    }

    fn contains_poison(&self, _: &Call, _: &str, _: &str) -> bool {
        false
    }

    fn fault_response(&self, fault: &Fault, call: &Call, _: SystemTime) -> Response {
        let action = if target(call) == GET_PARAMETER { "ssm:GetParameter" } else { "secretsmanager:GetSecretValue" };
        let error = match fault {
            Fault::ForbiddenKey => {
                AwsError::bad_request("AccessDeniedException", format!("User is not authorized to perform: {action}"))
            }
            Fault::Throttled(_) => AwsError::bad_request("ThrottlingException", "Rate exceeded"),
            Fault::Unauthorized => {
                AwsError::bad_request("UnrecognizedClientException", "The security token is invalid")
            }
            Fault::Unavailable(_) => {
                AwsError(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "unavailable".into())
            }
            Fault::BadGateway => AwsError(StatusCode::BAD_GATEWAY, "BadGateway", "bad gateway".into()),
            Fault::GatewayTimeout => AwsError(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", "gateway timeout".into()),
            _ => AwsError(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError", "internal error".into()),
        };
        error.response()
    }

    fn handle(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<SecretsStore>) -> Handled {
        match self.find(call, now) {
            Ok(found) => {
                store.send_modify(|store| store.count_value());
                Response::new(StatusCode::OK, CONTENT_TYPE, found.to_string()).into()
            }
            Err(error) => {
                let reason = format!("{}: {}", error.1, error.2);
                store.send_modify(|store| store.call_log_mut().record_rejection(error.0.as_u16(), reason, None));
                error.response().into()
            }
        }
    }

    fn call_log(store: &mut SecretsStore) -> &mut CallLog {
        store.call_log_mut()
    }
}

fn target(call: &Call) -> &str {
    call.header("x-amz-target").unwrap_or("")
}

fn lookup<'a>(list: &'a [(String, Secret)], name: &str) -> Option<&'a Secret> {
    list.iter().find(|(known, _)| known == name).map(|(_, secret)| secret)
}

impl SecretsHandler {
    pub(super) fn new(config: SecretsConfig) -> Self {
        Self { config }
    }

    fn find(&self, call: &Call, now: SystemTime) -> Result<Value, AwsError> {
        let (service, name_field) = match target(call) {
            GET_SECRET => ("secretsmanager", "SecretId"),
            GET_PARAMETER => ("ssm", "Name"),
            other => return Err(AwsError::bad_request("UnknownOperationException", other)),
        };
        signature::check(call, service, self.config.credentials.as_ref(), now)
            .map_err(|error| AwsError::bad_request(error.kind, error.message))?;
        if !call.is(Method::POST, "/") || call.header("content-type") != Some(CONTENT_TYPE) {
            let message = format!("the call must be POST / with content type {CONTENT_TYPE}");
            return Err(AwsError::bad_request("UnknownOperationException", message));
        }
        let body: Value = serde_json::from_slice(&call.body)
            .map_err(|error| AwsError::bad_request("SerializationException", error.to_string()))?;
        let name = body[name_field]
            .as_str()
            .ok_or_else(|| AwsError::bad_request("ValidationException", format!("{name_field} is required")))?;
        if service == "ssm" { self.parameter(name, &body, now) } else { self.secret(name, now) }
    }

    fn secret(&self, name: &str, now: SystemTime) -> Result<Value, AwsError> {
        let missing =
            || AwsError::bad_request("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        let secret = lookup(&self.config.secrets, name).ok_or_else(missing)?;
        Ok(json!({
            "ARN": name, "Name": name, "SecretString": secret.reveal(), "VersionId": "00000000-0000-4000-8000-000000000000",
            "VersionStages": ["AWSCURRENT"], "CreatedDate": epoch_seconds(now),
        }))
    }

    /// Returns a `SecureString` parameter. Without `WithDecryption` SSM returns the ciphertext.
    fn parameter(&self, name: &str, body: &Value, now: SystemTime) -> Result<Value, AwsError> {
        let missing = || AwsError::bad_request("ParameterNotFound", "");
        let secret = lookup(&self.config.parameters, name).ok_or_else(missing)?;
        let value = if body["WithDecryption"] == true { secret.reveal() } else { "AQICAHh-encrypted" };
        Ok(json!({ "Parameter": {
            "ARN": name, "Name": name, "Type": "SecureString", "Value": value, "Version": 1, "DataType": "text",
            "LastModifiedDate": epoch_seconds(now),
        } }))
    }
}

fn epoch_seconds(now: SystemTime) -> f64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
