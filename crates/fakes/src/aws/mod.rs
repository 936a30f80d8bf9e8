//! The fake of AWS around a deployed stack, as far as whoever looks after one asks: the stage of API Gateway that answers requests, X-Ray's
//! reading API, CloudWatch Logs, CloudFormation, API Gateway's account and Lambda's configurations.
//!
//! Source of the forms: the models of these services in botocore, and their API references.

mod cloudformation;
mod config;
mod fault;
mod json;
mod logs;
mod store;
mod xray;

use std::io;
use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use crate::handler::{Answer, Call, Handler, Served};
use crate::{CallLog, FakeServer, Fault, TraceId, signature};
pub use config::AwsConfig;
use fault::Protocol;
pub use store::AwsStore;

/// A running fake of AWS.
pub type Aws = FakeServer<AwsHandler>;

impl Aws {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: AwsConfig) -> io::Result<Self> {
        let clock = config.clock;
        Self::begin(AwsHandler { config }, AwsStore::default(), clock)
    }
}

/// AWS's side of the counter.
#[derive(Debug)]
pub struct AwsHandler {
    config: AwsConfig,
}

/// What a call asks for: the service that its signature names, the IAM action, and the protocol that the answer is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    service: &'static str,
    action: &'static str,
    protocol: Protocol,
}

impl Handler for AwsHandler {
    type Store = AwsStore;
    const VENDOR: &'static str = "AWS";
    /// Questions are short.
    const LARGEST_BODY: usize = 1024 * 1024;

    fn is_delivery(&self, _: &Call) -> bool {
        true
    }

    /// What it answers is configured by action; only the wire may misbehave by plan.
    fn fits(_: &Fault) -> bool {
        false
    }

    fn bears_mark(&self, _: &Call, _: &str, _: &str) -> bool {
        false
    }

    fn refuse(&self, _: &Fault, _: &Call, _: SystemTime) -> Answer {
        Protocol::Json.error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "internal failure")
    }

    fn serve(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<AwsStore>) -> Served {
        let stage = format!("/{}/", self.config.stage);
        if call.uri.path().starts_with(&stage) {
            return self.invoke(call, now, store).into();
        }
        let Some(asked) = asked(call) else {
            return reject(
                store,
                Protocol::Json.error(StatusCode::NOT_FOUND, "UnknownOperationException", call.uri.path()),
            )
            .into();
        };
        let mut count = 0;
        store.send_modify(|store| count = store.count(asked.action));
        if let Some(refusal) = self.refusal(call, asked, count, now) {
            return reject(store, refusal).into();
        }
        self.answer(call, asked, count, store).into()
    }

    fn call_log(store: &mut AwsStore) -> &mut CallLog {
        store.ledger_mut()
    }
}

fn reject(store: &watch::Sender<AwsStore>, answer: Answer) -> Answer {
    let reason = String::from_utf8_lossy(&answer.body).into_owned();
    store.send_modify(|store| store.ledger_mut().reject(answer.status.as_u16(), reason, None));
    answer
}

