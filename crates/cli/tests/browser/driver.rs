//! A browser by the WebDriver protocol: JSON over HTTP, of which six calls are enough. A client crate would bring a second HTTP stack and Unicode's tables
//! along, for every build of every test.

use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// For one call, and for what a script waits for: a function's timeout of 10 s and a busy machine are in it.
const PATIENCE: Duration = Duration::from_secs(90);

/// Chromium with a profile of its own, as root, without a call to anybody.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
];

/// A browser with one window.
pub(crate) struct Browser {
    client: Client,
    session: String,
    driver: Child,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("HOME", profile.path()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut driver =
            command.stderr(Stdio::null()).kill_on_drop(true).spawn().expect("chromium-driver is installed");
        let base = format!("http://127.0.0.1:{}", port(&mut driver).await);
        let client = Client::builder().timeout(PATIENCE + Duration::from_secs(10)).build().unwrap();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        flags.push(format!("--window-size={width},{height}"));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": flags }, "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": PATIENCE.as_millis() },
        } } });
        let answer = call(&client, Method::POST, &format!("{base}/session"), Some(&wanted)).await;
        let session = format!("{base}/session/{}", answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}")));
        Self { client, session, driver, _profile: profile }
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// The value of an expression in the page.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.post("execute/sync", json!({ "script": format!("return ({expression});"), "args": [] })).await
    }

    /// The first true value of an expression in the page, which is asked again whenever the page changes.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const watch = new MutationObserver(() => look());
             const look = () => {{
               const value = ({expression});
               if (!value) return;
               watch.disconnect();
               done(value);
             }};
             watch.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             // A focus that moves changes nothing that is observed, and has moved when its events are over.
             for (const moved of ['hashchange', 'focusin', 'focusout']) addEventListener(moved, () => setTimeout(look));
             look();"
        );
        let found = self.ask(Method::POST, "execute/async", Some(&json!({ "script": script, "args": [] }))).await;
        match found["error"].as_str() {
            Some(error) => panic!("{expression}: {error}\n{}", self.value("document.body.innerText").await),
            None => found,
        }
    }

    /// The result of a script that calls `done`.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.post("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Clicks as a hand would: in the middle of the first element that the selector finds, once it is there.
    pub(crate) async fn click(&self, selector: &str) {
        let id = self.element(selector).await;
        self.post(&format!("element/{id}/click"), json!({})).await;
    }

    /// Types into a field, after what stands there.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let id = self.element(selector).await;
        self.post(&format!("element/{id}/value"), json!({ "text": text })).await;
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let strokes: Vec<_> = keys
            .chars()
            .flat_map(|key| ["keyDown", "keyUp"].map(|kind| json!({ "type": kind, "value": key.to_string() })))
            .collect();
        let source = json!({ "type": "key", "id": "keys", "actions": strokes });
        self.post("actions", json!({ "actions": [source] })).await;
    }

    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.post("window/rect", json!({ "width": width, "height": height })).await;
    }

    /// What scripts and the page's policy have complained of. Answers that are no 200 are listed by the browser too; here they are what is asked for.
    pub(crate) async fn violations(&self) -> Vec<String> {
        let log = self.post("se/log", json!({ "type": "browser" })).await;
        let is_ours = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        log.as_array().unwrap().iter().filter(is_ours).map(Value::to_string).collect()
    }

    pub(crate) async fn close(mut self) {
        call(&self.client, Method::DELETE, &self.session, None).await;
        self.driver.kill().await.unwrap();
    }

    async fn element(&self, selector: &str) -> String {
        let quoted = Value::from(selector).to_string();
        self.until(&format!("document.querySelector({quoted})")).await;
        let found = self.post("element", json!({ "using": "css selector", "value": selector })).await;
        found.as_object().and_then(|found| found.values().next()?.as_str()).unwrap().to_owned()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.ask(Method::POST, path, Some(&body)).await;
        assert!(answer["error"].is_null(), "{path} {body}: {answer}");
        answer
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        call(&self.client, method, &format!("{}/{path}", self.session), body).await
    }
}

async fn call(client: &Client, method: Method, url: &str, body: Option<&Value>) -> Value {
    let request = client.request(method, url);
    let request = body.into_iter().fold(request, |request, body| request.json(body));
    let mut answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["value"].take()
}

/// The port that the driver prints once it listens.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(port) = line.strip_prefix("ChromeDriver was started successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver ended without a word of its port");
}
