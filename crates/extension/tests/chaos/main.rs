//! Kills the function or the extension at a random moment in each of many requests, while
//! destinations fail at random and environments are discarded. At the end every started span was
//! delivered, every death is one item, and nothing came twice without a reason. Losses with
//! discarded environments are counted apart.
//!
//! `CRUDDER_CHAOS_REQUESTS` sets the number of requests, `CRUDDER_CHAOS_SEED` repeats a run.

#[path = "../support/binary.rs"]
mod binary;
mod leftovers;
mod machine_delay;
mod rng;
mod summary;
mod system;
mod verify;

use std::time::{Duration, Instant, SystemTime};

use crudder_emulator::{Emulator, FailureKind, Faults, Kill, KillTarget, KillTrigger, Outcome};

use crate::machine_delay::MachineDelay;
use crate::rng::Rng;
use crate::summary::Summary;
use crate::system::{FUNCTION, System};
use crate::verify::Findings;

/// A little over a minute on two cores.
const REQUESTS: u64 = 1000;

#[expect(clippy::disallowed_methods, reason = "the two settings of this test, read once")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn random_kills_lose_nothing_and_repeat_nothing_without_a_reason() {
    let seed = setting("CRUDDER_CHAOS_SEED")
        .unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64 | 1);
    let requests = setting("CRUDDER_CHAOS_REQUESTS").unwrap_or(REQUESTS);
    println!("chaos: seed {seed}, {requests} requests");
    let mut rng = Rng::new(seed);
    let mut system = System::start(seed).await;
    let mut summary = Summary::default();
    let delay = MachineDelay::watch();
    for number in 0..requests {
        one_request(&system, &mut rng, number, &mut summary).await;
        system.catch_up();
        if rng.below(40) == 0 {
            destroy(&system.emulator, &mut summary).await;
        }
    }
    system.end_faults();
    serve_without_faults(&system, requests).await;
    // SHUTDOWN makes the extension send everything that is left.
    for environment in system.emulator.environments() {
        system.emulator.spin_down(&environment.id).await;
    }
    system.catch_up();
    let letters = system.replay().await;
    let findings = Findings::collect(&system, &summary, letters, delay.allowance());
    println!("{}", findings.report);
    findings.check(&summary, &system.seen);
    system.emulator.shutdown().await;
}

/// Serves requests without faults until no kill is pending any more.
async fn serve_without_faults(system: &System, requests: u64) {
    system.emulator.set_faults(FUNCTION, Faults::default()).expect("a function");
    let mut in_a_row = 0;
    for number in 0..20 {
        let (outcome, _) = system.call("slow", requests + 19 + 20 * number).await;
        in_a_row = if matches!(outcome, Outcome::Succeeded { .. }) { in_a_row + 1 } else { 0 };
        if in_a_row == 3 {
            break;
        }
    }
}

async fn one_request(system: &System, rng: &mut Rng, number: u64, summary: &mut Summary) {
    let kind = match rng.below(20) {
        0 => "abort",
        1 => "exit",
        2 if rng.below(3) == 0 => "timeout",
        3 => "panic",
        4 | 5 => "error",
        6..=10 => "slow",
        _ => "ok",
    };
    let kills = kills(rng, summary);
    system.emulator.set_faults(FUNCTION, Faults { kills, ..Faults::default() }).expect("a function");
    let before = Instant::now();
    let (outcome, trace) = system.call(kind, number).await;
    summary.longest = summary.longest.max(before.elapsed());
    match outcome {
        Outcome::Succeeded { .. } | Outcome::Failed { kind: FailureKind::Handler, .. } => summary.answered += 1,
        Outcome::Failed { error_type, .. } => {
            summary.died.insert(trace, format!("{error_type} of {kind}"));
        }
    }
}

fn kills(rng: &mut Rng, summary: &mut Summary) -> Vec<Kill> {
    let triggers = [KillTrigger::Invoked, KillTrigger::Responded, KillTrigger::RuntimeDone];
    let delay = Duration::from_micros(rng.below(25_000));
    let (target, trigger) = match rng.below(4) {
        0 => (KillTarget::Runtime, KillTrigger::Invoked),
        1 => (KillTarget::Extensions, rng.pick(&triggers)),
        2 if rng.below(4) == 0 => (KillTarget::Extensions, KillTrigger::Shutdown),
        _ => return Vec::new(),
    };
    match target {
        KillTarget::Runtime => summary.killed_functions += 1,
        KillTarget::Extensions => summary.killed_extensions += 1,
    }
    vec![Kill { target, trigger, delay }]
}

/// Discards all environments without SHUTDOWN, as AWS may.
async fn destroy(emulator: &Emulator, summary: &mut Summary) {
    for environment in emulator.environments() {
        emulator.destroy(&environment.id).await;
        summary.discarded.push(environment.folder);
    }
}
