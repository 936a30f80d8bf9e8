//! A gateway with a real emulator and a real function, and a client that sends arbitrary bytes.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use crudder_emulator::{Emulator, EmulatorConfig, FunctionConfig};
use crudder_fakes::{XrayConfig, XrayDaemon};
use crudder_local::template::Template;
use crudder_local::{Backend, Gateway, Limits, Requests, Server, Tokens};
use crudder_testing::http::{RawResponse, exchange};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;

pub(crate) const SUB: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";

/// An API with the stub behind every route.
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

/// A running gateway with everything behind it.
pub(crate) struct TestApi {
    pub(crate) emulator: Emulator,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) address: SocketAddr,
    pub(crate) xray: XrayDaemon,
    server: Server,
    _folder: TempDir,
}

impl TestApi {
    pub(crate) async fn start() -> Self {
        Self::start_with(TEMPLATE, Limits::default(), |_| ()).await
    }

    pub(crate) async fn start_with(
        template: &str,
        limits: Limits,
        configure: impl FnOnce(&mut EmulatorConfig),
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let template = Template::parse(template, &BTreeMap::new()).unwrap();
        let mut config = EmulatorConfig::new(folder.path().join("emulator"));
        configure(&mut config);
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
        let backend = Backend {
            emulator: emulator.clone(),
            tokens: Arc::clone(&tokens),
            xray_daemon: Some(xray.address()),
            requests: Requests::default(),
        };
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

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], b"").await
    }

    /// Sends a request, and reads the response to its end.
    pub(crate) async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        self.send(&[format!("{head}\r\n").as_bytes(), body].concat()).await
    }

    /// Sends any bytes, and reads the response to its end.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Response {
        let (response, error) = exchange(self.address, bytes).await;
        assert!(error.is_none(), "failed to read the response: {error:?}");
        Response(RawResponse::parse(&response))
    }
}

/// A response of the gateway.
#[derive(Debug)]
pub(crate) struct Response(RawResponse);

impl Deref for Response {
    type Target = RawResponse;

    fn deref(&self) -> &RawResponse {
        &self.0
    }
}

impl Response {
    /// Returns the values of all headers of this name.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        headers.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// Returns the event that the stub received.
    pub(crate) fn event(&self) -> Value {
        self.json()["event"].clone()
    }

    /// Returns status and body of a response that the gateway itself made. Checks that a page can
    /// read it, and that it has the ids of the request.
    pub(crate) fn gateway_error(&self) -> (u16, &str) {
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
