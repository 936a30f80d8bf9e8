//! The fakes of Secrets Manager and SSM's parameter store: the one call of each by which the layer finds its keys.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::handler::{Answer, Call, Handler, Served};
use crate::{CallLog, FakeServer, Fault, Secret, SecretsConfig, signature};

const SECRET: &str = "secretsmanager.GetSecretValue";
const PARAMETER: &str = "AmazonSSM.GetParameter";

/// A running fake of both: the header `X-Amz-Target` tells them apart.
pub type Secrets = FakeServer<SecretsHandler>;

impl Secrets {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: SecretsConfig) -> io::Result<Self> {
        let clock = config.clock;
        Self::begin(SecretsHandler { config }, SecretsStore::default(), clock)
    }
}

/// What was asked so far; never what was answered.
#[derive(Debug, Default)]
pub struct SecretsStore {
    call_log: CallLog,
    asked: u64,
}

impl SecretsStore {
    /// Calls and rejections.
    #[must_use]
    pub fn call_log(&self) -> &CallLog {
        &self.call_log
    }

    /// How often a key was handed out: a layer that caches asks once.
    #[must_use]
    pub fn handed_out(&self) -> u64 {
        self.asked
    }
}

/// AWS's side of the counter.
#[derive(Debug)]
pub struct SecretsHandler {
    config: SecretsConfig,
}

/// A refusal in AWS's way: its type, and a message.
struct Refusal(StatusCode, &'static str, String);

impl Refusal {
    fn bad(kind: &'static str, message: impl Into<String>) -> Self {
        Self(StatusCode::BAD_REQUEST, kind, message.into())
    }

    fn answer(&self) -> Answer {
        let Self(status, kind, message) = self;
        let body = json!({ "__type": kind, "message": message }).to_string();
        Answer::new(*status, "application/x-amz-json-1.1", body).with("x-amzn-errortype", kind)
    }
}

impl Handler for SecretsHandler {
    type Store = SecretsStore;
    const VENDOR: &'static str = "Secrets Manager";
    /// A call holds one ARN.
    const LARGEST_BODY: usize = 64 * 1024;

    fn is_delivery(&self, _: &Call) -> bool {
        true
    }

    fn fits(fault: &Fault) -> bool {
        !matches!(
            fault,
            Fault::PartialSuccess { .. } | Fault::Poisoned { .. } | Fault::ForbiddenThrottling | Fault::TooLarge
        )
    }

    fn bears_mark(&self, _: &Call, _: &str, _: &str) -> bool {
        false
    }

    fn refuse(&self, fault: &Fault, call: &Call, _: SystemTime) -> Answer {
        let action = if target(call) == PARAMETER { "ssm:GetParameter" } else { "secretsmanager:GetSecretValue" };
        let refusal = match fault {
            Fault::ForbiddenKey => {
                Refusal::bad("AccessDeniedException", format!("User is not authorized to perform: {action}"))
            }
            Fault::Throttled(_) => Refusal::bad("ThrottlingException", "Rate exceeded"),
            Fault::Unauthorized => Refusal::bad("UnrecognizedClientException", "The security token is invalid"),
            Fault::Unavailable(_) => {
                Refusal(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", "unavailable".into())
            }
            Fault::BadGateway => Refusal(StatusCode::BAD_GATEWAY, "BadGateway", "bad gateway".into()),
            Fault::GatewayTimeout => Refusal(StatusCode::GATEWAY_TIMEOUT, "GatewayTimeout", "gateway timeout".into()),
            _ => Refusal(StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceError", "internal error".into()),
        };
        refusal.answer()
    }

    fn serve(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<SecretsStore>) -> Served {
        match self.find(call, now) {
            Ok(found) => {
                store.send_modify(|store| store.asked += 1);
                Answer::new(StatusCode::OK, "application/x-amz-json-1.1", found.to_string()).into()
            }
            Err(refusal) => {
                let reason = format!("{}: {}", refusal.1, refusal.2);
                store.send_modify(|store| store.call_log.reject(refusal.0.as_u16(), reason, None));
                refusal.answer().into()
            }
        }
    }

    fn call_log(store: &mut SecretsStore) -> &mut CallLog {
        &mut store.call_log
    }
}

fn target(call: &Call) -> &str {
    call.header("x-amz-target").unwrap_or("")
}

fn lookup<'a>(list: &'a [(String, Secret)], name: &str) -> Option<&'a Secret> {
    list.iter().find(|(known, _)| known == name).map(|(_, secret)| secret)
}

impl SecretsHandler {
    fn find(&self, call: &Call, now: SystemTime) -> Result<Value, Refusal> {
        let (service, asked_by) = match target(call) {
            SECRET => ("secretsmanager", "SecretId"),
            PARAMETER => ("ssm", "Name"),
            other => return Err(Refusal::bad("UnknownOperationException", other)),
        };
        signature::check(call, service, self.config.credentials.as_ref(), now)
            .map_err(|flaw| Refusal::bad(flaw.kind, flaw.message))?;
        if !call.is(Method::POST, "/") || call.header("content-type") != Some("application/x-amz-json-1.1") {
            return Err(Refusal::bad("UnknownOperationException", "POST / with application/x-amz-json-1.1"));
        }
        let body: Value = serde_json::from_slice(&call.body)
            .map_err(|error| Refusal::bad("SerializationException", error.to_string()))?;
        let name = body[asked_by]
            .as_str()
            .ok_or_else(|| Refusal::bad("ValidationException", format!("{asked_by} is needed")))?;
        if service == "ssm" { self.parameter(name, &body, now) } else { self.secret(name, now) }
    }

    fn secret(&self, name: &str, now: SystemTime) -> Result<Value, Refusal> {
        let missing = || Refusal::bad("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
        let secret = lookup(&self.config.secrets, name).ok_or_else(missing)?;
        Ok(json!({
            "ARN": name, "Name": name, "SecretString": secret.reveal(), "VersionId": "00000000-0000-4000-8000-000000000000",
            "VersionStages": ["AWSCURRENT"], "CreatedDate": epoch(now),
        }))
    }

    /// A secure parameter comes in clear only where that is asked for; otherwise as what is stored, which opens nothing.
    fn parameter(&self, name: &str, body: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let secret = lookup(&self.config.parameters, name).ok_or_else(|| Refusal::bad("ParameterNotFound", ""))?;
        let value = if body["WithDecryption"] == true { secret.reveal() } else { "AQICAHh-encrypted" };
        Ok(json!({ "Parameter": {
            "ARN": name, "Name": name, "Type": "SecureString", "Value": value, "Version": 1, "DataType": "text",
            "LastModifiedDate": epoch(now),
        } }))
    }
}

fn epoch(now: SystemTime) -> f64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
