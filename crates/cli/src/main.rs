//! The `crudder` command.

mod args;
mod journal;
mod local;
mod screen;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use screen::Screen;

/// The table answers on the runtime's own threads, and may hold one for milliseconds: with four, the gateway is not behind it.
const THREADS: usize = 4;

fn main() -> ExitCode {
    let args = Args::parse();
    let screen = Screen;
    journal::open(screen);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build();
    let ended = runtime.map_err(|error| Box::new(error) as Box<dyn std::error::Error>).and_then(|runtime| {
        runtime.block_on(async {
            match args.command {
                Command::Local(local) => local::run(local, screen).await,
            }
        })
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            screen.failure(error.as_ref());
            ExitCode::FAILURE
        }
    }
}
