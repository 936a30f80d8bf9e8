//! Orders of events and what they must lead to, first told one by one, then at random.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(3);
const INIT_LIMIT: Duration = Duration::from_secs(10);

fn life(extensions: &[&str]) -> Life {
    let extensions = extensions.iter().map(|name| (*name).to_owned()).collect();
    Life::new(Terms { timeout: TIMEOUT, init_limit: INIT_LIMIT, extensions, refuse_invoke: false })
}

fn invoke(id: &str) -> Event {
    Event::Invoke { request_id: id.to_owned() }
}

fn answered(id: &str, now: Instant) -> Event {
    Event::Called(Call::Answered { request_id: id.to_owned(), first_byte: now, body: Bytes::from_static(b"1") })
}

fn register(events: &[&str]) -> Event {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    Event::Called(Call::Register { id: "e".to_owned(), name: "layer".to_owned(), events })
}

fn runtime_next() -> Event {
    Event::Called(Call::RuntimeNext)
}

fn extension_next() -> Event {
    Event::Called(Call::ExtensionNext { id: "e".to_owned() })
}

fn exited(role: Role) -> Event {
    Event::Exited { role, words: "exit status 1".to_owned() }
}

/// An act in short, so that a whole story can be read.
fn word(act: &Act) -> String {
    match act {
        Act::Reply(Reply::Refused(refusal)) => format!("refuse {}", refusal.error_type),
        Act::Reply(reply) => format!("{reply:?}").to_lowercase(),
        Act::StartExtension { index } => format!("start extension {index}"),
        Act::StartRuntime => "start runtime".to_owned(),
        Act::Take { cold, .. } => if *cold { "take cold" } else { "take warm" }.to_owned(),
        Act::HandToRuntime => "hand to runtime".to_owned(),
        Act::HandToExtension { index } => format!("hand to extension {index}"),
        Act::HandShutdown { index, reason, .. } => format!("shutdown {index} {}", reason.word()),
        Act::Platform(Platform::RuntimeDone { verdict, .. }) => format!("runtimeDone {}", verdict.status.word()),
        Act::Platform(Platform::Report { verdict, .. }) => format!("report {}", verdict.status.word()),
        Act::Platform(platform) => platform.name().trim_start_matches("platform.").to_owned(),
        Act::Subscribe { name, .. } => format!("subscribe {name}"),
        Act::Answer(Ok(_)) => "answer".to_owned(),
        Act::Answer(Err(fatal)) => format!("fail {}", fatal.error_type),
        Act::Complain(_) => "complain".to_owned(),
        Act::Terminate(role) => format!("terminate {role:?}"),
        Act::Kill(role) => format!("kill {role:?}"),
        Act::KillAll => "kill all".to_owned(),
        Act::Freeze => "freeze".to_owned(),
        Act::Thaw => "thaw".to_owned(),
        Act::Offer(offer) => format!("offer {offer:?}").to_lowercase(),
        Act::Emptied { reason } => format!("emptied {}", reason.word()),
        Act::End => "end".to_owned(),
    }
}

/// Steps and compares, event by event.
fn story(life: &mut Life, now: Instant, chapters: Vec<(Event, &str)>) {
    for (event, expected) in chapters {
        let what = format!("{event:?}");
        let acts: Vec<String> = life.step(event, now).iter().map(word).collect();
        assert_eq!(acts.join(", "), expected, "after {what}");
    }
}

#[test]
fn a_function_without_extensions_comes_up_serves_freezes_and_thaws() {
    let (mut life, now) = (life(&[]), Instant::now());
    story(
        &mut life,
        now,
        vec![
            (invoke("1"), "initStart, start runtime"),
            (runtime_next(), "park, initRuntimeDone, initReport, take cold, start, hand to runtime"),
            (answered("1", now), "accepted, offer settling, answer"),
            (runtime_next(), "park, runtimeDone success, report success, freeze, offer idle"),
            (invoke("2"), "thaw, take warm, start, hand to runtime"),
            (answered("2", now), "accepted, offer settling, answer"),
            (invoke("3"), ""),
            (runtime_next(), "park, runtimeDone success, report success, take warm, start, hand to runtime"),
        ],
    );
}

/// An environment with one extension that serves its first invocation.
fn serving(events: &[&str], now: Instant) -> Life {
    let mut life = life(&["layer"]);
    for event in [invoke("1"), register(events), extension_next(), runtime_next()] {
        drop(life.step(event, now));
    }
    life
}

