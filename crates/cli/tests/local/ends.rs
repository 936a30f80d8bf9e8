//! That with it ends everything that it started, however it ends.

use rustix::process::Signal;

use crate::command::{Running, crudder, descendants, lives};

/// Starts it, calls two functions, and ends it by a signal.
async fn ended_by(signal: Signal) -> (Option<i32>, Vec<u32>, String) {
    let data = tempfile::tempdir().unwrap();
    let (temporary, mut command) = (tempfile::tempdir().unwrap(), crudder(data.path()));
    command.env("TMPDIR", temporary.path());
    let running = Running::start(command).await;
    running.messages().await;
    running.get("/api/health-check").await;
    let children = descendants(running.id());
    assert!(children.len() >= 2, "two functions run: {children:?}");
    let api = running.api.clone();
    let (code, _) = running.end(signal).await;
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "the environments' folders are gone");
    (code, children, api)
}

#[tokio::test]
async fn ctrl_c_and_sigterm_end_every_child_and_free_the_ports() {
    for signal in [Signal::INT, Signal::TERM] {
        let (code, children, api) = ended_by(signal).await;
        assert_eq!(code, Some(0), "{signal:?}");
        let left: Vec<_> = children.into_iter().filter(|id| lives(*id)).collect();
        assert_eq!(left, [0_u32; 0], "{signal:?}");
        let address: std::net::SocketAddr = api.trim_start_matches("http://").parse().unwrap();
        std::net::TcpListener::bind(address).unwrap();
    }
}

#[tokio::test]
async fn the_memory_of_all_processes_stays_below_what_is_promised() {
    let data = tempfile::tempdir().unwrap();
    let running = Running::start(crudder(data.path())).await;
    let token = running.token("andrewbrown").await;
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
        client.get(format!("{}{path}", running.api)).bearer_auth(&token).send().await.unwrap();
    }
    for path in ["/api/activities", "/api/activities/none/reply", "/api/messages", "/api/profile/update"] {
        client.post(format!("{}{path}", running.api)).bearer_auth(&token).body("{}").send().await.unwrap();
    }
    let mut all = descendants(running.id());
    all.push(running.id());
    let kilobytes: u64 = all.iter().map(|id| resident(*id)).sum();
    assert!(kilobytes < 400 * 1024, "{} MB in {} processes", kilobytes / 1024, all.len());
    running.end(Signal::INT).await;
}

/// The process's share of memory, in kB: what several map alike is counted once among them.
fn resident(id: u32) -> u64 {
    let smaps = std::fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
    let line = smaps.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
