//! AWS's door: every call of one function goes through it, is held against the role's rights, and written down.

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

use crate::policy::Right;

/// Where the services behind the door are.
#[derive(Debug, Clone)]
pub(crate) struct Services {
    pub(crate) table: String,
    pub(crate) secrets: String,
    pub(crate) xray: String,
}

/// The door of one function; it serves until the test's runtime ends.
pub(crate) struct Guard {
    pub(crate) address: String,
    shared: Arc<Shared>,
}

struct Shared {
    services: Services,
    client: reqwest::Client,
    rights: BTreeSet<Right>,
    used: Mutex<BTreeSet<Right>>,
    denied: Mutex<BTreeSet<Right>>,
}

impl Guard {
    pub(crate) async fn start(services: Services, rights: BTreeSet<Right>) -> Self {
        let client = reqwest::Client::new();
        let shared = Arc::new(Shared { services, client, rights, used: Mutex::default(), denied: Mutex::default() });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(handle).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shared }
    }

    /// What was asked for, and allowed.
    pub(crate) fn used(&self) -> BTreeSet<Right> {
        self.shared.used.lock().unwrap().clone()
    }

    /// What was asked for, and is not allowed.
    pub(crate) fn denied(&self) -> BTreeSet<Right> {
        self.shared.denied.lock().unwrap().clone()
    }
}

async fn handle(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (needed, upstream) = needed(target, uri.path(), &asked, &shared.services);
    assert!(!needed.is_empty(), "nobody knows what {target} {uri} needs");
    let missing: Vec<Right> = needed.iter().filter(|right| !shared.rights.contains(*right)).cloned().collect();
    if !missing.is_empty() {
        let body = json!({ "__type": "com.amazonaws.dynamodb.v20120810#AccessDeniedException", "message": format!("{missing:?}") });
        shared.denied.lock().unwrap().extend(missing);
        return (StatusCode::BAD_REQUEST, [("content-type", "application/x-amz-json-1.0")], body.to_string())
            .into_response();
    }
    shared.used.lock().unwrap().extend(needed);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // With its own Host: that is among what a caller signs.
    let request = shared.client.post(format!("{upstream}{path}")).headers(headers).body(body);
    let answer = request.send().await.unwrap();
    let kind = answer.headers().get("content-type").cloned();
    let (status, body) = (answer.status(), answer.bytes().await.unwrap());
    let mut response = (status, body).into_response();
    response.headers_mut().extend(kind.map(|kind| (axum::http::header::CONTENT_TYPE, kind)));
    response
}

/// What IAM asks for before a call is made, and who serves it.
fn needed(target: &str, path: &str, asked: &Value, services: &Services) -> (BTreeSet<Right>, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if let Some(operation) = target.strip_prefix("DynamoDB_20120810.") {
        return (on_the_table(operation, asked), services.table.clone());
    }
    match (target, path) {
        ("secretsmanager.GetSecretValue", _) => {
            let right = ("secretsmanager:GetSecretValue".to_owned(), text(&asked["SecretId"]));
            (BTreeSet::from([right]), services.secrets.clone())
        }
        ("AmazonSSM.GetParameter", _) => {
            (BTreeSet::from([("ssm:GetParameter".to_owned(), text(&asked["Name"]))]), services.secrets.clone())
        }
        (_, "/TraceSegments") => {
            (BTreeSet::from([("xray:PutTraceSegments".to_owned(), "*".to_owned())]), services.xray.clone())
        }
        _ => (BTreeSet::new(), String::new()),
    }
}

/// A transaction is authorised as the writes it is made of, a query of an index on the index, all else as itself on the table.
/// (DynamoDB's developer guide, "IAM policies for transactions"; the reference of DynamoDB's actions.)
fn on_the_table(operation: &str, asked: &Value) -> BTreeSet<Right> {
    let table = || "Table.Arn".to_owned();
    if operation == "TransactWriteItems" || operation == "TransactGetItems" {
        let items = asked["TransactItems"].as_array().unwrap().iter();
        let kinds = items.map(|item| item.as_object().unwrap().keys().next().unwrap());
        let action = |kind: &String| match kind.as_str() {
            "ConditionCheck" => "dynamodb:ConditionCheckItem".to_owned(),
            put_update_delete_get => format!("dynamodb:{put_update_delete_get}Item"),
        };
        return kinds.map(|kind| (action(kind), table())).collect();
    }
    let resource = asked["IndexName"].as_str().map_or_else(table, |index| format!("Table.Arn/index/{index}"));
    BTreeSet::from([(format!("dynamodb:{operation}"), resource)])
}
