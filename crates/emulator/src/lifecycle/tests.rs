//! Sequences of events and the actions that must follow: first chosen ones, then random ones.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;

const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);
const INIT_LIMIT: Duration = Duration::from_secs(10);

fn lifecycle(extensions: &[&str]) -> Lifecycle {
    let extensions = extensions.iter().map(|name| (*name).to_owned()).collect();
    Lifecycle::new(LifecycleConfig {
        timeout: FUNCTION_TIMEOUT,
        init_limit: INIT_LIMIT,
        extensions,
        refuse_invoke: false,
    })
}

fn invoke(id: &str) -> Event {
    Event::Invoke { request_id: id.to_owned() }
}

fn response(id: &str, now: Instant) -> Event {
    Event::Called(ApiCall::Response { request_id: id.to_owned(), first_byte: now, body: Bytes::from_static(b"1") })
}

fn register(events: &[&str]) -> Event {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    Event::Called(ApiCall::Register { id: "e".to_owned(), name: "layer".to_owned(), events })
}

fn runtime_next() -> Event {
    Event::Called(ApiCall::RuntimeNext)
}

fn extension_next() -> Event {
    Event::Called(ApiCall::ExtensionNext { id: "e".to_owned() })
}

fn exited(role: ProcessRole) -> Event {
    Event::Exited { role, exit_status: "exit status 1".to_owned() }
}

/// Describes an action in a few words, so that a whole sequence can be read.
fn describe(action: &Action) -> String {
    match action {
        Action::AnswerCall(CallResult::Refused(error)) => format!("refuse {}", error.error_type),
        Action::AnswerCall(CallResult::KeepOpen) => "keep open".to_owned(),
        Action::AnswerCall(result) => format!("{result:?}").to_lowercase(),
        Action::StartExtension { index } => format!("start extension {index}"),
        Action::StartRuntime => "start runtime".to_owned(),
        Action::BeginInvocation { cold_start, .. } => if *cold_start { "begin cold" } else { "begin warm" }.to_owned(),
        Action::DispatchToRuntime => "dispatch to runtime".to_owned(),
        Action::DispatchToExtension { index } => format!("dispatch to extension {index}"),
        Action::DispatchShutdown { index, reason, .. } => format!("shutdown {index} {}", reason.as_str()),
        Action::Publish(PlatformEvent::RuntimeDone { completion, .. }) => {
            format!("runtimeDone {}", completion.status.as_str())
        }
        Action::Publish(PlatformEvent::Report { completion, .. }) => format!("report {}", completion.status.as_str()),
        Action::Publish(event) => event.name().trim_start_matches("platform.").to_owned(),
        Action::Subscribe { name, .. } => format!("subscribe {name}"),
        Action::Respond(Ok(_)) => "respond".to_owned(),
        Action::Respond(Err(failure)) => format!("fail {}", failure.error_type),
        Action::LogFailure(_) => "log failure".to_owned(),
        Action::Sigterm(role) => format!("sigterm {role:?}"),
        Action::Sigkill(role) => format!("sigkill {role:?}"),
        Action::SigkillAll => "sigkill all".to_owned(),
        Action::Freeze => "freeze".to_owned(),
        Action::Thaw => "thaw".to_owned(),
        Action::SetAvailability(availability) => format!("{availability:?}").to_lowercase(),
        Action::Clear { reason } => format!("clear {}", reason.as_str()),
        Action::End => "end".to_owned(),
    }
}

/// Steps through events and compares the actions after each one.
fn check_steps(lifecycle: &mut Lifecycle, now: Instant, steps: Vec<(Event, &str)>) {
    for (event, expected) in steps {
        let what = format!("{event:?}");
        let actions: Vec<String> = lifecycle.step(event, now).iter().map(describe).collect();
        assert_eq!(actions.join(", "), expected, "after {what}");
    }
}

#[test]
fn a_function_without_extensions_starts_responds_freezes_and_thaws() {
    let (mut lifecycle, now) = (lifecycle(&[]), Instant::now());
    check_steps(
        &mut lifecycle,
        now,
        vec![
            (invoke("1"), "initStart, start runtime"),
            (runtime_next(), "keep open, initRuntimeDone, initReport, begin cold, start, dispatch to runtime"),
            (response("1", now), "accepted, finishing, respond"),
            (runtime_next(), "keep open, runtimeDone success, report success, freeze, idle"),
            (invoke("2"), "thaw, begin warm, start, dispatch to runtime"),
            (response("2", now), "accepted, finishing, respond"),
            (invoke("3"), ""),
            (runtime_next(), "keep open, runtimeDone success, report success, begin warm, start, dispatch to runtime"),
        ],
    );
}

/// A lifecycle with one extension in its first invocation.
fn in_invocation(events: &[&str], now: Instant) -> Lifecycle {
    let mut lifecycle = lifecycle(&["layer"]);
    for event in [invoke("1"), register(events), extension_next(), runtime_next()] {
        drop(lifecycle.step(event, now));
    }
    lifecycle
}

