//! Each function's role allows every call that the function makes, and nothing more: the functions run behind a door that knows the
//! template's policies, refuses what they do not allow, and remembers what was asked for.

#![expect(clippy::unwrap_used, reason = "what fails here is the test")]

mod guard;
mod place;
#[path = "../support/policy.rs"]
mod policy;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use place::{Place, sample};
use policy::{Right, document, rights};
use serde_json::{Value, json};

/// Far more than a delivery takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sample users, as crates/local seeds them.
const ANDREW: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";
const ALT: &str = "b2e1d4cf-6e3c-4d7f-8a52-1f7c2d8b3e21";
const LONDO: &str = "d4c3f2a1-805e-4f51-8870-319a4fad5c43";

/// Asks a function and holds the status.
macro_rules! ask {
    ($place:expr, $function:literal, $status:literal $(, $name:literal = $value:expr)*) => {{
        let (status, body) = $place.ask($function, &[$(($name, json!($value))),*]).await;
        assert_eq!(status, $status, "{}: {body}", $function);
        body
    }};
}

/// What people write: every road of every function that writes, refusals included.
async fn write(place: &Place) -> (Value, Value) {
    let post = ask!(
        place,
        "create-activity",
        200,
        "caller" = ANDREW,
        "body" = json!({"message": "Cloud is fun", "ttl": "7-days"})
    );
    ask!(place, "create-activity", 200, "caller" = ALT, "body" = json!({"message": "Cloud again", "ttl": "1-hour"}));
    ask!(place, "create-activity", 422, "body" = json!({"message": "", "ttl": "7-days"}));
    for caller in [ALT, ANDREW] {
        ask!(place, "create-reply", 200, "caller" = caller, "id" = post["uuid"], "body" = json!({"message": "indeed"}));
    }
    ask!(place, "create-reply", 404);
    let opened =
        ask!(place, "create-message", 200, "caller" = ANDREW, "body" = json!({"message": "hello", "handle": "londo"}));
    let group = &opened["message_group_uuid"];
    let more = json!({"message": "more", "message_group_uuid": group});
    ask!(place, "create-message", 200, "caller" = LONDO, "body" = more);
    ask!(place, "create-message", 403, "caller" = ALT, "body" = more);
    ask!(place, "create-message", 422, "caller" = ANDREW, "body" = json!({"message": "hi", "handle": "nobody"}));
    for method in ["POST", "PUT"] {
        ask!(
            place,
            "update-profile",
            200,
            "caller" = ANDREW,
            "method" = method,
            "body" = json!({"display_name": method, "bio": "b"})
        );
    }
    for (sub, wish) in
        [("aaaa1111-0000-4000-8000-000000000001", "delenn"), ("bbbb2222-0000-4000-8000-000000000002", "Delenn")]
    {
        let mut event = sample("post-confirmation");
        let attributes = &mut event["request"]["userAttributes"];
        (attributes["sub"], attributes["preferred_username"]) = (json!(sub), json!(wish));
        // Cognito may call twice.
        for _ in 0..2 {
            assert_eq!(place.invoke("post-confirmation", &event).await, event);
        }
    }
    (post["uuid"].clone(), group.clone())
}

/// What people read, in pages too.
async fn read(place: &Place, post: &Value, group: &Value) {
    ask!(place, "home-activities", 200);
    ask!(place, "home-activities", 200, "query" = json!({"limit": "1"}));
    for term in ["cloud", "cloud fun", "nowhere"] {
        ask!(place, "search-activities", 200, "query" = json!({"term": term}));
    }
    ask!(place, "user-activities", 200, "id" = "@andrewbrown");
    ask!(place, "user-activities", 404, "id" = "@nobody");
    ask!(place, "show-activity", 200, "id" = "@andrewbrown", "activity_uuid" = post);
    ask!(place, "show-activity", 404, "activity_uuid" = "01a0c3f6-8b40-7000-8000-00c0ffee0001");
    for caller in [ANDREW, LONDO, ALT] {
        ask!(place, "notifications-activities", 200, "caller" = caller);
        ask!(place, "message-groups", 200, "caller" = caller);
    }
    ask!(place, "messages", 200, "caller" = ANDREW, "id" = group);
    ask!(place, "messages", 403, "caller" = ALT, "id" = group);
    ask!(place, "users-short", 200, "id" = "@andrewbrown");
    ask!(place, "users-short", 404, "id" = "@nobody");
    ask!(place, "health-check", 200);
    ask!(place, "rollbar-test", 200);
}