#[test]
fn the_environment_freezes_only_when_the_extension_is_done_too() {
    let now = Instant::now();
    story(
        &mut serving(&["INVOKE", "SHUTDOWN"], now),
        now,
        vec![
            (answered("1", now), "accepted, offer settling, answer"),
            (runtime_next(), "park, runtimeDone success"),
            (extension_next(), "park, report success, freeze, offer idle"),
            (Event::Leave(Leave::WhenServed), "thaw, terminate Runtime"),
            (exited(Role::Runtime), "shutdown 0 spindown"),
            (exited(Role::Extension(0)), "emptied spindown, end"),
        ],
    );
}

#[test]
fn a_timeout_kills_the_runtime_and_tells_the_extension() {
    let now = Instant::now();
    let mut life = serving(&["INVOKE", "SHUTDOWN"], now);
    assert_eq!(life.wake_at(), Some(now + TIMEOUT));
    story(
        &mut life,
        now + TIMEOUT,
        vec![
            (
                Event::TimeUp,
                "runtimeDone timeout, complain, offer resetting, fail Sandbox.Timedout, report timeout, kill Runtime",
            ),
            (extension_next(), "park"),
            (exited(Role::Runtime), "shutdown 0 timeout"),
            (exited(Role::Extension(0)), "emptied timeout, offer idle"),
            (invoke("2"), "initStart, start extension 0"),
        ],
    );
}

#[test]
fn an_extension_that_is_busy_hears_of_the_end_when_it_asks() {
    let now = Instant::now();
    let mut life = serving(&["INVOKE", "SHUTDOWN"], now);
    story(
        &mut life,
        now,
        vec![
            (
                exited(Role::Runtime),
                "runtimeDone error, complain, offer resetting, fail Runtime.ExitError, report error",
            ),
            (extension_next(), "park, shutdown 0 failure"),
            (extension_next(), "park"),
        ],
    );
    let late = now + Duration::from_secs(2);
    assert_eq!(life.wake_at(), Some(late));
    story(
        &mut life,
        late,
        vec![(Event::TimeUp, "kill all"), (exited(Role::Extension(0)), "emptied failure, offer idle")],
    );
}

#[test]
fn a_failed_init_is_repeated_inside_the_invocation_and_then_fails_it() {
    let (mut life, now) = (life(&[]), Instant::now());
    story(
        &mut life,
        now,
        vec![
            (invoke("1"), "initStart, start runtime"),
            (exited(Role::Runtime), "initRuntimeDone, initReport, kill all, emptied failure, initStart, start runtime"),
            (
                exited(Role::Runtime),
                "initRuntimeDone, initReport, take cold, start, runtimeDone error, complain, offer resetting, \
             fail Runtime.ExitError, report error, kill all, emptied failure, offer idle",
            ),
        ],
    );
}

#[test]
fn the_second_init_has_the_functions_timeout() {
    let (mut life, now) = (life(&[]), Instant::now());
    drop(life.step(invoke("1"), now));
    assert_eq!(life.wake_at(), Some(now + INIT_LIMIT));
    let late = now + INIT_LIMIT;
    story(
        &mut life,
        late,
        vec![
            (Event::TimeUp, "initRuntimeDone, initReport, kill all"),
            (exited(Role::Runtime), "emptied timeout, initStart, start runtime"),
        ],
    );
    assert_eq!(life.wake_at(), Some(late + TIMEOUT));
}

#[test]
fn an_invocation_that_comes_during_a_reset_waits_for_its_end() {
    let now = Instant::now();
    let mut life = serving(&["SHUTDOWN"], now);
    drop(life.step(exited(Role::Runtime), now));
    story(
        &mut life,
        now,
        vec![(invoke("2"), ""), (exited(Role::Extension(0)), "emptied failure, initStart, start extension 0")],
    );
}

#[test]
fn a_runtime_that_does_not_heed_sigterm_is_killed_and_the_extension_is_told_then() {
    let now = Instant::now();
    let mut life = serving(&["INVOKE", "SHUTDOWN"], now);
    for event in [answered("1", now), runtime_next(), extension_next()] {
        drop(life.step(event, now));
    }
    story(&mut life, now, vec![(Event::Leave(Leave::Now), "thaw, terminate Runtime")]);
    let share = now + Duration::from_millis(300);
    assert_eq!(life.wake_at(), Some(share));
    story(&mut life, share, vec![(Event::TimeUp, "kill Runtime"), (exited(Role::Runtime), "shutdown 0 spindown")]);
}

