//! A transaction: writes several items, all or none of them.

use aws_sdk_dynamodb::types::{Put, ReturnConsumedCapacity, TransactWriteItem};
use uuid::Uuid;

use crate::call::{Call, ResponseStats};
use crate::error::{Error, Result};
use crate::item::Item;
use crate::keys::{INBOX_PK, INBOX_SK, PK, SK};
use crate::table::Table;
use crate::transaction_response::{FinalResponse, ItemIndex, Outcome, classify};
use crate::update::Update;

/// The limits of one transaction. TransactWriteItems, API Reference.
const ITEMS_MAX: usize = 100;
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// The limit of one item. Service quotas, Developer Guide.
const ITEM_BYTES_MAX: usize = 400 * 1024;

/// Items to be written together.
#[derive(Debug, Default)]
pub(crate) struct Transaction {
    items: Vec<TransactWriteItem>,
    bytes: usize,
    /// Why DynamoDB would refuse the transaction.
    violation: Option<&'static str>,
}

impl Transaction {
    /// Writes an item and replaces any item with the same key.
    pub(crate) fn put(&mut self, item: Item) {
        self.put_if(item, None);
    }

    /// Writes an item if no item has its key.
    pub(crate) fn put_new(&mut self, item: Item) -> ItemIndex {
        self.put_if(item, Some("attribute_not_exists(pk)"))
    }

    fn put_if(&mut self, item: Item, condition: Option<&str>) -> ItemIndex {
        self.measure(&item);
        let put =
            Put::builder().table_name("").set_item(Some(item.0)).set_condition_expression(condition.map(str::to_owned));
        self.push(TransactWriteItem::builder().put(put.build().expect("table and item are set")).build())
    }

    /// Updates an item.
    pub(crate) fn update(&mut self, update: Update) -> ItemIndex {
        if !update.has_full_key() {
            self.violation = Some("a key is empty");
        }
        self.push(TransactWriteItem::builder().update(update.build()).build())
    }

    fn push(&mut self, item: TransactWriteItem) -> ItemIndex {
        self.items.push(item);
        ItemIndex(self.items.len() - 1)
    }

    /// Adds the item's size, and notes a violation of its limits.
    fn measure(&mut self, item: &Item) {
        self.bytes += item.bytes();
        if item.bytes() > ITEM_BYTES_MAX {
            self.violation = Some("an item is larger than 400 kB");
        }
        let index_key_is_empty = [INBOX_PK, INBOX_SK].iter().any(|name| item.find(name) == Some(""));
        if [PK, SK].iter().any(|name| item.find(name).is_none_or(str::is_empty)) || index_key_is_empty {
            self.violation = Some("a key is empty");
        }
    }

    /// Returns an error for a transaction that DynamoDB would refuse.
    fn check(&self) -> Result<()> {
        if let Some(violation) = self.violation {
            return Err(Error::InvalidWrite(violation));
        }
        if self.items.len() > ITEMS_MAX {
            return Err(Error::InvalidWrite("a transaction has more than 100 items"));
        }
        if self.bytes > BYTES_MAX {
            return Err(Error::InvalidWrite("a transaction is larger than 4 MB"));
        }
        Ok(())
    }

    /// Sends the transaction. Its token makes a retry after a lost response safe: DynamoDB executes
    /// each token once.
    ///
    /// # Errors
    /// [`Error::InvalidWrite`] before sending; [`Error::Busy`], [`Error::Refused`].
    pub(crate) async fn commit(self, table: &Table) -> Result<Outcome> {
        self.check()?;
        let call = table.call("TransactWriteItems", "DynamoDB.TransactWriteItems", "write items");
        let call = Call { batch_size: Some(self.items.len()), ..call };
        let items = self.items.into_iter().map(|item| with_table(item, &table.name)).collect();
        let request = table
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(Uuid::new_v4().to_string())
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let response = call
            .send(
                async || classify(request.clone().send().await),
                |response: &FinalResponse| ResponseStats { rows: None, units: response.units() },
            )
            .await?;
        Ok(response.into())
    }
}

fn with_table(mut item: TransactWriteItem, name: &str) -> TransactWriteItem {
    if let Some(put) = &mut item.put {
        name.clone_into(&mut put.table_name);
    }
    if let Some(update) = &mut item.update {
        name.clone_into(&mut update.table_name);
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Key;

    fn item(pk: &str, sk: &str) -> Item {
        Item::at(Key { pk: pk.to_owned(), sk: sk.to_owned() })
    }

    #[test]
    fn a_transaction_of_more_than_a_hundred_items_is_refused() {
        let mut write = Transaction::default();
        for number in 0..100 {
            write.put(item("p", &number.to_string()));
        }
        assert!(write.check().is_ok());
        write.put(item("p", "one more"));
        assert!(matches!(write.check(), Err(Error::InvalidWrite("a transaction has more than 100 items"))));
    }

    #[test]
    fn an_item_larger_than_the_limit_is_refused() {
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
