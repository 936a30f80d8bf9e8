//! Publishes platform events to the log and to the subscribers of telemetry.

use std::sync::Arc;
use std::time::SystemTime;

use super::Environment;
use crate::events::EmulatorEvent;
use crate::faults::KillTrigger;
use crate::lifecycle::Failure;
use crate::memory;
use crate::outcome::FailureKind;
use crate::platform::{PlatformEvent, RecordContext, timestamp};
use crate::telemetry_event::{Schema, SubscriptionRequest, TelemetryEvent, TelemetryType};

impl Environment {
    pub(super) fn publish(&mut self, event: &PlatformEvent) {
        if let PlatformEvent::Report { .. } = event {
            self.measure_memory();
        }
        let now = SystemTime::now();
        let record = Arc::new(event.record(&self.record_context()));
        let telemetry_event =
            TelemetryEvent { telemetry_type: TelemetryType::Platform, name: event.name(), time: now, record };
        if event.is_logged() {
            self.logs.forward_platform_line(now, telemetry_event.encode(Schema::Objects));
        }
        self.publish_telemetry(event, telemetry_event);
        if let PlatformEvent::Report { completion, .. } = event {
            self.context.events.publish(EmulatorEvent::InvocationEnded {
                environment: self.id.to_string(),
                request_id: self.request_id().to_owned(),
                status: completion.status.as_str(),
                error_type: completion.error_type.clone(),
            });
        }
    }

    fn record_context(&self) -> RecordContext<'_> {
        RecordContext {
            function: &self.context.function.name,
            log_stream: &self.log_stream,
            memory_mb: self.context.function.memory_mb,
            // Processes may exceed the limit between two measurements of their memory. On Lambda they
            // cannot.
            max_memory_used_mb: self.max_memory_mb.min(self.context.function.memory_mb.into()),
            request_id: self.request_id(),
            is_managed: self.context.emulator.managed_concurrency.is_some(),
            trace: self.current.as_ref().map(|current| &current.trace),
            clock_anchor: self.clock_anchor,
        }
    }

    fn publish_telemetry(&mut self, event: &PlatformEvent, telemetry_event: TelemetryEvent) {
        match event {
            PlatformEvent::InitStart { .. } => self.telemetry.open_subscriptions(),
            PlatformEvent::RuntimeDone { .. } => {
                self.publish_runtime_done(telemetry_event);
                self.schedule_kills(KillTrigger::RuntimeDone);
                return self.schedule_freeze();
            }
            _ => (),
        }
        self.telemetry.publish(telemetry_event);
        if let PlatformEvent::InitReport { .. } = event {
            self.telemetry.close_subscriptions();
        }
    }

    pub(super) fn subscribe(&mut self, name: String, request: SubscriptionRequest) {
        let types = request.types.iter().map(|it| it.as_str().to_owned()).collect();
        self.telemetry.subscribe(&name, request);
        self.publish(&PlatformEvent::TelemetrySubscription { name, types });
    }

    /// Writes the line that Lambda writes about a failure in every log format.
    pub(super) fn log_failure(&mut self, failure: &Failure) {
        let now = SystemTime::now();
        let line = match (failure.kind, self.request_id()) {
            (FailureKind::Timeout, request_id) => format!("{} {request_id} {}", timestamp(now), failure.message),
            (_, "") => format!("Error: {}\n{}", failure.message, failure.error_type),
            (_, request_id) => format!("RequestId: {request_id} Error: {}\n{}", failure.message, failure.error_type),
        };
        self.logs.forward_platform_line(now, line);
    }

    fn request_id(&self) -> &str {
        self.current.as_ref().map_or("", |current| &current.info.request_id)
    }

    /// Updates the maximum of the memory use: the sum of the peak resident sets of the processes.
    fn measure_memory(&mut self) {
        let sum_kb: u64 = self.processes.pids().map(|(_, pid)| memory::peak_rss_kb(pid)).sum();
        self.max_memory_mb = self.max_memory_mb.max(sum_kb.div_ceil(1024));
    }
}
