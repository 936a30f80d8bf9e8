//! `requestContext`: the part of an event about the API, the caller and the request itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;

use super::headers::text;
use super::input::EventInput;
use crate::template::ACCOUNT;

/// Returns `requestContext` of the event.
pub(super) fn of_event(input: &EventInput<'_>) -> Value {
    let agent = input.headers.get(header::USER_AGENT).map(|value| text(value.as_bytes()));
    let since = input.now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let mut context = json!({
        "resourceId": resource_id(input.resource),
        "resourcePath": input.resource,
        "httpMethod": input.method,
        "path": input.full_path,
        "stage": input.stage,
        "requestId": input.request_id,
        "extendedRequestId": input.request_id,
        "apiId": "local",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "requestTime": request_time(input.now),
        "requestTimeEpoch": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        "domainName": input.host,
        "domainPrefix": input.host.split('.').next(),
        "identity": {
            "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
            "principalOrgId": null, "sourceIp": input.source, "user": null, "userAgent": agent, "userArn": null,
        },
    });
    if let Some(claims) = input.claims {
        context["authorizer"] = json!({ "claims": claims });
    }
    context
}

/// Returns six characters that depend on the path only. API Gateway's ids of resources are stable
/// too.
pub(super) fn resource_id(path: &str) -> String {
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_URL, path.as_bytes()).simple().to_string();
    id[..6].to_owned()
}

/// Returns a time as the Common Log Format has it: `22/Nov/2026:19:30:00 +0000`.
fn request_time(now: SystemTime) -> String {
    let form = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
    OffsetDateTime::from(now).format(form).unwrap_or_default()
}
