//! Rollbar's items: reports and deaths as it wants them, and what its answers mean.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use crudder_otlp::{Attribute, Value};
use crudder_recorder::DeathCause;
use crudder_text::scrub;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use crate::answer::{Answer, retry_after};
use crate::config::{Config, RollbarConfig};
use crate::frames;
use crate::sign::hex;

/// Rollbar documents 128 kB as the size that is safe; what is larger loses its frames.
const LARGEST_ITEM: usize = 120_000;
/// Titles and classes end here.
const LONGEST_TITLE: usize = 255;
/// Ids of people, fingerprints and versions end here.
const LONGEST_ID: usize = 40;
/// Names of the items' uuids are made in this space, so that no other program's can be the same.
const SPACE: Uuid = Uuid::from_u128(0x8f5c_3b1e_6d0a_4c57_9a44_c4ad_de70_0001);

/// Where and in which request it happened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scene<'a> {
    pub(crate) function: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) trace: [u8; 16],
    pub(crate) span: [u8; 8],
    pub(crate) is_cold: bool,
    /// The root span's name: method and route.
    pub(crate) route: &'a str,
    /// The root span's attributes.
    pub(crate) root: &'a [Attribute<'a>],
    pub(crate) at_unix_nano: u64,
}

/// A report: an error, a panic, or what a program wanted told. `ordinal` tells the reports of one request apart.
pub(crate) fn report(
    config: &Config,
    scene: &Scene<'_>,
    name: &str,
    attributes: &[Attribute<'_>],
    ordinal: u64,
) -> Bytes {
    let class = text(attributes, "exception.type");
    let message = text(attributes, "exception.message").or_else(|| text(attributes, "message")).unwrap_or(name);
    let message = scrub(message).into_owned();
    let mut traces = Vec::new();
    if let Some(class) = class {
        let stack = text(attributes, "exception.stacktrace").unwrap_or_default();
        let place = text(attributes, "exception.location");
        let exception = json!({ "class": cut(class, LONGEST_TITLE), "message": message });
        traces.push(json!({ "exception": exception, "frames": frames::of(stack, place) }));
        for cause in texts(attributes, "exception.causes") {
            traces.push(json!({ "exception": { "class": "cause", "message": scrub(cause) }, "frames": [] }));
        }
    }
    let body =
        if traces.is_empty() { json!({ "message": { "body": message } }) } else { json!({ "trace_chain": traces }) };
    let title =
        class.map_or_else(|| message.clone(), |class| format!("{class}: {}", message.lines().next().unwrap_or("")));
    let person = person(attributes).or_else(|| person(scene.root));
    let kind = format!("report:{ordinal}");
    item(config, scene, level(attributes, class), class.unwrap_or(name), &title, body, person, &kind)
}

/// A death: its frames are the spans that were open, the culprit last.
pub(crate) fn death(config: &Config, scene: &Scene<'_>, reason: DeathCause, detail: &str, open: &[String]) -> Bytes {
    let words = words(reason);
    let message = match (open.last(), detail) {
        (Some(culprit), _) => format!("{words} in {culprit}"),
        (None, "") => words.to_owned(),
        (None, detail) => format!("{words} ({detail})"),
    };
    let frames: Vec<Json> = open.iter().map(|span| json!({ "filename": "spans", "method": span })).collect();
    let exception = json!({ "class": reason.as_str(), "message": message, "description": detail });
    let body = json!({ "trace": { "exception": exception, "frames": frames } });
    item(config, scene, "critical", reason.as_str(), &message, body, person(scene.root), "death")
}

/// A death as a sentence would begin.
pub(crate) fn words(reason: DeathCause) -> &'static str {
    match reason {
        DeathCause::Timeout => "timed out",
        DeathCause::OutOfMemory => "ran out of memory",
        DeathCause::Crash => "crashed",
        DeathCause::Exit => "exited",
        DeathCause::Platform => "failed in the platform",
    }
}

