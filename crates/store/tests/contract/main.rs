//! The contract of the store: one test suite for any DynamoDB endpoint.
//!
//! Each contract runs on a table without faults and on one with injected faults. The first one is
//! embedded, unless `CRUDDER_TEST_DYNAMODB` names another: an address such as
//! `http://127.0.0.1:5000`, or `aws` for the account of the environment. The second one is embedded
//! behind a proxy that injects conflicts, throttling and lost responses, and that refuses what AWS
//! refuses.
#![expect(clippy::unwrap_used, reason = "the whole crate is a test")]

mod atomicity;
mod costs;
mod expiry;
mod messages;
mod notifications;
mod paging;
mod people;
mod posts;
mod proxy;
mod refusals;
mod replies;
mod requests;
mod sample;
mod search;
mod shards;
mod spans;
mod test_table;

/// Defines each contract as two tests, one for each kind of table.
macro_rules! contracts {
    ($(async fn $name:ident($table:ident: &TestTable) $body:block)*) => {
        $(mod $name {
            use super::*;

            async fn contract($table: &TestTable) $body

            #[tokio::test]
            async fn without_faults() {
                contract(&TestTable::without_faults().await).await;
            }

            #[tokio::test]
            async fn with_injected_faults() {
                contract(&TestTable::with_faults().await).await;
            }
        })*
    };
}
use contracts;