/// What is asked, by path and target.
fn asked(call: &Call) -> Option<Asked> {
    let target = call.header("x-amz-target").unwrap_or_default();
    let body = String::from_utf8_lossy(&call.body);
    let rest = |service, action| Some(Asked { service, action, protocol: Protocol::Json });
    match (&call.method, call.uri.path()) {
        (&Method::POST, "/Traces") => rest("xray", "xray:BatchGetTraces"),
        (&Method::POST, "/TraceSummaries") => rest("xray", "xray:GetTraceSummaries"),
        (&Method::POST, "/GetSamplingRules") => rest("xray", "xray:GetSamplingRules"),
        (&Method::POST, "/Groups") => rest("xray", "xray:GetGroups"),
        (&Method::POST, "/GetTraceSegmentDestination") => rest("xray", "xray:GetTraceSegmentDestination"),
        (&Method::POST, "/GetIndexingRules") => rest("xray", "xray:GetIndexingRules"),
        (&Method::GET, "/account") => rest("apigateway", "apigateway:GET"),
        (&Method::GET, path) if path.starts_with("/2015-03-31/functions/") => {
            rest("lambda", "lambda:GetFunctionConfiguration")
        }
        (&Method::POST, "/") if target == "Logs_20140328.DescribeLogGroups" => rest("logs", "logs:DescribeLogGroups"),
        (&Method::POST, "/") if target == "Logs_20140328.FilterLogEvents" => rest("logs", "logs:FilterLogEvents"),
        (&Method::POST, "/") if body.starts_with("Action=DescribeStacks&") => query("cloudformation:DescribeStacks"),
        (&Method::POST, "/") if body.starts_with("Action=ListStackResources&") => {
            query("cloudformation:ListStackResources")
        }
        _ => None,
    }
}

fn query(action: &'static str) -> Option<Asked> {
    Some(Asked { service: "cloudformation", action, protocol: Protocol::Query })
}

impl AwsHandler {
    /// API Gateway's stage: answers every path, and remembers the trace.
    fn invoke(&self, call: &Call, now: SystemTime, store: &watch::Sender<AwsStore>) -> Answer {
        let header = call.header("x-amzn-trace-id").unwrap_or_default().to_owned();
        let trace = header.split(';').find_map(|field| field.strip_prefix("Root=")).and_then(TraceId::parse_xray);
        if let Some(trace) = trace {
            store.send_modify(|store| store.invoked(trace, now));
        }
        let status = StatusCode::from_u16(self.config.api_status).unwrap_or(StatusCode::OK);
        let answer = Answer::json(status, &json!([]));
        match trace {
            Some(trace) => answer.with("x-amzn-trace-id", format!("Root={}", trace.xray())),
            None => answer,
        }
    }

    /// Why the call is not let in.
    fn refusal(&self, call: &Call, asked: Asked, count: u32, now: SystemTime) -> Option<Answer> {
        let Asked { service, action, protocol } = asked;
        if let Err(flaw) = signature::check(call, service, self.config.credentials.as_ref(), now) {
            return Some(protocol.error(StatusCode::FORBIDDEN, flaw.kind, flaw.message));
        }
        if self.config.token_expired {
            let message = "The security token included in the request is expired";
            return Some(protocol.error(StatusCode::FORBIDDEN, "ExpiredTokenException", message));
        }
        if self.config.denied.contains(&action) {
            let message =
                format!("User: arn:aws:iam::123456789012:user/student is not authorized to perform: {action}");
            return Some(protocol.denied(&message));
        }
        let throttled = self.config.throttled.get(action).copied().unwrap_or_default();
        (count <= throttled).then(|| protocol.throttled(service))
    }

    fn answer(&self, call: &Call, asked: Asked, count: u32, store: &watch::Sender<AwsStore>) -> Answer {
        let config = &self.config;
        let body = serde_json::from_slice(&call.body).unwrap_or_default();
        match asked.action {
            "xray:BatchGetTraces" => xray::traces(config, &body, count, store),
            "xray:GetTraceSummaries" => xray::summaries(config, &body, store),
            "xray:GetSamplingRules" => xray::rules(config),
            "xray:GetGroups" => xray::groups(config),
            "xray:GetTraceSegmentDestination" => xray::destination(config),
            "xray:GetIndexingRules" => xray::indexing(config),
            "apigateway:GET" => json::account(config),
            "lambda:GetFunctionConfiguration" => json::function(config, call.uri.path()),
            "logs:DescribeLogGroups" => logs::groups(config, &body),
            "logs:FilterLogEvents" => logs::events(config, &body, count, store),
            "cloudformation:DescribeStacks" => cloudformation::stacks(config, call),
            _ => cloudformation::resources(config, call),
        }
    }
}
