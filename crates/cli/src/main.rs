//! The `crudder` command.
//!
#![doc = include_str!("../README.md")]

mod args;
mod aws;
mod backoff;
mod config;
mod doctor;
mod honeycomb_auth;
mod http;
mod local;
mod log_layer;
mod replay;
mod settings;
mod signals;
mod style;
mod terminal;
mod trace;
mod trace_id;

use std::error::Error;
use std::io;
use std::process::ExitCode;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use config::Config;
use terminal::Terminal;

/// The DynamoDB emulator runs on the runtime's own threads and may block one for milliseconds.
/// With four threads, the API gateway does not wait for it.
const WORKER_THREADS: usize = 4;

#[derive(Debug, thiserror::Error)]
#[error("start the async runtime")]
struct RuntimeError(#[from] io::Error);

fn main() -> ExitCode {
    let args = Args::parse();
    let terminal = Terminal;
    log_layer::install(terminal);
    start(args.command, terminal).unwrap_or_else(|error| {
        terminal.error(error.as_ref());
        ExitCode::FAILURE
    })
}

fn start(command: Command, terminal: Terminal) -> Result<ExitCode, Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKER_THREADS).enable_all().build();
    runtime.map_err(RuntimeError)?.block_on(run(command, terminal))
}

async fn run(command: Command, terminal: Terminal) -> Result<ExitCode, Box<dyn Error>> {
    Ok(match command {
        Command::Local(args) => local::run(args, terminal).await.map(|()| ExitCode::SUCCESS)?,
        Command::Doctor(args) => doctor::run(args, &Config::from_env()?, terminal).await,
        Command::Trace(args) => trace::run(args, &Config::from_env()?, terminal).await?,
        Command::Replay(args) => replay::run(args, &Config::from_env()?, terminal).await?,
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Args::command(), "crudder", &mut script);
            terminal.print(&String::from_utf8_lossy(&script));
            ExitCode::SUCCESS
        }
    })
}
