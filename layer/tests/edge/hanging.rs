//! Fakes that take a connection and never answer: what that costs a request, and the next one.

use std::time::{Duration, Instant};

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{Fault, Plan};
use serde_json::Value;

use crate::lateness::Lateness;
use crate::support::{Fixture, Recipe};

const REQUESTS: usize = 24;
/// `CRUDDER_FLUSH_BUDGET_MS` of these tests.
const BUDGET: Duration = Duration::from_millis(200);
/// What function, layer and emulator on two cores may add, beside what the machine was late by when it was looked.
const MACHINE: Duration = Duration::from_millis(400);

/// What requests waited, and what environments were held, in milliseconds.
struct Measured {
    /// From `invoke` to the answer. Requests follow each other at once, so it contains what the one before was held for.
    answers: Vec<f64>,
    /// From the function's being done to the layer's `/next`: the platform's `extensionOverhead`.
    held: Vec<f64>,
}

#[tokio::test]
async fn hanging_vendors_delay_neither_an_answer_nor_the_next_request_beyond_the_budget() {
    let lateness = Lateness::watch();
    let healthy = measure(false).await;
    let hanging = measure(true).await;
    for (what, measured) in [("answer at once", &healthy), ("never answer", &hanging)] {
        println!(
            "hanging: vendors that {what}, a budget of {} ms, {REQUESTS} requests: answers after p50 {:.1} max {:.1} ms; \
             environments held p50 {:.1} max {:.1} ms",
            BUDGET.as_millis(),
            median(&measured.answers),
            longest(&measured.answers),
            median(&measured.held),
            longest(&measured.held),
        );
    }
    println!("hanging: what the machine was late by is allowed: {:?}", lateness.allowance());
    let limit = (BUDGET + MACHINE + lateness.allowance()).as_secs_f64() * 1000.0;
    assert!(longest(&hanging.held) < limit, "held for {:?} ms", hanging.held);
    // The first answer comes after the cold start.
    assert!(longest(&hanging.answers[1..]) < limit, "answered after {:?} ms", hanging.answers);
    let budget = BUDGET.as_secs_f64() * 1000.0;
    assert!(hanging.held[0] > 0.75 * budget, "the first is held for the budget: {:?}", hanging.held);
    // Whoever has been silent for longer than the budget is not waited for again.
    let waits = hanging.held.iter().filter(|held| **held > 0.75 * budget).count();
    assert!(waits <= 4, "{waits} environments were held: {:?}", hanging.held);
}

async fn measure(hangs: bool) -> Measured {
    let budget = BUDGET.as_millis().to_string();
    let mut fixture = Recipe::default().variable("CRUDDER_FLUSH_BUDGET_MS", budget).open().await;
    if hangs {
        for stand_in in [fixture.vendors.honeycomb.faults(), fixture.vendors.rollbar.faults()] {
            stand_in.add(Plan::always(Fault::NoResponse { accept: false })).expect("a fault it knows");
        }
    }
    let mut answers = Vec::new();
    for number in 0..REQUESTS {
        let before = Instant::now();
        fixture.call(if number % 2 == 0 { "error" } else { "ok" }).await;
        answers.push(milliseconds(before.elapsed()));
    }
    let held = held(&mut fixture).await;
    fixture.vendors.honeycomb.faults().clear();
    fixture.vendors.rollbar.faults().clear();
    fixture.close().await;
    Measured { answers, held }
}

/// What the platform reported of each request, once it has of all.
async fn held(fixture: &mut Fixture) -> Vec<f64> {
    let mut held = Vec::new();
    fixture
        .wait_for("report of every request", |event| {
            let EmulatorEvent::Line(line) = event else { return None };
            let report: Value = serde_json::from_str(&line.line).ok()?;
            if report["type"] == "platform.report" {
                held.extend(report["record"]["spans"][0]["durationMs"].as_f64());
            }
            (held.len() == REQUESTS).then_some(())
        })
        .await;
    held
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn longest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}
