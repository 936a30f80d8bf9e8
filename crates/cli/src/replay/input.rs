//! Reads the lines of a file or of standard input, decompresses them, and limits their length.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// Enough for a whole export on one line; the line of a dead letter has 200 kB.
const MAX_LINE_BYTES: u64 = 64 << 20;
/// Lines to read ahead of the one that is being delivered.
const READ_AHEAD: usize = 2;
/// The first bytes of a gzip file.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A line, or why it could not be read.
#[derive(Debug)]
pub(super) enum Input {
    /// The line's number, from 1 on, and its text.
    Line(u64, String),
    /// The number of a line that exceeds [`MAX_LINE_BYTES`].
    TooLong(u64),
    /// The number of the last line that was read, and why no more can be read.
    Failed(u64, io::Error),
}

/// Opens the file, or standard input for `-`, and reads it in the background.
///
/// # Errors
/// If the file cannot be opened.
pub(super) fn open(path: &Path) -> io::Result<Receiver<Input>> {
    let raw: Box<dyn Read + Send> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path)?),
    };
    let (sender, receiver) = channel(READ_AHEAD);
    // On a thread of its own, because reading a pipe blocks until its writer writes.
    tokio::task::spawn_blocking(move || read_lines(raw, &sender));
    Ok(receiver)
}

fn read_lines(raw: Box<dyn Read + Send>, sender: &Sender<Input>) {
    let mut number = 0;
    let result = decompressed(raw).and_then(|mut lines| {
        loop {
            let input = match next_line(&mut lines)? {
                None => return Ok(()),
                Some(text) if text.len() as u64 > MAX_LINE_BYTES => Input::TooLong(number + 1),
                Some(text) => Input::Line(number + 1, String::from_utf8_lossy(&text).into_owned()),
            };
            number += 1;
            if sender.blocking_send(input).is_err() {
                return Ok(());
            }
        }
    });
    if let Err(error) = result {
        // This fails only if the receiver is gone, and then the error does not matter.
        let _ = sender.blocking_send(Input::Failed(number, error));
    }
}

fn decompressed(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead>> {
    let mut head = Vec::new();
    raw.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut head)?;
    let is_gzip = head == GZIP_MAGIC;
    let whole = BufReader::new(Cursor::new(head).chain(raw));
    // An export has many files. The concatenation of gzip files is a gzip file with several
    // members.
    Ok(if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// Reads the next line. Of a line that is too long, it returns one byte more than the limit and
/// skips the rest.
fn next_line(lines: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    if lines.take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut text)? == 0 {
        return Ok(None);
    }
    if text.len() as u64 > MAX_LINE_BYTES && text.last() != Some(&b'\n') {
        lines.skip_until(b'\n')?;
    }
    Ok(Some(text))
}
