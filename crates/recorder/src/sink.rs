//! Sinks: the destinations of records, by number and by name.

/// The batch number of a record for which nothing was decided yet.
pub const PENDING: u32 = 0;
/// The batch number of a record that is not sent to this sink.
pub const SKIPPED: u32 = 1;
/// The last acknowledged and the last attempted batch of a sink in a new ring. Batch numbers start
/// above it, because 0 and 1 have a meaning.
pub(crate) const BEFORE_FIRST_BATCH: u64 = 1;
/// The longest name of a sink, in bytes.
pub(crate) const SINK_NAME_BYTES: usize = 16;

/// A destination to which the reader sends records, by number. Each sink has its own batch numbers
/// and its own acknowledgements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sink(u8);

impl Sink {
    /// How many sinks a ring has: a record header of one cache line has space for seven batch
    /// numbers.
    pub const COUNT: usize = 7;

    /// All sinks, by number.
    pub const ALL: [Self; Self::COUNT] = [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6)];

    /// Returns the sink with this number.
    ///
    /// # Panics
    /// If the number is not below [`COUNT`](Self::COUNT). In a constant this is an error of the
    /// compiler.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        assert!((number as usize) < Self::COUNT, "a ring has seven sinks");
        Self(number)
    }

    /// Returns the number of the sink, below [`COUNT`](Self::COUNT).
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The name of a sink, padded with zeros as in the file header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SinkName([u8; SINK_NAME_BYTES]);

impl SinkName {
    /// The name of a sink that has none, or whose batch numbers are not valid yet.
    pub(crate) const NONE: Self = Self([0; SINK_NAME_BYTES]);

    /// Returns the name as it is stored; `None` if it is empty, too long, or has a zero byte.
    fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; SINK_NAME_BYTES];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        (!name.is_empty() && !name.contains('\0')).then_some(Self(bytes))
    }

    /// Returns the two words that make up the name in the file header.
    pub(crate) fn words(self) -> [u64; 2] {
        let (words, _) = self.0.as_chunks::<8>();
        [0, 1].map(|index| u64::from_ne_bytes(words[index]))
    }

    pub(crate) fn from_words(words: [u64; 2]) -> Self {
        let mut bytes = [0; SINK_NAME_BYTES];
        bytes[..8].copy_from_slice(&words[0].to_ne_bytes());
        bytes[8..].copy_from_slice(&words[1].to_ne_bytes());
        Self(bytes)
    }
}

/// Returns the names as they are stored; `None` if there are too many or one is invalid or
/// repeated.
pub(crate) fn names(names: &[&str]) -> Option<Vec<(Sink, SinkName)>> {
    if names.len() > Sink::COUNT {
        return None;
    }
    let names = Sink::ALL.into_iter().zip(names).map(|(sink, name)| Some((sink, SinkName::new(name)?)));
    let names = names.collect::<Option<Vec<_>>>()?;
    let is_repeated = |(sink, name): &(Sink, SinkName)| names[..sink.index()].iter().any(|(_, other)| other == name);
    (!names.iter().any(is_repeated)).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_to_sixteen_bytes_are_stored_and_read_back() {
        for name in ["x", "honeycomb", "sixteen bytes ok"] {
            let stored = SinkName::new(name).unwrap();
            assert_eq!(SinkName::from_words(stored.words()), stored, "{name}");
            assert_ne!(stored.words()[0], 0, "{name}");
        }
    }

    #[test]
    fn invalid_sets_of_names_are_refused() {
        for refused in [&["a", ""][..], &["a", "b", "a"], &["seventeen bytes no"], &["a\0"], &["a"; 8]] {
            assert_eq!(names(refused), None, "{refused:?}");
        }
        assert_eq!(names(&["a", "b", "c", "d", "e", "f", "g"]).unwrap().len(), Sink::COUNT);
    }
}
