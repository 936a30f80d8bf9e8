//! The four requests that the store sends to DynamoDB: three reads here, and the write in
//! `transaction.rs`.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity};

use crate::call::{Call, ResponseStats};
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::item::{Attributes, Item};
use crate::keys::{INBOX, INBOX_PK, INBOX_SK, Key, KeyRange, PK, SK};

/// The most keys of one request. BatchGetItem, Developer Guide.
const BATCH_MAX: usize = 100;
/// How often the unprocessed keys of a batch are requested. A response leaves keys out when it
/// exceeds 16 MB, which a page never does, or under throttling.
const BATCH_ROUNDS: usize = 8;

/// A DynamoDB table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) retry_within: Duration,
}

/// The result of a query, newest first.
#[derive(Debug)]
pub(crate) struct QueryPage {
    /// The items.
    pub(crate) items: Vec<Item>,
    /// Whether the range may have more items after the last one.
    pub(crate) has_more: bool,
}

impl QueryPage {
    /// The result of a query that matches nothing.
    pub(crate) const EMPTY: Self = Self { items: Vec::new(), has_more: false };
}

impl Table {
    /// Reads one item, strongly consistent.
    pub(crate) async fn get(&self, key: Key) -> Result<Option<Item>> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = Call { consistent_read: Some(true), ..self.call("GetItem", "DynamoDB.GetItem", "read an item") };
        let response = call
            .send(
                async || request.clone().send().await.map_err(Failure::from),
                |response| ResponseStats {
                    rows: Some(response.item.iter().len()),
                    units: consumed_units(response.consumed_capacity()),
                },
            )
            .await?;
        Ok(response.item.map(Item))
    }

    /// Reads the newest items of a range of the table, at most `limit`, strongly consistent.
    pub(crate) async fn newest(&self, range: KeyRange, limit: usize) -> Result<QueryPage> {
        self.query(range, limit, None).await
    }

    /// Reads the newest items of a range of the index. An index has only eventually consistent
    /// reads.
    pub(crate) async fn newest_of_inbox(&self, range: KeyRange, limit: usize) -> Result<QueryPage> {
        self.query(range, limit, Some(INBOX)).await
    }

    async fn query(&self, range: KeyRange, limit: usize, index: Option<&'static str>) -> Result<QueryPage> {
        // DynamoDB refuses a query of an empty range.
        if range.low > range.high || limit == 0 {
            return Ok(QueryPage::EMPTY);
        }
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let (pk, sk) = if index.is_some() { (INBOX_PK, INBOX_SK) } else { (PK, SK) };
        let request = self
            .client
            .query()
            .table_name(&self.name)
            .set_index_name(index.map(str::to_owned))
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :low AND :high")
            .expression_attribute_names("#pk", pk)
            .expression_attribute_names("#sk", sk)
            .expression_attribute_values(":pk", AttributeValue::S(range.pk))
            .expression_attribute_values(":low", AttributeValue::S(range.low))
            .expression_attribute_values(":high", AttributeValue::S(range.high))
            .consistent_read(index.is_none())
            .scan_index_forward(false)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = self.call("Query", "DynamoDB.Query", "query items");
        let call = Call { index, limit: Some(limit), consistent_read: Some(index.is_none()), ..call };
        let response = call
            .send(
                async || request.clone().send().await.map_err(Failure::from),
                |response| ResponseStats {
                    rows: Some(response.items().len()),
                    units: consumed_units(response.consumed_capacity()),
                },
            )
            .await?;
        let has_more = response.last_evaluated_key.is_some();
        Ok(QueryPage { items: response.items.unwrap_or_default().into_iter().map(Item).collect(), has_more })
    }

    /// Reads the items with these keys, strongly consistent, and returns the existing ones by
    /// partition key.
    pub(crate) async fn get_all(&self, keys: Vec<Key>) -> Result<HashMap<String, Item>> {
        debug_assert!(keys.len() <= BATCH_MAX, "a page is not longer than a batch");
        let mut keys: Vec<Attributes> = keys.into_iter().map(Key::attributes).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for _ in 0..BATCH_ROUNDS {
            if keys.is_empty() {
                return Ok(found);
            }
            let (items, unprocessed) = self.get_batch(keys).await?;
            for item in items.into_iter().map(Item) {
                found.insert(item.read(PK)?.to_owned(), item);
            }
            keys = unprocessed;
        }
        if keys.is_empty() { Ok(found) } else { Err(throttled()) }
    }

    /// Reads a batch. Returns the items, and the keys that DynamoDB did not process.
    async fn get_batch(&self, keys: Vec<Attributes>) -> Result<(Vec<Attributes>, Vec<Attributes>)> {
        let call = self.call("BatchGetItem", "DynamoDB.BatchGetItem", "read items");
        let call = Call { batch_size: Some(keys.len()), consistent_read: Some(true), ..call };
        let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let keys = keys.expect("the keys are set");
        let request = self
            .client
            .batch_get_item()
            .request_items(&self.name, keys)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut response = call
            .send(
                async || request.clone().send().await.map_err(Failure::from),
                |response| ResponseStats {
                    rows: response.responses().map(|tables| tables.values().map(Vec::len).sum()),
                    units: consumed_units(response.consumed_capacity()),
                },
            )
            .await?;
        let items = response.responses.as_mut().and_then(|tables| tables.remove(&self.name)).unwrap_or_default();
        let unprocessed = response.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&self.name));
        Ok((items, unprocessed.map(|rest| rest.keys).unwrap_or_default()))
    }

    /// Returns a call of this table.
    pub(crate) fn call(&self, operation: &'static str, span_name: &'static str, purpose: &'static str) -> Call {
        Call {
            operation,
            span_name,
            purpose,
            table: self.name.clone(),
            index: None,
            limit: None,
            batch_size: None,
            consistent_read: None,
            retry_within: self.retry_within,
        }
    }
}

/// Returns the capacity units that a response says it consumed.
pub(crate) fn consumed_units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Option<f64> {
    consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).reduce(|sum, more| sum + more)
}

fn throttled() -> Error {
    let source = "keys of a batch stayed unprocessed".into();
    Error::Busy { attempts: BATCH_ROUNDS as u32, source }
}
