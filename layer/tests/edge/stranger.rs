//! A function that is nobody's in particular: what `crudder-telemetry`'s example of under twenty lines gets from the layer.

use crudder_emulator::Outcome;
use serde_json::json;

use crate::support::{Fixture, Recipe};

async fn stranger() -> Fixture {
    Recipe { program: "plain", ..Recipe::default() }.open().await
}

#[tokio::test]
async fn twenty_lines_are_enough_for_a_trace_in_every_plane() {
    let mut fixture = stranger().await;
    let (outcome, trace) = fixture.call_with(json!({ "name": "Ada" }), true).await;
    let Outcome::Succeeded { payload, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(payload.as_ref(), br#"{"hello":"Ada"}"#);
    let spans = fixture.spans(trace, 2).await;
    assert_eq!(spans["greet"].parent_span_id.as_deref(), Some(spans["fixture"].span_id.as_str()));
    fixture.segments(trace, "greet").await;
    fixture.line(&format!("\"trace_id\":\"{trace}\"")).await;
    fixture.vendors.rollbar.with_store(|store| assert_eq!(store.item_count(), 0));
    fixture.close().await;
}

#[tokio::test]
async fn an_error_of_a_strangers_function_is_an_item_with_its_words() {
    let mut fixture = stranger().await;
    let (outcome, trace) = fixture.call_with(json!({}), true).await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
    let items = fixture.items(trace, 1).await;
    assert_eq!(items[0].message.as_deref(), Some("nobody to greet"));
    assert_eq!(fixture.segments(trace, "fixture").await["fixture"]["fault"], true);
    fixture.close().await;
}
