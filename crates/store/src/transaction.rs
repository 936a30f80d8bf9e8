//! A write: some items, all or none of them.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput};
use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use uuid::Uuid;

use crate::call::{Call, Failure, Heard};
use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{INBOX_PK, INBOX_SK, PK, SK};
use crate::table::{Table, units};
use crate::update::Update;

/// What DynamoDB takes in one transaction. TransactWriteItems, API Reference.
const ITEMS_MAX: usize = 100;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// What it takes in one item. Service quotas, Developer Guide.
const ITEM_BYTES_MAX: usize = 400 * 1024;

/// Where in a transaction a condition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place(usize);

/// What became of a transaction that was answered.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All of it stands.
    Written,
    /// None of it does, since these conditions did not hold.
    Unmet(Vec<Place>),
}

/// Items to be written together.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
    bytes: usize,
    fault: Option<&'static str>,
}

impl Transaction {
    /// Writes an item, whatever stood in its place.
    pub(crate) fn put(&mut self, item: Item) {
        self.put_when(item, None);
    }

    /// Writes an item where there is none.
    pub(crate) fn put_new(&mut self, item: Item) -> Place {
        self.put_when(item, Some("attribute_not_exists(pk)"))
    }

    fn put_when(&mut self, item: Item, condition: Option<&str>) -> Place {
        self.weigh(&item);
        let put =
            Put::builder().table_name("").set_item(Some(item.0)).set_condition_expression(condition.map(str::to_owned));
        self.push(TransactWriteItem::builder().put(put.build().expect("table and item are set")).build())
    }

    /// Changes an item.
    pub(crate) fn update(&mut self, update: Update) -> Place {
        if !update.key_is_whole() {
            self.fault = Some("a key is empty");
        }
        self.push(TransactWriteItem::builder().update(update.build()).build())
    }

    fn push(&mut self, item: TransactWriteItem) -> Place {
        self.items.push(item);
        Place(self.items.len() - 1)
    }

    fn weigh(&mut self, item: &Item) {
        self.bytes += item.bytes();
        if item.bytes() > ITEM_BYTES_MAX {
            self.fault = Some("an item is larger than 400 kB");
        }
        let index_key_is_empty = [INBOX_PK, INBOX_SK].iter().any(|name| item.find(name) == Some(""));
        if [PK, SK].iter().any(|name| item.find(name).is_none_or(str::is_empty)) || index_key_is_empty {
            self.fault = Some("a key is empty");
        }
    }

    /// What DynamoDB would refuse anyway.
    fn check(&self) -> Result<()> {
        if let Some(fault) = self.fault {
            return Err(Error::InvalidWrite(fault));
        }
        if self.items.len() > ITEMS_MAX {
            return Err(Error::InvalidWrite("a transaction has more than 100 items"));
        }
        if self.bytes > BYTES_MAX {
            return Err(Error::InvalidWrite("a transaction is larger than 4 MB"));
        }
        Ok(())
    }

    /// Writes it. The token makes it safe to ask again when an answer is lost: DynamoDB does the same token's work once.
    ///
    /// # Errors
    /// [`Error::InvalidWrite`] before sending; [`Error::Busy`], [`Error::Refused`].
    pub(crate) async fn commit(self, table: &Table) -> Result<Outcome> {
        self.check()?;
        let call = table.call("TransactWriteItems", "DynamoDB.TransactWriteItems", "write items");
        let call = Call { items: Some(self.items.len()), ..call };
        let items = self.items.into_iter().map(|item| in_table(item, &table.name)).collect();
        let request = table
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(Uuid::new_v4().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let answer = call
            .make(
                async || settle(request.clone().send().await),
                |answer: &Settled| Heard { rows: None, units: answer.units() },
            )
            .await?;
        Ok(match answer {
            Settled::Written(_) => Outcome::Written,
            Settled::Unmet(unmet, _) => Outcome::Unmet(unmet),
        })
    }
}

fn in_table(mut item: TransactWriteItem, name: &str) -> TransactWriteItem {
    if let Some(put) = &mut item.put {
        name.clone_into(&mut put.table_name);
    }
    if let Some(update) = &mut item.update {
        name.clone_into(&mut update.table_name);
    }
    item
}

/// An answer that no retry would change.
enum Settled {
    Written(TransactWriteItemsOutput),
    Unmet(Vec<Place>, Option<String>),
}

impl Settled {
    fn units(&self) -> Option<f64> {
        match self {
            Self::Written(answer) => units(answer.consumed_capacity()),
            Self::Unmet(..) => None,
        }
    }
}

impl aws_sdk_dynamodb::operation::RequestId for Settled {
    fn request_id(&self) -> Option<&str> {
        match self {
            Self::Written(answer) => answer.request_id(),
            Self::Unmet(_, id) => id.as_deref(),
        }
    }
}

/// Tells a condition that does not hold, which is an answer, from a conflict or throttling, which passes.
fn settle(
    answer: std::result::Result<TransactWriteItemsOutput, SdkError<TransactWriteItemsError>>,
) -> std::result::Result<Settled, Failure> {
    use aws_sdk_dynamodb::operation::RequestId;
    let error = match answer {
        Ok(answer) => return Ok(Settled::Written(answer)),
        Err(error) => error,
    };
    let codes: Vec<String> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
            cancelled.cancellation_reasons().iter().map(|reason| reason.code().unwrap_or("None").to_owned()).collect()
        }
        _ => return Err(Failure::from(error)),
    };
    let unmet: Vec<Place> = codes
        .iter()
        .enumerate()
        .filter(|(_, code)| *code == "ConditionalCheckFailed")
        .map(|(at, _)| Place(at))
        .collect();
    if !unmet.is_empty() {
        return Ok(Settled::Unmet(unmet, error.request_id().map(str::to_owned)));
    }
    let mut failure = Failure::from(error);
    if let Some(code) = codes.into_iter().find(|code| code != "None") {
        failure.passing = PASSING.contains(&code.as_str());
        failure.code = code;
    }
    Err(failure)
}

/// Reasons of a cancelled transaction that pass. API Reference, TransactionCanceledException.
const PASSING: [&str; 3] = ["ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Key;

    fn item(pk: &str, sk: &str) -> Item {
        Item::at(Key { pk: pk.to_owned(), sk: sk.to_owned() })
    }

    #[test]
    fn a_hundred_items_are_the_most() {
        let mut write = Transaction::default();
        for number in 0..100 {
            write.put(item("p", &number.to_string()));
        }
        assert!(write.check().is_ok());
        write.put(item("p", "one more"));
        assert!(matches!(write.check(), Err(Error::InvalidWrite("a transaction has more than 100 items"))));
    }

    #[test]
    fn an_item_over_its_size_is_refused() {
        let mut write = Transaction::default();
        write.put(item("p", "s").text("message", "x".repeat(ITEM_BYTES_MAX - 4 - 7 - 2)));
        assert!(write.check().is_ok());
        write.put(item("p", "t").text("message", "x".repeat(ITEM_BYTES_MAX - 4 - 7 - 1)));
        assert!(matches!(write.check(), Err(Error::InvalidWrite("an item is larger than 400 kB"))));
    }

    #[test]
    fn an_empty_key_is_refused() {
        for (pk, sk) in [("", "s"), ("p", "")] {
            let mut write = Transaction::default();
            write.put(item(pk, sk));
            assert!(matches!(write.check(), Err(Error::InvalidWrite("a key is empty"))));
        }
    }
}
