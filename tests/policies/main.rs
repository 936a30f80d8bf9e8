//! Each function's role allows every call that the function makes, and nothing more.
//!
//! The functions run behind a proxy with the template's policies. It refuses the calls that a
//! policy does not allow, and records all others.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

mod calls;
mod environment;
#[path = "../support/policy.rs"]
mod policy;
mod policy_proxy;

use std::collections::{BTreeMap, BTreeSet};

use calls::{call_readers, call_writers, request};
use crudder_testing::TIMEOUT;
use environment::{Environment, sample};
use policy::{Permission, document, permissions};
use policy_proxy::{PolicyProxy, Upstreams};
use serde_json::{Value, json};

/// Returns the permissions on the table.
fn of_the_table(permissions: BTreeSet<Permission>) -> BTreeSet<Permission> {
    permissions.into_iter().filter(|(action, _)| action.starts_with("dynamodb:")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_policy_allows_every_call_of_its_function_and_nothing_more() {
    let environment = Environment::start().await;
    let (post, group) = call_writers(&environment).await;
    call_readers(&environment, &post, &group).await;
    let document = document();
    for (resource, function) in document.resources("AWS::Serverless::Function") {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let proxy = &environment.proxies[binary];
        assert_eq!(proxy.denied(), BTreeSet::new(), "{binary} was refused");
        let allowed = of_the_table(permissions(&document, resource, &BTreeMap::new()));
        assert_eq!(allowed, of_the_table(proxy.used()), "{binary}: the allowed permissions are not the used ones");
    }
    environment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_layer_may_read_its_keys_and_send_the_segments_of_a_dead_process() {
    let environment = Environment::start().await;
    let mut event = sample("rollbar-test");
    event["queryStringParameters"] = json!({"kind": "abort"});
    event["multiValueQueryStringParameters"] = json!({"kind": ["abort"]});
    environment.kill("rollbar-test", &event).await;
    request!(environment, "rollbar-test", 200);
    let documents =
        environment.fakes.xray_api.wait_for(TIMEOUT, |store| (store.document_count() > 0).then_some(())).await;
    documents.unwrap();
    let items = environment.fakes.rollbar.wait_for(TIMEOUT, |store| (store.item_count() >= 2).then_some(())).await;
    items.unwrap();
    let proxy = &environment.proxies["rollbar-test"];
    assert_eq!(proxy.denied(), BTreeSet::new());
    let used: BTreeSet<String> = proxy.used().into_iter().map(|(action, _)| action).collect();
    let expected = ["secretsmanager:GetSecretValue", "ssm:GetParameter", "xray:PutTraceSegments"];
    assert_eq!(used, expected.map(str::to_owned).into());
    // The rest are the log streams, which Lambda writes, and the counters of its X-Ray daemon.
    let allowed = permissions(&document(), "RollbarTest", &BTreeMap::new()).into_iter().map(|(action, _)| action);
    let unused: BTreeSet<String> = allowed.filter(|action| !used.contains(action)).collect();
    let used_by_lambda = ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords"];
    assert_eq!(unused, used_by_lambda.map(str::to_owned).into());
    environment.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_no_policy_allows_is_refused_by_the_proxy() {
    let upstreams = Upstreams { table: String::new(), secrets: String::new(), xray: String::new() };
    let allowed = BTreeSet::from([("dynamodb:Query".to_owned(), "Table.Arn".to_owned())]);
    let proxy = PolicyProxy::start(upstreams, allowed).await;
    let call = |target: &'static str, body: Value| {
        reqwest::Client::new()
            .post(&proxy.url)
            .header("x-amz-target", format!("DynamoDB_20120810.{target}"))
            .body(body.to_string())
    };
    let transaction = json!({"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}, {"Delete": {}}]});
    for (target, body) in
        [("Scan", json!({})), ("Query", json!({"IndexName": "inbox"})), ("TransactWriteItems", transaction)]
    {
        assert_eq!(call(target, body).send().await.unwrap().status(), 400, "{target}");
    }
    let denied: Vec<String> =
        proxy.denied().into_iter().map(|(action, resource)| format!("{action} {resource}")).collect();
    let expected = [
        "dynamodb:ConditionCheckItem Table.Arn",
        "dynamodb:DeleteItem Table.Arn",
        "dynamodb:PutItem Table.Arn",
        "dynamodb:Query Table.Arn/index/inbox",
        "dynamodb:Scan Table.Arn",
    ];
    assert_eq!(denied, expected);
}