fn of_the_table(rights: BTreeSet<Right>) -> BTreeSet<Right> {
    rights.into_iter().filter(|(action, _)| action.starts_with("dynamodb:")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_policy_allows_every_call_of_its_function_and_nothing_more() {
    let place = Place::open().await;
    let (post, group) = write(&place).await;
    read(&place, &post, &group).await;
    let document = document();
    for (resource, function) in document.resources("AWS::Serverless::Function") {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let guard = &place.guards[binary];
        assert_eq!(guard.denied(), BTreeSet::new(), "{binary} was refused");
        let allowed = of_the_table(rights(&document, resource, &BTreeMap::new()));
        assert_eq!(allowed, of_the_table(guard.used()), "{binary}: allowed and not used, or the other way");
    }
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_layer_may_read_its_keys_and_send_the_segments_of_a_dead_process() {
    let place = Place::open().await;
    let mut event = sample("rollbar-test");
    event["queryStringParameters"] = json!({"kind": "abort"});
    event["multiValueQueryStringParameters"] = json!({"kind": ["abort"]});
    place.kill("rollbar-test", &event).await;
    ask!(place, "rollbar-test", 200);
    let told = place.vendors.xray_api.wait_for(PATIENCE, |store| (store.document_count() > 0).then_some(())).await;
    told.unwrap();
    let items = place.vendors.rollbar.wait_for(PATIENCE, |store| (store.item_count() >= 2).then_some(())).await;
    items.unwrap();
    let guard = &place.guards["rollbar-test"];
    assert_eq!(guard.denied(), BTreeSet::new());
    let used: BTreeSet<String> = guard.used().into_iter().map(|(action, _)| action).collect();
    let wanted = ["secretsmanager:GetSecretValue", "ssm:GetParameter", "xray:PutTraceSegments"];
    assert_eq!(used, wanted.map(str::to_owned).into());
    // What is left are the log streams, which Lambda writes, and the counters of its own daemon for X-Ray.
    let allowed = rights(&document(), "RollbarTest", &BTreeMap::new()).into_iter().map(|(action, _)| action);
    let unused: BTreeSet<String> = allowed.filter(|action| !used.contains(action)).collect();
    let lambdas = ["logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTelemetryRecords"];
    assert_eq!(unused, lambdas.map(str::to_owned).into());
    place.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_no_policy_allows_is_refused_by_the_proxy() {
    let services = guard::Services { table: String::new(), secrets: String::new(), xray: String::new() };
    let guard =
        guard::Guard::start(services, BTreeSet::from([("dynamodb:Query".to_owned(), "Table.Arn".to_owned())])).await;
    let scan = |target: &'static str, body: Value| {
        reqwest::Client::new()
            .post(&guard.address)
            .header("x-amz-target", format!("DynamoDB_20120810.{target}"))
            .body(body.to_string())
    };
    let transaction = json!({"TransactItems": [{"Put": {}}, {"ConditionCheck": {}}, {"Delete": {}}]});
    for (target, body) in
        [("Scan", json!({})), ("Query", json!({"IndexName": "inbox"})), ("TransactWriteItems", transaction)]
    {
        assert_eq!(scan(target, body).send().await.unwrap().status(), 400, "{target}");
    }
    let denied: Vec<String> =
        guard.denied().into_iter().map(|(action, resource)| format!("{action} {resource}")).collect();
    let wanted = [
        "dynamodb:ConditionCheckItem Table.Arn",
        "dynamodb:DeleteItem Table.Arn",
        "dynamodb:PutItem Table.Arn",
        "dynamodb:Query Table.Arn/index/inbox",
        "dynamodb:Scan Table.Arn",
    ];
    assert_eq!(denied, wanted);
}