#[expect(clippy::too_many_arguments, reason = "what the two kinds of items differ in, side by side at two calls")]
fn item(
    config: &Config,
    scene: &Scene<'_>,
    level: &str,
    class: &str,
    title: &str,
    body: Json,
    person: Option<Json>,
    kind: &str,
) -> Bytes {
    let trace = hex(&scene.trace);
    let mut data = Map::new();
    let mut put = |name: &str, value: Json| data.insert(name.to_owned(), value);
    put("environment", cut(&config.rollbar.environment, LONGEST_TITLE).into());
    put("level", level.into());
    put("timestamp", (scene.at_unix_nano / 1_000_000_000).into());
    put("uuid", uuid(scene, kind).to_string().into());
    put("title", cut(title, LONGEST_TITLE).into());
    put("fingerprint", fingerprint(scene, class, &body).into());
    put("context", scene.route.into());
    put("language", "rust".into());
    put("platform", "linux".into());
    put("framework", "aws-lambda".into());
    put("code_version", cut(&config.version, LONGEST_ID).into());
    put("server", json!({ "host": scene.function }));
    if let Some(request) = request(scene.root) {
        put("request", request);
    }
    if let Some(person) = person {
        put("person", person);
    }
    let xray = format!("1-{}-{}", trace.get(..8).unwrap_or_default(), trace.get(8..).unwrap_or_default());
    put(
        "custom",
        json!({ "request_id": scene.request_id, "trace_id": trace, "xray_trace_id": xray,
        "span_id": hex(&scene.span), "cold_start": scene.is_cold }),
    );
    put("attributes", json!([{ "key": "trace_id", "value": trace }, { "key": "span_id", "value": hex(&scene.span) }]));
    put("notifier", json!({ "name": "crudder-extension", "version": env!("CARGO_PKG_VERSION") }));
    put("body", body);
    fit(data).into()
}

/// The uuid of the item that tells how the request of this trace (32 digits) died: known to whoever knows the request.
#[must_use]
pub fn death_uuid(request_id: &str, trace: &str) -> String {
    Uuid::new_v5(&SPACE, format!("{request_id}:{trace}:death").as_bytes()).to_string()
}

/// The same item has the same uuid in every try and every life of the layer: Rollbar drops the repeat.
fn uuid(scene: &Scene<'_>, kind: &str) -> Uuid {
    let name = format!("{}:{}:{kind}", scene.request_id, hex(&scene.trace));
    Uuid::new_v5(&SPACE, name.as_bytes())
}

