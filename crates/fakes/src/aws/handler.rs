//! Handles calls to AWS: finds the action, checks signature and permission, and answers.

use std::time::SystemTime;

use http::{Method, StatusCode};
use serde_json::json;
use tokio::sync::watch;

use super::config::AwsConfig;
use super::protocol::Protocol;
use super::store::AwsStore;
use super::{cloudformation, functions, logs, xray};
use crate::handler::{Call, Handled, Handler, Response};
use crate::{CallLog, Fault, TraceId, signature};

/// Handles the calls to AWS.
#[derive(Debug)]
pub struct AwsHandler {
    config: AwsConfig,
}

/// The action of a call: the service in its signature, the IAM action and the protocol of the
/// response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Action {
    service: &'static str,
    name: &'static str,
    protocol: Protocol,
}

impl Handler for AwsHandler {
    type Store = AwsStore;
    const VENDOR: &'static str = "AWS";
    /// The bodies of these calls are short.
    const MAX_BODY_BYTES: usize = 1024 * 1024;

    fn is_delivery(&self, _: &Call) -> bool {
        true
    }

    /// Returns false: [`AwsConfig`] sets the errors by action, so only connection faults can be
    /// injected.
    fn supports(_: &Fault) -> bool {
        false
    }

    fn contains_poison(&self, _: &Call, _: &str, _: &str) -> bool {
        false
    }

    fn fault_response(&self, _: &Fault, _: &Call, _: SystemTime) -> Response {
        Protocol::Json.error(StatusCode::INTERNAL_SERVER_ERROR, "InternalFailure", "internal failure")
    }

    fn handle(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<AwsStore>) -> Handled {
        let stage = format!("/{}/", self.config.stage);
        if call.uri.path().starts_with(&stage) {
            return self.serve_api_request(call, now, store).into();
        }
        let Some(action) = action(call) else {
            let error = Protocol::Json.error(StatusCode::NOT_FOUND, "UnknownOperationException", call.uri.path());
            return reject(store, error).into();
        };
        let mut count = 0;
        store.send_modify(|store| count = store.count_call(action.name));
        if let Some(error) = self.error(call, action, count, now) {
            return reject(store, error).into();
        }
        self.respond(call, action, count, store).into()
    }

    fn call_log(store: &mut AwsStore) -> &mut CallLog {
        store.call_log_mut()
    }
}

fn reject(store: &watch::Sender<AwsStore>, response: Response) -> Response {
    let reason = String::from_utf8_lossy(&response.body).into_owned();
    store.send_modify(|store| store.call_log_mut().record_rejection(response.status.as_u16(), reason, None));
    response
}

/// Returns the action of a call by its path, target or body.
fn action(call: &Call) -> Option<Action> {
    let target = call.header("x-amz-target").unwrap_or_default();
    let body = String::from_utf8_lossy(&call.body);
    match (&call.method, call.uri.path()) {
        (&Method::POST, "/Traces") => json_action("xray", "xray:BatchGetTraces"),
        (&Method::POST, "/TraceSummaries") => json_action("xray", "xray:GetTraceSummaries"),
        (&Method::POST, "/GetSamplingRules") => json_action("xray", "xray:GetSamplingRules"),
        (&Method::POST, "/Groups") => json_action("xray", "xray:GetGroups"),
        (&Method::POST, "/GetTraceSegmentDestination") => json_action("xray", "xray:GetTraceSegmentDestination"),
        (&Method::POST, "/GetIndexingRules") => json_action("xray", "xray:GetIndexingRules"),
        (&Method::GET, "/account") => json_action("apigateway", "apigateway:GET"),
        (&Method::GET, path) if path.starts_with("/2015-03-31/functions/") => {
            json_action("lambda", "lambda:GetFunctionConfiguration")
        }
        (&Method::POST, "/") if target == "Logs_20140328.DescribeLogGroups" => {
            json_action("logs", "logs:DescribeLogGroups")
        }
        (&Method::POST, "/") if target == "Logs_20140328.FilterLogEvents" => {
            json_action("logs", "logs:FilterLogEvents")
        }
        (&Method::POST, "/") if body.starts_with("Action=DescribeStacks&") => {
            query_action("cloudformation", "cloudformation:DescribeStacks")
        }
        (&Method::POST, "/") if body.starts_with("Action=ListStackResources&") => {
            query_action("cloudformation", "cloudformation:ListStackResources")
        }
        _ => None,
    }
}

