//! The spool: batches that a vendor would not take and the ring has no room for, one file each (D6). A file's name says
//! everything, so that a killed layer's next life needs nothing else.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::letters::name;
use crate::vendor::Vendor;

/// What the two seconds of SHUTDOWN can print as dead letters where a function has the least memory, and with it a fourteenth of a
/// processor; what a longer outage piles up beyond it is printed while there is time.
const MOST_BYTES: u64 = 2 << 20;

/// One batch on disk: `VENDOR-BATCH-ITEMS-HEALTH`, and `.tried` behind it while a vendor may hold it already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spooled {
    pub(crate) vendor: Vendor,
    pub(crate) batch: u64,
    pub(crate) items: usize,
    pub(crate) has_error: bool,
    pub(crate) was_tried: bool,
    pub(crate) bytes: u64,
}

/// The folder, and what lies in it, oldest first.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    pub(crate) batches: Vec<Spooled>,
}

impl Spool {
    /// The spool beside the ring at `ring`, with what an earlier life left there.
    pub(crate) fn beside(ring: &Path) -> Self {
        let mut folder = ring.as_os_str().to_owned();
        folder.push(".spool");
        let folder = PathBuf::from(folder);
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let mut batches: Vec<Spooled> = entries.filter_map(|entry| parse(&entry)).collect();
        batches.sort_by_key(|spooled| spooled.batch);
        Self { folder, batches }
    }

    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.bytes() + bytes as u64 <= MOST_BYTES
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.batches.iter().map(|spooled| spooled.bytes).sum()
    }

    /// Writes a batch under a name that no reader takes, then gives it its own in one step.
    pub(crate) fn put(&mut self, spooled: Spooled, packed: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let draft = self.folder.join("draft");
        fs::write(&draft, packed)?;
        fs::rename(draft, self.path(&spooled))?;
        self.batches.push(spooled);
        Ok(())
    }

    /// The oldest batch of this vendor.
    pub(crate) fn oldest(&self, vendor: Vendor) -> Option<Spooled> {
        self.batches.iter().find(|spooled| spooled.vendor == vendor).cloned()
    }

    /// What is given up first when there is no room: the oldest without an error, else the oldest.
    pub(crate) fn expendable(&self) -> Option<Spooled> {
        self.batches.iter().find(|spooled| !spooled.has_error).or(self.batches.first()).cloned()
    }

    pub(crate) fn load(&self, spooled: &Spooled) -> io::Result<Vec<u8>> {
        fs::read(self.path(spooled))
    }

    /// Notes in the file's name whether a vendor may hold it.
    pub(crate) fn mark(&mut self, spooled: &Spooled, was_tried: bool) -> Spooled {
        let marked = Spooled { was_tried, ..spooled.clone() };
        if marked != *spooled && fs::rename(self.path(spooled), self.path(&marked)).is_ok() {
            self.batches.iter_mut().filter(|other| *other == spooled).for_each(|other| *other = marked.clone());
            return marked;
        }
        spooled.clone()
    }

    /// Removing the file is its acknowledgement.
    pub(crate) fn remove(&mut self, spooled: &Spooled) {
        // A file that can't be removed would be sent again: by the next life only, since this one forgets it.
        let _ = fs::remove_file(self.path(spooled));
        self.batches.retain(|other| (other.vendor, other.batch) != (spooled.vendor, spooled.batch));
    }

    fn path(&self, spooled: &Spooled) -> PathBuf {
        let health = if spooled.has_error { "error" } else { "healthy" };
        let tried = if spooled.was_tried { ".tried" } else { "" };
        self.folder.join(format!("{}-{}-{}-{health}{tried}", name(spooled.vendor), spooled.batch, spooled.items))
    }
}

fn parse(entry: &fs::DirEntry) -> Option<Spooled> {
    let file = entry.file_name();
    let file = file.to_str()?;
    let (file, was_tried) = file.strip_suffix(".tried").map_or((file, false), |file| (file, true));
    let mut parts = file.split('-');
    let vendor = parts.next()?;
    let vendor = Vendor::ALL.into_iter().find(|known| name(*known) == vendor)?;
    let (batch, items) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let has_error = match parts.next()? {
        "error" => true,
        "healthy" => false,
        _ => return None,
    };
    Some(Spooled { vendor, batch, items, has_error, was_tried, bytes: entry.metadata().ok()?.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(batch: u64, has_error: bool) -> Spooled {
        Spooled { vendor: Vendor::Honeycomb, batch, items: 3, has_error, was_tried: false, bytes: 6 }
    }

    #[test]
    fn a_next_life_finds_what_was_put_and_what_was_tried_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let ring = folder.path().join("ring");
        let mut spool = Spool::beside(&ring);
        spool.put(spooled(12, false), b"twelve").unwrap();
        spool.put(spooled(9, true), b"nine..").unwrap();
        let tried = spool.mark(&spooled(9, true), true);
        fs::write(folder.path().join("ring.spool/draft"), b"half a").unwrap();
        let mut spool = Spool::beside(&ring);
        assert_eq!(spool.batches, [tried.clone(), spooled(12, false)]);
        assert_eq!(spool.load(&tried).unwrap(), b"nine..");
        assert_eq!(spool.expendable(), Some(spooled(12, false)), "errors go last");
        spool.remove(&tried);
        assert_eq!(Spool::beside(&ring).batches, [spooled(12, false)]);
    }
}
