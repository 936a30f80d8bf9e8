//! How long each part of the shutdown phase may take.

use std::time::Duration;

/// The shutdown phase with an external extension ("Lambda execution environment lifecycle").
pub(crate) const SHUTDOWN_WITH_EXTERNAL_EXTENSIONS: Duration = Duration::from_secs(2);

/// The shutdown phase with internal extensions only (the same page).
pub(super) const SHUTDOWN_WITH_INTERNAL_EXTENSIONS: Duration = Duration::from_millis(500);

/// The runtime's time between SIGTERM and SIGKILL. The Runtime API's page says about 300 ms.
pub(crate) const RUNTIME_SHUTDOWN: Duration = Duration::from_millis(300);

/// The wait for processes that got SIGKILL. They exit within microseconds; the emulator gives up
/// on one that hangs in the kernel.
pub(crate) const EXIT_AFTER_SIGKILL: Duration = Duration::from_secs(2);
