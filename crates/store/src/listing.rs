//! Listings: rows sorted by id, newest first, merged from queries that each read only a part of
//! their range.

use crudder_domain::{ActivityId, Cursor, Page, PageLimit};

use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::SK;
use crate::table::QueryPage;

/// Rows with their ids, newest first, and down to which id they are complete.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) rows: Vec<(ActivityId, Item)>,
    /// There may be more rows below this id; `None` when there are no more.
    pub(crate) complete_to: Option<ActivityId>,
}

impl Listing {
    /// Makes a listing of one query. The ids are in the sort key, after `prefix`.
    pub(crate) fn of(page: QueryPage, prefix: &str) -> Result<Self> {
        let id = |item: &Item| {
            let sk = item.read(SK)?;
            ActivityId::parse(sk.strip_prefix(prefix).unwrap_or(sk)).map_err(|_| Error::Malformed(SK))
        };
        let rows = page.items.into_iter().map(|item| Ok((id(&item)?, item))).collect::<Result<Vec<_>>>()?;
        let complete_to = rows.last().filter(|_| page.has_more).map(|(id, _)| *id);
        Ok(Self { rows, complete_to })
    }

    /// Removes the rows that do not match. The listing stays complete down to the same id.
    pub(crate) fn filter(mut self, matches: impl Fn(&Item) -> bool) -> Self {
        self.rows.retain(|(_, item)| matches(item));
        self
    }

    /// Merges two listings. The result is complete only as far down as both of them.
    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.rows.extend(other.rows);
        self.complete_to = self.complete_to.max(other.complete_to);
        self.rows.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        let complete_to = self.complete_to;
        self.rows.retain(|(id, _)| complete_to.is_none_or(|end| *id >= end));
        self
    }

    /// Returns the first page. A page that is short of rows still says where the next one starts,
    /// if there may be more rows.
    pub(crate) fn first_page(mut self, limit: PageLimit) -> Page<Vec<Item>> {
        let more = self.rows.len() > limit.get();
        self.rows.truncate(limit.get());
        let next = if more { self.rows.last().map(|(id, _)| *id) } else { self.complete_to };
        Page { content: self.rows.into_iter().map(|(_, item)| item).collect(), next: next.map(Cursor::Activity) }
    }
}

/// Returns how many rows to read for a page of `limit` where some may have expired: DynamoDB
/// deletes expired items only within days.
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

    fn query(of: &BTreeSet<u64>, before: Option<ActivityId>, limit: usize) -> QueryPage {
        let below = of.iter().rev().map(|micros| id(*micros)).filter(|id| before.is_none_or(|end| *id < end));
        let items: Vec<_> =
            below.clone().take(limit).map(|id| Item::at(Key { pk: "p".into(), sk: id.to_string() })).collect();
        // As in DynamoDB, a page of full length has `has_more` even when nothing follows.
        QueryPage { has_more: items.len() == limit, items }
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
                let listings = parts.iter().map(|part| Listing::of(query(part, before, each), "").unwrap());
                let page = listings.reduce(Listing::merge).unwrap().first_page(limit);
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
