//! The store's contract: one suite, run against any DynamoDB endpoint.
//!
//! Each contract runs on a calm table and on a hostile one. The calm one is embedded, unless `CRUDDER_TEST_DYNAMODB` names another:
//! an address such as `http://127.0.0.1:5000`, or `aws` for the account of the environment. The hostile one is embedded behind a
//! proxy that injects conflicts, throttling and lost answers, and refuses what AWS refuses.
#![expect(clippy::unwrap_used, reason = "the whole crate is a test")]

mod costs;
mod expiry;
mod gauge;
mod messages;
mod notifications;
mod paging;
mod people;
mod place;
mod posts;
mod proxy;
mod refusals;
mod replies;
mod sample;
mod search;
mod shards;
mod spans;
mod whole;

/// Runs contracts on both tables, each as a test of its own.
macro_rules! contracts {
    ($(async fn $name:ident($place:ident: &Place) $body:block)*) => {
        $(mod $name {
            use super::*;

            async fn contract($place: &Place) $body

            #[tokio::test]
            async fn on_a_calm_table() {
                contract(&Place::calm().await).await;
            }

            #[tokio::test]
            async fn on_a_hostile_table() {
                contract(&Place::hostile().await).await;
            }
        })*
    };
}
use contracts;