#[test]
fn the_environment_freezes_only_when_the_extension_is_done_too() {
    let now = Instant::now();
    check_steps(
        &mut in_invocation(&["INVOKE", "SHUTDOWN"], now),
        now,
        vec![
            (response("1", now), "accepted, finishing, respond"),
            (runtime_next(), "keep open, runtimeDone success"),
            (extension_next(), "keep open, report success, freeze, idle"),
            (Event::Terminate(Termination::AfterInvocation), "thaw, sigterm Runtime"),
            (exited(ProcessRole::Runtime), "shutdown 0 spindown"),
            (exited(ProcessRole::Extension(0)), "clear spindown, end"),
        ],
    );
}

#[test]
fn after_a_timeout_the_runtime_is_killed_and_the_extension_gets_shutdown() {
    let now = Instant::now();
    let mut lifecycle = in_invocation(&["INVOKE", "SHUTDOWN"], now);
    assert_eq!(lifecycle.next_deadline(), Some(now + FUNCTION_TIMEOUT));
    check_steps(
        &mut lifecycle,
        now + FUNCTION_TIMEOUT,
        vec![
            (
                Event::DeadlinePassed,
                "runtimeDone timeout, log failure, resetting, fail Sandbox.Timedout, report timeout, sigkill Runtime",
            ),
            (extension_next(), "keep open"),
            (exited(ProcessRole::Runtime), "shutdown 0 timeout"),
            (exited(ProcessRole::Extension(0)), "clear timeout, idle"),
            (invoke("2"), "initStart, start extension 0"),
        ],
    );
}

#[test]
fn a_running_extension_gets_shutdown_when_it_calls_next() {
    let now = Instant::now();
    let mut lifecycle = in_invocation(&["INVOKE", "SHUTDOWN"], now);
    check_steps(
        &mut lifecycle,
        now,
        vec![
            (
                exited(ProcessRole::Runtime),
                "runtimeDone error, log failure, resetting, fail Runtime.ExitError, report error",
            ),
            (extension_next(), "keep open, shutdown 0 failure"),
            (extension_next(), "keep open"),
        ],
    );
    let late = now + Duration::from_secs(2);
    assert_eq!(lifecycle.next_deadline(), Some(late));
    check_steps(
        &mut lifecycle,
        late,
        vec![(Event::DeadlinePassed, "sigkill all"), (exited(ProcessRole::Extension(0)), "clear failure, idle")],
    );
}

#[test]
fn a_failed_init_is_repeated_inside_the_invocation_and_then_fails_it() {
    let (mut lifecycle, now) = (lifecycle(&[]), Instant::now());
    check_steps(
        &mut lifecycle,
        now,
        vec![
            (invoke("1"), "initStart, start runtime"),
            (
                exited(ProcessRole::Runtime),
                "initRuntimeDone, initReport, sigkill all, clear failure, initStart, start runtime",
            ),
            (
                exited(ProcessRole::Runtime),
                "initRuntimeDone, initReport, begin cold, start, runtimeDone error, log failure, resetting, \
             fail Runtime.ExitError, report error, sigkill all, clear failure, idle",
            ),
        ],
    );
}

#[test]
fn the_second_init_has_the_timeout_of_the_function() {
    let (mut lifecycle, now) = (lifecycle(&[]), Instant::now());
    drop(lifecycle.step(invoke("1"), now));
    assert_eq!(lifecycle.next_deadline(), Some(now + INIT_LIMIT));
    let late = now + INIT_LIMIT;
    check_steps(
        &mut lifecycle,
        late,
        vec![
            (Event::DeadlinePassed, "initRuntimeDone, initReport, sigkill all"),
            (exited(ProcessRole::Runtime), "clear timeout, initStart, start runtime"),
        ],
    );
    assert_eq!(lifecycle.next_deadline(), Some(late + FUNCTION_TIMEOUT));
}

#[test]
fn an_invocation_during_a_reset_waits_for_its_end() {
    let now = Instant::now();
    let mut lifecycle = in_invocation(&["SHUTDOWN"], now);
    drop(lifecycle.step(exited(ProcessRole::Runtime), now));
    check_steps(
        &mut lifecycle,
        now,
        vec![(invoke("2"), ""), (exited(ProcessRole::Extension(0)), "clear failure, initStart, start extension 0")],
    );
}

#[test]
fn a_runtime_that_ignores_sigterm_is_killed_before_the_extension_gets_shutdown() {
    let now = Instant::now();
    let mut lifecycle = in_invocation(&["INVOKE", "SHUTDOWN"], now);
    for event in [response("1", now), runtime_next(), extension_next()] {
        drop(lifecycle.step(event, now));
    }
    check_steps(&mut lifecycle, now, vec![(Event::Terminate(Termination::Now), "thaw, sigterm Runtime")]);
    let share = now + Duration::from_millis(300);
    assert_eq!(lifecycle.next_deadline(), Some(share));
    check_steps(
        &mut lifecycle,
        share,
        vec![(Event::DeadlinePassed, "sigkill Runtime"), (exited(ProcessRole::Runtime), "shutdown 0 spindown")],
    );
}

