//! `crudder replay`: delivers each dead letter once, and continues interrupted runs.

mod error;
mod input;
mod progress_file;
mod replayer;
mod scanner;
mod summary;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use error::ReplayError;
use input::Input;
use replayer::Replayer;
use scanner::Scanner;

use crate::args;
use crate::config::Config;
use crate::terminal::Terminal;

/// The suffix that turns the input file's name into the progress file's.
const PROGRESS_SUFFIX: &str = ".replayed";

pub(crate) async fn run(args: args::Replay, config: &Config, terminal: Terminal) -> Result<ExitCode, ReplayError> {
    let failed = |source| ReplayError::Input { path: args.file.clone(), source };
    let mut inputs = input::open(&args.file).map_err(failed)?;
    let mut replayer = Replayer::new(progress_path(&args).as_deref(), args.dry_run, config, terminal)?;
    let mut scanner = Scanner::default();
    while let Some(input) = inputs.recv().await {
        match input {
            Input::Line(number, line) => replayer.handle(scanner.scan(number, &line)).await?,
            Input::TooLong(number) => replayer.skip(number, "it is longer than any log line"),
            Input::Failed(number, error) => replayer.skip(number + 1, &format!("the input ends early: {error}")),
        }
    }
    replayer.handle(scanner.finish()).await?;
    Ok(replayer.finish())
}

/// Returns the path of the progress file; `None` for standard input without `--state`.
fn progress_path(args: &args::Replay) -> Option<PathBuf> {
    let default = || {
        let mut name = args.file.clone().into_os_string();
        name.push(PROGRESS_SUFFIX);
        (args.file != Path::new("-")).then(|| name.into())
    };
    args.state.clone().or_else(default)
}