fn json_action(service: &'static str, name: &'static str) -> Option<Action> {
    Some(Action { service, name, protocol: Protocol::Json })
}

fn query_action(service: &'static str, name: &'static str) -> Option<Action> {
    Some(Action { service, name, protocol: Protocol::Query })
}

impl AwsHandler {
    pub(super) fn new(config: AwsConfig) -> Self {
        Self { config }
    }

    /// Serves a request to API Gateway's stage: answers every path and stores the trace id.
    fn serve_api_request(&self, call: &Call, now: SystemTime, store: &watch::Sender<AwsStore>) -> Response {
        let header = call.header("x-amzn-trace-id").unwrap_or_default().to_owned();
        let trace = header.split(';').find_map(|field| field.strip_prefix("Root=")).and_then(TraceId::parse_xray);
        if let Some(trace) = trace {
            store.send_modify(|store| store.add_trace(trace, now));
        }
        let status = StatusCode::from_u16(self.config.api_status).unwrap_or(StatusCode::OK);
        let response = Response::json(status, &json!([]));
        match trace {
            Some(trace) => response.with_header("x-amzn-trace-id", format!("Root={}", trace.xray())),
            None => response,
        }
    }

    /// Returns the error for a call that is unsigned, not permitted or throttled.
    fn error(&self, call: &Call, action: Action, count: u32, now: SystemTime) -> Option<Response> {
        let Action { service, name, protocol } = action;
        if let Err(error) = signature::check(call, service, self.config.credentials.as_ref(), now) {
            return Some(protocol.error(StatusCode::FORBIDDEN, error.kind, error.message));
        }
        if self.config.token_expired {
            let message = "The security token included in the request is expired";
            return Some(protocol.error(StatusCode::FORBIDDEN, "ExpiredTokenException", message));
        }
        if self.config.denied.contains(&name) {
            let message = format!("User: arn:aws:iam::123456789012:user/student is not authorized to perform: {name}");
            return Some(protocol.access_denied(&message));
        }
        let throttled = self.config.throttled.get(name).copied().unwrap_or_default();
        (count <= throttled).then(|| protocol.throttled(service))
    }

    fn respond(&self, call: &Call, action: Action, count: u32, store: &watch::Sender<AwsStore>) -> Response {
        let config = &self.config;
        let body = serde_json::from_slice(&call.body).unwrap_or_default();
        match action.name {
            "xray:BatchGetTraces" => xray::batch_get_traces(config, &body, count, store),
            "xray:GetTraceSummaries" => xray::get_trace_summaries(config, &body, store),
            "xray:GetSamplingRules" => xray::get_sampling_rules(config),
            "xray:GetGroups" => xray::get_groups(config),
            "xray:GetTraceSegmentDestination" => xray::get_trace_segment_destination(config),
            "xray:GetIndexingRules" => xray::get_indexing_rules(config),
            "apigateway:GET" => functions::get_account(config),
            "lambda:GetFunctionConfiguration" => functions::get_function_configuration(config, call.uri.path()),
            "logs:DescribeLogGroups" => logs::describe_log_groups(config, &body),
            "logs:FilterLogEvents" => logs::filter_log_events(config, &body, count, store),
            "cloudformation:DescribeStacks" => cloudformation::describe_stacks(config, call),
            _ => cloudformation::list_stack_resources(config, call),
        }
    }
}
