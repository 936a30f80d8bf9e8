//! One call to a service of AWS without its SDK: signed by AWS's own signer, sent by the client that all commands share.
//!
//! Doctor asks four services for one thing each. Their SDKs (CloudFormation, CloudWatch Logs, API Gateway) add 72 s of CPU to a debug build, measured
//! on the machine that X-Ray's takes 9 s on, and Lambda's would come on top.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use serde_json::Value;

use super::{Aws, AwsFault, TRIES};
use crate::client::Answer;

/// The first pause of a throttled call; it doubles.
const PAUSE: Duration = Duration::from_millis(200);

/// What is asked.
pub(super) struct Call {
    /// The service, as signatures and addresses name it.
    pub(super) service: &'static str,
    /// As IAM names it, for whoever lacks the permission.
    pub(super) action: &'static str,
    pub(super) method: &'static str,
    /// With its query.
    pub(super) path: String,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
}

impl Aws {
    /// Asks, and asks again where AWS throttles; an answer of AWS that is a refusal is a fault.
    pub(super) async fn call(&self, call: &Call) -> Result<Answer, AwsFault> {
        let mut pause = PAUSE;
        for _ in 1..TRIES {
            match self.once(call).await {
                Err(fault) if fault.is_passing() => tokio::time::sleep(pause).await,
                ended => return ended,
            }
            pause *= 2;
        }
        self.once(call).await
    }

    async fn once(&self, call: &Call) -> Result<Answer, AwsFault> {
        let url = format!("{}{}", self.endpoint(call.service), call.path);
        let mut request = match call.method {
            "GET" => self.client.get(&url),
            _ => self.client.post(&url).body(call.body.clone()),
        };
        for (name, value) in &call.headers {
            request = request.header(*name, *value);
        }
        for (name, value) in self.signature(call, &url).await? {
            request = request.header(name, value);
        }
        let answer = self.client.send(request, &url).await;
        let answer = answer.map_err(|error| AwsFault::Unreachable { action: call.action, why: error.to_string() })?;
        if answer.status < 300 { Ok(answer) } else { Err(refusal(call.action, &answer)) }
    }

    fn endpoint(&self, service: &str) -> String {
        let suffix = if self.region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let usual = || format!("https://{service}.{}.{suffix}", self.region);
        self.config.aws_endpoint(service).map_or_else(usual, |endpoint| endpoint.trim_end_matches('/').to_owned())
    }

    /// The headers that sign the call.
    async fn signature(&self, call: &Call, url: &str) -> Result<Vec<(String, String)>, AwsFault> {
        let provider = self.sdk.credentials_provider().ok_or_else(|| AwsFault::NoCredentials(String::new()))?;
        let identity = provider.provide_credentials().await.map_err(|error| AwsFault::no_credentials(&error))?.into();
        let unsigned = |error: &dyn std::fmt::Display| AwsFault::BadCredentials(error.to_string());
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
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

/// AWS's three ways to name an error: a header, a field of JSON, an element of XML.
fn refusal(action: &'static str, answer: &Answer) -> AwsFault {
    let header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let (json, text) = (answer.json(), String::from_utf8_lossy(&answer.body));
    let field = |names: [&str; 3]| names.iter().find_map(|name| json[*name].as_str()).map(str::to_owned);
    let element = |name: &str| {
        let inner = text.split_once(&format!("<{name}>"))?.1;
        inner.split_once(&format!("</{name}>")).map(|(inner, _)| inner.to_owned())
    };
    let code = header.map(str::to_owned).or_else(|| field(["__type", "code", "Code"])).or_else(|| element("Code"));
    // Some say `namespace#Code`, some `Code:http://…`.
    let code = code.unwrap_or_else(|| answer.status.to_string());
    let code = code.rsplit('#').next().unwrap_or_default().split(':').next().unwrap_or_default();
    let message = field(["message", "Message", "errorMessage"]).or_else(|| element("Message")).unwrap_or_default();
    AwsFault::of_code(action, code, &message)
}

/// A call of the protocol "AWS JSON 1.1".
pub(super) fn json(service: &'static str, action: &'static str, target: &'static str, body: &Value) -> Call {
    Call {
        service,
        action,
        method: "POST",
        path: "/".to_owned(),
        headers: vec![("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)],
        body: body.to_string(),
    }
}
