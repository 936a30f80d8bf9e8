//! The stack of an edge test: the whole of `cargo local` in this process on free ports, with the real functions as processes.

#![allow(dead_code, unreachable_pub, reason = "each test binary takes from it what it needs")]
#![allow(clippy::unwrap_used, reason = "what a test's helper can't have fails its test")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crudder_emulator::{Invocation, Outcome};
use crudder_fakes::Violation;
use crudder_local::{Line, LocalStack, Options, Settings};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long an answer or a log line may take before a test gives up. Far more than either needs: a cold start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct TestStack {
    running: LocalStack,
    client: Client,
    _folder: TempDir,
}

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where cargo put the binaries that this test was built with.
pub fn binaries() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_health-check")).parent().unwrap().to_owned()
}

impl TestStack {
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With these variables in the environment that functions get theirs from.
    pub async fn with(variables: &[(&str, &str)]) -> Self {
        Self::serve(root(), variables).await
    }

    /// With another timeout of one function, as if template.yaml said so.
    pub async fn with_timeout(function: &str, timeout: Duration, variables: &[(&str, &str)]) -> Self {
        let other = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(root().join("template.yaml")).unwrap();
        let named = format!("      FunctionName: !Sub crudder-${{Stage}}-{function}\n");
        assert!(text.contains(&named));
        let limited = format!("{named}      Timeout: {}\n", timeout.as_secs());
        std::fs::write(other.path().join("template.yaml"), text.replace(&named, &limited)).unwrap();
        Self::serve(other.path(), variables).await
    }

    async fn serve(root: &Path, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let options = Options {
            root: root.to_owned(),
            data: folder.path().to_owned(),
            port: 0,
            console_port: 0,
            functions: Some(binaries()),
            release: false,
            settings: Settings::parse(lookup).unwrap(),
        };
        // Boxed: the layout of all that it starts would be deeper than the compiler goes.
        let running = Box::pin(LocalStack::start(&options, |_| ())).await.unwrap();
        Self { running, client: Client::builder().timeout(PATIENCE).build().unwrap(), _folder: folder }
    }

    pub async fn stop(self) {
        Box::pin(self.running.stop()).await;
    }

