//! The name of the root span and its attributes at the start, by OpenTelemetry's stable conventions.

use std::borrow::Cow;

use crudder_text::{scrub, scrub_query};
use opentelemetry::KeyValue;

use crate::http_request::HttpRequest;
use crate::invocation::{Invocation, Trigger};

/// The methods that the convention knows; every other becomes `_OTHER`.
const METHODS: [&str; 9] = ["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"];

/// Returns the name of the root span, which is also the `route` of every line: `GET /api/activities/{id}`.
pub(crate) fn name_of(trigger: &Trigger<'_>) -> String {
    match trigger {
        Trigger::Other(name) => (*name).to_owned(),
        Trigger::Http(http) => {
            let method = if METHODS.contains(&http.method) { http.method } else { "HTTP" };
            if http.route.is_empty() { method.to_owned() } else { format!("{method} {}", http.route) }
        }
    }
}

/// Returns the attributes that are known before the handler runs. `index` counts the invocations of
/// this process from 1: a gap in `crudder.invocation` is a lost request.
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

/// Splits `arn:aws:lambda:region:account:function:name[:alias]`. `cloud.resource_id` is the ARN without the alias.
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
