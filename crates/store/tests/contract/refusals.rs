//! Requests that AWS refuses and the embedded table may accept. The proxy checks all requests of
//! the store, and the tests below check that it refuses such requests.

use serde_json::Value;

/// Returns why AWS would refuse this request.
pub(crate) fn refuse(operation: &str, request: &Value) -> Option<String> {
    match operation {
        "TransactWriteItems" => refuse_transaction(request),
        "BatchGetItem" => refuse_batch(request),
        "Scan" => Some("this table is never scanned".to_owned()),
        _ => None,
    }
}

/// Returns the items that a transaction writes.
pub(crate) fn keys_of(request: &Value) -> Vec<String> {
    let items = request["TransactItems"].as_array().into_iter().flatten();
    items
        .map(|item| {
            let action = item.as_object().unwrap().values().next().unwrap();
            let key = if action["Key"].is_null() { &action["Item"] } else { &action["Key"] };
            format!("{}|{}|{}", action["TableName"], key["pk"]["S"], key["sk"]["S"])
        })
        .collect()
}

fn refuse_transaction(request: &Value) -> Option<String> {
    let items = request["TransactItems"].as_array()?;
    if items.len() > 100 {
        return Some(format!("a transaction of {} items", items.len()));
    }
    if request["ClientRequestToken"].as_str().is_none_or(|token| !(1..=36).contains(&token.len())) {
        return Some("a transaction without a token".to_owned());
    }
    let mut keys = keys_of(request);
    keys.sort_unstable();
    if keys.windows(2).any(|pair| pair[0] == pair[1]) {
        return Some("two actions on one item".to_owned());
    }
    let actions = items.iter().filter_map(|item| item.as_object()?.values().next());
    actions.into_iter().find_map(refuse_action)
}

fn refuse_action(action: &Value) -> Option<String> {
    let bytes = size(&action["Item"]);
    if bytes > 400 * 1024 {
        return Some(format!("an item of {bytes} bytes"));
    }
    let empty = |part: &Value| {
        let names = ["pk", "sk", "gsi1pk", "gsi1sk"];
        names.iter().any(|name| part[*name]["S"].as_str() == Some(""))
    };
    (empty(&action["Item"]) || empty(&action["Key"])).then(|| "an empty key".to_owned())
}

fn refuse_batch(request: &Value) -> Option<String> {
    let tables = request["RequestItems"].as_object()?;
    let keys: Vec<String> = tables
        .values()
        .flat_map(|table| table["Keys"].as_array().into_iter().flatten())
        .map(|key| format!("{}|{}", key["pk"]["S"], key["sk"]["S"]))
        .collect();
    let distinct: std::collections::HashSet<&String> = keys.iter().collect();
    if keys.len() > 100 || keys.is_empty() {
        return Some(format!("a batch of {} keys", keys.len()));
    }
    (distinct.len() < keys.len()).then(|| "a batch with a key twice".to_owned())
}

/// Returns the approximate size of an item as AWS counts it: names, and values in UTF-8.
fn size(item: &Value) -> usize {
    let value = |value: &Value| match value {
        Value::String(text) => text.len(),
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::len).sum(),
        _ => 0,
    };
    let attributes = item.as_object().into_iter().flatten();
    attributes
        .map(|(name, content)| {
            name.len() + content.as_object().into_iter().flatten().map(|(_, v)| value(v)).sum::<usize>()
        })
        .sum()
}

mod tests {
    use crate::proxy::{Faults, Proxy};
    use crate::test_table::TestTable;
    use serde_json::{Value, json};

    /// Sends a transaction of these items to the proxy and returns the status and the body of the
    /// response.
    async fn send(items: Vec<Value>, token: Option<&str>) -> (u16, String) {
        let table = TestTable::embedded().await;
        let proxy = Proxy::start(table.endpoint(), Faults::default()).await;
        let with_table = |mut item: Value| {
            item["TableName"] = table.name().into();
            json!({ "Put": item })
        };
        let items: Vec<Value> = items.into_iter().map(with_table).collect();
        let response = reqwest::Client::new()
            .post(proxy.address)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.TransactWriteItems")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0")
            .header("x-amz-date", "20260101T000000Z")
            .body(json!({ "TransactItems": items, "ClientRequestToken": token }).to_string())
            .send()
            .await
            .unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    fn put(pk: &str, sk: &str) -> Value {
        json!({ "Item": { "pk": { "S": pk }, "sk": { "S": sk } } })
    }

    #[tokio::test]
    async fn a_transaction_within_the_limits_of_aws_is_accepted() {
        let items = (0..100).map(|number| put("p", &number.to_string())).collect();
        let (status, body) = send(items, Some("token")).await;
        assert_eq!(status, 200, "{body}");
    }

    #[tokio::test]
    async fn a_transaction_of_more_than_a_hundred_items_is_refused() {
        let items = (0..101).map(|number| put("p", &number.to_string())).collect();
        let (status, body) = send(items, Some("token")).await;
        assert!(status == 400 && body.contains("a transaction of 101 items"), "{status} {body}");
    }

    #[tokio::test]
    async fn an_item_of_more_than_four_hundred_kilobytes_is_refused() {
        let mut item = put("p", "s");
        item["Item"]["message"] = json!({ "S": "x".repeat(400 * 1024) });
        let (status, body) = send(vec![item], Some("token")).await;
        assert!(status == 400 && body.contains("an item of 409"), "{status} {body}");
    }

    #[tokio::test]
    async fn an_empty_key_is_refused() {
        let (status, body) = send(vec![put("p", "")], Some("token")).await;
        assert!(status == 400 && body.contains("an empty key"), "{status} {body}");
    }

    #[tokio::test]
    async fn an_item_twice_in_a_transaction_is_refused() {
        let (status, body) = send(vec![put("p", "s"), put("p", "s")], Some("token")).await;
        assert!(status == 400 && body.contains("two actions on one item"), "{status} {body}");
    }

    #[tokio::test]
    async fn a_transaction_without_a_token_is_refused() {
        let (status, body) = send(vec![put("p", "s")], None).await;
        assert!(status == 400 && body.contains("without a token"), "{status} {body}");
    }
}