/// A world around a life: which processes run, and what has been promised to whom.
#[derive(Debug, Default)]
struct World {
    runtime: bool,
    extensions: BTreeSet<usize>,
    frozen: bool,
    present: Option<bool>,
    invoked: usize,
    taken: usize,
    answered: usize,
    ended: bool,
}

impl World {
    /// Does what is to be done, and refuses what can't be.
    fn act(&mut self, act: &Act) {
        assert!(!self.ended, "nothing happens after the end: {act:?}");
        match act {
            Act::StartRuntime => assert!(!std::mem::replace(&mut self.runtime, true), "a second runtime"),
            Act::StartExtension { index } => assert!(self.extensions.insert(*index), "a second extension {index}"),
            Act::Take { .. } => {
                assert!(self.present != Some(false), "an invocation takes the place of one that has no answer");
                (self.present, self.taken) = (Some(false), self.taken + 1);
            }
            Act::Answer(_) => {
                assert_eq!(self.present, Some(false), "one answer for each invocation");
                (self.present, self.answered) = (Some(true), self.answered + 1);
            }
            Act::HandToRuntime => assert!(self.runtime && !self.frozen, "nobody is there to take it"),
            Act::HandToExtension { index } | Act::HandShutdown { index, .. } => {
                assert!(self.extensions.contains(index) && !self.frozen, "nobody is there to take it");
            }
            Act::Freeze => {
                assert!(self.present != Some(false), "the invocation would be frozen in");
                assert!(!std::mem::replace(&mut self.frozen, true), "twice");
            }
            Act::Thaw => assert!(std::mem::take(&mut self.frozen), "twice"),
            Act::Emptied { .. } => {
                assert!(self.present != Some(false), "an invocation is forgotten");
                *self = Self { present: None, runtime: false, extensions: BTreeSet::new(), ..std::mem::take(self) };
            }
            Act::End => self.ended = true,
            _ => (),
        }
    }

    /// One of the things that can happen now.
    fn event(&mut self, choice: u8, now: Instant) -> Option<Event> {
        let id = self.taken.to_string();
        match choice % 14 {
            0 | 1 if self.invoked == self.taken => {
                self.invoked += 1;
                Some(invoke(&self.invoked.to_string()))
            }
            2 | 3 if self.runtime => Some(runtime_next()),
            4 | 5 if self.runtime => Some(answered(&id, now)),
            6 if self.runtime => {
                let call =
                    Call::Erred { request_id: id, first_byte: now, error_type: "F".to_owned(), body: Bytes::new() };
                Some(Event::Called(call))
            }
            7 if !self.extensions.is_empty() => Some(register(&["INVOKE", "SHUTDOWN"])),
            8 | 9 if !self.extensions.is_empty() => Some(extension_next()),
            10 if std::mem::take(&mut self.runtime) => Some(exited(Role::Runtime)),
            11 if self.extensions.remove(&0) => Some(exited(Role::Extension(0))),
            12 if self.runtime => Some(Event::OutOfMemory),
            13 => Some(Event::TimeUp),
            _ => None,
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_every_invocation_has_one_answer_and_the_end_comes(choices in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut life, mut world, mut now) = (life(&["layer"]), World::default(), Instant::now());
        for choice in choices {
            now += Duration::from_millis(u64::from(choice));
            let Some(event) = world.event(choice, now) else { continue };
            if matches!(event, Event::TimeUp) {
                let Some(due) = life.wake_at() else { continue };
                now = now.max(due);
            }
            life.step(event, now).iter().for_each(|act| world.act(act));
        }
        life.step(Event::Leave(Leave::Now), now).iter().for_each(|act| world.act(act));
        for _ in 0..8 {
            if world.ended {
                break;
            }
            if std::mem::take(&mut world.runtime) {
                life.step(exited(Role::Runtime), now).iter().for_each(|act| world.act(act));
            } else if world.extensions.remove(&0) {
                life.step(exited(Role::Extension(0)), now).iter().for_each(|act| world.act(act));
            } else if let Some(due) = life.wake_at() {
                now = now.max(due);
                life.step(Event::TimeUp, now).iter().for_each(|act| world.act(act));
            }
        }
        prop_assert!(world.ended, "the end did not come: {life:?}");
        prop_assert_eq!(world.answered, world.invoked);
    }
}