/// A model of the processes and invocations that a lifecycle controls.
#[derive(Debug, Default)]
struct Model {
    runtime: bool,
    extensions: BTreeSet<usize>,
    frozen: bool,
    /// Whether the present invocation has an outcome, or `None` without one.
    has_outcome: Option<bool>,
    invoked: usize,
    begun: usize,
    outcomes: usize,
    ended: bool,
}

impl Model {
    /// Performs an action. Panics if that is impossible in the present state.
    fn perform(&mut self, action: &Action) {
        assert!(!self.ended, "no action may follow the end: {action:?}");
        match action {
            Action::StartRuntime => assert!(!std::mem::replace(&mut self.runtime, true), "the runtime runs already"),
            Action::StartExtension { index } => {
                assert!(self.extensions.insert(*index), "extension {index} runs already")
            }
            Action::BeginInvocation { .. } => {
                assert!(self.has_outcome != Some(false), "an invocation replaces one that has no outcome");
                (self.has_outcome, self.begun) = (Some(false), self.begun + 1);
            }
            Action::Respond(_) => {
                assert_eq!(self.has_outcome, Some(false), "an invocation has one outcome");
                (self.has_outcome, self.outcomes) = (Some(true), self.outcomes + 1);
            }
            Action::DispatchToRuntime => assert!(self.runtime && !self.frozen, "no running process can receive it"),
            Action::DispatchToExtension { index } | Action::DispatchShutdown { index, .. } => {
                assert!(self.extensions.contains(index) && !self.frozen, "no running process can receive it");
            }
            Action::Freeze => {
                assert!(self.has_outcome != Some(false), "an invocation without an outcome is frozen");
                assert!(!std::mem::replace(&mut self.frozen, true), "frozen twice");
            }
            Action::Thaw => assert!(std::mem::take(&mut self.frozen), "thawed twice"),
            Action::Clear { .. } => {
                assert!(self.has_outcome != Some(false), "an invocation is lost without an outcome");
                *self = Self { has_outcome: None, runtime: false, extensions: BTreeSet::new(), ..std::mem::take(self) };
            }
            Action::End => self.ended = true,
            _ => (),
        }
    }

    /// Returns one of the events that are possible now.
    fn event(&mut self, choice: u8, now: Instant) -> Option<Event> {
        let id = self.begun.to_string();
        match choice % 14 {
            0 | 1 if self.invoked == self.begun => {
                self.invoked += 1;
                Some(invoke(&self.invoked.to_string()))
            }
            2 | 3 if self.runtime => Some(runtime_next()),
            4 | 5 if self.runtime => Some(response(&id, now)),
            6 if self.runtime => {
                let call = ApiCall::InvocationError {
                    request_id: id,
                    first_byte: now,
                    error_type: "F".to_owned(),
                    body: Bytes::new(),
                };
                Some(Event::Called(call))
            }
            7 if !self.extensions.is_empty() => Some(register(&["INVOKE", "SHUTDOWN"])),
            8 | 9 if !self.extensions.is_empty() => Some(extension_next()),
            10 if std::mem::take(&mut self.runtime) => Some(exited(ProcessRole::Runtime)),
            11 if self.extensions.remove(&0) => Some(exited(ProcessRole::Extension(0))),
            12 if self.runtime => Some(Event::OutOfMemory),
            13 => Some(Event::DeadlinePassed),
            _ => None,
        }
    }
}

proptest! {
    #[test]
    fn after_any_events_every_invocation_has_one_outcome_and_the_lifecycle_ends(choices in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut lifecycle, mut model, mut now) = (lifecycle(&["layer"]), Model::default(), Instant::now());
        for choice in choices {
            now += Duration::from_millis(u64::from(choice));
            let Some(event) = model.event(choice, now) else { continue };
            if matches!(event, Event::DeadlinePassed) {
                let Some(deadline) = lifecycle.next_deadline() else { continue };
                now = now.max(deadline);
            }
            lifecycle.step(event, now).iter().for_each(|action| model.perform(action));
        }
        lifecycle.step(Event::Terminate(Termination::Now), now).iter().for_each(|action| model.perform(action));
        for _ in 0..8 {
            if model.ended {
                break;
            }
            if std::mem::take(&mut model.runtime) {
                lifecycle.step(exited(ProcessRole::Runtime), now).iter().for_each(|action| model.perform(action));
            } else if model.extensions.remove(&0) {
                lifecycle.step(exited(ProcessRole::Extension(0)), now).iter().for_each(|action| model.perform(action));
            } else if let Some(deadline) = lifecycle.next_deadline() {
                now = now.max(deadline);
                lifecycle.step(Event::DeadlinePassed, now).iter().for_each(|action| model.perform(action));
            }
        }
        prop_assert!(model.ended, "the lifecycle does not end: {lifecycle:?}");
        prop_assert_eq!(model.outcomes, model.invoked);
    }
}
