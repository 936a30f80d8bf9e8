//! What an emulator is told: where it lives, which functions it serves and which limits it keeps.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// One function as the template describes it.
#[derive(Debug, Clone)]
pub struct FunctionConfig {
    /// The function's name, as in its ARN.
    pub name: String,
    /// The executable that is the custom runtime.
    pub bootstrap: PathBuf,
    /// The longest an invocation may take; Lambda allows 1 to 900 s, an emulator any time.
    pub timeout: Duration,
    /// Memory size in MB.
    pub memory_mb: u32,
    /// The function's own variables.
    pub environment: BTreeMap<String, String>,
}

/// Credentials of the function's role, as Lambda hands them to function and extensions.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `AWS_ACCESS_KEY_ID`.
    pub access_key_id: String,
    /// `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: String,
    /// `AWS_SESSION_TOKEN`.
    pub session_token: String,
}

impl Default for Credentials {
    /// Credentials that nobody accepts but an emulator.
    fn default() -> Self {
        Self {
            access_key_id: "ASIASTAGE".to_owned(),
            secret_access_key: "emulator".to_owned(),
            session_token: "emulator".to_owned(),
        }
    }
}

/// The emulator as a whole.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// Holds one folder per environment. Keep it short: a Unix socket's path has 108 bytes.
    pub directory: PathBuf,
    /// The region in ARNs and variables.
    pub region: String,
    /// The twelve digits in ARNs.
    pub account_id: String,
    /// Where functions send X-Ray datagrams; without it, X-Ray's variables are not set.
    pub xray_daemon: Option<SocketAddr>,
    /// Executables of external extensions, as a layer would put them into `/opt/extensions`.
    pub extensions: Vec<PathBuf>,
    /// `AWS_LAMBDA_LOG_LEVEL`.
    pub log_level: String,
    /// How many environments a function may have; beyond it an invocation is throttled.
    pub environments_per_function: usize,
    /// How long processes may take to come up before the init phase fails. Lambda: 10 s.
    pub init_limit: Duration,
    /// Variables that hold the path of a file in the environment's `/tmp`, as name and file name.
    pub tmp_files: BTreeMap<String, String>,
    /// Whether a process tree that passes the function's memory size is killed, as Lambda does.
    pub enforce_memory: bool,
    /// Keeps an environment's folder after its end, for whoever wants to look into it.
    pub keep_folders: bool,
    /// The role's credentials.
    pub credentials: Credentials,
    /// Plays Lambda Managed Instances: an environment serves so many invocations at once, extensions may register for SHUTDOWN only,
    /// nothing is ever frozen, and there is no `platform.runtimeDone`.
    pub managed_concurrency: Option<usize>,
}

/// Lambda's limit of an on-demand init phase ("execution environment lifecycle").
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A new AWS account may run 10 to 1,000 environments in all; one machine carries this many small processes of one function.
const ENVIRONMENTS_PER_FUNCTION: usize = 100;

impl EmulatorConfig {
    /// An emulator in `directory`, with Lambda's own limits.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            region: "ca-central-1".to_owned(),
            account_id: "111122223333".to_owned(),
            xray_daemon: None,
            extensions: Vec::new(),
            log_level: "INFO".to_owned(),
            environments_per_function: ENVIRONMENTS_PER_FUNCTION,
            init_limit: INIT_LIMIT,
            tmp_files: BTreeMap::new(),
            enforce_memory: true,
            keep_folders: false,
            credentials: Credentials::default(),
            managed_concurrency: None,
        }
    }

    /// The ARN of a function of this emulator.
    pub fn arn(&self, function: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{function}", self.region, self.account_id)
    }
}
