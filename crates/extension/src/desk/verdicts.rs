//! Verdicts: how invocations and inits died, written into the ring before anything that follows from them is told (D4).

use std::time::SystemTime;

use crudder_recorder::{DeathCause, DeathRecord, Kind, WriterId};
use tokio::time::Instant;

use super::{Desk, nanoseconds};
use crate::platform::{PlatformEvent, Status};
use crate::table::{Death, Invocation, Key};
use crate::{judge, log};

impl Desk {
    /// Hears the platform.
    pub(crate) fn hear(&mut self, event: &PlatformEvent, now: Instant) {
        self.listen(now);
        match event {
            PlatformEvent::RuntimeDone { request_id, status, error_type, at }
            | PlatformEvent::Report { request_id, status, error_type, at } => {
                self.runtime_done(request_id, *status, error_type, *at);
            }
            PlatformEvent::InitDone { status, error_type, at } => {
                if let Some(reason) = judge::of_platform(*status, error_type, false) {
                    self.init_failed(reason, error_type, *at);
                }
            }
        }
        self.listen(now);
    }

    fn runtime_done(&mut self, request_id: &str, status: Status, error_type: &str, at: SystemTime) {
        if let Some(key) = self.table.by_request(request_id) {
            let ended = self.table.invocations.get(&key).is_some_and(|invocation| invocation.ended.is_some());
            match judge::of_platform(status, error_type, ended) {
                Some(reason) => self.judge(key, reason, error_type, nanoseconds(at)),
                // Its end is written once the answer was taken, a moment before this is heard: where the ring has none, it was dropped, or the
                // process was stopped in that moment.
                None => self.table.invocations.entry(key).or_default().is_left = true,
            }
            return;
        }
        let over = self.over.iter().find(|(_, invocation)| invocation.request_id == request_id);
        if let Some((key, invocation)) = over
            && invocation.death.is_none()
            && let Some(reason) = judge::of_platform(status, error_type, true)
        {
            self.judge(*key, reason, error_type, nanoseconds(at));
        }
    }

    /// Whether something was cut off, and nobody has said yet by what.
    pub(crate) fn awaits_a_verdict(&self) -> bool {
        self.table.open().any(|(_, invocation)| invocation.ended.is_none())
    }

    /// Writes the verdict into the ring; reading it again is what acts on it (D4).
    fn judge(&mut self, key: Key, reason: DeathCause, detail: &str, at_unix_nano: u64) {
        let known = self
            .table
            .invocations
            .get(&key)
            .or_else(|| self.over.iter().find(|(known, _)| *known == key).map(|(_, invocation)| invocation));
        let Some(known) = known.filter(|known| known.death.is_none()) else { return };
        let has_exited = self.table.processes.get(&key.writer).is_some_and(|process| process.has_exited);
        let reason = if reason == DeathCause::Crash && has_exited { DeathCause::Exit } else { reason };
        let at_unix_nano = at_unix_nano.max(known.started_unix_nano);
        let verdict =
            DeathRecord { at_unix_nano, cause: reason, trace: known.trace, request_id: &known.request_id, detail };
        let mut payload = Vec::new();
        verdict.encode(&mut payload);
        if self.reader.append(Kind::Death, key.writer, key.index, &[&payload]).is_err() {
            // No room even in the headroom: this life knows it all the same.
            let death = Death { position: u64::MAX, at_unix_nano, reason, detail: detail.to_owned() };
            if let Some(invocation) = self.table.invocations.get_mut(&key) {
                invocation.death = Some(death);
            }
        }
    }

    /// SHUTDOWN: whatever is open now was cut off.
    pub(crate) fn hear_shutdown(&mut self, reason: &str, now: Instant, wall: SystemTime) {
        self.listen(now);
        let open: Vec<(Key, DeathCause)> = self
            .table
            .open()
            .filter(|(_, invocation)| invocation.ended.is_none())
            .map(|(key, invocation)| (*key, shutdown_reason(reason, invocation, wall)))
            .collect();
        for (key, why) in open {
            self.judge(key, why, "", nanoseconds(wall));
        }
        if !reason.eq_ignore_ascii_case("spindown") {
            self.init_failed(shutdown_reason(reason, &Invocation::default(), wall), "", wall);
        }
        self.listen(now);
        // What has ended and still has open spans will never close them.
        let left: Vec<Key> = self.table.invocations.keys().copied().collect();
        for key in left {
            self.conclude(key, now);
        }
    }

    /// An init that did not come to its first invocation. A process that lives on, or was judged, is left alone.
    fn init_failed(&mut self, reason: DeathCause, detail: &str, at: SystemTime) {
        let unborn = self.table.processes.iter().find(|(_, process)| !process.has_served && !process.is_judged);
        let unborn = unborn.map(|(writer, process)| (*writer, process.started_unix_nano));
        let others = self.table.processes.iter().filter(|(writer, _)| **writer != WriterId::READER);
        let is_known = others.into_iter().any(|(_, process)| process.has_served || process.is_judged);
        // A process that died before it opened the ring is known by the platform's word alone.
        let unseen = !is_known && !self.init_is_judged && !detail.is_empty();
        let Some((writer, started)) = unborn.or(unseen.then_some((WriterId::READER, 0))) else { return };
        if writer != WriterId::READER && detail.is_empty() && self.reader.is_alive(writer) {
            return;
        }
        self.init_is_judged = true;
        let has_exited = self.table.processes.get(&writer).is_some_and(|process| process.has_exited);
        let reason = if reason == DeathCause::Crash && has_exited { DeathCause::Exit } else { reason };
        let at_unix_nano = nanoseconds(at);
        let trace = init_trace(writer, started.max(1), at_unix_nano);
        let mut payload = Vec::new();
        DeathRecord { at_unix_nano, cause: reason, trace, request_id: "", detail }.encode(&mut payload);
        if let Err(why) = self.reader.append(Kind::Death, writer, 0, &[&payload]) {
            log::warn("a death in init could not be recorded", [("error", why.to_string().into())]);
        }
    }

    /// Invocations of processes that are gone, with nobody left to say how: found by a next life, or without the Telemetry API.
    pub(crate) fn judge_the_gone(&mut self, wall: SystemTime) {
        let gone: Vec<(Key, DeathCause, u64)> = self
            .table
            .open()
            .filter(|(key, invocation)| invocation.has_started && !self.reader.is_alive(key.writer))
            .map(|(key, invocation)| {
                let at = judge::time_unseen(invocation, nanoseconds(wall));
                (*key, judge::of_circumstances(invocation, wall), at)
            })
            .collect();
        for (key, reason, at) in gone {
            self.judge(key, reason, "", at);
        }
    }
}

fn shutdown_reason(reason: &str, invocation: &Invocation, wall: SystemTime) -> DeathCause {
    if reason.eq_ignore_ascii_case("timeout") {
        return DeathCause::Timeout;
    }
    judge::of_circumstances(invocation, wall)
}

/// A death in init has a trace of its own, the same in every life: made of who died and when it began.
fn init_trace(writer: WriterId, started: u64, at_unix_nano: u64) -> [u8; 16] {
    let seconds = u32::try_from(at_unix_nano / 1_000_000_000).unwrap_or(u32::MAX);
    let name = format!("init:{}:{started}:{at_unix_nano}", writer.number());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    let mut trace = [0; 16];
    trace[..4].copy_from_slice(&seconds.to_be_bytes());
    trace[4..].copy_from_slice(&digest.as_ref()[..12]);
    trace
}
