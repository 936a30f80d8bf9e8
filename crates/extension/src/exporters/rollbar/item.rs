//! Rollbar items: the JSON of Rollbar's "Create item" around a report or a death.

use crudder_otlp::Attribute;
use crudder_text::hex;
use serde_json::{Map, Value as Json, json};
use uuid::Uuid;

use super::body::{Body, Death, Report};
use super::fields::{cut, person, request};
use super::limits::{MAX_ID, MAX_TITLE};
use super::size::encode_within_limit;

/// The namespace of the items' uuids, so that no other program makes the same.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f5c_3b1e_6d0a_4c57_9a44_c4ad_de70_0001);

/// Where and in which request an event happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scene<'a> {
    pub(super) function: &'a str,
    pub(super) request_id: &'a str,
    pub(super) trace: [u8; 16],
    pub(super) span: [u8; 8],
    pub(super) is_cold: bool,
    /// The root span's name: method and route.
    pub(super) route: &'a str,
    /// The root span's attributes.
    pub(super) root: &'a [Attribute<'a>],
    pub(super) at_unix_nano: u64,
}

/// What an item is about.
pub(super) enum Event<'a> {
    Report(Report<'a>),
    Death(Death<'a>),
}

impl Event<'_> {
    fn body(&self) -> Body {
        match self {
            Self::Report(report) => report.body(),
            Self::Death(death) => death.body(),
        }
    }

    /// Distinguishes the items of one request.
    fn kind(&self) -> String {
        match self {
            Self::Report(report) => format!("report:{}", report.ordinal),
            Self::Death(_) => "death".to_owned(),
        }
    }

    fn person(&self) -> Option<Json> {
        match self {
            Self::Report(report) => person(report.attributes),
            Self::Death(_) => None,
        }
    }
}

/// Encodes the item of an event.
pub(super) fn encode(environment: &str, version: &str, scene: &Scene<'_>, event: &Event<'_>) -> Vec<u8> {
    let Body { level, class, title, json: body } = event.body();
    let (trace, span) = (hex(&scene.trace), hex(&scene.span));
    let mut data = Map::new();
    let mut put = |name: &str, value: Json| data.insert(name.to_owned(), value);
    put("environment", cut(environment, MAX_TITLE).into());
    put("level", level.into());
    put("timestamp", (scene.at_unix_nano / 1_000_000_000).into());
    put("uuid", uuid(scene, &event.kind()).to_string().into());
    put("title", cut(&title, MAX_TITLE).into());
    put("fingerprint", fingerprint(scene, &class, &body).into());
    put("context", scene.route.into());
    put("language", "rust".into());
    put("platform", "linux".into());
    put("framework", "aws-lambda".into());
    put("code_version", cut(version, MAX_ID).into());
    put("server", json!({ "host": scene.function }));
    if let Some(request) = request(scene.root) {
        put("request", request);
    }
    if let Some(person) = event.person().or_else(|| person(scene.root)) {
        put("person", person);
    }
    let xray = format!("1-{}-{}", trace.get(..8).unwrap_or_default(), trace.get(8..).unwrap_or_default());
    put(
        "custom",
        json!({ "request_id": scene.request_id, "trace_id": trace, "xray_trace_id": xray,
        "span_id": span, "cold_start": scene.is_cold }),
    );
    put("attributes", json!([{ "key": "trace_id", "value": trace }, { "key": "span_id", "value": span }]));
    put("notifier", json!({ "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") }));
    put("body", body);
    encode_within_limit(data)
}

/// Returns the uuid of the Rollbar item about the death of a request. `trace` is the trace id in 32
/// hexadecimal digits.
#[must_use]
pub fn death_uuid(request_id: &str, trace: &str) -> String {
    Uuid::new_v5(&NAMESPACE, format!("{request_id}:{trace}:death").as_bytes()).to_string()
}

/// Returns the same uuid for the same item at every attempt, also after a restart: Rollbar drops
/// the repetition.
fn uuid(scene: &Scene<'_>, kind: &str) -> Uuid {
    let name = format!("{}:{}:{kind}", scene.request_id, hex(&scene.trace));
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// Groups items by function, route, class and functions of the backtrace; never by message or line.
fn fingerprint(scene: &Scene<'_>, class: &str, body: &Json) -> String {
    let mut name = format!("{}|{}|{class}", scene.function, scene.route);
    let frames = body.pointer("/trace_chain/0/frames").or_else(|| body.pointer("/trace/frames"));
    for frame in frames.and_then(Json::as_array).into_iter().flatten() {
        name.push('|');
        name.push_str(frame.get("method").and_then(Json::as_str).unwrap_or_default());
    }
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    hex(digest.as_ref().get(..MAX_ID / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::limits::MAX_ITEM_BYTES;
    use super::*;
    use crudder_otlp::Value;
    use crudder_recorder::DeathCause;

    fn report(scene: &Scene<'_>, attributes: &[Attribute<'_>], ordinal: u64) -> Json {
        let report = Report { name: "report", attributes, ordinal };
        serde_json::from_slice(&encode("local", "0.1.0", scene, &Event::Report(report))).unwrap()
    }

    #[test]
    fn the_same_report_has_the_same_uuid_and_another_has_another() {
        let scene = Scene { request_id: "r-1", ..Scene::default() };
        let uuid = |ordinal| report(&scene, &[], ordinal)["data"]["uuid"].as_str().unwrap().to_owned();
        assert_eq!(uuid(1), uuid(1));
        assert_ne!(uuid(1), uuid(2));
    }

    #[test]
    fn an_item_names_the_person_of_the_report_or_else_of_the_root_span() {
        let person = |root: &[Attribute<'_>], own: &[Attribute<'_>]| {
            report(&Scene { root, ..Scene::default() }, own, 0)["data"]["person"].clone()
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
    fn the_uuid_of_a_death_follows_from_request_and_trace() {
        let scene = Scene { request_id: "r-1", trace: [0xab; 16], ..Scene::default() };
        let death = Event::Death(Death { cause: DeathCause::Timeout, detail: "", open: &[] });
        let item: Json = serde_json::from_slice(&encode("local", "0.1.0", &scene, &death)).unwrap();
        assert_eq!(item["data"]["uuid"], death_uuid("r-1", &"ab".repeat(16)));
    }

    #[test]
    fn an_item_too_large_for_rollbar_loses_its_frames_and_keeps_its_message() {
        let stack: String =
            (0..5_000).map(|n| format!("{n:4}: ours::function_{n}\n             at src/{n}.rs:{n}\n")).collect();
        let long = "so many words ".repeat(20_000);
        let attributes = [
            Attribute { key: "exception.type", value: Value::Str("Long") },
            Attribute { key: "exception.message", value: Value::Str(&long) },
            Attribute { key: "exception.stacktrace", value: Value::Str(&stack) },
        ];
        let report = Report { name: "exception", attributes: &attributes, ordinal: 0 };
        let item = encode("local", "0.1.0", &Scene::default(), &Event::Report(report));
        assert!(item.len() <= MAX_ITEM_BYTES, "{} bytes", item.len());
        let item: Json = serde_json::from_slice(&item).unwrap();
        let exception = &item["data"]["body"]["trace_chain"][0]["exception"];
        assert_eq!(exception["class"], "Long");
        assert!(exception["message"].as_str().unwrap().starts_with("so many words"));
    }
}
