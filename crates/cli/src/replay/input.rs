//! The lines of a file or of standard input, unpacked where they are packed, none longer than memory should hold.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// A whole export in one line may be so long; a letter's line has 200 kB.
const LONGEST_LINE: u64 = 64 << 20;
/// Lines read ahead of the one that is being delivered.
const AHEAD: usize = 2;
/// What gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A line, or why there are no more.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A line and its number, from 1 on.
    Line(u64, String),
    /// A line that is longer than any of ours.
    Overlong(u64),
    /// The input broke off after this line.
    Broken(u64, io::Error),
}

/// Opens the file, or standard input for `-`.
///
/// # Errors
/// What the operating system says.
pub(crate) fn open(path: &Path) -> io::Result<Receiver<Heard>> {
    let raw: Box<dyn Read + Send> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path)?),
    };
    let (hearer, heard) = channel(AHEAD);
    // A thread of its own: reading a pipe blocks for as long as its writer likes.
    tokio::task::spawn_blocking(move || follow(raw, &hearer));
    Ok(heard)
}

fn follow(raw: Box<dyn Read + Send>, hearer: &Sender<Heard>) {
    let mut number = 0;
    let ended = unpacked(raw).and_then(|mut lines| {
        loop {
            let heard = match line(&mut lines)? {
                None => return Ok(()),
                Some(text) if text.len() as u64 > LONGEST_LINE => Heard::Overlong(number + 1),
                Some(text) => Heard::Line(number + 1, String::from_utf8_lossy(&text).into_owned()),
            };
            number += 1;
            if hearer.blocking_send(heard).is_err() {
                return Ok(());
            }
        }
    });
    if let Err(error) = ended {
        // Nobody listens any more when this fails.
        let _ = hearer.blocking_send(Heard::Broken(number, error));
    }
}

fn unpacked(mut raw: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead>> {
    let mut head = Vec::new();
    raw.by_ref().take(GZIP.len() as u64).read_to_end(&mut head)?;
    let is_packed = head == GZIP;
    let whole = BufReader::new(Cursor::new(head).chain(raw));
    // Exports come as many files, and `cat` of packed files is a packed file.
    Ok(if is_packed { Box::new(BufReader::new(MultiGzDecoder::new(whole))) } else { Box::new(whole) })
}

/// The next line; of an overlong one just so much that it shows, and the rest is passed over.
fn line(lines: &mut dyn BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    if lines.take(LONGEST_LINE + 1).read_until(b'\n', &mut text)? == 0 {
        return Ok(None);
    }
    if text.len() as u64 > LONGEST_LINE && text.last() != Some(&b'\n') {
        lines.skip_until(b'\n')?;
    }
    Ok(Some(text))
}