/// Groups by function, route, class and where in our own code; never by message or line.
fn fingerprint(scene: &Scene<'_>, class: &str, body: &Json) -> String {
    let mut name = format!("{}|{}|{class}", scene.function, scene.route);
    let frames = body.pointer("/trace_chain/0/frames").or_else(|| body.pointer("/trace/frames"));
    for frame in frames.and_then(Json::as_array).into_iter().flatten() {
        name.push('|');
        name.push_str(frame.get("method").and_then(Json::as_str).unwrap_or_default());
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    hex(digest.as_ref().get(..LONGEST_ID / 2).unwrap_or_default())
}

fn request(root: &[Attribute<'_>]) -> Option<Json> {
    let method = text(root, "http.request.method")?;
    let mut request = Map::new();
    request.insert("method".to_owned(), method.into());
    let path = text(root, "url.path").unwrap_or_default();
    let host = text(root, "server.address").unwrap_or("unknown");
    let mut url = format!("{}://{host}{path}", text(root, "url.scheme").unwrap_or("https"));
    if let Some(query) = text(root, "url.query") {
        request.insert("query_string".to_owned(), query.into());
        url.push('?');
        url.push_str(query);
    }
    request.insert("url".to_owned(), scrub(&url).into());
    if let Some(address) = text(root, "client.address") {
        request.insert("user_ip".to_owned(), address.into());
    }
    if let Some(agent) = text(root, "user_agent.original") {
        request.insert("headers".to_owned(), json!({ "User-Agent": agent }));
    }
    Some(Json::Object(request))
}

fn person(attributes: &[Attribute<'_>]) -> Option<Json> {
    let handle = text(attributes, "handle").or_else(|| text(attributes, "annotation.handle"));
    let id = text(attributes, "user.id").or_else(|| text(attributes, "enduser.id")).or(handle)?;
    let mut person = Map::new();
    person.insert("id".to_owned(), cut(id, LONGEST_ID).into());
    if let Some(handle) = handle {
        person.insert("username".to_owned(), cut(handle, LONGEST_TITLE).into());
    }
    Some(Json::Object(person))
}

fn level(attributes: &[Attribute<'_>], class: Option<&str>) -> &'static str {
    if class == Some("panic") {
        return "critical";
    }
    match text(attributes, "level").unwrap_or_default().to_ascii_lowercase().as_str() {
        "warn" | "warning" => "warning",
        "info" => "info",
        "debug" | "trace" => "debug",
        "critical" | "fatal" => "critical",
        _ => "error",
    }
}

/// An item that is too large loses frames, then all but its words.
fn fit(mut data: Map<String, Json>) -> Vec<u8> {
    let write = |data: &Map<String, Json>| json!({ "data": data }).to_string().into_bytes();
    let whole = write(&data);
    if whole.len() <= LARGEST_ITEM {
        return whole;
    }
    for chain in ["trace_chain", "trace"] {
        let traces = data.get_mut("body").and_then(|body| body.get_mut(chain));
        let traces = traces.map(|traces| if traces.is_array() { traces.as_array_mut() } else { None });
        for trace in traces.flatten().into_iter().flatten() {
            trace["frames"] = json!([]);
            shorten(&mut trace["exception"]["message"]);
        }
    }
    if let Some(body) = data.get_mut("body") {
        shorten(&mut body["message"]["body"]);
        if body["message"]["body"].is_null() {
            body.as_object_mut().map(|body| body.remove("message"));
        }
    }
    data.remove("request");
    write(&data)
}

fn shorten(text: &mut Json) {
    if let Some(long) = text.as_str() {
        *text = cut(long, 1024).into();
    }
}

pub(crate) fn text<'a>(attributes: &[Attribute<'a>], key: &str) -> Option<&'a str> {
    let found = attributes.iter().rev().find(|attribute| attribute.key == key)?;
    match found.value {
        Value::Str(text) if !text.is_empty() => Some(text),
        _ => None,
    }
}

fn texts<'a>(attributes: &[Attribute<'a>], key: &str) -> Vec<&'a str> {
    let found = attributes.iter().rev().find(|attribute| attribute.key == key);
    match found.map(|attribute| &attribute.value) {
        Some(Value::Array(values)) => {
            values.iter().filter_map(|value| if let Value::Str(text) = value { Some(*text) } else { None }).collect()
        }
        Some(Value::Str(text)) => vec![text],
        _ => Vec::new(),
    }
}

fn cut(text: &str, longest: usize) -> &str {
    text.char_indices().nth(longest).map_or(text, |(end, _)| &text[..end])
}

pub(crate) fn request_for(
    client: &reqwest::Client,
    config: &RollbarConfig,
    token: &str,
    body: Bytes,
) -> reqwest::RequestBuilder {
    client
        .post(&config.endpoint)
        .header("x-rollbar-access-token", token)
        .header("content-type", "application/json")
        .body(body)
}

