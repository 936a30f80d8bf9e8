//! How the process of a function exits: with success, or after one log line with the cause.

use std::io::Write as _;
use std::process::ExitCode;
use std::time::SystemTime;

use crudder_domain::Timestamp;
use crudder_settings::ConfigError;
use crudder_telemetry::Telemetry;
use serde_json::json;

/// The exit code of a function's `main`: success, or 1 after one log line with the cause.
pub type Exit = ExitCode;

/// How the loop of a function ended.
pub(crate) type RunResult = std::result::Result<(), FatalError>;

/// Why a function cannot start or cannot continue, as a text that fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub(crate) enum FatalError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("run the function: the Lambda runtime stopped: {0}")]
    Runtime(lambda_runtime::Error),
}

/// Starts telemetry as the service `crudder`, in the version of this build.
pub(crate) fn start_telemetry() -> std::result::Result<Telemetry, ConfigError> {
    Telemetry::builder().service_name("crudder").version(env!("CARGO_PKG_VERSION")).start()
}

/// Returns the exit code of `main`, and logs the cause of a failure.
///
/// The line has the format of all other log lines but is written by hand: the logger itself may
/// have failed. A closed stdout is ignored, because it is no reason to panic.
pub(crate) fn exit(result: RunResult) -> Exit {
    let Err(error) = result else { return ExitCode::SUCCESS };
    let line = json!({
        "timestamp": Timestamp::from(SystemTime::now()).to_string(),
        "level": "ERROR",
        "message": format!("failed to {error}"),
    });
    let _ = writeln!(std::io::stdout(), "{line}");
    ExitCode::FAILURE
}
