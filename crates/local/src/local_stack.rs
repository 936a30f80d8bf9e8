//! The whole of `cargo local`: services, emulator, gateway and console, started in that order.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crudder_emulator::Emulator;
use crudder_fakes::Fakes;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::builder::{self, Binaries};
use crate::config::Settings;
use crate::console::{self, About, ApiClient, Console};
use crate::functions;
use crate::gateway::{Backend, Gateway, Limits};
use crate::logs::Logs;
use crate::requests::{self, Requests};
use crate::server::Server;
use crate::services::Services;
use crate::start_error::StartError;
use crate::template::{Template, TemplateError, ValidationError};
use crate::tokens::Tokens;
use crate::workspace::TEMPLATE;

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The root of the workspace: it holds template.yaml, and cargo builds there.
    pub root: PathBuf,
    /// The data folder; created if it does not exist.
    pub data: PathBuf,
    /// The port of the API on 127.0.0.1; 0 is any free port.
    pub port: u16,
    /// The port of the console; 0 is any free port.
    pub console_port: u16,
    /// A folder with the binaries of the functions, in place of a build.
    pub functions: Option<PathBuf>,
    /// Whether to build with `--release`.
    pub release: bool,
    /// The settings from the environment.
    pub settings: Settings,
}

/// A running `cargo local`.
#[derive(Debug)]
pub struct LocalStack {
    api: Server,
    console: Server,
    emulator: Emulator,
    logs: Logs,
    log_collector: JoinHandle<()>,
    requests: Requests,
    /// The tasks that add to each request what the destinations received.
    subscribers: JoinSet<()>,
    services: Services,
}

impl LocalStack {
    /// Starts everything, and calls `progress` with a line before each step.
    ///
    /// # Errors
    /// If a part cannot start. The parts that were already started are stopped again.
    pub async fn start(options: &Options, progress: impl Fn(&str)) -> Result<Self, StartError> {
        let api = listen(options.port, "--port").await?;
        let console = listen(options.console_port, "--console-port").await?;
        let template = Template::read(&options.root.join(TEMPLATE), &options.settings.variables)?;
        let binaries = binaries(options, &progress).await?;
        reject_if_any(template.unknown_binaries(&binaries.keys().cloned().collect::<Vec<_>>()))?;
        progress("starting the table and the fakes of X-Ray, Honeycomb and Rollbar");
        let services = Services::start(&options.settings, &options.data).await?;
        let tokens = Arc::new(Tokens::open(services.folder.path())?);
        progress("starting the emulator, the gateway and the console");
        let emulator =
            functions::emulator(&template, &binaries, &services, &options.settings).map_err(StartError::Emulator)?;
        let logs = Logs::default();
        let log_collector = tokio::spawn(logs.clone().collect(emulator.subscribe()));
        let requests = Requests::default();
        let subscribers = requests::subscribe(&requests, &services.fakes, &logs);
        let state = Console {
            tokens: Arc::clone(&tokens),
            logs: logs.clone(),
            fakes: Arc::clone(&services.fakes),
            requests: requests.clone(),
            api: api.1,
            about: About::new(&template, &services),
            client: ApiClient::new().map_err(StartError::Console)?,
        };
        let xray_daemon = Some(services.fakes.xray.address());
        let backend = Backend { emulator: emulator.clone(), tokens, xray_daemon, requests: requests.clone() };
        Ok(Self {
            api: Gateway::serve(&template, backend, Limits::default(), api),
            console: Server::start(console.0, console.1, console::router(state)),
            emulator,
            logs,
            log_collector,
            requests,
            subscribers,
            services,
        })
    }

    /// Returns the address of the API.
    #[must_use]
    pub fn api(&self) -> SocketAddr {
        self.api.address()
    }

    /// Returns the address of the console.
    #[must_use]
    pub fn console(&self) -> SocketAddr {
        self.console.address()
    }

    /// Returns the emulator that runs the functions.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Returns the log lines of the functions.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.logs
    }

    /// Returns the fakes, with what they received.
    #[must_use]
    pub fn fakes(&self) -> &Fakes {
        &self.services.fakes
    }

    /// Ends every process, and frees every port.
    pub async fn stop(mut self) {
        // An open page waits for changes on a stream, and the server would wait for the stream.
        self.requests.close();
        tokio::join!(self.api.stop(), self.console.stop());
        self.emulator.shutdown().await;
        if let Err(error) = functions::clear(self.services.folder.path()) {
            tracing::warn!("failed to remove the folder of the environments: {error}");
        }
        self.log_collector.abort();
        // The task is aborted, so its result is an error by intent.
        let _ = self.log_collector.await;
        self.subscribers.shutdown().await;
        self.services.stop().await;
    }
}

async fn binaries(options: &Options, progress: &impl Fn(&str)) -> Result<Binaries, StartError> {
    match &options.functions {
        Some(folder) => Ok(builder::find(folder)?),
        None => {
            progress("building the functions");
            Ok(builder::build(&options.settings.cargo, &options.root, options.release).await?)
        }
    }
}

fn reject_if_any(errors: Vec<ValidationError>) -> Result<(), TemplateError> {
    if errors.is_empty() { Ok(()) } else { Err(TemplateError::Invalid(errors)) }
}

async fn listen(port: u16, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |cause| StartError::Port { port, flag, cause };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
