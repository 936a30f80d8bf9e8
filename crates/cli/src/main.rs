//! The `crudder` command.

mod args;
mod aws;
mod backoff;
mod client;
mod config;
mod doctor;
mod journal;
mod local;
mod paint;
mod replay;
mod screen;
mod signals;
mod trace;

use std::error::Error;
use std::process::ExitCode;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use config::Config;
use screen::Screen;

/// The table answers on the runtime's own threads, and may hold one for milliseconds: with four, the gateway is not behind it.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let args = Args::parse();
    let screen = Screen;
    journal::open(screen);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let ended = runtime
        .map_err(|error| Box::new(error) as Box<dyn Error>)
        .and_then(|runtime| runtime.block_on(run(args.command, screen)));
    ended.unwrap_or_else(|error| {
        screen.failure(error.as_ref());
        ExitCode::FAILURE
    })
}

async fn run(command: Command, screen: Screen) -> Result<ExitCode, Box<dyn Error>> {
    let config = Config::from_env();
    Ok(match command {
        Command::Local(args) => local::run(args, screen).await.map(|()| ExitCode::SUCCESS)?,
        Command::Doctor(args) => doctor::run(args, &config, screen).await,
        Command::Trace(args) => trace::run(args, &config, screen).await?,
        Command::Replay(args) => replay::run(args, &config, screen).await?,
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut Args::command(), "crudder", &mut script);
            screen.result(&String::from_utf8_lossy(&script));
            ExitCode::SUCCESS
        }
    })
}
