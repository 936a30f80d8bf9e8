//! All functions on the emulator with the layer attached, each with its own policy proxy.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig, Invocation, Outcome};
use crudder_fakes::{Fakes, FakesConfig, HoneycombKey, RollbarToken, Secret, SecretsConfig};
use crudder_local::template::Template;
use crudder_local::{Services, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::policy::{document, parameters, permissions};
use crate::policy_proxy::{PolicyProxy, Upstreams};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:crudder/honeycomb-AbCdEf";
const PARAMETER: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/crudder/rollbar";

/// The emulator and the services behind the proxies.
pub(crate) struct Environment {
    pub(crate) fakes: Fakes,
    pub(crate) proxies: BTreeMap<String, PolicyProxy>,
    emulator: Emulator,
    services: Services,
    _folders: [TempDir; 2],
}

impl Environment {
    pub(crate) async fn start() -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let settings = Settings::parse(|name| (name == "CRUDDER_FAULTS").then(|| "on".to_owned())).unwrap();
        let services = Box::pin(Services::start(&settings, folders[0].path())).await.unwrap();
        let fakes = Fakes::start(FakesConfig { secrets: keys(), ..FakesConfig::default() }).await.unwrap();
        let upstreams = Upstreams {
            table: services.variables()["AWS_ENDPOINT_URL_DYNAMODB"].clone(),
            secrets: fakes.secrets.url(),
            xray: fakes.xray_api.url(),
        };
        let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
        let (mut proxies, mut functions) = (BTreeMap::new(), Vec::new());
        let set = parameters(&[("HoneycombKeyArn", SECRET), ("RollbarTokenArn", PARAMETER)]);
        for function in &template.functions {
            let allowed = permissions(&document(), &function.resource, &set);
            let proxy = PolicyProxy::start(upstreams.clone(), allowed).await;
            let mut environment = function.environment.clone();
            environment.extend(services.variables().clone());
            environment.extend(endpoints(&fakes, &proxy.url));
            functions.push(FunctionConfig {
                name: function.binary.clone(),
                bootstrap: binary(&function.binary),
                timeout: function.timeout,
                memory_mb: u32::try_from(function.memory_mb).unwrap(),
                environment,
            });
            proxies.insert(function.binary.clone(), proxy);
        }
        let mut config = EmulatorConfig::new(folders[1].path());
        config.extensions = vec![binary("crudder-extension")];
        config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
        config.xray_daemon = Some(address_without_listener());
        let emulator = Emulator::new(config, functions).unwrap();
        Self { fakes, proxies, emulator, services, _folders: folders }
    }

    /// Invokes a function with its sample event after these changes; returns the status and the
    /// body.
    pub(crate) async fn request(&self, function: &str, changes: &[(&str, Value)]) -> (u64, Value) {
        let mut event = sample(function);
        for (part, value) in changes {
            change(&mut event, part, value.clone());
        }
        let response = self.invoke(function, &event).await;
        let body = response["body"].as_str().unwrap_or_default();
        (response["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    /// Invokes a function, which must succeed; returns its response.
    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Value {
        match self.emulator.invoke(function, invocation(event)).await.unwrap() {
            Outcome::Succeeded { payload, .. } => serde_json::from_slice(&payload).unwrap(),
            other => panic!("{function}: {other:?}"),
        }
    }

    /// Invokes a function with an event that ends its process.
    pub(crate) async fn kill(&self, function: &str, event: &Value) {
        let outcome = self.emulator.invoke(function, invocation(event)).await.unwrap();
        assert!(matches!(outcome, Outcome::Failed { .. }), "{function} did not fail: {outcome:?}");
    }

    /// Stops the emulator and all services.
    pub(crate) async fn stop(self) {
        self.emulator.shutdown().await;
        Box::pin(self.services.stop()).await;
        self.fakes.stop().await;
    }
}

fn invocation(event: &Value) -> Invocation {
    Invocation::new(event.to_string())
        .with_trace_header("Root=1-6ab13f80-00112233445566778899aabb;Parent=53995c3f42cd8ad8;Sampled=1")
}

/// Reads the sample event of a function.
pub(crate) fn sample(function: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Sets one part of an event: the caller, the body, the method, the query or a path parameter.
fn change(event: &mut Value, part: &str, value: Value) {
    match part {
        "caller" => event["requestContext"]["authorizer"]["claims"]["sub"] = value,
        "body" => event["body"] = json!(value.to_string()),
        "method" => {
            event["requestContext"]["httpMethod"] = value.clone();
            event["httpMethod"] = value;
        }
        "query" => {
            let lists = value.as_object().unwrap().iter().map(|(name, value)| (name.clone(), json!([value])));
            event["multiValueQueryStringParameters"] = Value::Object(lists.collect());
            event["queryStringParameters"] = value;
        }
        name => event["pathParameters"][name] = value,
    }
}

/// Returns the keys that the fakes of Secrets Manager and Parameter Store hold.
fn keys() -> SecretsConfig {
    SecretsConfig {
        secrets: vec![(SECRET.to_owned(), Secret::new(HoneycombKey::local().text.reveal()))],
        parameters: vec![(PARAMETER.to_owned(), Secret::new(RollbarToken::local().text.reveal()))],
        ..SecretsConfig::default()
    }
}

/// Returns the variables that send calls of AWS to the proxy, and exports to the fakes.
fn endpoints(fakes: &Fakes, proxy: &str) -> BTreeMap<String, String> {
    let services = ["DYNAMODB", "SECRETS_MANAGER", "SSM", "XRAY"];
    let mut all = BTreeMap::from(services.map(|name| (format!("AWS_ENDPOINT_URL_{name}"), proxy.to_owned())));
    all.insert("HONEYCOMB_API_KEY".to_owned(), SECRET.to_owned());
    all.insert("HONEYCOMB_API_ENDPOINT".to_owned(), fakes.honeycomb.url());
    all.insert("ROLLBAR_ACCESS_TOKEN".to_owned(), PARAMETER.to_owned());
    all.insert("ROLLBAR_ENDPOINT".to_owned(), format!("{}/api/1/item/", fakes.rollbar.url()));
    all
}

/// Returns an address on which no X-Ray daemon listens, so that the layer calls X-Ray itself: a
/// port that was free a moment ago.
fn address_without_listener() -> std::net::SocketAddr {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the path of a binary. Cargo gives no variable for the layer's binary, which belongs to
/// another package; it is in the folder of the functions.
fn binary(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_health-check")).with_file_name(name);
    assert!(path.is_file(), "{} does not exist: run `cargo build`", path.display());
    path
}
