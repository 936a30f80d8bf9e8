//! The settings of an emulator and of its functions.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The limit of Lambda's on-demand init phase ("Lambda execution environment lifecycle").
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// A new AWS account may run 10 to 1,000 environments in all. One machine can run this many small
/// processes of one function.
const ENVIRONMENTS_PER_FUNCTION: usize = 100;

/// One function, as a template describes it.
#[derive(Debug, Clone)]
pub struct FunctionConfig {
    /// The function's name, as in its ARN.
    pub name: String,
    /// The executable that is the custom runtime.
    pub bootstrap: PathBuf,
    /// The longest duration of an invocation. Lambda accepts 1 to 900 s, the emulator any duration.
    pub timeout: Duration,
    /// The memory size in MB.
    pub memory_mb: u32,
    /// The function's own environment variables. Lambda's variables win over them.
    pub environment: BTreeMap<String, String>,
}

/// Credentials of the function's role, which Lambda gives to the function and its extensions.
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
    /// Returns credentials that AWS does not accept.
    fn default() -> Self {
        Self {
            access_key_id: "ASIAEMULATOR".to_owned(),
            secret_access_key: "emulator".to_owned(),
            session_token: "emulator".to_owned(),
        }
    }
}

/// The settings of an emulator.
#[derive(Debug, Clone)]
pub struct EmulatorConfig {
    /// The directory that holds one folder for each environment. Keep its path short: if a process
    /// has a Unix socket in `/tmp`, the path of the socket may have 107 bytes.
    pub directory: PathBuf,
    /// The region in ARNs and environment variables.
    pub region: String,
    /// The account id in ARNs, 12 digits.
    pub account_id: String,
    /// The address for X-Ray segments (UDP). If it is `None`, X-Ray's variables are not set.
    pub xray_daemon: Option<SocketAddr>,
    /// Executables of the external extensions, as layers would put them into `/opt/extensions`.
    pub extensions: Vec<PathBuf>,
    /// The value of `AWS_LAMBDA_LOG_LEVEL`.
    pub log_level: String,
    /// How many environments a function may have. Beyond this number an invocation is throttled.
    pub environments_per_function: usize,
    /// The limit of the first init phase. Lambda has 10 s.
    pub init_limit: Duration,
    /// Variables that hold the path of a file in the environment's `/tmp`, as variable and file
    /// name. They are for programs that do not read `TMPDIR`.
    pub tmp_files: BTreeMap<String, String>,
    /// Whether processes that use more than the function's memory are killed, as on Lambda.
    pub enforce_memory: bool,
    /// Whether an environment's folder stays after the environment has ended.
    pub keep_folders: bool,
    /// The credentials of the functions' role.
    pub credentials: Credentials,
    /// Emulates Lambda Managed Instances, where one environment serves this many invocations at
    /// once. Extensions may then register for SHUTDOWN only, no process is ever frozen, and there
    /// is no `platform.runtimeDone`.
    pub managed_concurrency: Option<usize>,
}

impl EmulatorConfig {
    /// Returns the settings of an emulator in `directory` with Lambda's own limits.
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

    /// Returns the ARN of a function of this emulator.
    pub fn arn(&self, function: &str) -> String {
        format!("arn:aws:lambda:{}:{}:function:{function}", self.region, self.account_id)
    }
}
