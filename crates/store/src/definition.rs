//! The table's definition as one value. Tests and `crudder local` create the table from it, and a
//! test compares template.yaml with it.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification,
};
use tokio::time::sleep;

use crate::call::ResponseStats;
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::keys::{INBOX, INBOX_PK, INBOX_SK, PK, SK, TTL};
use crate::store::Store;

/// How often the status of a new table is polled, and at which interval. AWS takes up to a minute
/// to create a table with an index.
const POLLS: usize = 240;
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// The definition of the table without its name. All keys are strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The partition key.
    pub hash: &'static str,
    /// The sort key.
    pub range: &'static str,
    /// The only index; it projects all attributes.
    pub index: Index,
    /// The attribute of the time to live, in seconds since 1970.
    pub ttl: &'static str,
}

/// An index of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name.
    pub name: &'static str,
    /// The partition key.
    pub hash: &'static str,
    /// The sort key.
    pub range: &'static str,
}

impl Definition {
    /// Crudder's table.
    pub const CRUDDER: Self =
        Self { hash: PK, range: SK, index: Index { name: INBOX, hash: INBOX_PK, range: INBOX_SK }, ttl: TTL };
}

impl Store {
    /// Creates the table unless it exists, and waits until it is active. Only tests and local runs
    /// need this: in the cloud, template.yaml creates it.
    ///
    /// # Errors
    /// [`Error::Refused`]; [`Error::Busy`] when the table is not active after two minutes.
    pub async fn create_table(&self) -> Result<()> {
        let definition = Definition::CRUDDER;
        match self.request_table(&definition).await {
            Err(Error::Refused { code, .. }) if code == "ResourceInUseException" => (),
            result => result?,
        }
        self.wait_until_active().await?;
        match self.enable_ttl(&definition).await {
            // The time to live is already enabled: DynamoDB has no code of its own for that.
            Err(Error::Refused { code, .. }) if code == "ValidationException" => Ok(()),
            result => result,
        }
    }

    async fn request_table(&self, definition: &Definition) -> Result<()> {
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
        call.send(async || request.clone().send().await.map_err(Failure::from), |_| ResponseStats::default())
            .await
            .map(drop)
    }

    async fn wait_until_active(&self) -> Result<()> {
        let table = self.table();
        let request = table.client.describe_table().table_name(&table.name);
        for _ in 0..POLLS {
            let call = table.call("DescribeTable", "DynamoDB.DescribeTable", "read the status of the table");
            let response =
                call.send(async || request.clone().send().await.map_err(Failure::from), |_| ResponseStats::default());
            let status = response.await?.table.and_then(|table| table.table_status);
            if status == Some(TableStatus::Active) {
                return Ok(());
            }
            sleep(POLL_INTERVAL).await;
        }
        Err(Error::Busy { attempts: POLLS as u32, source: "the table is still being created".into() })
    }

    async fn enable_ttl(&self, definition: &Definition) -> Result<()> {
        let table = self.table();
        let ttl = TimeToLiveSpecification::builder().attribute_name(definition.ttl).enabled(true).build();
        let ttl = ttl.expect("attribute and state are set");
        let request = table.client.update_time_to_live().table_name(&table.name).time_to_live_specification(ttl);
        let call = table.call("UpdateTimeToLive", "DynamoDB.UpdateTimeToLive", "enable the time to live");
        call.send(async || request.clone().send().await.map_err(Failure::from), |_| ResponseStats::default())
            .await
            .map(drop)
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
