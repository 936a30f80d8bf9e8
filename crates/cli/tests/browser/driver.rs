//! A browser, driven by the WebDriver protocol: JSON over HTTP, of which the tests need six calls.
//!
//! A client crate would add a second HTTP stack and Unicode tables to every build of the tests.

use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// For one call, including what its script waits for: a function's timeout of 10 s, on a busy
/// machine.
const CALL_TIMEOUT: Duration = Duration::from_secs(90);

/// Chromium runs as root, with its own profile, and without requests of its own.
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
            command.stderr(Stdio::null()).kill_on_drop(true).spawn().expect("chromium-driver must be installed");
        let base = format!("http://127.0.0.1:{}", port(&mut driver).await);
        let client = Client::builder().timeout(CALL_TIMEOUT + Duration::from_secs(10)).build().unwrap();
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.push(format!("--user-data-dir={}", profile.path().join("profile").display()));
        flags.push(format!("--window-size={width},{height}"));
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": { "args": flags }, "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "script": CALL_TIMEOUT.as_millis() },
        } } });
        let response = call(&client, Method::POST, &format!("{base}/session"), Some(&capabilities)).await;
        let session =
            format!("{base}/session/{}", response["sessionId"].as_str().unwrap_or_else(|| panic!("{response}")));
        Self { client, session, driver, _profile: profile }
    }

    pub(crate) async fn go(&self, url: &str) {
        self.post("url", json!({ "url": url })).await;
    }

    /// Returns the value of an expression in the page.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.post("execute/sync", json!({ "script": format!("return ({expression});"), "args": [] })).await
    }

    /// Waits until an expression in the page is true, and returns its value. Evaluates it after
    /// each change of the page.
    pub(crate) async fn until(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1];
             const observer = new MutationObserver(() => check());
             const check = () => {{
               const value = ({expression});
               if (!value) return;
               observer.disconnect();
               done(value);
             }};
             observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
             // A change of focus is no observed change of the page; the focus has moved once its
             // events are handled.
             for (const event of ['hashchange', 'focusin', 'focusout']) addEventListener(event, () => setTimeout(check));
             check();"
        );
        let found = self.send(Method::POST, "execute/async", Some(&json!({ "script": script, "args": [] }))).await;
        match found["error"].as_str() {
            Some(error) => panic!("{expression}: {error}\n{}", self.value("document.body.innerText").await),
            None => found,
        }
    }

    /// Runs a script and returns what it passes to `done`.
    pub(crate) async fn run(&self, script: &str) -> Value {
        let script = format!("const done = arguments[arguments.length - 1]; {script}");
        self.post("execute/async", json!({ "script": script, "args": [] })).await
    }

    /// Waits for the first element that matches the selector, and clicks in its middle.
    pub(crate) async fn click(&self, selector: &str) {
        let id = self.element(selector).await;
        self.post(&format!("element/{id}/click"), json!({})).await;
    }

    /// Types into a field, after its present text.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let id = self.element(selector).await;
        self.post(&format!("element/{id}/value"), json!({ "text": text })).await;
    }

    /// Presses one key after the other, on the element that has the focus.
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

    /// Returns errors of scripts and violations of the content security policy. It omits responses
    /// other than 200, which the browser logs too, because the tests provoke them.
    pub(crate) async fn logged_errors(&self) -> Vec<String> {
        let log = self.post("se/log", json!({ "type": "browser" })).await;
        let is_error = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        log.as_array().unwrap().iter().filter(is_error).map(Value::to_string).collect()
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
        let response = self.send(Method::POST, path, Some(&body)).await;
        assert!(response["error"].is_null(), "{path} {body}: {response}");
        response
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        call(&self.client, method, &format!("{}/{path}", self.session), body).await
    }
}

async fn call(client: &Client, method: Method, url: &str, body: Option<&Value>) -> Value {
    let request = client.request(method, url);
    let request = body.into_iter().fold(request, |request, body| request.json(body));
    let mut response: Value = request.send().await.unwrap().json().await.unwrap();
    response["value"].take()
}

/// Returns the port that the driver prints when it listens.
async fn port(driver: &mut Child) -> u16 {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(port) = line.strip_prefix("ChromeDriver was started successfully on port ") {
            return port.trim_end_matches('.').parse().unwrap();
        }
    }
    panic!("chromedriver ended without printing its port");
}
