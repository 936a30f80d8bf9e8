//! The progress file: records the dead letters that were delivered, so that a later run skips them.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The first line, which identifies a progress file.
const HEADER: &str = "crudder replay: letters delivered, version 1";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProgressFileError {
    #[error("use the progress file {}: {error}; choose another file with --state FILE", path.display())]
    File { path: PathBuf, error: io::Error },
    #[error(
        "use {} as progress file: `crudder replay` did not write it; choose another file with --state FILE",
        path.display()
    )]
    Foreign { path: PathBuf },
    #[error("lock the progress file {}: another `crudder replay` uses it", path.display())]
    Busy { path: PathBuf },
}

/// The dead letters that this run and earlier runs delivered.
#[derive(Debug, Default)]
pub(super) struct ProgressFile {
    /// The letters' identities.
    delivered: HashSet<String>,
    /// `None` if additions are kept in memory only.
    file: Option<(PathBuf, File)>,
}

impl ProgressFile {
    /// Reads the file, or creates it, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, ProgressFileError> {
        let failed = |error| ProgressFileError::File { path: path.to_owned(), error };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => (),
            Err(TryLockError::WouldBlock) => return Err(ProgressFileError::Busy { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let delivered = Self::read_and_repair(path, &mut file)?;
        Ok(Self { delivered, file: Some((path.to_owned(), file)) })
    }

    /// Reads the file if there is one. Additions are kept in memory only.
    pub(super) fn read_only(path: &Path) -> Result<Self, ProgressFileError> {
        match File::open(path) {
            Ok(mut file) => {
                let (delivered, _) = parse(path, &mut file)?;
                Ok(Self { delivered, file: None })
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(ProgressFileError::File { path: path.to_owned(), error }),
        }
    }

    fn read_and_repair(path: &Path, file: &mut File) -> Result<HashSet<String>, ProgressFileError> {
        let failed = |error| ProgressFileError::File { path: path.to_owned(), error };
        let (delivered, complete) = parse(path, file)?;
        // A killed run may leave an incomplete last line, which is removed: its letter is sent
        // again.
        file.set_len(complete).and_then(|()| file.seek(SeekFrom::End(0))).map_err(failed)?;
        if complete == 0 {
            writeln!(file, "{HEADER}").map_err(failed)?;
        }
        Ok(delivered)
    }

    /// Whether a letter was delivered.
    pub(super) fn contains(&self, identity: &str) -> bool {
        self.delivered.contains(identity)
    }

    /// Adds a letter, and syncs the file to disk before the next letter is sent.
    pub(super) fn add(&mut self, identity: String) -> Result<(), ProgressFileError> {
        if let Some((path, file)) = &mut self.file {
            let written = file.write_all(format!("{identity}\n").as_bytes()).and_then(|()| file.sync_data());
            written.map_err(|error| ProgressFileError::File { path: path.clone(), error })?;
        }
        self.delivered.insert(identity);
        Ok(())
    }
}

/// Returns the letters in the file, and the length of its complete lines in bytes.
fn parse(path: &Path, file: &mut File) -> Result<(HashSet<String>, u64), ProgressFileError> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(|error| ProgressFileError::File { path: path.to_owned(), error })?;
    let complete = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let text = String::from_utf8_lossy(&bytes[..complete]);
    let mut lines = text.lines();
    let is_progress_file = match lines.next() {
        Some(header) => header == HEADER,
        None => bytes.is_empty() || HEADER.as_bytes().starts_with(&bytes),
    };
    if !is_progress_file {
        return Err(ProgressFileError::Foreign { path: path.to_owned() });
    }
    Ok((lines.map(str::to_owned).collect(), complete as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_knows_every_complete_line_but_not_an_incomplete_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let mut progress = ProgressFile::open(&path).unwrap();
        progress.add("aa".to_owned()).unwrap();
        progress.add("bb".to_owned()).unwrap();
        drop(progress);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("cc");
        std::fs::write(&path, text).unwrap();
        let mut again = ProgressFile::open(&path).unwrap();
        assert_eq!(["aa", "bb", "cc"].map(|letter| again.contains(letter)), [true, true, false]);
        again.add("cc".to_owned()).unwrap();
        drop(again);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{HEADER}\naa\nbb\ncc\n"));
    }

    #[test]
    fn a_file_that_is_no_progress_file_is_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["my diary\n", "my diary"] {
            let path = folder.path().join("diary");
            std::fs::write(&path, text).unwrap();
            assert!(matches!(ProgressFile::open(&path), Err(ProgressFileError::Foreign { .. })), "{text:?}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn a_second_process_cannot_open_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let _first = ProgressFile::open(&path).unwrap();
        assert!(matches!(ProgressFile::open(&path), Err(ProgressFileError::Busy { .. })));
    }
}
