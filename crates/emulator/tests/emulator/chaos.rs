//! Kills processes and environments at random times.
//!
//! Every request must get an outcome, and no process may be left at the end.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Invocation, InvokeError, Outcome, Source};
use crudder_testing::process::{self, wait_until_exited};
use crudder_testing::wait::within_timeout;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{FUNCTION, FixtureConfig};

const REQUESTS: u64 = 200;

/// How many requests run at the same time.
const CONCURRENCY: u64 = 4;

/// SplitMix64. It is good enough for choices, and its seed is one number to print.
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_random_kills_every_request_has_an_outcome_and_no_process_is_left() {
    let seed = RandomState::new().build_hasher().finish();
    let mut rng = Rng(seed);
    let timeout = Duration::from_millis(1_000);
    let config = FixtureConfig {
        timeout,
        configure: |config| config.environments_per_function = 8,
        ..FixtureConfig::with_extension("linger")
    };
    let mut fixture = config.variable("EXTENSION_LINGERS_MS", "3").start();
    let (mut succeeded, mut failed, mut refused) = (0, 0, 0);
    for _ in 0..REQUESTS / CONCURRENCY {
        let requests: Vec<_> = (0..CONCURRENCY)
            .map(|_| {
                let invocation = Invocation::new(format!(r#"{{"do":"sleep","ms":{}}}"#, rng.below(20)));
                let emulator = fixture.emulator.clone();
                tokio::spawn(async move { within_timeout("the outcome", emulator.invoke(FUNCTION, invocation)).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(rng.below(25))).await;
        disturb(&fixture.emulator, &mut rng).await;
        for request in requests {
            match request.await.expect("no panic") {
                Ok(Outcome::Succeeded { .. }) => succeeded += 1,
                Ok(Outcome::Failed { .. }) => failed += 1,
                Err(InvokeError::Throttled(_) | InvokeError::Environment(_)) => refused += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
    }
    let all = succeeded + failed + refused;
    assert_eq!(all, REQUESTS, "seed {seed}");
    assert!(succeeded > 0 && failed > 0, "seed {seed}: {succeeded} succeeded, {failed} failed, {refused} refused");
    let pids = running_processes(fixture.events());
    within_timeout("the shutdown", fixture.emulator.clone().shutdown()).await;
    for pid in pids {
        wait_until_exited(pid).await;
    }
}

/// Kills a process, ends an environment, or does nothing.
async fn disturb(emulator: &crudder_emulator::Emulator, rng: &mut Rng) {
    let environments = emulator.environments();
    if environments.is_empty() {
        return;
    }
    let environment = &environments[rng.below(environments.len() as u64) as usize];
    match rng.below(6) {
        0 | 1 => environment.runtime.into_iter().for_each(kill_if_running),
        2 => environment.extensions.iter().for_each(|(_, pid)| kill_if_running(*pid)),
        3 => within_timeout("the end", emulator.destroy(&environment.id)).await,
        4 => within_timeout("the end", emulator.spin_down(&environment.id)).await,
        _ => (),
    }
}

/// Kills a process, which may have exited in the meantime.
fn kill_if_running(pid: u32) {
    if let Some(pid) = Pid::from_raw(i32::try_from(pid).expect("a process id")) {
        let _gone = kill_process(pid, Signal::KILL);
    }
}

/// Returns the processes of these events that still run.
fn running_processes(events: &[EmulatorEvent]) -> Vec<u32> {
    let pids = events.iter().filter_map(|event| match event {
        EmulatorEvent::ProcessStarted { pid, process: Source::Function | Source::Extension(_), .. } => Some(*pid),
        _ => None,
    });
    pids.filter(|pid| process::state(*pid).is_some()).collect()
}
