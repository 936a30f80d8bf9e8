//! API keys of destinations: in plain text, or kept in Secrets Manager or SSM and fetched at first
//! use.

use base64::Engine;
use crudder_settings::{ConfigError, Setting};
use serde_json::{Value, json};

use super::config::AwsConfig;
use super::sigv4::{Call, signed_request};
use crate::environment::Environment;

/// Where an API key comes from. `Debug` never prints the key.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The key itself.
    Value(String),
    /// The ARN of a secret in Secrets Manager.
    Secret(String),
    /// The ARN of a parameter in SSM's Parameter Store.
    Parameter(String),
}

impl KeySource {
    /// Parses a variable's value. Returns `None` for an ARN of another service.
    #[must_use]
    pub(crate) fn parse(value: &str) -> Option<Self> {
        if !value.starts_with("arn:") {
            return Some(Self::Value(value.to_owned()));
        }
        match value.split(':').nth(2)? {
            "secretsmanager" => Some(Self::Secret(value.to_owned())),
            "ssm" => Some(Self::Parameter(value.to_owned())),
            _ => None,
        }
    }

    /// Reads a variable; `None` if it is unset or empty.
    pub(crate) fn read(environment: &Environment<'_>, setting: &Setting) -> Result<Option<Self>, ConfigError> {
        Ok(environment.given(setting)?.as_deref().and_then(Self::parse))
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

/// Why an API key could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the function's role lacks {permission} on {arn}")]
    Forbidden { permission: &'static str, arn: String },
    #[error("{service} responded with {status} for {arn}")]
    Refused { service: &'static str, status: u16, arn: String },
    #[error("{arn} contains no usable key")]
    Empty { arn: String },
    #[error("{service} did not respond")]
    Unreachable {
        service: &'static str,
        #[source]
        source: reqwest::Error,
    },
}

impl KeyError {
    /// Whether another try may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Forbidden { .. } | Self::Empty { .. } => false,
        }
    }
}

/// A request for one key.
struct Lookup {
    service: &'static str,
    target: &'static str,
    permission: &'static str,
    endpoint: Option<String>,
    body: Value,
}

/// Fetches the key from `source`.
pub(crate) async fn fetch_key(source: KeySource, aws: AwsConfig, client: reqwest::Client) -> Result<String, KeyError> {
    let (arn, lookup) = match source {
        KeySource::Value(value) => return Ok(value),
        KeySource::Secret(arn) => {
            let lookup = Lookup {
                service: "secretsmanager",
                target: "secretsmanager.GetSecretValue",
                permission: "secretsmanager:GetSecretValue",
                endpoint: aws.secrets_endpoint.clone(),
                body: json!({ "SecretId": arn }),
            };
            (arn, lookup)
        }
        KeySource::Parameter(arn) => {
            let lookup = Lookup {
                service: "ssm",
                target: "AmazonSSM.GetParameter",
                permission: "ssm:GetParameter",
                endpoint: aws.ssm_endpoint.clone(),
                body: json!({ "Name": arn, "WithDecryption": true }),
            };
            (arn, lookup)
        }
    };
    let response = send(&lookup, &aws, &client).await?;
    let status = response.status().as_u16();
    let body = response.bytes().await.map_err(|source| KeyError::Unreachable { service: lookup.service, source })?;
    if status != 200 {
        return Err(refusal(&lookup, arn, status, &String::from_utf8_lossy(&body)));
    }
    key_in(&body).ok_or(KeyError::Empty { arn })
}

async fn send(lookup: &Lookup, aws: &AwsConfig, client: &reqwest::Client) -> Result<reqwest::Response, KeyError> {
    let default = || format!("https://{}.{}.amazonaws.com", lookup.service, aws.region);
    let call = Call {
        service: lookup.service,
        endpoint: lookup.endpoint.clone().unwrap_or_else(default),
        path: "/",
        headers: &[("content-type", "application/x-amz-json-1.1"), ("x-amz-target", lookup.target)],
        body: lookup.body.to_string().into(),
    };
    let request = signed_request(client, aws, call, std::time::SystemTime::now());
    request
        .send()
        .await
        .map_err(|source| KeyError::Unreachable { service: lookup.service, source: source.without_url() })
}

/// Classifies a response without a key. These services also answer 400 where others answer 403 or
/// 429.
fn refusal(lookup: &Lookup, arn: String, status: u16, message: &str) -> KeyError {
    if status == 403 || message.contains("AccessDenied") {
        return KeyError::Forbidden { permission: lookup.permission, arn };
    }
    let status = if message.contains("Throttling") { 429 } else { status };
    KeyError::Refused { service: lookup.service, status, arn }
}

/// The key in a response of either service. A secret may be a JSON object with one value, as the
/// AWS console creates them.
fn key_in(body: &[u8]) -> Option<String> {
    let response: Value = serde_json::from_slice(body).ok()?;
    let plain =
        response.get("SecretString").or_else(|| response.get("Parameter")?.get("Value")).and_then(Value::as_str);
    let binary = || {
        let encoded = response.get("SecretBinary")?.as_str()?;
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
    fn a_plain_value_is_the_key_and_an_arn_names_the_service_that_holds_it() {
        assert_eq!(KeySource::parse("abc"), Some(KeySource::Value("abc".into())));
        let secret = "arn:aws:secretsmanager:ca-central-1:111122223333:secret:honeycomb-AbCdEf";
        assert_eq!(KeySource::parse(secret), Some(KeySource::Secret(secret.into())));
        let parameter = "arn:aws:ssm:ca-central-1:111122223333:parameter/crudder/honeycomb";
        assert_eq!(KeySource::parse(parameter), Some(KeySource::Parameter(parameter.into())));
        assert_eq!(KeySource::parse("arn:aws:s3:::bucket"), None);
    }

    #[test]
    fn the_debug_output_does_not_contain_the_key() {
        assert_eq!(format!("{:?}", KeySource::parse("abc")), "Some(Value(…))");
    }

    #[test]
    fn throttling_is_transient_at_any_status_and_a_missing_permission_is_not() {
        let lookup =
            Lookup { service: "ssm", target: "", permission: "ssm:GetParameter", endpoint: None, body: Value::Null };
        let is_transient = |status, message| refusal(&lookup, "arn".to_owned(), status, message).is_transient();
        assert!(is_transient(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#));
        assert!(is_transient(429, "") && is_transient(503, ""));
        assert!(!is_transient(400, r#"{"__type":"AccessDeniedException"}"#) && !is_transient(403, ""));
        assert!(!is_transient(400, r#"{"__type":"ParameterNotFound"}"#));
    }

    #[test]
    fn responses_of_both_services_are_read() {
        assert_eq!(key_in(br#"{"SecretString":"abc\n"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretString":"{\"key\":\"abc\"}"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretBinary":"YWJj"}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"Parameter":{"Value":"abc"}}"#).as_deref(), Some("abc"));
        assert_eq!(key_in(br#"{"SecretString":" "}"#), None);
    }
}