    /// A request to the API.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("http://{}{path}", self.running.api()))
    }

    pub async fn get(&self, path: &str, token: Option<&str>) -> (u16, Value) {
        answer(self.request(Method::GET, path), token).await
    }

    pub async fn post(&self, path: &str, token: Option<&str>, body: impl Into<reqwest::Body>) -> (u16, Value) {
        answer(self.request(Method::POST, path).header("Content-Type", "application/json").body(body), token).await
    }

    /// A page of a list, and the path of the next one as its `Link` gives it.
    pub async fn page(&self, path: &str, token: Option<&str>) -> (Value, Option<String>) {
        let request = self.request(Method::GET, path);
        let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let next = response.headers().get("link").map(|link| {
            let link = link.to_str().unwrap();
            let target = link
                .strip_prefix('<')
                .and_then(|link| link.strip_suffix(">; rel=\"next\""))
                .unwrap_or_else(|| panic!("{link}"));
            target.to_owned()
        });
        (response.json().await.unwrap(), next)
    }

    /// An access token of a seeded user, from the console.
    pub async fn token(&self, handle: &str) -> String {
        let request =
            self.client.post(format!("http://{}/token", self.running.console())).json(&json!({"handle": handle}));
        let minted: Value = request.send().await.unwrap().json().await.unwrap();
        minted["access_token"].as_str().unwrap_or_else(|| panic!("{minted}")).to_owned()
    }

    /// What a function logged under a trace id up to its access line, without what it says of its surroundings at its first request.
    pub async fn logs(&self, trace: &str) -> Vec<Value> {
        let told = |lines: &[Line]| -> Vec<Value> { lines.iter().filter_map(Line::object).collect() };
        let is_access = |line: &Value| line.get("http.response.status_code").is_some();
        let enough = |lines: &[Line]| told(lines).iter().any(is_access);
        let lines = tokio::time::timeout(PATIENCE, self.running.logs().wait_for(trace, enough)).await;
        let lines = told(&lines.unwrap_or_else(|_| panic!("no access line came under {trace}")));
        let ours =
            |line: &Value| line["message"].as_str().is_some_and(|message| !message.starts_with("no extension reads"));
        lines.into_iter().filter(ours).collect()
    }

    /// Every line of a trace that is an object, Lambda's own among them, once `last` is among them.
    pub async fn all_logs(&self, trace: &str, last: impl Fn(&Value) -> bool) -> Vec<Value> {
        let enough = |lines: &[Line]| lines.iter().filter_map(Line::object).any(|line| last(&line));
        let lines = tokio::time::timeout(PATIENCE, self.running.logs().wait_for(trace, enough)).await;
        let lines = lines.unwrap_or_else(|_| panic!("the last line never came under {trace}"));
        lines.iter().map(|line| line.object().unwrap_or_else(|| json!(line.text))).collect()
    }

    pub fn running(&self) -> &LocalStack {
        &self.running
    }

    /// Stops, after a look at whether a vendor would have found fault with what it was sent.
    pub async fn close_without_complaints(self) {
        let vendors = self.running.fakes();
        vendors.honeycomb.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        vendors.rollbar.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        vendors.xray.with_store(|store| {
            assert_eq!(store.call_log().violations().collect::<Vec<_>>(), Vec::<&Violation>::new())
        });
        self.stop().await;
    }

    /// The sample event of a function.
    pub fn event(&self, function: &str) -> Value {
        let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// What a function answers to its sample event.
    pub async fn sample(&self, function: &str) -> (u16, Value) {
        self.invoke(function, &self.event(function)).await
    }

    /// What a function answers to a proxy event: status, and the body as JSON where it is that.
    pub async fn invoke(&self, function: &str, event: &Value) -> (u16, Value) {
        let answer = self.invoke_raw(function, event).await;
        let body = answer["body"].as_str().unwrap_or_else(|| panic!("{function} gave no proxy answer: {answer}"));
        let status = answer["statusCode"].as_u64().unwrap().try_into().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    /// What a function answers to any event.
    pub async fn invoke_raw(&self, function: &str, event: &Value) -> Value {
        let name = format!("crudder-local-{function}");
        let outcome = self.running.emulator().invoke(&name, Invocation::new(event.to_string())).await.unwrap();
        let Outcome::Succeeded { payload, .. } = outcome else { panic!("{function}: {outcome:?}") };
        serde_json::from_slice(&payload).unwrap()
    }

    pub async fn post_activity(&self, token: &str, message: &str) -> Value {
        let body = json!({"message": message, "ttl": "7-days"}).to_string();
        let (status, post) = self.post("/api/activities", Some(token), body).await;
        assert_eq!(status, 200, "{post}");
        post
    }

    pub async fn post_reply(&self, token: &str, parent: &Value, message: &str) -> Value {
        let path = format!("/api/activities/{}/reply", parent["uuid"].as_str().unwrap());
        let (status, reply) = self.post(&path, Some(token), json!({"message": message}).to_string()).await;
        assert_eq!(status, 200, "{reply}");
        reply
    }

    /// The uuid of the conversation that a first word opened, or found again.
    pub async fn open_conversation(&self, token: &str, handle: &str, message: &str) -> String {
        let body = json!({"message": message, "handle": handle}).to_string();
        let (status, started) = self.post("/api/messages", Some(token), body).await;
        assert_eq!(status, 200, "{started}");
        started["message_group_uuid"].as_str().unwrap().to_owned()
    }
}

async fn answer(request: RequestBuilder, token: Option<&str>) -> (u16, Value) {
    let request = token.into_iter().fold(request, |request, token| request.bearer_auth(token));
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
