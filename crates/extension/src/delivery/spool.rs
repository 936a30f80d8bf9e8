//! The spool: batches that a destination does not take and that the ring has no space for, one file
//! each (docs/delivery.md, D6). The file names hold everything that the next extension process
//! needs.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The two seconds of SHUTDOWN suffice to print this as dead letters, even for a function with the
/// least memory and so a fourteenth of a processor. In a longer outage, the extension prints the
/// excess earlier.
const MAX_BYTES: u64 = 2 << 20;

/// A batch on disk. Its file is named `DESTINATION-BATCH-ITEMS-HEALTH`, with `.tried` behind it
/// while the destination may have the batch already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spooled {
    /// The index of the destination's exporter.
    pub(super) destination: usize,
    pub(super) batch: u64,
    pub(super) items: usize,
    pub(super) has_error: bool,
    pub(super) was_tried: bool,
    pub(super) bytes: u64,
}

/// The folder with the spooled batches.
#[derive(Debug)]
pub(super) struct Spool {
    folder: PathBuf,
    /// The names of all destinations.
    names: Vec<&'static str>,
    /// The oldest first.
    pub(super) batches: Vec<Spooled>,
}

impl Spool {
    /// Opens the spool beside the ring at `ring`, with the batches that an earlier extension
    /// process left.
    pub(super) fn open(ring: &Path, names: Vec<&'static str>) -> Self {
        let mut folder = ring.as_os_str().to_owned();
        folder.push(".spool");
        let folder = PathBuf::from(folder);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut batches: Vec<Spooled> = entries.filter_map(|entry| parse(&entry, &names)).collect();
        batches.sort_by_key(|spooled| spooled.batch);
        Self { folder, names, batches }
    }

    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes() + bytes as u64 <= MAX_BYTES
    }

    pub(super) fn bytes(&self) -> u64 {
        self.batches.iter().map(|spooled| spooled.bytes).sum()
    }

    /// Writes a batch under a name that is never read, then renames the file in one step.
    pub(super) fn put(&mut self, spooled: Spooled, packed: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let draft = self.folder.join("draft");
        fs::write(&draft, packed)?;
        fs::rename(draft, self.path(&spooled))?;
        self.batches.push(spooled);
        Ok(())
    }

    /// Returns the oldest batch of a destination.
    pub(super) fn oldest(&self, destination: usize) -> Option<Spooled> {
        self.batches.iter().find(|spooled| spooled.destination == destination).cloned()
    }

    /// Returns the batch to remove first when space runs out: the oldest without an error, or else
    /// the oldest.
    pub(super) fn least_valuable(&self) -> Option<Spooled> {
        self.batches.iter().find(|spooled| !spooled.has_error).or(self.batches.first()).cloned()
    }

    pub(super) fn load(&self, spooled: &Spooled) -> io::Result<Vec<u8>> {
        fs::read(self.path(spooled))
    }

    /// Notes in the file's name whether the destination may have the batch.
    pub(super) fn mark(&mut self, spooled: &Spooled, was_tried: bool) -> Spooled {
        let marked = Spooled { was_tried, ..spooled.clone() };
        if marked != *spooled && fs::rename(self.path(spooled), self.path(&marked)).is_ok() {
            self.batches.iter_mut().filter(|other| *other == spooled).for_each(|other| *other = marked.clone());
            return marked;
        }
        spooled.clone()
    }

    /// Removes a batch. Removing its file is its acknowledgement.
    pub(super) fn remove(&mut self, spooled: &Spooled) {
        // If the file can't be removed, only the next extension process sends the batch again: this
        // one forgets it.
        let _ = fs::remove_file(self.path(spooled));
        self.batches.retain(|other| (other.destination, other.batch) != (spooled.destination, spooled.batch));
    }

    fn path(&self, spooled: &Spooled) -> PathBuf {
        let name = self.names[spooled.destination];
        let health = if spooled.has_error { "error" } else { "healthy" };
        let tried = if spooled.was_tried { ".tried" } else { "" };
        self.folder.join(format!("{name}-{}-{}-{health}{tried}", spooled.batch, spooled.items))
    }
}

fn parse(entry: &fs::DirEntry, names: &[&str]) -> Option<Spooled> {
    let file = entry.file_name();
    let file = file.to_str()?;
    let (file, was_tried) = file.strip_suffix(".tried").map_or((file, false), |file| (file, true));
    let mut parts = file.split('-');
    let name = parts.next()?;
    let destination = names.iter().position(|known| *known == name)?;
    let (batch, items) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let has_error = match parts.next()? {
        "error" => true,
        "healthy" => false,
        _ => return None,
    };
    Some(Spooled { destination, batch, items, has_error, was_tried, bytes: entry.metadata().ok()?.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(batch: u64, has_error: bool) -> Spooled {
        Spooled { destination: 1, batch, items: 3, has_error, was_tried: false, bytes: 6 }
    }

    fn open(ring: &Path) -> Spool {
        Spool::open(ring, vec!["first", "second"])
    }

    #[test]
    fn the_next_process_finds_spooled_and_tried_batches_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let mut spool = open(&ring);
        spool.put(spooled(12, false), b"twelve").unwrap();
        spool.put(spooled(9, true), b"nine..").unwrap();
        let tried = spool.mark(&spooled(9, true), true);
        fs::write(folder.path().join("ring.spool/draft"), b"half a").unwrap();
        let mut spool = open(&ring);
        assert_eq!(spool.batches, [tried.clone(), spooled(12, false)]);
        assert_eq!(spool.load(&tried).unwrap(), b"nine..");
        assert_eq!(spool.least_valuable(), Some(spooled(12, false)), "errors go last");
        spool.remove(&tried);
        assert_eq!(open(&ring).batches, [spooled(12, false)]);
    }
}
