//! An emulator in its own process, for the test that kills it.
//!
//! It serves one request, prints the ids of its processes, and waits.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crudder_emulator::{Emulator, EmulatorConfig, EmulatorEvent, FunctionConfig, Invocation};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [directory, bootstrap, extension] = arguments.as_slice() else { panic!("three paths") };
    let config = EmulatorConfig { extensions: vec![extension.clone()], ..EmulatorConfig::new(directory) };
    let function = FunctionConfig {
        name: "test-function".to_owned(),
        bootstrap: bootstrap.clone(),
        timeout: Duration::from_secs(60),
        memory_mb: 128,
        environment: BTreeMap::new(),
    };
    let emulator = Emulator::new(config, vec![function]).expect("an emulator");
    let mut events = emulator.subscribe();
    emulator.invoke("test-function", Invocation::new(r#"{"do":"spawn"}"#)).await.expect("an outcome");
    let mut child = None;
    let mut frozen = false;
    // A frozen process cannot exit by itself.
    while child.is_none() || !frozen {
        match events.next().await.expect("more events") {
            EmulatorEvent::Line(line) => child = child.or(line.line.strip_prefix("child ").map(str::to_owned)),
            EmulatorEvent::Frozen { .. } => frozen = true,
            _ => (),
        }
    }
    let pids: Vec<u32> = emulator
        .environments()
        .into_iter()
        .flat_map(|environment| {
            environment.runtime.into_iter().chain(environment.extensions.into_iter().map(|(_, pid)| pid))
        })
        .collect();
    let line = pids.iter().map(u32::to_string).chain(child).collect::<Vec<_>>().join(" ");
    std::io::stdout().write_all(format!("{line}\n").as_bytes()).expect("a pipe");
    std::future::pending::<()>().await;
}
