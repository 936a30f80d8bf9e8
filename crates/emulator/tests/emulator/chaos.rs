//! Processes are killed and environments taken away at random moments, from outside: every request still gets an outcome, and
//! nothing is left at the end.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use crudder_emulator::{EmulatorEvent, Invocation, InvokeError, Outcome, Source};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{FUNCTION, Recipe, gone, process_state, soon};

const REQUESTS: u64 = 200;

/// Requests under way at the same time.
const AT_ONCE: u64 = 4;

/// SplitMix64: enough for choices, and the seed is one number to print.
struct Rng(u64);

impl Rng {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_every_request_has_an_outcome_and_no_process_is_left() {
    let seed = RandomState::new().build_hasher().finish();
    let mut rng = Rng(seed);
    let timeout = Duration::from_millis(1_000);
    let recipe =
        Recipe { timeout, change: |config| config.environments_per_function = 8, ..Recipe::extension("linger") };
    let mut emulator = recipe.variable("EXTENSION_LINGERS_MS", "3").open();
    let (mut answered, mut failed, mut refused) = (0, 0, 0);
    for _ in 0..REQUESTS / AT_ONCE {
        let requests: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let invocation = Invocation::new(format!(r#"{{"do":"sleep","ms":{}}}"#, rng.roll(20)));
                let lambda = emulator.emulator.clone();
                tokio::spawn(async move { soon(lambda.invoke(FUNCTION, invocation)).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(rng.roll(25))).await;
        disturb(&emulator.emulator, &mut rng).await;
        for request in requests {
            match request.await.expect("no panic") {
                Ok(Outcome::Succeeded { .. }) => answered += 1,
                Ok(Outcome::Failed { .. }) => failed += 1,
                Err(InvokeError::Throttled(_) | InvokeError::Environment(_)) => refused += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
    }
    let all = answered + failed + refused;
    assert_eq!(all, REQUESTS, "seed {seed}");
    assert!(answered > 0 && failed > 0, "seed {seed}: {answered} answered, {failed} failed, {refused} refused");
    let pids = started(emulator.seen());
    soon(emulator.emulator.clone().shutdown()).await;
    for pid in pids {
        gone(pid).await;
    }
}

/// Kills a process, discards or destroys an environment, or lets all be.
async fn disturb(emulator: &crudder_emulator::Emulator, rng: &mut Rng) {
    let environments = emulator.environments();
    if environments.is_empty() {
        return;
    }
    let fixture = &environments[rng.roll(environments.len() as u64) as usize];
    match rng.roll(6) {
        0 | 1 => fixture.runtime.into_iter().for_each(kill_if_ours),
        2 => fixture.extensions.iter().for_each(|(_, pid)| kill_if_ours(*pid)),
        3 => soon(emulator.destroy(&fixture.id)).await,
        4 => soon(emulator.spin_down(&fixture.id)).await,
        _ => (),
    }
}

/// It may be gone in the meantime.
fn kill_if_ours(pid: u32) {
    if let Some(pid) = Pid::from_raw(i32::try_from(pid).expect("a process id")) {
        let _gone = kill_process(pid, Signal::KILL);
    }
}

/// Every process that was ever started here and whose end was not seen.
fn started(events: &[EmulatorEvent]) -> Vec<u32> {
    let pids = events.iter().filter_map(|event| match event {
        EmulatorEvent::ProcessStarted { pid, process: Source::Function | Source::Extension(_), .. } => Some(*pid),
        _ => None,
    });
    pids.filter(|pid| process_state(*pid).is_some()).collect()
}
