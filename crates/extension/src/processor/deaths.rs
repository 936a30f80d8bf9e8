//! Records how invocations and inits died, before anything that follows from a death is exported
//! (docs/delivery.md, D4).

use std::time::{SystemTime, UNIX_EPOCH};

use crudder_recorder::{DeathCause, DeathRecord, Kind, WriterId};
use tokio::time::Instant;

use super::Processor;
use crate::invocations::{Death, Invocation, Key, PlatformEvent, Status};
use crate::{invocations, log};

impl Processor {
    /// Handles a platform event.
    pub(crate) fn platform_event(&mut self, event: &PlatformEvent, now: Instant) {
        self.absorb(now);
        match event {
            PlatformEvent::RuntimeDone { request_id, status, error_type, at }
            | PlatformEvent::Report { request_id, status, error_type, at } => {
                self.runtime_done(request_id, *status, error_type, *at);
            }
            PlatformEvent::InitDone { status, error_type, at } => {
                if let Some(cause) = invocations::from_platform(*status, error_type, false) {
                    self.init_failed(cause, error_type, *at);
                }
            }
        }
        self.absorb(now);
    }

    fn runtime_done(&mut self, request_id: &str, status: Status, error_type: &str, at: SystemTime) {
        if let Some(key) = self.table.by_request(request_id) {
            let ended = self.table.invocations.get(&key).is_some_and(|invocation| invocation.ended.is_some());
            match invocations::from_platform(status, error_type, ended) {
                Some(cause) => self.record_death(key, cause, error_type, nanoseconds(at)),
                // The function records its end once its response was accepted, a moment before this
                // event comes. If the ring has no end, it was dropped, or the process was stopped
                // in that moment.
                None => self.table.invocations.entry(key).or_default().is_abandoned = true,
            }
            return;
        }
        let finished = self.finished.iter().find(|(_, invocation)| invocation.request_id == request_id);
        if let Some((key, invocation)) = finished
            && invocation.death.is_none()
            && let Some(cause) = invocations::from_platform(status, error_type, true)
        {
            self.record_death(*key, cause, error_type, nanoseconds(at));
        }
    }

    /// Whether an invocation was interrupted and its cause of death is not known yet.
    pub(crate) fn awaits_death_cause(&self) -> bool {
        self.table.open().any(|(_, invocation)| invocation.ended.is_none())
    }

    /// Writes a death into the ring. Reading the record back exports it (docs/delivery.md, D4).
    fn record_death(&mut self, key: Key, cause: DeathCause, detail: &str, at_unix_nano: u64) {
        let known = self
            .table
            .invocations
            .get(&key)
            .or_else(|| self.finished.iter().find(|(known, _)| *known == key).map(|(_, invocation)| invocation));
        let Some(known) = known.filter(|known| known.death.is_none()) else { return };
        let cause = self.refine(cause, key.writer);
        let at_unix_nano = at_unix_nano.max(known.started_unix_nano);
        let record = DeathRecord { at_unix_nano, cause, trace: known.trace, request_id: &known.request_id, detail };
        let mut payload = Vec::new();
        record.encode(&mut payload);
        if self.reader.append(Kind::Death, key.writer, key.index, &[&payload]).is_err() {
            // Even the capacity reserve is full: this process knows the death all the same.
            let death = Death { position: u64::MAX, at_unix_nano, cause, detail: detail.to_owned() };
            if let Some(invocation) = self.table.invocations.get_mut(&key) {
                invocation.death = Some(death);
            }
        }
    }

    /// Distinguishes an exit from a crash: a process that ended by itself has recorded that.
    fn refine(&self, cause: DeathCause, writer: WriterId) -> DeathCause {
        let has_exited = self.table.processes.get(&writer).is_some_and(|process| process.has_exited);
        if cause == DeathCause::Crash && has_exited { DeathCause::Exit } else { cause }
    }

