//! Pages of a list that is sorted by id, newest first, and read in stretches.

use crudder_domain::{ActivityId, Cursor, Page, PageLimit};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::SK;
use crate::table::Stretch;

/// Rows with their ids, newest first, and how far down they are known to be whole.
#[derive(Debug, Default)]
pub(crate) struct Sweep {
    pub(crate) rows: Vec<(ActivityId, Item)>,
    /// Below this id there may be more; `None` when there is nothing more.
    pub(crate) whole_to: Option<ActivityId>,
}

impl Sweep {
    /// The sweep of one stretch, whose ids stand in the sort key after this prefix.
    pub(crate) fn of(stretch: Stretch, prefix: &str) -> Result<Self> {
        let id = |item: &Item| {
            let place = item.read(SK)?;
            ActivityId::parse(place.strip_prefix(prefix).unwrap_or(place)).map_err(|_| Error::Malformed(SK))
        };
        let rows = stretch.items.into_iter().map(|item| Ok((id(&item)?, item))).collect::<Result<Vec<_>>>()?;
        let whole_to = rows.last().filter(|_| stretch.cut).map(|(id, _)| *id);
        Ok(Self { rows, whole_to })
    }

    /// Only the rows that are meant; how far it is whole stays.
    pub(crate) fn keep(mut self, meant: impl Fn(&Item) -> bool) -> Self {
        self.rows.retain(|(_, item)| meant(item));
        self
    }

    /// Both as one: whole only as far down as either is.
    pub(crate) fn join(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.whole_to = self.whole_to.max(other.whole_to);
        self.rows.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        let whole_to = self.whole_to;
        self.rows.retain(|(id, _)| whole_to.is_none_or(|end| *id >= end));
        self
    }

    /// The first page of it. One that is short of rows, though there may be more, says how to go on all the same.
    pub(crate) fn page(mut self, limit: PageLimit) -> Page<Vec<Item>> {
        let more = self.rows.len() > limit.get();
        self.rows.truncate(limit.get());
        let next = if more { self.rows.last().map(|(id, _)| *id) } else { self.whole_to };
        Page { content: self.rows.into_iter().map(|(_, item)| item).collect(), next: next.map(Cursor::Activity) }
    }
}

/// How many rows to ask for where some may have expired without being swept: DynamoDB sweeps within days.
pub(crate) const fn with_spare(limit: usize) -> usize {
    limit + limit / 2 + 8
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Key;
    use crudder_domain::Timestamp;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn id(micros: u64) -> ActivityId {
        ActivityId::first_at(Timestamp::from_micros(micros))
    }

    fn stretch(of: &BTreeSet<u64>, before: Option<ActivityId>, limit: usize) -> Stretch {
        let below = of.iter().rev().map(|micros| id(*micros)).filter(|id| before.is_none_or(|end| *id < end));
        let items: Vec<_> =
            below.clone().take(limit).map(|id| Item::at(Key { pk: "p".into(), sk: id.to_string() })).collect();
        // As DynamoDB does, a stretch of full length counts as cut even when nothing follows.
        Stretch { cut: items.len() == limit, items }
    }

    proptest! {
        #[test]
        fn pages_over_several_partitions_lose_nothing_and_repeat_nothing(
            parts in proptest::collection::vec(proptest::collection::btree_set(0_u64..500, 0..60), 1..5),
            limit in 1_usize..30,
            spare in 0_usize..5,
        ) {
            let limit = PageLimit::parse(Some(&limit.to_string())).unwrap();
            let all: BTreeSet<u64> = parts.iter().flatten().copied().collect();
            let mut parts = parts;
            for at in 1..parts.len() {
                let seen: BTreeSet<u64> = parts[..at].iter().flatten().copied().collect();
                parts[at] = parts[at].difference(&seen).copied().collect();
            }
            let (mut seen, mut before) = (Vec::new(), None);
            loop {
                let each = limit.get().div_ceil(parts.len()) + spare;
                let sweeps = parts.iter().map(|part| Sweep::of(stretch(part, before, each), "").unwrap());
                let page = sweeps.reduce(Sweep::join).unwrap().page(limit);
                seen.extend(page.content.iter().map(|item| item.read(SK).unwrap().to_owned()));
                match page.next {
                    Some(Cursor::Activity(next)) => before = Some(next),
                    _ => break,
                }
            }
            let expected: Vec<_> = all.iter().rev().map(|micros| id(*micros).to_string()).collect();
            prop_assert_eq!(seen, expected);
        }
    }
}
