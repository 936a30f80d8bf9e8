//! How long what was built takes to start: from its process to its first `/next`, in alternating rounds with a bare function.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::program::named_by;

/// An odd number, so that there is a median; some seconds in all.
const ROUNDS: usize = 41;

/// The promise is 6 ms above bare, which takes 1.2 ms at its fastest where this was written: six times as much. A ratio, since machines differ,
/// and of the fastest rounds: whatever else a machine does only adds to a time. Four times is what a function with a table takes on
/// Debian: the SDK's client reads the machine's certificates, here a folder of hundreds beside their bundle, which are two milliseconds.
const MOST_WITH_A_TABLE: f64 = 6.0;

/// Without a table, and for the layer: one and a half when this was written.
const MOST_OVER_BARE: f64 = 2.5;

/// A process that says nothing by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

/// The child, ended with the round.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// From the start of a process to its first `/next`; what it asks before that is answered as Lambda does.
fn first_next(program: &Path) -> Duration {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string());
    for (name, value) in [
        ("AWS_LAMBDA_FUNCTION_NAME", "started"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "started"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "started"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
    ] {
        command.env(name, value);
    }
    command.env("CRUDDER_RECORDER", folder.path().join("recorder"));
    let address = listener.local_addr().unwrap();
    let began = Instant::now();
    let mut child = Ended(command.spawn().unwrap());
    let id = Pid::from_child(&child.0);
    std::thread::spawn(move || {
        // Its end wakes who waits for it to connect; it is left to be reaped.
        let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let _ = TcpStream::connect(address);
    });
    loop {
        let (stream, _) = listener.accept().unwrap();
        if let Some(asked) = serve(stream, began) {
            return asked;
        }
        if let Some(status) = child.0.try_wait().unwrap() {
            panic!("{} ended before it asked for the next thing to do: {status}", program.display());
        }
    }
}

/// Answers what comes on a connection until somebody asks for the next thing to do.
fn serve(stream: TcpStream, began: Instant) -> Option<Duration> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return None;
        }
        if line.contains("/next ") {
            return Some(began.elapsed());
        }
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if header.trim().is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).unwrap();
        let body = r#"{"functionName":"started","functionVersion":"1","handler":"bootstrap"}"#;
        let answer = format!(
            "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 8f7c2e1a-0000-4000-8000-0123456789ab\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

/// The fastest and the median.
fn summed_up(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[0], times[times.len() / 2]]
}

#[test]
fn a_built_function_and_the_layer_start_about_as_fast_as_a_bare_function() {
    let bare = named_by("CRUDDER_BARE");
    let layer = crate::layer();
    // One without the table's client and one with it, as far as they are there.
    let built = crate::built();
    let chosen =
        built.iter().filter(|(function, _)| ["rollbar-test", "home-activities"].contains(&function.binary.as_str()));
    let mut others: Vec<(String, &Path)> =
        chosen.map(|(function, path)| (function.binary.clone(), path.as_path())).collect();
    assert!(!others.is_empty(), "neither rollbar-test nor home-activities was built");
    others.push(("the layer".to_owned(), &layer));
    let mut times = vec![Vec::new(); others.len() + 1];
    for _ in 0..ROUNDS {
        times[0].push(first_next(&bare).as_secs_f64() * 1e3);
        for ((_, path), times) in others.iter().zip(&mut times[1..]) {
            times.push(first_next(path).as_secs_f64() * 1e3);
        }
    }
    let mut times = times.into_iter().map(summed_up);
    let [bare, median] = times.next().unwrap();
    println!("spawn to first /next, {ROUNDS} rounds: bare {bare:.2} ms at its fastest, median {median:.2}");
    let mut slow = Vec::new();
    for ((name, _), [took, median_took]) in others.iter().zip(times) {
        let (more, times) = (took - bare, took / bare);
        println!(
            "  {name} {took:.2} ms (+{more:.2}, x{times:.2}), median {median_took:.2} (+{:.2})",
            median_took - median
        );
        if times > if name == "home-activities" { MOST_WITH_A_TABLE } else { MOST_OVER_BARE } {
            slow.push(format!("{name} takes {took:.2} ms, a bare function {bare:.2}"));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}