    /// Handles SHUTDOWN: invocations that are still open were interrupted.
    pub(crate) fn shutdown(&mut self, reason: &str, now: Instant, wall: SystemTime) {
        self.absorb(now);
        let open: Vec<(Key, DeathCause)> = self
            .table
            .open()
            .filter(|(_, invocation)| invocation.ended.is_none())
            .map(|(key, invocation)| (*key, shutdown_cause(reason, invocation, wall)))
            .collect();
        for (key, cause) in open {
            self.record_death(key, cause, "", nanoseconds(wall));
        }
        if !reason.eq_ignore_ascii_case("spindown") {
            self.init_failed(shutdown_cause(reason, &Invocation::default(), wall), "", wall);
        }
        self.absorb(now);
        // Invocations that have ended will never close the spans that are still open.
        let left: Vec<Key> = self.table.invocations.keys().copied().collect();
        for key in left {
            self.export_finished(key, now);
        }
    }

    /// Records the death of a process before its first invocation. A process that lives on, or
    /// whose death is recorded, is left alone.
    fn init_failed(&mut self, cause: DeathCause, detail: &str, at: SystemTime) {
        let in_init = self.table.processes.iter().find(|(_, process)| !process.has_served && !process.died_in_init);
        let in_init = in_init.map(|(writer, process)| (*writer, process.started_unix_nano));
        let mut others = self.table.processes.iter().filter(|(writer, _)| **writer != WriterId::READER);
        let is_known = others.any(|(_, process)| process.has_served || process.died_in_init);
        // Only the platform knows of a process that died before it opened the ring.
        let is_unseen = !is_known && !self.init_death_recorded && !detail.is_empty();
        let Some((writer, started)) = in_init.or(is_unseen.then_some((WriterId::READER, 0))) else { return };
        if writer != WriterId::READER && detail.is_empty() && self.reader.is_alive(writer) {
            return;
        }
        self.init_death_recorded = true;
        let cause = self.refine(cause, writer);
        let at_unix_nano = nanoseconds(at);
        let trace = init_trace(writer, started.max(1), at_unix_nano);
        let mut payload = Vec::new();
        DeathRecord { at_unix_nano, cause, trace, request_id: "", detail }.encode(&mut payload);
        if let Err(error) = self.reader.append(Kind::Death, writer, 0, &[&payload]) {
            log::warn("failed to record a death during init", [("error", error.to_string().into())]);
        }
    }

    /// Records the deaths of invocations whose process is gone and whose cause of death no event
    /// will name: after a restart of the extension, or without the Telemetry API.
    pub(crate) fn record_deaths_of_dead_processes(&mut self, wall: SystemTime) {
        let dead: Vec<(Key, DeathCause, u64)> = self
            .table
            .open()
            .filter(|(key, invocation)| invocation.has_started && !self.reader.is_alive(key.writer))
            .map(|(key, invocation)| {
                let at = invocations::time_of_unseen_death(invocation, nanoseconds(wall));
                (*key, invocations::without_platform_event(invocation, wall), at)
            })
            .collect();
        for (key, cause, at) in dead {
            self.record_death(key, cause, "", at);
        }
    }
}

fn shutdown_cause(reason: &str, invocation: &Invocation, wall: SystemTime) -> DeathCause {
    if reason.eq_ignore_ascii_case("timeout") {
        return DeathCause::Timeout;
    }
    invocations::without_platform_event(invocation, wall)
}

/// Returns the trace id of a death during init. It follows from the process and its start, so that
/// it is the same after a restart of the extension.
fn init_trace(writer: WriterId, started: u64, at_unix_nano: u64) -> [u8; 16] {
    let seconds = u32::try_from(at_unix_nano / 1_000_000_000).unwrap_or(u32::MAX);
    let name = format!("init:{}:{started}:{at_unix_nano}", writer.number());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, name.as_bytes());
    let mut trace = [0; 16];
    trace[..4].copy_from_slice(&seconds.to_be_bytes());
    trace[4..].copy_from_slice(&digest.as_ref()[..12]);
    trace
}

fn nanoseconds(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}
