//! The four requests that the store makes of DynamoDB.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity};

use crate::call::{Call, Failure, Heard};
use crate::error::{Error, Result};
use crate::item::{Attributes, Item};
use crate::keys::{INBOX, INBOX_PK, INBOX_SK, Key, PK, Run, SK};

/// DynamoDB hands out no more items by key in one request. BatchGetItem, Developer Guide.
const BATCH_MAX: usize = 100;
/// How often the rest of a batch is asked for: what one answer leaves out for its size, 16 MB, we never ask for, so a rest
/// means throttling.
const BATCH_ROUNDS: usize = 8;

/// The table, by its name.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) retry_within: Duration,
}

/// Part of a run, newest first.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// Its items.
    pub(crate) items: Vec<Item>,
    /// Whether the run may go on below the last item.
    pub(crate) cut: bool,
}

impl Stretch {
    /// Nothing at all, and nothing more to come.
    pub(crate) const END: Self = Self { items: Vec::new(), cut: false };
}

impl Table {
    /// One item, as last written.
    pub(crate) async fn get(&self, key: Key) -> Result<Option<Item>> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = Call { consistent: Some(true), ..self.call("GetItem", "DynamoDB.GetItem", "read an item") };
        let answer = call
            .make(
                async || request.clone().send().await.map_err(Failure::from),
                |answer| Heard { rows: Some(answer.item.iter().len()), units: units(answer.consumed_capacity()) },
            )
            .await?;
        Ok(answer.item.map(Item))
    }

    /// The newest items of a run of the table, as last written, `limit` at most.
    pub(crate) async fn newest(&self, run: Run, limit: usize) -> Result<Stretch> {
        self.query(run, limit, None).await
    }

    /// The newest items of a run of the index: eventually as written, DynamoDB's indexes know no other way.
    pub(crate) async fn newest_of_inbox(&self, run: Run, limit: usize) -> Result<Stretch> {
        self.query(run, limit, Some(INBOX)).await
    }

    async fn query(&self, run: Run, limit: usize, index: Option<&'static str>) -> Result<Stretch> {
        // DynamoDB refuses such a run; it is merely empty.
        if run.low > run.high || limit == 0 {
            return Ok(Stretch::END);
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
            .expression_attribute_values(":pk", AttributeValue::S(run.pk))
            .expression_attribute_values(":low", AttributeValue::S(run.low))
            .expression_attribute_values(":high", AttributeValue::S(run.high))
            .consistent_read(index.is_none())
            .scan_index_forward(false)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let call = self.call("Query", "DynamoDB.Query", "query items");
        let call = Call { index, limit: Some(limit), consistent: Some(index.is_none()), ..call };
        let answer = call
            .make(
                async || request.clone().send().await.map_err(Failure::from),
                |answer| Heard { rows: Some(answer.items().len()), units: units(answer.consumed_capacity()) },
            )
            .await?;
        let cut = answer.last_evaluated_key.is_some();
        Ok(Stretch { items: answer.items.unwrap_or_default().into_iter().map(Item).collect(), cut })
    }

    /// The items of these keys, as last written, by partition; those that are not there are missing.
    pub(crate) async fn get_all(&self, keys: Vec<Key>) -> Result<HashMap<String, Item>> {
        debug_assert!(keys.len() <= BATCH_MAX, "a page is not longer than a batch");
        let mut wanted: Vec<Attributes> = keys.into_iter().map(Key::attributes).collect();
        let mut found = HashMap::with_capacity(wanted.len());
        for _ in 0..BATCH_ROUNDS {
            if wanted.is_empty() {
                return Ok(found);
            }
            let (items, rest) = self.get_batch(wanted).await?;
            for item in items.into_iter().map(Item) {
                found.insert(item.read(PK)?.to_owned(), item);
            }
            wanted = rest;
        }
        if wanted.is_empty() { Ok(found) } else { Err(throttled()) }
    }

    async fn get_batch(&self, keys: Vec<Attributes>) -> Result<(Vec<Attributes>, Vec<Attributes>)> {
        let call = self.call("BatchGetItem", "DynamoDB.BatchGetItem", "read items");
        let call = Call { items: Some(keys.len()), consistent: Some(true), ..call };
        let wanted = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
        let wanted = wanted.expect("the keys are set");
        let request = self
            .client
            .batch_get_item()
            .request_items(&self.name, wanted)
            .return_consumed_capacity(ReturnConsumedCapacity::Total);
        let mut answer = call
            .make(
                async || request.clone().send().await.map_err(Failure::from),
                |answer| Heard {
                    rows: answer.responses().map(|tables| tables.values().map(Vec::len).sum()),
                    units: units(answer.consumed_capacity()),
                },
            )
            .await?;
        let items = answer.responses.as_mut().and_then(|tables| tables.remove(&self.name)).unwrap_or_default();
        let rest = answer.unprocessed_keys.as_mut().and_then(|tables| tables.remove(&self.name));
        Ok((items, rest.map(|rest| rest.keys).unwrap_or_default()))
    }

    pub(crate) fn call(&self, operation: &'static str, span: &'static str, doing: &'static str) -> Call {
        let table = self.name.clone();
        let within = self.retry_within;
        Call { operation, span, doing, table, index: None, limit: None, items: None, consistent: None, within }
    }
}

/// What an answer says that it cost.
pub(crate) fn units<'a>(consumed: impl IntoIterator<Item = &'a ConsumedCapacity>) -> Option<f64> {
    consumed.into_iter().filter_map(ConsumedCapacity::capacity_units).reduce(|sum, more| sum + more)
}

fn throttled() -> Error {
    let source = "keys of a batch stayed unprocessed".into();
    Error::Busy { attempts: BATCH_ROUNDS as u32, source }
}
