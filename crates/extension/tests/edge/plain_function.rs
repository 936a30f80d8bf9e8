//! What the extension exports of a plain function: `crudder-telemetry`'s example of under twenty
//! lines.

use crudder_emulator::Outcome;
use serde_json::json;

use crate::support::{Fixture, Setup};

async fn plain_function() -> Fixture {
    Setup { program: "plain", ..Setup::default() }.start().await
}

#[tokio::test]
async fn a_function_of_twenty_lines_has_a_trace_in_every_destination() {
    let mut fixture = plain_function().await;
    let (outcome, trace) = fixture.call_with(json!({ "name": "Ada" }), true).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(payload.as_ref(), br#"{"hello":"Ada"}"#);
    let spans = fixture.spans(trace, 2).await;
    assert_eq!(spans["greet"].parent_span_id.as_deref(), Some(spans["fixture"].span_id.as_str()));
    fixture.segments(trace, "greet").await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    fixture.fakes.rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn an_error_of_a_plain_function_is_an_item_with_its_message() {
    let mut fixture = plain_function().await;
    let (outcome, trace) = fixture.call_with(json!({}), true).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    let items = fixture.items(trace, 1).await;
    assert_eq!(items[0].message.as_deref(), Some("missing name"));
    assert_eq!(fixture.segments(trace, "fixture").await["fixture"]["fault"], true);
    fixture.close().await;
}
