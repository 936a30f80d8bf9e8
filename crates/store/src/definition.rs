//! The table's definition: one value, from which it is made for tests and `crudder local`, and which template.yaml is checked against.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use tokio::time::sleep;

use crate::Store;
use crate::call::{Failure, Heard};
use crate::error::{Error, Result};
use crate::keys::{INBOX, INBOX_PK, INBOX_SK, PK, SK, TTL};

/// How often a new table is asked whether it is there, and how long apart: a table with an index takes AWS up to a minute.
const LOOKS: usize = 240;
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What the table is, apart from its name. All keys are strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The partition key.
    pub hash: &'static str,
    /// The sort key.
    pub range: &'static str,
    /// The one index; it holds whole items.
    pub index: Index,
    /// The attribute that says, in seconds since 1970, when an item may be swept.
    pub ttl: &'static str,
}

/// An index of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: &'static str,
    /// Its partition key.
    pub hash: &'static str,
    /// Its sort key.
    pub range: &'static str,
}

impl Definition {
    /// Crudder's table.
    pub const CRUDDER: Self =
        Self { hash: PK, range: SK, index: Index { name: INBOX, hash: INBOX_PK, range: INBOX_SK }, ttl: TTL };
}

impl Store {
    /// Makes the table, if it is not there, and waits until it can be used: for tests and for one machine. In the cloud
    /// template.yaml makes it.
    ///
    /// # Errors
    /// What DynamoDB refuses; [`Error::Busy`] when the table is not ready after two minutes.
    pub async fn create_table(&self) -> Result<()> {
        let definition = Definition::CRUDDER;
        match self.ask_for_table(&definition).await {
            Err(Error::Refused { code, .. }) if code == "ResourceInUseException" => (),
            answer => answer?,
        }
        self.await_table().await?;
        match self.ask_for_sweeping(&definition).await {
            // It is being swept already: DynamoDB has no other name for that.
            Err(Error::Refused { code, .. }) if code == "ValidationException" => Ok(()),
            answer => answer,
        }
    }

    async fn ask_for_table(&self, definition: &Definition) -> Result<()> {
        let table = self.table();
        let Index { name, hash, range } = definition.index;
        let index = GlobalSecondaryIndex::builder()
            .index_name(name)
            .set_key_schema(Some(schema(hash, range)))
            .projection(Projection::builder().projection_type(ProjectionType::All).build())
            .build()
            .expect("name, keys and projection are set");
        let names = [definition.hash, definition.range, hash, range];
        let request = table
            .client
            .create_table()
            .table_name(&table.name)
            .set_attribute_definitions(Some(names.map(attribute).to_vec()))
            .set_key_schema(Some(schema(definition.hash, definition.range)))
            .global_secondary_indexes(index)
            .billing_mode(BillingMode::PayPerRequest);
        let call = table.call("CreateTable", "DynamoDB.CreateTable", "create the table");
        call.make(async || request.clone().send().await.map_err(Failure::from), |_| Heard::default()).await.map(drop)
    }

    async fn await_table(&self) -> Result<()> {
        let table = self.table();
        let request = table.client.describe_table().table_name(&table.name);
        for _ in 0..LOOKS {
            let call = table.call("DescribeTable", "DynamoDB.DescribeTable", "look at the table");
            let answer = call.make(async || request.clone().send().await.map_err(Failure::from), |_| Heard::default());
            let status = answer.await?.table.and_then(|table| table.table_status);
            if status == Some(TableStatus::Active) {
                return Ok(());
            }
            sleep(LOOK_EVERY).await;
        }
        Err(Error::Busy { attempts: LOOKS as u32, source: "the table is still being made".into() })
    }

    async fn ask_for_sweeping(&self, definition: &Definition) -> Result<()> {
        let table = self.table();
        let by = TimeToLiveSpecification::builder().attribute_name(definition.ttl).enabled(true).build();
        let by = by.expect("attribute and switch are set");
        let request = table.client.update_time_to_live().table_name(&table.name).time_to_live_specification(by);
        let call = table.call("UpdateTimeToLive", "DynamoDB.UpdateTimeToLive", "have expired items swept");
        call.make(async || request.clone().send().await.map_err(Failure::from), |_| Heard::default()).await.map(drop)
    }
}

fn attribute(name: &str) -> AttributeDefinition {
    let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
    attribute.build().expect("name and type are set")
}

fn schema(hash: &str, range: &str) -> Vec<KeySchemaElement> {
    [(hash, KeyType::Hash), (range, KeyType::Range)]
        .map(|(name, kind)| {
            KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("name and type are set")
        })
        .to_vec()
}
