//! Why `cargo local` cannot start.

use std::io;

use crate::builder::BuildError;
use crate::data_folder::DataFolderError;
use crate::seed::SeedError;
use crate::table::TableError;
use crate::template::TemplateError;
use crate::tokens::TokensError;

/// Why the local stack or its services cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A port is in use, or this user may not listen on it.
    #[error("listen on 127.0.0.1:{port}: {cause}; choose another with {flag}, or 0 for any free port")]
    Port {
        /// The port.
        port: u16,
        /// The flag that sets the port.
        flag: &'static str,
        /// The error of the system.
        cause: io::Error,
    },
    /// The template cannot be used.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Data(#[from] DataFolderError),
    /// There are no binaries of the functions.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The table cannot be started.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The table cannot be created or filled.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The key that signs tokens cannot be used.
    #[error(transparent)]
    Tokens(#[from] TokensError),
    /// The fakes or a tee proxy cannot listen.
    #[error("start the fakes of X-Ray, Honeycomb, Rollbar and Secrets Manager")]
    Fakes(#[source] io::Error),
    /// The console's HTTP client cannot be built.
    #[error("start the console")]
    Console(#[source] reqwest::Error),
    /// The emulator's folder cannot be used.
    #[error("start the emulator")]
    Emulator(#[source] io::Error),
}
