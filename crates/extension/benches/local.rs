//! Measures `cargo local` with everything built: the time until the first response, and the memory
//! of all its processes after each endpoint was called once. The benchmark is not in the crate of
//! `cargo local`, because nothing else builds that crate as a benchmark. The argument `release`
//! measures `cargo local --release`, which must be built first and takes half an hour.
#![expect(clippy::print_stdout, reason = "figures are what this program is for")]

#[path = "../../../benches/shared/rows.rs"]
mod rows;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crudder_testing::TIMEOUT;
use reqwest::{Client, Method};
use rows::{Row, hand_over};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ROUNDS: usize = 5;
const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let release = std::env::args().any(|argument| argument == "release").then_some("--release");
    let built = Command::new("cargo").args(["build", "--quiet"]).args(release).current_dir(WORKSPACE).status().await?;
    if !built.success() {
        return Err("cargo build failed".into());
    }
    let (mut starts, mut memories) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (start, memory) = round(release).await?;
        starts.push(start.as_secs_f64());
        memories.push(memory);
    }
    let (start, memory) = (median(starts), median(memories));
    let command = if release.is_some() { "`cargo local --release`" } else { "`cargo local`" };
    println!(
        "{command}: first response {start:.2} s after its start; {memory:.0} MB (PSS) when each endpoint was called once"
    );
    let rows = [
        Row::new(
            "13a",
            &format!("{command}, all built: start to first response"),
            "at most 3 s",
            format!("{start:.1} s"),
            start <= 3.0,
        ),
        Row::new(
            "13b",
            "memory (PSS) of all its processes after one call of each endpoint",
            "at most 400 MB",
            format!("{memory:.0} MB"),
            memory <= 400.0,
        ),
    ];
    Ok(hand_over(if release.is_some() { "local-release" } else { "local" }, &rows)?)
}

/// Starts it once, with its own seeded table.
async fn round(release: Option<&str>) -> Result<(Duration, f64)> {
    let folder = tempfile::tempdir()?;
    let began = Instant::now();
    let mut command = Command::new("cargo");
    // `cargo local` with its own ports and a temporary folder.
    command.args(["run", "--quiet"]).args(release).args(["--bin", "crudder", "--", "local"]).args(release);
    command.args(["--port", "0", "--console-port", "0", "--json", "--data"]).arg(folder.path());
    command.current_dir(WORKSPACE).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let out = child.stdout.take().ok_or("it has a pipe")?;
    let line = timeout(TIMEOUT, BufReader::new(out).lines().next_line()).await??.ok_or("it printed no address")?;
    let addresses: Value = serde_json::from_str(&line)?;
    let client = Calls { client: Client::new(), addresses, token: String::new() };
    client.call(Method::GET, "/api/activities/home", None).await?;
    let first = began.elapsed();
    client.each_endpoint().await?;
    let memory = memory_of(&child)?;
    end(child).await?;
    Ok((first, memory))
}

async fn end(mut child: Child) -> Result<()> {
    let id = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).ok_or("it runs")?;
    kill_process(id, Signal::INT)?;
    timeout(TIMEOUT, child.wait()).await??;
    Ok(())
}

struct Calls {
    client: Client,
    addresses: Value,
    token: String,
}

impl Calls {
    async fn each_endpoint(mut self) -> Result<()> {
        let console = self.addresses["console"].as_str().unwrap_or_default();
        let signed_in = self.client.post(format!("{console}/token")).body(r#"{"handle":"andrewbrown"}"#).send().await?;
        let token: Value = serde_json::from_str(&signed_in.text().await?)?;
        self.token = token["access_token"].as_str().unwrap_or_default().to_owned();
        let post =
            self.call(Method::POST, "/api/activities", Some(json!({ "message": "Hello", "ttl": "1-day" }))).await?;
        let post = post["uuid"].as_str().unwrap_or_default();
        let reply = Some(json!({ "message": "Hello yourself" }));
        self.call(Method::POST, &format!("/api/activities/{post}/reply"), reply).await?;
        let note = Some(json!({ "message": "Hello", "handle": "bayko" }));
        let started = self.call(Method::POST, "/api/messages", note).await?;
        let group = started["message_group_uuid"].as_str().unwrap_or_default();
        self.call(Method::GET, &format!("/api/messages/{group}"), None).await?;
        self.call(Method::GET, &format!("/api/activities/@andrewbrown/status/{post}"), None).await?;
        let profile = Some(json!({ "display_name": "Andrew Brown", "bio": "" }));
        self.call(Method::POST, "/api/profile/update", profile).await?;
        for path in [
            "activities/notifications",
            "activities/search?term=cloud",
            "activities/@andrewbrown",
            "message_groups",
            "users/@andrewbrown/short",
            "health-check",
        ] {
            self.call(Method::GET, &format!("/api/{path}"), None).await?;
        }
        self.call(Method::GET, "/rollbar/test", None).await.map(drop)
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let api = self.addresses["api"].as_str().unwrap_or_default();
        let mut request = self.client.request(method, format!("{api}{path}")).timeout(TIMEOUT).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if status != 200 {
            return Err(format!("{path}: {status} {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

/// Returns the megabytes of a process and its descendants; shared pages count once (`proc(5)`,
/// smaps_rollup).
fn memory_of(child: &Child) -> Result<f64> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")?.flatten().filter_map(|entry| parent(&entry.path())).collect();
    let mut family = vec![child.id().ok_or("it runs")?];
    let mut seen = 0;
    while let Some(&id) = family.get(seen) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == id).map(|(id, _)| *id));
        seen += 1;
    }
    println!("{} processes", family.len());
    Ok(family.into_iter().filter_map(proportional).sum())
}

/// Returns a process and its parent, field 4 of `stat`.
fn parent(folder: &Path) -> Option<(u32, u32)> {
    let id = folder.file_name()?.to_str()?.parse().ok()?;
    let stat = fs::read_to_string(folder.join("stat")).ok()?;
    Some((id, stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse().ok()?))
}

fn proportional(id: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).ok()?;
    let kilobytes: f64 =
        text.lines().find_map(|line| line.strip_prefix("Pss:"))?.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes * 1024.0 / 1e6)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
