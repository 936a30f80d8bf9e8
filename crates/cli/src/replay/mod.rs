//! `crudder replay`: delivers each dead letter once, and continues interrupted runs.

mod error;
mod input;
mod progress_file;
mod replayer;
mod scanner;
mod summary;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

<<<<<<< HEAD
use crudder_extension::{Added, Config, ConfigError, DeadLetter, Part, Reassembler, ReassemblyFull, Redeliverer};
use export::{Export, Found};
use input::Heard;
use ledger::{Ledger, LedgerError};
use tally::Tally;
=======
use error::ReplayError;
use input::Input;
use replayer::Replayer;
use scanner::Scanner;
>>>>>>> h/cli

use crate::args;
use crate::config::Config;
use crate::terminal::Terminal;

/// The suffix that turns the input file's name into the progress file's.
const PROGRESS_SUFFIX: &str = ".replayed";

<<<<<<< HEAD
/// In a log, a line for so many letters is enough.
const SHOWN_EVERY: u64 = 100;

/// Why it can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error("read {}", path.display())]
    Input {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error("set up the vendors")]
    Config(#[from] ConfigError),
    #[error(transparent)]
    ReassemblyFull(#[from] ReassemblyFull),
}

pub(crate) async fn run(args: args::Replay, config: &Settings, screen: Screen) -> Result<ExitCode, ReplayError> {
=======
pub(crate) async fn run(args: args::Replay, config: &Config, terminal: Terminal) -> Result<ExitCode, ReplayError> {
>>>>>>> h/cli
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
<<<<<<< HEAD
    args.state.clone().or_else(beside)
}

/// One run over an export.
struct Round<'a> {
    screen: Screen,
    config: &'a Settings,
    bag: Reassembler,
    /// Whether AWS's credentials were looked for: the first letter for X-Ray needs them.
    is_signed: bool,
    /// Nobody, when it is only looked what would be sent.
    postman: Option<Redeliverer>,
    ledger: Ledger,
    tally: Tally,
}

impl<'a> Round<'a> {
    fn begin(args: &args::Replay, config: &'a Settings, screen: Screen) -> Result<Self, ReplayError> {
        let postman = if args.dry_run { None } else { Some(Redeliverer::new(Config::for_replay()?)) };
        let ledger = match (state(args), args.dry_run) {
            (Some(path), false) => Ledger::open(&path)?,
            (Some(path), true) => Ledger::look(&path)?,
            (None, _) => {
                screen.progress("nothing is noted for standard input: with --state FILE a second run knows what the first delivered");
                Ledger::default()
            }
        };
        Ok(Self {
            screen,
            config,
            is_signed: false,
            bag: Reassembler::default(),
            postman,
            ledger,
            tally: Tally::default(),
        })
    }

    async fn take(&mut self, found: Vec<Found>) -> Result<(), ReplayError> {
        for found in found {
            match found {
                Found::Part(part) => self.part(part).await?,
                Found::Malformed { line, why } => self.malformed(line, why),
            }
        }
        Ok(())
    }

    fn malformed(&mut self, line: u64, why: &str) {
        self.tally.malformed += 1;
        self.screen.progress(&format!("line {line} is passed over: {why}"));
    }

    async fn part(&mut self, part: Part) -> Result<(), ReplayError> {
        match self.bag.add(part)? {
            Added::Incomplete => (),
            Added::Duplicate => self.tally.repeated += 1,
            Added::Undecodable => self.fail("a letter's payload is no base64"),
            Added::Complete(letter) => self.letter(letter).await?,
        }
        Ok(())
    }

    async fn letter(&mut self, letter: DeadLetter) -> Result<(), ReplayError> {
        let identity = letter.identity();
        if self.ledger.holds(&identity) {
            self.tally.known += 1;
            return Ok(());
        }
        let Some(postman) = &mut self.postman else {
            // Noted in memory alone, so that what stands twice is counted once here too.
            self.ledger.note(identity)?;
            self.tally.deliver(&letter);
            return Ok(());
        };
        if letter.destination == "xray" && !std::mem::replace(&mut self.is_signed, true) {
            sign(postman, self.config, self.screen).await;
        }
        match postman.deliver(&letter).await {
            Ok(()) => {
                self.ledger.note(identity)?;
                self.tally.deliver(&letter);
                self.show();
            }
            Err(why) => {
                if why.is_permanent() {
                    self.ledger.note(identity)?;
                }
                self.fail(&format!("letter {} to {}: {why}", letter.id, letter.destination));
            }
        }
        Ok(())
    }

    fn show(&self) {
        if self.screen.is_watched() {
            self.screen.status(&self.tally.so_far());
        } else if self.tally.letters().is_multiple_of(SHOWN_EVERY) {
            self.screen.progress(&self.tally.so_far());
        }
    }

    fn fail(&mut self, why: &str) {
        self.tally.failed += 1;
        self.screen.progress(why);
    }

    fn end(mut self) -> ExitCode {
        let unfinished: Vec<String> = self
            .bag
            .unfinished()
            .map(|(id, there, of)| format!("letter {id}: {there} of its {of} parts are there"))
            .collect();
        unfinished.iter().for_each(|why| self.fail(why));
        self.screen.result(&self.tally.summary(self.postman.is_none()));
        if self.tally.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Credentials as the AWS CLI finds them: the layer itself knows only those of its environment.
async fn sign(postman: &mut Redeliverer, config: &Settings, screen: Screen) {
    let base = postman.aws().clone();
    let found = async { Aws::load(config, None).await?.signing(base).await };
    match found.await {
        Ok(aws) => postman.set_aws(aws),
        Err(fault) => screen.progress(&format!("letters to X-Ray: {fault}; mend: {}", fault.mend())),
    }
=======
    args.state.clone().or_else(default)
>>>>>>> h/cli
}
