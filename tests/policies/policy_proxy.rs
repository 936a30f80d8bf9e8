//! A proxy in front of the AWS services of one function. It refuses each call that the function's
//! role does not allow, and records the permissions that the calls need.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::policy::Permission;

/// The URLs of the services behind the proxy.
#[derive(Debug, Clone)]
pub(crate) struct Upstreams {
    pub(crate) table: String,
    pub(crate) secrets: String,
    pub(crate) xray: String,
}

/// The proxy of one function. It serves until the test's runtime ends.
pub(crate) struct PolicyProxy {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstreams: Upstreams,
    client: reqwest::Client,
    permissions: BTreeSet<Permission>,
    used: Mutex<BTreeSet<Permission>>,
    denied: Mutex<BTreeSet<Permission>>,
}

impl PolicyProxy {
    /// Starts a proxy that allows these permissions.
    pub(crate) async fn start(upstreams: Upstreams, permissions: BTreeSet<Permission>) -> Self {
        let client = reqwest::Client::new();
        let shared =
            Arc::new(Shared { upstreams, client, permissions, used: Mutex::default(), denied: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// Returns the permissions of all calls so far that were allowed.
    pub(crate) fn used(&self) -> BTreeSet<Permission> {
        self.shared.used.lock().unwrap().clone()
    }

    /// Returns the missing permissions of all calls so far that were refused.
    pub(crate) fn denied(&self) -> BTreeSet<Permission> {
        self.shared.denied.lock().unwrap().clone()
    }
}

async fn handle(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (needed, upstream) = needed(target, uri.path(), &request, &shared.upstreams);
    assert!(!needed.is_empty(), "the permissions that {target} {uri} needs are not known");
    let missing: Vec<Permission> =
        needed.iter().filter(|permission| !shared.permissions.contains(*permission)).cloned().collect();
    if !missing.is_empty() {
        let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": format!("{missing:?}") });
        shared.denied.lock().unwrap().extend(missing);
        return (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body.to_string())
            .into_response();
    }
    shared.used.lock().unwrap().extend(needed);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // The caller's `Host` header stays, because the caller has signed it.
    let request = shared.client.post(format!("{upstream}{path}")).headers(headers).body(body);
    let answer = request.send().await.unwrap();
    let content_type = answer.headers().get("content-type").cloned();
    let (status, body) = (answer.status(), answer.bytes().await.unwrap());
    let mut response = (status, body).into_response();
    response.headers_mut().extend(content_type.map(|value| (axum::http::header::CONTENT_TYPE, value)));
    response
}

/// Returns the permissions that IAM requires for a call, and the URL of the service.
fn needed(target: &str, path: &str, request: &Value, upstreams: &Upstreams) -> (BTreeSet<Permission>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
        return (needed_on_the_table(operation, request), upstreams.table.clone());
    }
    match (target, path) {
        ("secretsmanager.GetSecretValue", _) => {
            let permission = ("secretsmanager:GetSecretValue".to_owned(), text(&request["SecretId"]));
            (BTreeSet::from([permission]), upstreams.secrets.clone())
        }
        ("AmazonSSM.GetParameter", _) => {
            let permission = ("ssm:GetParameter".to_owned(), text(&request["Name"]));
            (BTreeSet::from([permission]), upstreams.secrets.clone())
        }
        (_, "/TraceSegments") => {
            let permission = ("xray:PutTraceSegments".to_owned(), "*".to_owned());
            (BTreeSet::from([permission]), upstreams.xray.clone())
        }
        _ => (BTreeSet::new(), String::new()),
    }
}

/// Returns the permissions of an operation of DynamoDB.
///
/// A transaction needs those of the writes in it. A query of an index needs `Query` on the index.
/// Every other operation needs its own action on the table. Sources: DynamoDB's developer guide,
/// "IAM policies for transactions", and the reference of DynamoDB's actions.
fn needed_on_the_table(operation: &str, request: &Value) -> BTreeSet<Permission> {
    let table = || "Table.Arn".to_owned();
    if operation == "TransactWriteItems" || operation == "TransactGetItems" {
        let items = request["TransactItems"].as_array().unwrap().iter();
        let kinds = items.map(|item| item.as_object().unwrap().keys().next().unwrap());
        let action = |kind: &String| match kind.as_str() {
            "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
            put_update_delete_get => format!("dynamodb:{put_update_delete_get}Item"),
        };
        return kinds.map(|kind| (action(kind), table())).collect();
    }
    let resource = request["IndexName"].as_str().map_or_else(table, |index| format!("Table.Arn/index/{index}"));
    BTreeSet::from([(format!("dynamodb:{operation}"), resource)])
}
