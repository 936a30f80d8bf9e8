//! Destinations that accept a connection and never respond: what that costs a request, and the next
//! one.

use std::time::{Duration, Instant};

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{Fault, Plan};
use serde_json::Value;

use crate::machine_delay::MachineDelay;
use crate::support::{Fixture, Setup};

const REQUESTS: usize = 24;
/// `CRUDDER_FLUSH_BUDGET_MS` of these tests.
const BUDGET: Duration = Duration::from_millis(200);
/// What function, extension and emulator on two cores may add, beside the measured delay of the
/// machine.
const MARGIN: Duration = Duration::from_millis(400);

/// Milliseconds that requests waited and that environments were held.
struct Measured {
    /// From `invoke` to the response. Requests follow each other at once, so this contains the time
    /// for which the environment was held after the one before.
    responses: Vec<f64>,
    /// From the end of the function to the extension's `/next`: the platform's `extensionOverhead`.
    held: Vec<f64>,
}

#[tokio::test]
async fn hanging_destinations_delay_neither_a_response_nor_the_next_request_beyond_the_budget() {
    let delay = MachineDelay::watch();
    let healthy = measure(false).await;
    let hanging = measure(true).await;
    for (what, measured) in [("respond at once", &healthy), ("never respond", &hanging)] {
        println!(
            "hanging: destinations that {what}, a budget of {} ms, {REQUESTS} requests: responses after p50 {:.1} max {:.1} ms; \
             environments held p50 {:.1} max {:.1} ms",
            BUDGET.as_millis(),
            median(&measured.responses),
            longest(&measured.responses),
            median(&measured.held),
            longest(&measured.held),
        );
    }
    println!("hanging: allowed for the delay of the machine: {:?}", delay.allowance());
    let limit = (BUDGET + MARGIN + delay.allowance()).as_secs_f64() * 1000.0;
    assert!(longest(&hanging.held) < limit, "held for {:?} ms", hanging.held);
    // The first response comes after the cold start.
    assert!(longest(&hanging.responses[1..]) < limit, "responded after {:?} ms", hanging.responses);
    let budget = BUDGET.as_secs_f64() * 1000.0;
    assert!(hanging.held[0] > 0.75 * budget, "the first is held for the budget: {:?}", hanging.held);
    // A destination that was silent for longer than the budget is not waited for again.
    let waits = hanging.held.iter().filter(|held| **held > 0.75 * budget).count();
    assert!(waits <= 4, "{waits} environments were held: {:?}", hanging.held);
}

async fn measure(hangs: bool) -> Measured {
    let budget = BUDGET.as_millis().to_string();
    let mut fixture = Setup::default().variable("CRUDDER_FLUSH_BUDGET_MS", budget).start().await;
    if hangs {
        for faults in [fixture.fakes.honeycomb.faults(), fixture.fakes.rollbar.faults()] {
            faults.add(Plan::always(Fault::NoResponse { accept: false })).expect("a fault it knows");
        }
    }
    let mut responses = Vec::new();
    for number in 0..REQUESTS {
        let before = Instant::now();
        fixture.call(if number % 2 == 0 { "error" } else { "ok" }).await;
        responses.push(milliseconds(before.elapsed()));
    }
    let held = held(&mut fixture).await;
    fixture.fakes.honeycomb.faults().clear();
    fixture.fakes.rollbar.faults().clear();
    fixture.close().await;
    Measured { responses, held }
}

/// Waits for the platform's reports of all requests; returns the overhead of each.
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
