//! A process of the function.

/// A process that writes, or wrote, into the ring.
#[derive(Clone, Debug, Default)]
pub(crate) struct Process {
    /// The position of its `ProcessStarted` record, which holds the OTLP resource.
    pub(crate) position: u64,
    pub(crate) started_unix_nano: u64,
    pub(crate) function: String,
    /// `AWS_XRAY_DAEMON_ADDRESS` as the process found it; empty if it was not set.
    pub(crate) xray_daemon: String,
    /// Whether it has begun an invocation: its init is over.
    pub(crate) has_served: bool,
    /// Whether its exit hook has run: it ended by itself.
    pub(crate) has_exited: bool,
    /// Whether a death during its init is recorded.
    pub(crate) died_in_init: bool,
}
