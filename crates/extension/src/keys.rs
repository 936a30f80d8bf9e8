//! Keys of vendors: given in clear, or kept in Secrets Manager or SSM and fetched when first needed.

use base64::Engine;
use serde_json::{Value, json};

use crate::config::AwsConfig;
use crate::sign::{self, Call};

/// Where a key comes from. Never prints the key.
#[derive(Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The key itself.
    Value(String),
    /// A secret in Secrets Manager, by ARN.
    Secret(String),
    /// A parameter in SSM's store, by ARN.
    Parameter(String),
}

impl KeySource {
    /// Reads a variable's value; `None` for an ARN of another service.
    pub fn parse(value: &str) -> Option<Self> {
        if !value.starts_with("arn:") {
            return Some(Self::Value(value.to_owned()));
        }
        match value.split(':').nth(2)? {
            "secretsmanager" => Some(Self::Secret(value.to_owned())),
            "ssm" => Some(Self::Parameter(value.to_owned())),
            _ => None,
        }
    }
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Value(_) => f.write_str("Value(…)"),
            Self::Secret(arn) | Self::Parameter(arn) => f.write_str(arn),
        }
    }
}

/// Why a key could not be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The role may not read it.
    #[error("the function's role lacks {permission} on {arn}")]
    Forbidden { permission: &'static str, arn: String },
    /// The service said no in another way.
    #[error("{service} answered {status} for {arn}")]
    Refused { service: &'static str, status: u16, arn: String },
    /// The secret holds no text.
    #[error("{arn} holds no text that could be a key")]
    Empty { arn: String },
    /// No answer.
    #[error("{service} did not answer")]
    Unreachable {
        service: &'static str,
        #[source]
        source: reqwest::Error,
    },
}

impl KeyError {
    /// Whether asking again may help.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Forbidden { .. } | Self::Empty { .. } => false,
        }
    }
}

struct Service {
    name: &'static str,
    target: &'static str,
    permission: &'static str,
    endpoint: Option<String>,
    body: Value,
}

/// Fetches the key.
pub(crate) async fn resolve(source: KeySource, aws: AwsConfig, client: reqwest::Client) -> Result<String, KeyError> {
    let (arn, service) = match source {
        KeySource::Value(value) => return Ok(value),
        KeySource::Secret(arn) => {
            let body = json!({ "SecretId": arn });
            let endpoint = aws.secrets_endpoint.clone();
            let (target, permission) = ("secretsmanager.GetSecretValue", "secretsmanager:GetSecretValue");
            (arn, Service { name: "secretsmanager", target, permission, endpoint, body })
        }
        KeySource::Parameter(arn) => {
            let body = json!({ "Name": arn, "WithDecryption": true });
            let endpoint = aws.ssm_endpoint.clone();
            (
                arn,
                Service {
                    name: "ssm",
                    target: "AmazonSSM.GetParameter",
                    permission: "ssm:GetParameter",
                    endpoint,
                    body,
                },
            )
        }
    };
    let answer = ask(&service, &aws, &client).await?;
    let status = answer.status().as_u16();
    let body = answer.bytes().await.map_err(|source| KeyError::Unreachable { service: service.name, source })?;
    if status != 200 {
        return Err(refusal(&service, arn, status, &String::from_utf8_lossy(&body)));
    }
    key_in(&body).ok_or(KeyError::Empty { arn })
}

/// What an answer that is no key means. These services say with a 400 also what others say with a 403 or a 429.
fn refusal(service: &Service, arn: String, status: u16, words: &str) -> KeyError {
    if status == 403 || words.contains("AccessDenied") {
        return KeyError::Forbidden { permission: service.permission, arn };
    }
    let status = if words.contains("Throttling") { 429 } else { status };
    KeyError::Refused { service: service.name, status, arn }
}

async fn ask(service: &Service, aws: &AwsConfig, client: &reqwest::Client) -> Result<reqwest::Response, KeyError> {
    let default = || format!("https://{}.{}.amazonaws.com", service.name, aws.region);
    let call = Call {
        service: service.name,
        endpoint: service.endpoint.clone().unwrap_or_else(default),
        path: "/",
        headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", service.target)],
        body: service.body.to_string().into(),
    };
    let request = sign::request(client, aws, call, std::time::SystemTime::now());
    request.send().await.map_err(|source| KeyError::Unreachable { service: service.name, source: source.without_url() })
}

/// The text of either service's answer. A secret may be a JSON object with one value, as the console likes to make them.
fn key_in(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    let plain = answer.get("SecretString").or_else(|| answer.get("Parameter")?.get("Value")).and_then(Value::as_str);
    let binary = || {
        let encoded = answer.get("SecretBinary")?.as_str()?;
        String::from_utf8(base64::engine::general_purpose::STANDARD.decode(encoded).ok()?).ok()
    };
    let text = plain.map(ToOwned::to_owned).or_else(binary)?;
    let only = |object: &serde_json::Map<String, Value>| match object.values().collect::<Vec<_>>().as_slice() {
        [value] => value.as_str().map(ToOwned::to_owned),
        _ => None,
    };
    let unwrapped = serde_json::from_str::<Value>(&text).ok().and_then(|value| value.as_object().and_then(only));
    let key = unwrapped.unwrap_or(text).trim().to_owned();
    (!key.is_empty()).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_key_and_an_arn_names_its_service() {
        assert_eq!(KeySource::parse("abc"), Some(KeySource::Value("abc".into())));
        let secret = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
        assert_eq!(KeySource::parse(secret), Some(KeySource::Secret(secret.into())));
        let parameter = "arn:aws:ssm:ca-central-1:111122223333:parameter/crudder/honeycomb";
        assert_eq!(KeySource::parse(parameter), Some(KeySource::Parameter(parameter.into())));
        assert_eq!(KeySource::parse("arn:aws:s3:::bucket"), None);
    }

    #[test]
    fn a_key_does_not_print_itself() {
        assert_eq!(format!("{:?}", KeySource::parse("abc")), "Some(Value(…))");
    }

    #[test]
    fn being_throttled_passes_whatever_the_status_and_a_missing_permission_does_not() {
        let service =
            Service { name: "ssm", target: "", permission: "ssm:GetParameter", endpoint: None, body: Value::Null };
        let passes = |status, words| refusal(&service, "arn".to_owned(), status, words).is_passing();
        assert!(passes(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#));
        assert!(passes(429, "") && passes(503, ""));
        assert!(!passes(400, r#"{"__type":"AccessDeniedException"}"#) && !passes(403, ""));
        assert!(!passes(400, r#"{"__type":"ParameterNotFound"}"#));
    }

    #[test]
    fn answers_of_both_services_are_read() {
        assert_eq!(key_in(br#"{"SecretString":"abc\n"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretString":"{\"key\":\"abc\"}"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretBinary":"YWJj"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"Parameter":{"Value":"abc"}}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretString":" "}"#), None);
    }
}
