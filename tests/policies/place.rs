//! Every function on the emulator with the layer attached, each behind a door of its own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig, Invocation, Outcome};
use crudder_fakes::{Fakes, FakesConfig, HoneycombKey, RollbarToken, Secret, SecretsConfig};
use crudder_local::template::Template;
use crudder_local::{Services, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::guard::{self, Guard};
use crate::policy::{document, parameters, rights};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:crudder/honeycomb-AbCdEf";
const PARAMETER: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/crudder/rollbar";

pub(crate) struct Place {
    pub(crate) vendors: Fakes,
    pub(crate) guards: BTreeMap<String, Guard>,
    emulator: Emulator,
    services: Services,
    _folders: [TempDir; 2],
}

impl Place {
    pub(crate) async fn open() -> Self {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let settings = Settings::parse(|name| (name == "CRUDDER_FAULTS").then(|| "on".to_owned())).unwrap();
        let services = Box::pin(Services::start(&settings, folders[0].path())).await.unwrap();
        let vendors = Fakes::start(FakesConfig { secrets: keys(), ..FakesConfig::default() }).await.unwrap();
        let behind = guard::Services {
            table: services.variables()["AWS_ENDPOINT_URL_DYNAMODB"].clone(),
            secrets: vendors.secrets.url(),
            xray: vendors.xray_api.url(),
        };
        let template = Template::read(&root().join("template.yaml"), &settings.variables).unwrap();
        let (mut guards, mut functions) = (BTreeMap::new(), Vec::new());
        let set = parameters(&[("HoneycombKeyArn", SECRET), ("RollbarTokenArn", PARAMETER)]);
        for function in &template.functions {
            let guard = Guard::start(behind.clone(), rights(&document(), &function.resource, &set)).await;
            let mut environment = function.environment.clone();
            environment.extend(services.variables().clone());
            environment.extend(told(&vendors, &guard.address));
            functions.push(FunctionConfig {
                name: function.binary.clone(),
                bootstrap: binary(&function.binary),
                timeout: function.timeout,
                memory_mb: u32::try_from(function.memory_mb).unwrap(),
                environment,
            });
            guards.insert(function.binary.clone(), guard);
        }
        let mut config = EmulatorConfig::new(folders[1].path());
        config.extensions = vec![binary("crudder-extension")];
        config.tmp_files.insert("CRUDDER_RECORDER".to_owned(), "crudder.recorder".to_owned());
        config.xray_daemon = Some(nobody());
        let emulator = Emulator::new(config, functions).unwrap();
        Self { vendors, guards, emulator, services, _folders: folders }
    }

    /// What a function answers to its sample event with these things changed in it.
    pub(crate) async fn ask(&self, function: &str, changes: &[(&str, Value)]) -> (u64, Value) {
        let mut event = sample(function);
        for (place, value) in changes {
            change(&mut event, place, value.clone());
        }
        let answer = self.invoke(function, &event).await;
        let body = answer["body"].as_str().unwrap_or_default();
        (answer["statusCode"].as_u64().unwrap(), serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
    }

    pub(crate) async fn invoke(&self, function: &str, event: &Value) -> Value {
        match self.emulator.invoke(function, invocation(event)).await.unwrap() {
            Outcome::Succeeded { payload, .. } => serde_json::from_slice(&payload).unwrap(),
            other => panic!("{function}: {other:?}"),
        }
    }

    /// An invocation that the function does not survive.
    pub(crate) async fn kill(&self, function: &str, event: &Value) {
        let outcome = self.emulator.invoke(function, invocation(event)).await.unwrap();
        assert!(matches!(outcome, Outcome::Failed { .. }), "{function} lives: {outcome:?}");
    }

    pub(crate) async fn close(self) {
        self.emulator.shutdown().await;
        Box::pin(self.services.stop()).await;
        self.vendors.stop().await;
    }
}

fn invocation(event: &Value) -> Invocation {
    Invocation::new(event.to_string())
        .with_trace_header("Root=1-6ab13f80-00112233445566778899aabb;Parent=53995c3f42cd8ad8;Sampled=1")
}

/// A function's sample event.
pub(crate) fn sample(function: &str) -> Value {
    let text = std::fs::read_to_string(root().join(format!("events/{function}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Sets one thing of an event: the caller, a part of the path, the query, the body.
fn change(event: &mut Value, place: &str, value: Value) {
    match place {
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
        part => event["pathParameters"][part] = value,
    }
}

fn keys() -> SecretsConfig {
    SecretsConfig {
        secrets: vec![(SECRET.to_owned(), Secret::new(HoneycombKey::local().text.reveal()))],
        parameters: vec![(PARAMETER.to_owned(), Secret::new(RollbarToken::local().text.reveal()))],
        ..SecretsConfig::default()
    }
}

/// What function and layer are told so that AWS is behind the door, and the vendors are ours.
fn told(vendors: &Fakes, door: &str) -> BTreeMap<String, String> {
    let doors =
        ["DYNAMODB", "SECRETS_MANAGER", "SSM", "XRAY"].map(|of| (format!("AWS_ENDPOINT_URL_{of}"), door.to_owned()));
    let mut all = BTreeMap::from(doors);
    all.insert("HONEYCOMB_API_KEY".to_owned(), SECRET.to_owned());
    all.insert("HONEYCOMB_API_ENDPOINT".to_owned(), vendors.honeycomb.url());
    all.insert("ROLLBAR_ACCESS_TOKEN".to_owned(), PARAMETER.to_owned());
    all.insert("ROLLBAR_ENDPOINT".to_owned(), format!("{}/api/1/item/", vendors.rollbar.url()));
    all
}

/// Where no daemon listens, so that the layer must ask X-Ray itself: a port that was free a moment ago.
fn nobody() -> std::net::SocketAddr {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The layer's binary is another package's, so cargo names it to nobody here; it lies beside the functions'.
fn binary(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_health-check")).with_file_name(name);
    assert!(path.is_file(), "{} is not built: `cargo build` builds it", path.display());
    path
}
