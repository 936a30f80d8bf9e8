//! The attributes of the root span, by OpenTelemetry's stable names: all that is known at the start, then the end.

use std::borrow::Cow;

use crudder_text::{scrub, scrub_query};
use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanRef, Status};

use crate::invocation::{End, Failure, HttpRequest, Invocation, Trigger};
use crate::report::{Reports, exception};
use crate::request::Request;

/// The methods that the convention lets stand as they are.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// The root span's name, which is also the `route` of every line: `GET /api/activities/{id}`.
pub(crate) fn name_of(trigger: &Trigger<'_>) -> String {
    match trigger {
        Trigger::Other(name) => (*name).to_owned(),
        Trigger::Http(http) => {
            let method = if METHODS.contains(&http.method) { http.method } else { "HTTP" };
            if http.route.is_empty() { method.to_owned() } else { format!("{method} {}", http.route) }
        }
    }
}

/// What is known before the work begins. `index` counts the process's invocations from 1: a gap in it is a
/// lost request.
pub(crate) fn at_start(invocation: &Invocation<'_>, index: u32) -> Vec<KeyValue> {
    let mut attributes = Vec::with_capacity(24);
    attributes.push(KeyValue::new("faas.invocation_id", invocation.request_id.to_owned()));
    attributes.push(KeyValue::new("faas.coldstart", index == 1));
    attributes.push(KeyValue::new("crudder.invocation", i64::from(index)));
    if !invocation.function_arn.is_empty() {
        arn(&mut attributes, invocation.function_arn);
    }
    match &invocation.trigger {
        Trigger::Http(request) => http(&mut attributes, request),
        Trigger::Other(_) => attributes.push(KeyValue::new("faas.trigger", "other")),
    }
    attributes
}

/// `arn:aws:lambda:region:account:function:name[:alias]`. The resource's id is the ARN without the alias.
fn arn(attributes: &mut Vec<KeyValue>, arn: &str) {
    attributes.push(KeyValue::new("aws.lambda.invoked_arn", arn.to_owned()));
    let end_of_name = arn.match_indices(':').nth(6).map_or(arn.len(), |(at, _)| at);
    attributes.push(KeyValue::new("cloud.resource_id", arn[..end_of_name].to_owned()));
    if let Some(account) = arn.split(':').nth(4).filter(|account| !account.is_empty()) {
        attributes.push(KeyValue::new("cloud.account.id", account.to_owned()));
    }
}

fn http(attributes: &mut Vec<KeyValue>, request: &HttpRequest<'_>) {
    attributes.push(KeyValue::new("faas.trigger", "http"));
    match METHODS.iter().find(|method| **method == request.method) {
        Some(method) => attributes.push(KeyValue::new("http.request.method", *method)),
        None => {
            attributes.push(KeyValue::new("http.request.method", "_OTHER"));
            attributes.push(KeyValue::new("http.request.method_original", scrub(request.method).into_owned()));
        }
    }
    let mut text = |key: &'static str, value: Option<Cow<'_, str>>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            attributes.push(KeyValue::new(key, value.into_owned()));
        }
    };
    text("http.route", Some(request.route.into()));
    text("url.path", Some(scrub(request.path)));
    text("url.scheme", Some(request.scheme.into()));
    text("url.query", request.query.map(scrub_query));
    text("client.address", request.client_address.map(Into::into));
    text("user_agent.original", request.user_agent.map(scrub));
    text("server.address", request.server_address.map(Into::into));
    text("network.protocol.version", request.protocol_version.map(Into::into));
    if let Some(size) = request.body_size {
        attributes.push(KeyValue::new("http.request.body.size", i64::try_from(size).unwrap_or(i64::MAX)));
    }
}

/// What the end adds: status, outcome, the caller's own attributes, what was annotated on the way. `panic` is the panic of this
/// request, if there was one; it says more than the error it was turned into.
pub(crate) fn at_end(request: &Request, span: &SpanRef<'_>, end: End, panic: Option<Failure>, reports: &Reports) {
    span.set_attributes(request.notes());
    span.set_attributes(end.attributes);
    if let Some(status) = end.http_status {
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status)));
    }
    let failed_status = end.http_status.filter(|status| *status >= 500);
    match (panic.or(end.failure), failed_status) {
        (Some(failure), _) => {
            reports.failure(&failure);
            record_failure(span, &failure);
        }
        (None, Some(status)) => {
            span.set_attribute(KeyValue::new("error.type", status.to_string()));
            // The code says it all, so the convention wants no description.
            span.set_status(Status::error(""));
        }
        (None, None) => (),
    }
}

/// An error on the root span as attributes, which Honeycomb's columns need; the event stands where the error was first met.
fn record_failure(span: &SpanRef<'_>, failure: &Failure) {
    span.set_attribute(KeyValue::new("error.type", failure.kind.clone()));
    span.set_attributes(exception(failure).into_iter().filter(|attribute| attribute.key.as_str() != "level"));
    span.set_status(Status::error(scrub(&failure.message).into_owned()));
}
