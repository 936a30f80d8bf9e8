//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Crudder on this machine.
#[derive(Debug, Parser)]
#[command(name = "crudder", version, about)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the functions and serves all of Crudder on 127.0.0.1.
    Local(Local),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Local {
    /// The API's port; 0 is any free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// The console's port; 0 is any free one.
    #[arg(long, default_value_t = 3001)]
    pub(crate) console_port: u16,
    /// Prints the addresses as one line of JSON, and nothing else, on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where posts, users and the tokens' key are kept. [default: .crudder in the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Builds the functions with --release.
    #[arg(long)]
    pub(crate) release: bool,
    /// Serves only the table and the vendors' stand-ins, and prints the variables that a lone function needs to find them.
    #[arg(long)]
    pub(crate) services: bool,
    /// Takes the functions' binaries from a folder in place of building them.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) functions: Option<PathBuf>,
}
