//! What the environment says about itself, in the log and to telemetry's subscribers.

use std::sync::Arc;
use std::time::SystemTime;

use super::Environment;
use crate::events::EmulatorEvent;
use crate::faults::KillTrigger;
use crate::life::Fatal;
use crate::outcome::FailureKind;
use crate::platform::{Context, Platform, timestamp};
use crate::telemetry::{Item, Kind, Request, Schema};

impl Environment {
    pub(super) fn say(&mut self, platform: &Platform) {
        if let Platform::Report { .. } = platform {
            self.measure_memory();
        }
        let now = SystemTime::now();
        let context = Context {
            function: &self.plan.function.name,
            log_stream: &self.log_stream,
            memory_mb: self.plan.function.memory_mb,
            // A process can't have used more than there is; what the watch over memory let slip does not show.
            max_memory_used_mb: self.max_memory_mb.min(self.plan.function.memory_mb.into()),
            request_id: self.request_id(),
            managed: self.plan.emulator.managed_concurrency.is_some(),
            trace: self.current.as_ref().map(|current| &current.trace),
            anchor: self.anchor,
        };
        let record = Arc::new(platform.record(&context));
        let item = Item { kind: Kind::Platform, name: platform.name(), time: now, record };
        if platform.logged() {
            self.journal.write_platform(now, item.encode(Schema::Objects));
        }
        self.publish(platform, item);
        if let Platform::Report { verdict, .. } = platform {
            self.plan.hub.publish(EmulatorEvent::InvocationEnded {
                environment: self.id.to_string(),
                request_id: self.request_id().to_owned(),
                status: verdict.status.word(),
                error_type: verdict.error_type.clone(),
            });
        }
    }

    fn publish(&mut self, platform: &Platform, item: Item) {
        match platform {
            Platform::InitStart { .. } => self.telemetry.open(),
            Platform::RuntimeDone { .. } => {
                self.publish_runtime_done(item);
                self.plan_kills(KillTrigger::RuntimeDone);
                return self.plan_freeze();
            }
            _ => (),
        }
        self.telemetry.publish(item);
        if let Platform::InitReport { .. } = platform {
            self.telemetry.close();
        }
    }

    pub(super) fn subscribe(&mut self, name: String, request: Request) {
        let types = request.kinds.iter().map(|kind| kind.word().to_owned()).collect();
        self.telemetry.subscribe(&name, request);
        self.say(&Platform::TelemetrySubscription { name, types });
    }

    /// The lines that Lambda writes in the function's log, whatever the format.
    pub(super) fn complain(&mut self, fatal: &Fatal) {
        let now = SystemTime::now();
        let line = match (fatal.kind, self.request_id()) {
            (FailureKind::Timeout, request_id) => format!("{} {request_id} {}", timestamp(now), fatal.message),
            (_, "") => format!("Error: {}\n{}", fatal.message, fatal.error_type),
            (_, request_id) => format!("RequestId: {request_id} Error: {}\n{}", fatal.message, fatal.error_type),
        };
        self.journal.write_platform(now, line);
    }

    fn request_id(&self) -> &str {
        self.current.as_ref().map_or("", |current| &current.served.request_id)
    }

    /// The highest resident set that each process has had, added up.
    fn measure_memory(&mut self) {
        let sum: u64 = self.processes.pids().map(|(_, pid)| crate::memory::high_water_kb(pid)).sum();
        self.max_memory_mb = self.max_memory_mb.max(sum.div_ceil(1024));
    }
}
