//! The signals that stop a command: SIGINT (Ctrl-C), SIGTERM and SIGHUP (a closed terminal).

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signal handlers could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("install the signal handlers")]
pub(crate) struct SignalError(#[from] io::Error);

/// Handlers for the signals that stop a command. They replace the default action once installed.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Signals {
    pub(crate) fn install() -> Result<Self, SignalError> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one of the signals.
    pub(crate) async fn recv(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => (),
            _ = self.terminate.recv() => (),
            _ = self.hangup.recv() => (),
        }
    }
}
