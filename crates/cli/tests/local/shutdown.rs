//! Tests that `crudder local` stops everything that it started, and limits its memory.

use rustix::process::Signal;

use crate::local_process::{LocalProcess, crudder_local, descendants, is_alive};

/// Starts it, calls two functions, and stops it with a signal.
///
/// Returns the exit code, the children and the API's address.
async fn stop_with(signal: Signal) -> (Option<i32>, Vec<u32>, String) {
    let data = tempfile::tempdir().unwrap();
    let (temporary, mut command) = (tempfile::tempdir().unwrap(), crudder_local(data.path()));
    command.env("TMPDIR", temporary.path());
    let local = LocalProcess::start(command).await;
    local.messages().await;
    local.get("/api/health-check").await;
    let children = descendants(local.id());
    assert!(children.len() >= 2, "two functions should run: {children:?}");
    let api = local.api.clone();
    let (code, _) = local.end(signal).await;
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the environments' folders are removed");
    (code, children, api)
}

#[tokio::test]
async fn sigint_and_sigterm_stop_every_child_and_free_the_ports() {
    for signal in [Signal::INT, Signal::TERM] {
        let (code, children, api) = stop_with(signal).await;
        assert_eq!(code, Some(0), "{signal:?}");
        let left: Vec<_> = children.into_iter().filter(|id| is_alive(*id)).collect();
        assert_eq!(left, [0_u32; 0], "{signal:?}");
        let address: std::net::SocketAddr = api.trim_start_matches("http://").parse().unwrap();
        std::net::TcpListener::bind(address).unwrap();
    }
}

#[tokio::test]
async fn all_processes_together_use_less_than_400_mb() {
    let data = tempfile::tempdir().unwrap();
    let local = LocalProcess::start(crudder_local(data.path())).await;
    let token = local.token("andrewbrown").await;
    let client = reqwest::Client::new();
    for path in [
        "/api/activities/home",
        "/api/activities/notifications",
        "/api/activities/search?term=seed",
        "/api/activities/@andrewbrown",
        "/api/activities/@andrewbrown/status/none",
        "/api/message_groups",
        "/api/messages/none",
        "/api/users/@bayko/short",
        "/api/health-check",
        "/rollbar/test",
    ] {
        client.get(format!("{}{path}", local.api)).bearer_auth(&token).send().await.unwrap();
    }
    for path in ["/api/activities", "/api/activities/none/reply", "/api/messages", "/api/profile/update"] {
        client.post(format!("{}{path}", local.api)).bearer_auth(&token).body("{}").send().await.unwrap();
    }
    let mut all = descendants(local.id());
    all.push(local.id());
    let kilobytes: u64 = all.iter().map(|id| proportional_memory(*id)).sum();
    assert!(kilobytes < 400 * 1024, "{} MB in {} processes", kilobytes / 1024, all.len());
    local.end(Signal::INT).await;
}

/// Returns the proportional set size of a process in kB: a shared page counts once among its
/// processes.
fn proportional_memory(id: u32) -> u64 {
    let smaps = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = smaps.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
