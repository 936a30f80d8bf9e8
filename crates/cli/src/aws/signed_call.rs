//! Calls an AWS service without its SDK: signed by `aws-sigv4`, sent by the commands' HTTP client.
//!
//! Doctor calls several services for one or two operations each. The SDKs of CloudFormation,
//! CloudWatch Logs and API Gateway add 72 s of CPU time to a debug build, where the X-Ray SDK takes
//! 9 s; Lambda's would come on top.

use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use crudder_text::error_chain;
use serde_json::Value;

use super::client::{Aws, MAX_ATTEMPTS};
use super::error::AwsError;
use crate::http::HttpResponse;

/// The pause after the first throttled attempt; it doubles with each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// A request to an AWS service.
pub(super) struct Call {
    /// The service's name in signatures and host names.
    pub(super) service: &'static str,
    /// The IAM action, for error messages about missing permissions.
    pub(super) action: &'static str,
    pub(super) method: &'static str,
    /// The path with its query.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
}

impl Call {
    /// Builds a call of the protocol "AWS JSON 1.1".
    pub(super) fn json(service: &'static str, action: &'static str, target: &'static str, body: &Value) -> Self {
        Self {
            service,
            action,
            method: "POST",
            path: "/".to_owned(),
            headers: vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
            body: body.to_string(),
        }
    }
}

impl Aws {
    /// Sends a call and retries it while AWS throttles. A response with an error status becomes an
    /// [`AwsError`].
    pub(super) async fn call(&self, call: &Call) -> Result<HttpResponse, AwsError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..MAX_ATTEMPTS {
            match self.attempt(call).await {
                Err(error) if error.is_transient() => tokio::time::sleep(pause).await,
                result => return result,
            }
            pause *= 2;
        }
        self.attempt(call).await
    }

    async fn attempt(&self, call: &Call) -> Result<HttpResponse, AwsError> {
        let url = format!("{}{}", self.endpoint(call.service), call.path);
        let mut request = match call.method {
            "GET" => self.http.get(&url),
            _ => self.http.post(&url).body(call.body.clone()),
        };
        for (name, value) in &call.headers {
            request = request.header(*name, *value);
        }
        for (name, value) in self.signature(call, &url).await? {
            request = request.header(name, value);
        }
        let response = self.http.send(request, &url).await;
        let response =
            response.map_err(|error| AwsError::Unreachable { action: call.action, cause: error_chain(&error) })?;
        if response.status < 300 { Ok(response) } else { Err(error_of(call.action, &response)) }
    }

    fn endpoint(&self, service: &str) -> String {
        let region = self.region();
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let default = || format!("https://{service}.{region}.{suffix}");
        self.config.aws_endpoint(service).map_or_else(default, |endpoint| endpoint.trim_end_matches('/').to_owned())
    }

    /// Returns the headers that sign the call.
    async fn signature(&self, call: &Call, url: &str) -> Result<Vec<(String, String)>, AwsError> {
        let identity = self.credentials().await?.into();
        let unsigned = |error: &dyn std::fmt::Display| AwsError::InvalidCredentials(error.to_string());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region())
            .name(call.service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| unsigned(&error))?;
        let headers = call.headers.iter().copied();
        let body = SignableBody::Bytes(call.body.as_bytes());
        let request = SignableRequest::new(call.method, url, headers, body).map_err(|error| unsigned(&error))?;
        let (signed, _) = sign(request, &params.into()).map_err(|error| unsigned(&error))?.into_parts();
        Ok(signed.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}

/// Reads the error of a response. AWS protocols put its code into a header, a JSON field or an XML
/// element.
fn error_of(action: &'static str, response: &HttpResponse) -> AwsError {
    let header = response.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let (json, text) = (response.json(), String::from_utf8_lossy(&response.body));
    let field = |names: [&str; 3]| names.iter().find_map(|name| json[*name].as_str()).map(str::to_owned);
    let element = |name: &str| {
        let inner = text.split_once(&format!("<{name}>"))?.1;
        inner.split_once(&format!("</{name}>")).map(|(inner, _)| inner.to_owned())
    };
    let code = header.map(str::to_owned).or_else(|| field(["__type", "code", "Code"])).or_else(|| element("Code"));
    // The code may stand in `namespace#Code` or in `Code:http://…`.
    let code = code.unwrap_or_else(|| response.status.to_string());
    let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let message = field(["message", "Message", "errorMessage"]).or_else(|| element("Message")).unwrap_or_default();
    AwsError::from_code(action, code, &message)
}
