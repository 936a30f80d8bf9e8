//! Rollbar's limits.

/// Rollbar cuts titles and classes after this many characters.
pub(super) const MAX_TITLE: usize = 255;
/// Rollbar cuts ids of persons, fingerprints and versions after this many characters.
pub(super) const MAX_ID: usize = 40;
/// Rollbar documents 128 kB as the safe size of an item.
pub(super) const MAX_ITEM_BYTES: usize = 120_000;
