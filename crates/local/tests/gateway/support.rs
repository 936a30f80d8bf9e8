//! A gateway in front of a real emulator with a real function, and a client that sends any bytes at all.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig};
use crudder_fakes::{XrayConfig, XrayDaemon};
use crudder_local::template::Template;
use crudder_local::{Backend, Gateway, Limits, Requests, Server, Tokens};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SUB: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";

/// An API whose every route leads to the stub.
pub(crate) const TEMPLATE: &str = r#"
Globals: {Function: {Timeout: 20}}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Name: crudder
      StageName: local
      BinaryMediaTypes: [image~1png]
      Auth:
        DefaultAuthorizer: Pool
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers: {Pool: {UserPoolArn: x, AuthorizationScopes: [aws.cognito.signin.user.admin]}}
      Cors: {AllowOrigin: "'https://page.example'", AllowHeaders: "'Content-Type,Authorization'", MaxAge: "'600'"}
  Echo:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: local-stub}}
    Properties:
      FunctionName: echo
      Events:
        Home: {Type: Api, Properties: {Path: /api/things/home, Method: get, Auth: {Authorizer: NONE}}}
        One: {Type: Api, Properties: {Path: "/api/things/{id}", Method: get, Auth: {Authorizer: NONE}}}
        Part: {Type: Api, Properties: {Path: "/api/things/{id}/parts/{part}", Method: get, Auth: {Authorizer: NONE}}}
        Put: {Type: Api, Properties: {Path: "/api/things/{id}", Method: put, Auth: {Authorizer: NONE}}}
        Post: {Type: Api, Properties: {Path: /api/things, Method: post}}
        Any: {Type: Api, Properties: {Path: /api/any, Method: any, Auth: {Authorizer: NONE}}}
  Brief:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: local-stub}}
    Properties:
      FunctionName: brief
      Timeout: 1
      Events:
        Get: {Type: Api, Properties: {Path: /api/brief, Method: get, Auth: {Authorizer: NONE}}}
"#;

/// A whole answer to a test may take no longer; the stub answers in milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct TestApi {
    pub(crate) emulator: Emulator,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) address: SocketAddr,
    pub(crate) xray: XrayDaemon,
    server: Server,
    _folder: TempDir,
}

pub(crate) async fn house() -> TestApi {
    TestApi::open(TEMPLATE, Limits::default(), |_| ()).await
}

impl TestApi {
    pub(crate) async fn open(template: &str, limits: Limits, tell: impl FnOnce(&mut EmulatorConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = Template::parse(template, &BTreeMap::new()).unwrap();
        let mut config = EmulatorConfig::new(folder.path().join("emulator"));
        tell(&mut config);
        let functions = template.functions.iter().map(|function| FunctionConfig {
            name: function.name.clone(),
            bootstrap: env!("CARGO_BIN_EXE_local-stub").into(),
            timeout: function.timeout,
            memory_mb: 512,
            environment: BTreeMap::new(),
        });
        let emulator = Emulator::new(config, functions.collect()).unwrap();
        let tokens = Arc::new(Tokens::open(folder.path()).unwrap());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let xray = XrayDaemon::start(XrayConfig::default()).await.unwrap();
        let (xray_address, requests) = (Some(xray.address()), Requests::default());
        let backend = Backend { emulator: emulator.clone(), tokens: Arc::clone(&tokens), xray: xray_address, requests };
        let server = Gateway::serve(&template, backend, limits, (listener, address));
        Self { emulator, tokens, address, xray, server, _folder: folder }
    }

    pub(crate) async fn close(self) {
        self.server.stop().await;
        self.emulator.shutdown().await;
    }

    pub(crate) fn token(&self) -> String {
        self.tokens.mint(SUB, SystemTime::now()).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"").await
    }

    /// Sends a request as it is written here, and reads the answer to its end.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.send(&[format!("{head}\r\n").as_bytes(), body].concat()).await
    }

    pub(crate) async fn send(&self, bytes: &[u8]) -> Answer {
        let talk = async {
            let mut stream = TcpStream::connect(self.address).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            Answer::read(&answer)
        };
        tokio::time::timeout(PATIENCE, talk).await.expect("the gateway answers in time")
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap().parse().unwrap();
        let headers =
            lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned()));
        Self { status, headers: headers.collect(), body: bytes[end + 4..].to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(stated, _)| stated == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The event that the stub was given.
    pub(crate) fn event(&self) -> Value {
        self.json()["event"].clone()
    }

    /// Status and body, for an answer of the gateway's own: which must be readable by a page, and found again.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        for (name, wanted) in [
            ("content-type", "application/json"),
            ("access-control-allow-origin", "https://page.example"),
            ("access-control-expose-headers", "Link,X-Amzn-Trace-Id"),
        ] {
            assert_eq!(self.header(name), Some(wanted), "{name} of {self:?}");
        }
        assert!(self.header("x-amzn-trace-id").is_some_and(|trace| trace.starts_with("Root=1-")), "{self:?}");
        assert!(self.header("x-amzn-requestid").is_some(), "{self:?}");
        (self.status, self.text())
    }
}
