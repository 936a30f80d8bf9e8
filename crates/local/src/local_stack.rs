//! The whole of `cargo local`: services, emulator, gateway and console, started in that order and stopped in the other.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crudder_emulator::Emulator;
use crudder_fakes::Fakes;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use crate::builder::{self, Binaries, BuildError};
use crate::config::Settings;
use crate::console::{self, About, Console, Sender};
use crate::functions;
use crate::gateway::{Backend, Gateway, Limits};
use crate::lock::DataFolderError;
use crate::logs::Logs;
use crate::requests::{self, Requests};
use crate::seed::SeedError;
use crate::server::Server;
use crate::services::Services;
use crate::table::TableError;
use crate::template::{Template, TemplateError, ValidationError};
use crate::tokens::{Tokens, TokensError};
use crate::workspace::TEMPLATE;

/// What to start, and where.
#[derive(Debug, Clone)]
pub struct Options {
    /// The workspace's root: template.yaml is there, and cargo builds there.
    pub root: PathBuf,
    /// The data folder; made if need be.
    pub data: PathBuf,
    /// The API's port on 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// The console's port; 0 is any free one.
    pub console_port: u16,
    /// Binaries to use in place of building them.
    pub functions: Option<PathBuf>,
    /// Whether to build with `--release`.
    pub release: bool,
    /// What the environment says.
    pub settings: Settings,
}

/// Why it can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is taken or forbidden.
    #[error("listen on 127.0.0.1:{port}: choose another with {flag}, or 0 for any free one")]
    Port {
        /// The port.
        port: u16,
        /// The flag that names another.
        flag: &'static str,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The template can't be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The data folder can't be used.
    #[error(transparent)]
    Data(#[from] DataFolderError),
    /// There are no binaries.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The table can't be started.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table can't be made or filled.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The tokens' key can't be used.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The fakes have no port.
    #[error("start the fake vendors")]
    Fakes(#[source] io::Error),
    /// There is no client that could reach the API.
    #[error("start the console")]
    Console(#[source] reqwest::Error),
    /// The emulator has no folder.
    #[error("start the emulator")]
    Emulator(#[source] io::Error),
}

/// A running `cargo local`.
#[derive(Debug)]
pub struct LocalStack {
    api: Server,
    console: Server,
    emulator: Emulator,
    kept: Logs,
    logs: JoinHandle<()>,
    requests: Requests,
    /// What joins the planes' word to the requests.
    joins: JoinSet<()>,
    services: Services,
}

impl LocalStack {
    /// Starts everything; `say` hears what is being done, a line at a time.
    ///
    /// # Errors
    /// When something can't be started; what was started before it is gone again.
    pub async fn start(options: &Options, say: impl Fn(&str)) -> Result<Self, StartError> {
        let api = listen(options.port, "--port").await?;
        let console = listen(options.console_port, "--console-port").await?;
        let template = Template::read(&options.root.join(TEMPLATE), &options.settings.variables)?;
        let binaries = binaries(options, &say).await?;
        refuse(template.unknown_binaries(&binaries.keys().cloned().collect::<Vec<_>>()))?;
        say("starting the table and the vendors' fakes");
        let services = Services::start(&options.settings, &options.data).await?;
        let tokens = Arc::new(Tokens::open(services.folder.path())?);
        say("starting the emulator, the gateway and the console");
        let emulator =
            functions::emulator(&template, &binaries, &services, &options.settings).map_err(StartError::Emulator)?;
        let kept = Logs::default();
        let logs = tokio::spawn(kept.clone().collect(emulator.subscribe()));
        let requests = Requests::default();
        let joins = requests::follow(&requests, &services.vendors, &kept);
        let seen = Console {
            tokens: Arc::clone(&tokens),
            logs: kept.clone(),
            vendors: Arc::clone(&services.vendors),
            requests: requests.clone(),
            api: api.1,
            about: About::new(&template, &services),
            sender: Sender::new().map_err(StartError::Console)?,
        };
        let xray = Some(services.vendors.xray.address());
        let backend = Backend { emulator: emulator.clone(), tokens, xray, requests: requests.clone() };
        Ok(Self {
            api: Gateway::serve(&template, backend, Limits::default(), api),
            console: Server::start(console.0, console.1, console::router(seen)),
            emulator,
            kept,
            logs,
            requests,
            joins,
            services,
        })
    }

    /// Where the API is.
    #[must_use]
    pub fn api(&self) -> SocketAddr {
        self.api.address()
    }

    /// Where the console is.
    #[must_use]
    pub fn console(&self) -> SocketAddr {
        self.console.address()
    }

    /// The emulator that the functions run on.
    #[must_use]
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// What the functions said.
    #[must_use]
    pub fn logs(&self) -> &Logs {
        &self.kept
    }

    /// What the vendors were sent.
    #[must_use]
    pub fn fakes(&self) -> &Fakes {
        &self.services.vendors
    }

    /// Ends every process and frees every port.
    pub async fn stop(mut self) {
        // Whoever has the console open waits for news, and would be waited for.
        self.requests.close();
        tokio::join!(self.api.stop(), self.console.stop());
        self.emulator.shutdown().await;
        if let Err(error) = functions::clear(self.services.folder.path()) {
            tracing::warn!("the environments' folder is left: {error}");
        }
        self.logs.abort();
        // It holds nothing but lines; that it was aborted is its end.
        let _ = self.logs.await;
        self.joins.shutdown().await;
        self.services.stop().await;
    }
}

async fn binaries(options: &Options, say: &impl Fn(&str)) -> Result<Binaries, StartError> {
    match &options.functions {
        Some(folder) => Ok(builder::find(folder)?),
        None => {
            say("building the functions");
            Ok(builder::build(&options.settings.cargo, &options.root, options.release).await?)
        }
    }
}

fn refuse(refusals: Vec<ValidationError>) -> Result<(), TemplateError> {
    if refusals.is_empty() { Ok(()) } else { Err(TemplateError::Invalid(refusals)) }
}

async fn listen(port: u16, flag: &'static str) -> Result<(TcpListener, SocketAddr), StartError> {
    let taken = |source| StartError::Port { port, flag, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(taken)?;
    let address = listener.local_addr().map_err(taken)?;
    Ok((listener, address))
}
