//! One run of the replay: reassembles dead letters, delivers each, and counts the outcomes.

use std::path::Path;
use std::process::ExitCode;

use crudder_extension::{Added, DeadLetter, Part, Reassembler, Redeliverer};

use super::error::ReplayError;
use super::progress_file::ProgressFile;
use super::scanner::Found;
use super::summary::Summary;
use crate::aws::Aws;
use crate::config::Config;
use crate::terminal::Terminal;

/// Without a status line, progress is printed once for so many letters.
const PROGRESS_INTERVAL: u64 = 100;

/// One run over an input.
pub(super) struct Replayer<'a> {
    terminal: Terminal,
    config: &'a Config,
    reassembler: Reassembler,
    /// Whether AWS credentials were loaded, which happens at the first letter for X-Ray.
    has_loaded_credentials: bool,
    /// `None` for a dry run.
    redeliverer: Option<Redeliverer>,
    progress: ProgressFile,
    summary: Summary,
}

impl<'a> Replayer<'a> {
    pub(super) fn new(
        progress_path: Option<&Path>,
        is_dry_run: bool,
        config: &'a Config,
        terminal: Terminal,
    ) -> Result<Self, ReplayError> {
        let redeliverer =
            if is_dry_run { None } else { Some(Redeliverer::new(crudder_extension::Config::for_replay()?)) };
        let progress = match (progress_path, is_dry_run) {
            (Some(path), false) => ProgressFile::open(path)?,
            (Some(path), true) => ProgressFile::read_only(path)?,
            (None, _) => {
                terminal.progress(
                    "deliveries are not recorded for standard input; add --state FILE so that a second run skips them",
                );
                ProgressFile::default()
            }
        };
        let (reassembler, summary) = (Reassembler::default(), Summary::default());
        Ok(Self { terminal, config, reassembler, has_loaded_credentials: false, redeliverer, progress, summary })
    }

    /// Handles what the scanner found.
    pub(super) async fn handle(&mut self, found: Vec<Found>) -> Result<(), ReplayError> {
        for found in found {
            match found {
                Found::Part(part) => self.handle_part(part).await?,
                Found::Malformed { line, reason } => self.skip(line, reason),
            }
        }
        Ok(())
    }

    /// Counts and reports a line that cannot be read.
    pub(super) fn skip(&mut self, line: u64, reason: &str) {
        self.summary.malformed += 1;
        self.terminal.progress(&format!("skipped line {line}: {reason}"));
    }

    async fn handle_part(&mut self, part: Part) -> Result<(), ReplayError> {
        match self.reassembler.add(part)? {
            Added::Incomplete => (),
            Added::Duplicate => self.summary.repeated += 1,
            Added::Undecodable => self.fail("failed to decode a dead letter: its payload is not valid base64"),
            Added::Complete(letter) => self.handle_letter(letter).await?,
        }
        Ok(())
    }

    async fn handle_letter(&mut self, letter: DeadLetter) -> Result<(), ReplayError> {
        let identity = letter.identity();
        if self.progress.contains(&identity) {
            self.summary.already_delivered += 1;
            return Ok(());
        }
        let Some(redeliverer) = &mut self.redeliverer else {
            // A dry run adds it in memory only, so that letters with the same content are counted
            // once.
            self.progress.add(identity)?;
            self.summary.add_delivered(&letter);
            return Ok(());
        };
        if redeliverer.needs_aws_credentials(&letter.destination)
            && !std::mem::replace(&mut self.has_loaded_credentials, true)
        {
            load_credentials(redeliverer, self.config, self.terminal).await;
        }
        match redeliverer.deliver(&letter).await {
            Ok(()) => {
                self.progress.add(identity)?;
                self.summary.add_delivered(&letter);
                self.show_progress();
            }
            Err(error) => {
                if error.is_permanent() {
                    self.progress.add(identity)?;
                }
                self.fail(&format!("failed to deliver dead letter {} to {}: {error}", letter.id, letter.destination));
            }
        }
        Ok(())
    }

    fn show_progress(&self) {
        if self.terminal.is_interactive() {
            self.terminal.status_line(&self.summary.progress());
        } else if self.summary.delivered_letters().is_multiple_of(PROGRESS_INTERVAL) {
            self.terminal.progress(&self.summary.progress());
        }
    }

    fn fail(&mut self, message: &str) {
        self.summary.failed += 1;
        self.terminal.progress(message);
    }

    /// Reports unfinished letters, prints the summary and returns the exit code.
    pub(super) fn finish(mut self) -> ExitCode {
        let unfinished: Vec<String> = self
            .reassembler
            .unfinished()
            .map(|(id, found, total)| format!("failed to reassemble dead letter {id}: found {found} of {total} parts"))
            .collect();
        unfinished.iter().for_each(|message| self.fail(message));
        self.terminal.print(&self.summary.report(self.redeliverer.is_none()));
        if self.summary.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// Loads credentials as the AWS CLI does; the extension itself reads only those of its environment.
async fn load_credentials(redeliverer: &mut Redeliverer, config: &Config, terminal: Terminal) {
    let base = redeliverer.aws().clone();
    let loaded = async { Aws::load(config, None).await?.extension_config(base).await };
    match loaded.await {
        Ok(aws) => redeliverer.set_aws(aws),
        Err(error) => {
            terminal.progress(&format!("failed to load AWS credentials for X-Ray: {error}; fix: {}", error.fix()));
        }
    }
}
