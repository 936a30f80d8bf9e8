//! How a function's process ends: well, or with one line that says why it could not run.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use crudder_domain::Moment;
use crudder_telemetry::Telemetry;
use serde_json::json;

use crate::config::ConfigError;

/// What `main` of a function returns: success, or 1 after one log line that says why it could not start.
pub type Exit = ExitCode;

/// How a function's loop ended.
pub(crate) type Ended = std::result::Result<(), Fatal>;

/// Why a function can't start or go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fatal {
    #[error(transparent)]
    Edge(#[from] ConfigError),
    #[error(transparent)]
    Telemetry(#[from] crudder_telemetry::ConfigError),
    #[error(transparent)]
    Store(#[from] crudder_store::ConfigError),
    #[error("the runtime ended: {0}")]
    Runtime(lambda_runtime::Error),
}

/// Starts telemetry as the service `crudder`, in the version of this build.
pub(crate) fn start_telemetry() -> std::result::Result<Telemetry, crudder_telemetry::ConfigError> {
    Telemetry::builder().service_name("crudder").version(env!("CARGO_PKG_VERSION")).start()
}

/// The exit of `main`. Why it is not a success is said in one log line in the form of all others, made by hand: what failed may be the
/// logger. A closed stdout is no reason to panic.
pub(crate) fn exit(ended: Ended) -> Exit {
    let Err(fatal) = ended else { return ExitCode::SUCCESS };
    let line = json!({
        "timestamp": Moment::from(SystemTime::now()).to_string(),
        "level": "ERROR",
        "message": format!("the function can't run: {fatal}"),
    });
    let _ = writeln!(std::io::stdout(), "{line}");
    ExitCode::FAILURE
}
