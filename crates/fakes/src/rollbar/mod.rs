//! The fake of Rollbar: takes items, tells a project's name, counts its rate limit.

mod answer;
mod check;
mod item;
mod limit;
mod serve;
mod store;
mod token;

use std::io;
use std::sync::Mutex;
use std::time::SystemTime;

use http::Method;
use limit::Windows;
use tokio::sync::watch;

use crate::handler::{Answer, Call, Handler, Served};
use crate::{CallLog, FakeServer, Fault, RollbarConfig};

pub use item::Item;
pub use store::RollbarStore;
pub use token::{RollbarToken, Scope};

/// A running fake of Rollbar.
pub type Rollbar = FakeServer<RollbarHandler>;

impl Rollbar {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// What the operating system says when no port is to be had.
    pub async fn start(config: RollbarConfig) -> io::Result<Self> {
        let windows = Mutex::new(Windows::new(config.calls_per_minute));
        let store = RollbarStore::new(config.bytes_kept);
        Self::begin(RollbarHandler { tokens: config.tokens, windows }, store, config.clock)
    }
}

/// Rollbar's side of the counter.
#[derive(Debug)]
pub struct RollbarHandler {
    tokens: Vec<RollbarToken>,
    windows: Mutex<Windows>,
}

impl Handler for RollbarHandler {
    type Store = RollbarStore;
    const VENDOR: &'static str = "Rollbar";
    /// The list of response codes says 128 kB, another page 1024 kB: the smaller is the one that nobody denies.
    const LARGEST_BODY: usize = 128 * 1024;

    fn is_delivery(&self, call: &Call) -> bool {
        call.method == Method::POST && serve::is_item_path(call)
    }

    fn fits(fault: &Fault) -> bool {
        !matches!(fault, Fault::PartialSuccess { .. } | Fault::ForbiddenThrottling)
    }

    fn bears_mark(&self, call: &Call, _: &str, value: &str) -> bool {
        String::from_utf8_lossy(&call.body).contains(value)
    }

    fn refuse(&self, fault: &Fault, _: &Call, now: SystemTime) -> Answer {
        answer::planned(fault, now)
    }

    fn serve(&self, call: &Call, _: Option<&Fault>, now: SystemTime, store: &watch::Sender<RollbarStore>) -> Served {
        self.answer(call, now, store)
    }

    fn call_log(store: &mut RollbarStore) -> &mut CallLog {
        store.ledger_mut()
    }
}
