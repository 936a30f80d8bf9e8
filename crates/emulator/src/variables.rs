//! The environment variables that Lambda sets for a function, and those that its extensions get.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{EmulatorConfig, FunctionConfig};

/// The sources of the variables of one environment.
#[derive(Debug)]
pub(crate) struct VariableSources<'a> {
    pub(crate) emulator: &'a EmulatorConfig,
    pub(crate) function: &'a FunctionConfig,
    /// `host:port` of this environment's API.
    pub(crate) runtime_api: &'a str,
    pub(crate) log_stream: &'a str,
    /// The folder that is the environment's `/tmp`.
    pub(crate) tmp: &'a Path,
    /// The value of [`MARKER`].
    pub(crate) marker: &'a str,
    /// Whether the initialization type is that of a Lambda Managed Instance.
    pub(crate) is_managed_instance: bool,
}

/// The variable by which the reaper finds the emulator's processes.
pub(crate) const MARKER: &str = "LAMBDA_EMULATOR_MARKER";

/// Extensions do not get these variables, nor any whose name starts with `_` ("Lambda Extensions
/// API").
const HIDDEN: [&str; 8] = [
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_XRAY_CONTEXT_MISSING",
    "AWS_XRAY_DAEMON_ADDRESS",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
];

impl VariableSources<'_> {
    /// Returns the runtime's variables. Lambda's own win over the function's. `LD_LIBRARY_PATH` is
    /// not set, because Lambda's value names folders of its image.
    pub(crate) fn for_runtime(&self) -> BTreeMap<String, String> {
        let mut variables = self.function.environment.clone();
        variables.extend(self.settings());
        variables.extend(self.identity());
        variables.extend(self.sandbox());
        variables.extend(self.xray());
        variables
    }

    /// Returns the variables of an extension.
    pub(crate) fn for_extension(&self) -> BTreeMap<String, String> {
        let mut variables = self.for_runtime();
        variables.retain(|name, _| !name.starts_with('_') && !HIDDEN.contains(&name.as_str()));
        variables
    }

    fn settings(&self) -> Vec<(String, String)> {
        let concurrency = self.emulator.managed_concurrency;
        let is_managed = self.is_managed_instance || concurrency.is_some();
        let initialization_type = if is_managed { "lambda-managed-instances" } else { "on-demand" };
        let task_root = self.function.bootstrap.parent().unwrap_or(Path::new("/"));
        let mut settings = pairs([
            ("TZ", ":UTC"),
            ("LANG", "en_US.UTF-8"),
            ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
            ("LAMBDA_TASK_ROOT", &task_root.to_string_lossy()),
            ("LAMBDA_RUNTIME_DIR", "/var/runtime"),
            ("_HANDLER", "bootstrap"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", initialization_type),
            ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
            ("AWS_LAMBDA_LOG_LEVEL", &self.emulator.log_level),
        ]);
        settings.extend(concurrency.map(|limit| ("AWS_LAMBDA_MAX_CONCURRENCY".to_owned(), limit.to_string())));
        settings
    }

    fn identity(&self) -> Vec<(String, String)> {
        let credentials = &self.emulator.credentials;
        pairs([
            ("AWS_REGION", self.emulator.region.as_str()),
            ("AWS_DEFAULT_REGION", &self.emulator.region),
            ("AWS_ACCESS_KEY_ID", &credentials.access_key_id),
            ("AWS_SECRET_ACCESS_KEY", &credentials.secret_access_key),
            ("AWS_SESSION_TOKEN", &credentials.session_token),
            ("AWS_LAMBDA_FUNCTION_NAME", &self.function.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &self.function.memory_mb.to_string()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", &format!("/aws/lambda/{}", self.function.name)),
            ("AWS_LAMBDA_LOG_STREAM_NAME", self.log_stream),
            ("AWS_LAMBDA_RUNTIME_API", self.runtime_api),
        ])
    }

    /// Returns the variables that replace Lambda's sandbox: the paths of the environment's `/tmp`,
    /// and the marker of its processes.
    fn sandbox(&self) -> Vec<(String, String)> {
        let mut variables = pairs([("TMPDIR", &*self.tmp.to_string_lossy()), (MARKER, self.marker)]);
        let path = |file: &String| self.tmp.join(file).to_string_lossy().into_owned();
        variables.extend(self.emulator.tmp_files.iter().map(|(name, file)| (name.clone(), path(file))));
        variables
    }

    fn xray(&self) -> Vec<(String, String)> {
        let Some(daemon) = self.emulator.xray_daemon else { return Vec::new() };
        pairs([
            ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
            ("AWS_XRAY_DAEMON_ADDRESS", &daemon.to_string()),
            ("_AWS_XRAY_DAEMON_ADDRESS", &daemon.ip().to_string()),
            ("_AWS_XRAY_DAEMON_PORT", &daemon.port().to_string()),
        ])
    }
}

fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}