/// What an answer means (Rollbar's "Create item" and "Rate limits"). It never sends `Retry-After`.
pub(crate) fn read(status: u16, remaining_seconds: Option<&str>, now: SystemTime) -> Answer {
    let after = || remaining_seconds.and_then(|value| retry_after(value, now)).filter(|after| *after > Duration::ZERO);
    match status {
        200..=299 => Answer::Taken { rejected: 0, words: String::new() },
        401 | 403 => Answer::KeyRefused { status },
        429 | 502 | 503 | 504 => Answer::Later { after: after() },
        500 => Answer::Broken,
        _ => Answer::Never { status, may_be_one: matches!(status, 400 | 413 | 422) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttled_token_waits_for_as_long_as_rollbar_says() {
        let read = |status, seconds| read(status, seconds, SystemTime::UNIX_EPOCH);
        assert_eq!(read(429, Some("42")), Answer::Later { after: Some(Duration::from_secs(42)) });
        assert_eq!(read(429, None), Answer::Later { after: None });
        assert_eq!(read(429, Some("-1")), Answer::Later { after: None });
        assert_eq!(read(403, None), Answer::KeyRefused { status: 403 });
        assert_eq!(read(422, None), Answer::Never { status: 422, may_be_one: true });
    }

    fn config() -> Config {
        Config::read(|asked| (asked == "AWS_LAMBDA_RUNTIME_API").then(|| "a:1".to_owned())).unwrap()
    }

    #[test]
    fn an_item_too_large_for_rollbar_loses_frames_and_keeps_its_words() {
        let stack: String =
            (0..5_000).map(|n| format!("{n:4}: ours::function_{n}\n             at src/{n}.rs:{n}\n")).collect();
        let long = "so many words ".repeat(20_000);
        let attributes = [
            Attribute { key: "exception.type", value: Value::Str("Long") },
            Attribute { key: "exception.message", value: Value::Str(&long) },
            Attribute { key: "exception.stacktrace", value: Value::Str(&stack) },
        ];
        let item = report(&config(), &Scene::default(), "exception", &attributes, 0);
        assert!(item.len() <= LARGEST_ITEM, "{} bytes", item.len());
        let item: Json = serde_json::from_slice(&item).unwrap();
        let exception = &item["data"]["body"]["trace_chain"][0]["exception"];
        assert_eq!(exception["class"], "Long");
        assert!(exception["message"].as_str().unwrap().starts_with("so many words"));
    }

    #[test]
    fn the_same_report_has_the_same_uuid_and_another_has_another() {
        let scene = Scene { request_id: "r-1", ..Scene::default() };
        let uuid = |ordinal| {
            let item: Json = serde_json::from_slice(&report(&config(), &scene, "report", &[], ordinal)).unwrap();
            item["data"]["uuid"].as_str().unwrap().to_owned()
        };
        assert_eq!(uuid(1), uuid(1));
        assert_ne!(uuid(1), uuid(2));
    }

    #[test]
    fn an_item_names_the_person_that_the_report_or_else_the_root_span_knows() {
        let person = |root: &[Attribute<'_>], own: &[Attribute<'_>]| {
            let scene = Scene { root, ..Scene::default() };
            let item: Json = serde_json::from_slice(&report(&config(), &scene, "report", own, 0)).unwrap();
            item["data"]["person"].clone()
        };
        let caller = |handle| {
            [
                Attribute { key: "user.id", value: Value::Str("s-1") },
                Attribute { key: "handle", value: Value::Str(handle) },
            ]
        };
        assert_eq!(person(&caller("andrew"), &[]), json!({ "id": "s-1", "username": "andrew" }));
        assert_eq!(person(&caller("andrew"), &caller("bayko"))["username"], "bayko");
        assert_eq!(person(&[], &[]), Json::Null);
    }

    #[test]
    fn whoever_knows_the_request_knows_the_uuid_of_its_death() {
        let scene = Scene { request_id: "r-1", trace: [0xab; 16], ..Scene::default() };
        let item: Json = serde_json::from_slice(&death(&config(), &scene, DeathCause::Timeout, "", &[])).unwrap();
        assert_eq!(item["data"]["uuid"], death_uuid("r-1", &"ab".repeat(16)));
    }
}
