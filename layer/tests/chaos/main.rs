//! Kills function or layer at a random moment in each of many requests, with vendors that fail at random and environments thrown
//! away now and then. At the end every span that started is at the vendor, every death is one item, nothing came twice without
//! excuse. What a discarded environment takes with it is counted apart.
//!
//! `CRUDDER_CHAOS_REQUESTS` sets how many requests, `CRUDDER_CHAOS_SEED` repeats a run.

mod judge;
mod lateness;
mod remains;
mod rng;
mod tally;
mod world;

use std::time::{Duration, Instant, SystemTime};

use crudder_emulator::{Emulator, FailureKind, Faults, Kill, KillTarget, KillTrigger, Outcome};

use crate::judge::judge;
use crate::lateness::Lateness;
use crate::rng::Rng;
use crate::tally::Tally;
use crate::world::{FUNCTION, World};

/// What issue and targets ask for; a little over a minute on two cores.
const REQUESTS: u64 = 1000;

#[expect(clippy::disallowed_methods, reason = "the two settings of this test, read once")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test]
async fn whatever_is_killed_nothing_is_lost_and_nothing_is_told_twice_without_excuse() {
    let seed = setting("CRUDDER_CHAOS_SEED")
        .unwrap_or_else(|| SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_nanos() as u64 | 1);
    let requests = setting("CRUDDER_CHAOS_REQUESTS").unwrap_or(REQUESTS);
    println!("chaos: seed {seed}, {requests} requests");
    let mut rng = Rng::new(seed);
    let mut world = World::open(seed).await;
    let mut tally = Tally::default();
    let lateness = Lateness::watch();
    for number in 0..requests {
        one_request(&world, &mut rng, number, &mut tally).await;
        world.catch_up();
        if rng.roll(40) == 0 {
            destroy(&world.emulator, &mut tally).await;
        }
    }
    world.vendors_recover();
    serve_in_peace(&world, requests).await;
    // Spun down in order, which is when the last of everything is told.
    for environment in world.emulator.environments() {
        world.emulator.spin_down(&environment.id).await;
    }
    world.catch_up();
    let letters = world.replay().await;
    let judged = judge(&world, &tally, letters, lateness.allowance());
    println!("{}", judged.told);
    judged.check(&tally, &world.seen);
    world.emulator.shutdown().await;
}

/// Until no kill is on its way any more.
async fn serve_in_peace(world: &World, requests: u64) {
    world.emulator.set_faults(FUNCTION, Faults::default()).expect("a function");
    let mut in_peace = 0;
    for number in 0..20 {
        let (outcome, _) = world.call("slow", requests + 19 + 20 * number).await;
        in_peace = if matches!(outcome, Outcome::Succeeded { .. }) { in_peace + 1 } else { 0 };
        if in_peace == 3 {
            break;
        }
    }
}

async fn one_request(world: &World, rng: &mut Rng, number: u64, tally: &mut Tally) {
    let kind = match rng.roll(20) {
        0 => "abort",
        1 => "exit",
        2 if rng.roll(3) == 0 => "timeout",
        3 => "panic",
        4 | 5 => "error",
        6..=10 => "slow",
        _ => "ok",
    };
    let kills = kills(rng, tally);
    world.emulator.set_faults(FUNCTION, Faults { kills, ..Faults::default() }).expect("a function");
    let before = Instant::now();
    let (outcome, trace) = world.call(kind, number).await;
    tally.longest = tally.longest.max(before.elapsed());
    match outcome {
        Outcome::Succeeded { .. } | Outcome::Failed { kind: FailureKind::Handler, .. } => tally.answered += 1,
        Outcome::Failed { error_type, .. } => {
            tally.died.insert(trace, format!("{error_type} of {kind}"));
        }
    }
}

fn kills(rng: &mut Rng, tally: &mut Tally) -> Vec<Kill> {
    let triggers = [KillTrigger::Invoked, KillTrigger::Responded, KillTrigger::RuntimeDone];
    let delay = Duration::from_micros(rng.roll(25_000));
    let (target, trigger) = match rng.roll(4) {
        0 => (KillTarget::Runtime, KillTrigger::Invoked),
        1 => (KillTarget::Extensions, rng.pick(&triggers)),
        2 if rng.roll(4) == 0 => (KillTarget::Extensions, KillTrigger::Shutdown),
        _ => return Vec::new(),
    };
    match target {
        KillTarget::Runtime => tally.killed_functions += 1,
        KillTarget::Extensions => tally.killed_layers += 1,
    }
    vec![Kill { target, trigger, delay }]
}

/// AWS takes an environment away without a word.
async fn destroy(emulator: &Emulator, tally: &mut Tally) {
    for environment in emulator.environments() {
        emulator.destroy(&environment.id).await;
        tally.discarded.push(environment.folder);
    }
}
