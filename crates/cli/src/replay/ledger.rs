//! Which letters have been delivered, noted in a file so that a later run does not send them again.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line, by which such a file is known.
const HEAD: &str = "crudder replay: letters delivered, version 1";

/// Why the file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error("use {}: choose another place with --state FILE", path.display())]
    File {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("use {}: it is no state file of `crudder replay`; choose another place with --state FILE", path.display())]
    Foreign { path: PathBuf },
    #[error("use {}: another `crudder replay` is at work on it", path.display())]
    Busy { path: PathBuf },
}

/// What has been delivered, in this run and before.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    delivered: HashSet<String>,
    file: Option<(PathBuf, File)>,
}

impl Ledger {
    /// Reads the file, makes it where there is none, and keeps others from it.
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let delivered = Self::read(path, &mut file)?;
        Ok(Self { delivered, file: Some((path.to_owned(), file)) })
    }

    /// Reads what an earlier run noted, and notes nothing.
    pub(crate) fn look(path: &Path) -> Result<Self, LedgerError> {
        match File::open(path) {
            Ok(mut file) => {
                let (delivered, _) = parse(path, &mut file)?;
                Ok(Self { delivered, file: None })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(LedgerError::File { path: path.to_owned(), source }),
        }
    }

    fn read(path: &Path, file: &mut File) -> Result<HashSet<String>, LedgerError> {
        let failed = |source| LedgerError::File { path: path.to_owned(), source };
        let (delivered, whole) = parse(path, file)?;
        // The last line of a run that was killed may be torn: its letter is sent again.
        file.set_len(whole).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        if whole == 0 {
            writeln!(file, "{HEAD}").map_err(failed)?;
        }
        Ok(delivered)
    }

    /// Whether a letter has been delivered.
    pub(crate) fn holds(&self, identity: &str) -> bool {
        self.delivered.contains(identity)
    }

    /// Notes a letter, on the disk before anything else is sent.
    pub(crate) fn note(&mut self, identity: String) -> Result<(), LedgerError> {
        if let Some((path, file)) = &mut self.file {
            let written = file.write_all(format!("{identity}\n").as_bytes()).and_then(|()| file.sync_data());
            written.map_err(|source| LedgerError::File { path: path.clone(), source })?;
        }
        self.delivered.insert(identity);
        Ok(())
    }
}

/// The letters that are noted, and how many bytes of the file are whole lines.
fn parse(path: &Path, file: &mut File) -> Result<(HashSet<String>, u64), LedgerError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|source| LedgerError::File { path: path.to_owned(), source })?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let text = String::from_utf8_lossy(&bytes[..whole]);
    let mut lines = text.lines();
    let is_ours = match lines.next() {
        Some(head) => head == HEAD,
        None => bytes.is_empty() || HEAD.as_bytes().starts_with(&bytes),
    };
    if !is_ours {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    Ok((lines.map(str::to_owned).collect(), whole as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_noted_is_known_to_the_next_run_and_a_torn_line_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut ledger = Ledger::open(&path).unwrap();
        ledger.note("aa".to_owned()).unwrap();
        ledger.note("bb".to_owned()).unwrap();
        drop(ledger);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("cc");
        std::fs::write(&path, text).unwrap();
        let mut again = Ledger::open(&path).unwrap();
        assert_eq!(["aa", "bb", "cc"].map(|letter| again.holds(letter)), [true, true, false]);
        again.note("cc".to_owned()).unwrap();
        drop(again);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{HEAD}\naa\nbb\ncc\n"));
    }

    #[test]
    fn a_file_of_somebody_else_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["my diary\n", "my diary"] {
            let path = folder.path().join("diary");
            std::fs::write(&path, text).unwrap();
            assert!(matches!(Ledger::open(&path), Err(LedgerError::Foreign { .. })), "{text:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn two_at_once_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let _first = Ledger::open(&path).unwrap();
        assert!(matches!(Ledger::open(&path), Err(LedgerError::Busy { .. })));
    }
}
