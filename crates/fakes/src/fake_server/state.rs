//! What the connections of a fake share: handler, store, faults and clock.

use tokio::sync::watch;

use crate::handler::{Call, Handled, Handler, Response};
use crate::{Clock, Fault, Faults};

#[derive(Debug)]
pub(super) struct ServerState<H: Handler> {
    pub(super) handler: H,
    pub(super) store: watch::Sender<H::Store>,
    pub(super) faults: Faults,
    pub(super) clock: Clock,
}

impl<H: Handler> ServerState<H> {
    /// Returns the planned fault for this call, if there is one.
    pub(super) fn fault_for(&self, call: &Call) -> Option<Fault> {
        self.faults.fault_for_call(self.handler.is_delivery(call), |fault| match fault {
            Fault::Poisoned { key, value } => self.handler.contains_poison(call, key, value),
            _ => true,
        })
    }

    /// Handles the call and counts it, whether or not the caller will receive the response.
    pub(super) fn process(&self, call: &Call, fault: Option<&Fault>) -> Handled {
        let now = (self.clock)();
        let handled = match fault {
            Some(fault) if H::accepts_despite(fault) => self.handler.handle(call, Some(fault), now, &self.store),
            Some(fault) if fault.is_connection_fault() => unsent_response().into(),
            Some(fault) => self.reject(call, fault, now),
            None => self.handler.handle(call, None, now, &self.store),
        };
        let status = handled.response.status.as_u16();
        self.store.send_modify(|store| {
            let call_log = H::call_log(store);
            call_log.count_request();
            call_log.count_response(status);
        });
        handled
    }

    fn reject(&self, call: &Call, fault: &Fault, now: std::time::SystemTime) -> Handled {
        let response = self.handler.fault_response(fault, call, now);
        let reason = format!("injected fault: {fault:?}");
        self.store.send_modify(|store| H::call_log(store).record_rejection(response.status.as_u16(), reason, None));
        response.into()
    }
}

/// Returns a placeholder for a call whose connection ends without a response.
pub(super) fn unsent_response() -> Response {
    Response::new(http::StatusCode::SERVICE_UNAVAILABLE, "text/plain", "")
}
