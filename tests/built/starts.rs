//! The start-up time of the built artifacts: from the start of the process to its first `/next`, in
//! alternating rounds with a bare function.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crudder_testing::TIMEOUT;
use crudder_testing::program::path_from_variable;
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

/// An odd number, so that there is a median. All rounds together take some seconds.
const ROUNDS: usize = 41;

/// The highest ratio of a function with a table to a bare function, each by its fastest round.
///
/// The promise is 6 ms more than bare. Bare took 1.2 ms on the machine of this measurement, so the
/// ratio is six. It is a ratio because machines differ. It compares the fastest rounds because
/// other work of a machine only adds time. On Debian a function with a table takes four times as
/// long as bare: the SDK's client reads the machine's certificates, hundreds of files beside their
/// bundle, in two milliseconds.
const MAX_RATIO_WITH_TABLE: f64 = 6.0;

/// The highest ratio of a function without a table, and of the layer. Measured: one and a half.
const MAX_RATIO: f64 = 2.5;

/// A child process that is killed at the end of the round.
struct KillOnDrop(Child);

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        // Both fail if the process has exited by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures the time from the start of a process to its first `/next`. Earlier requests are
/// answered as Lambda answers them.
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
    let start = Instant::now();
    let mut child = KillOnDrop(command.spawn().unwrap());
    let id = Pid::from_child(&child.0);
    std::thread::spawn(move || {
        // The exit of the process ends the wait for its connection. It is not reaped here.
        let _ = waitid(WaitId::Pid(id), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let _ = TcpStream::connect(address);
    });
    loop {
        let (stream, _) = listener.accept().unwrap();
        if let Some(elapsed) = serve(stream, start) {
            return elapsed;
        }
        if let Some(status) = child.0.try_wait().unwrap() {
            panic!("{} exited before its first `/next`: {status}", program.display());
        }
    }
}

/// Answers the requests of a connection until one is for `/next`; returns the time of that.
fn serve(stream: TcpStream, start: Instant) -> Option<Duration> {
    stream.set_read_timeout(Some(TIMEOUT)).unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        if reader.read_line(&mut line).unwrap_or_default() == 0 {
            return None;
        }
        if line.contains("/next ") {
            return Some(start.elapsed());
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
        let response = format!(
            "HTTP/1.1 200 OK\r\nLambda-Extension-Identifier: 8f7c2e1a-0000-4000-8000-0123456789ab\r\nContent-Type: \
             application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        reader.get_mut().write_all(response.as_bytes()).unwrap();
    }
}

/// Returns the fastest time and the median.
fn summarize(mut times: Vec<f64>) -> [f64; 2] {
    times.sort_by(f64::total_cmp);
    [times[0], times[times.len() / 2]]
}

#[test]
fn a_built_function_and_the_layer_start_about_as_fast_as_a_bare_function() {
    let bare = path_from_variable("CRUDDER_BARE");
    let layer = crate::layer();
    // One function without a DynamoDB client and one with it, of those that were built.
    let built = crate::built();
    let chosen =
        built.iter().filter(|(function, _)| ["rollbar-test", "home-activities"].contains(&function.binary.as_str()));
    let mut compared: Vec<(String, &Path)> =
        chosen.map(|(function, path)| (function.binary.clone(), path.as_path())).collect();
    assert!(!compared.is_empty(), "neither rollbar-test nor home-activities was built");
    compared.push(("the layer".to_owned(), &layer));
    let mut times = vec![Vec::new(); compared.len() + 1];
    for _ in 0..ROUNDS {
        times[0].push(first_next(&bare).as_secs_f64() * 1e3);
        for ((_, path), times) in compared.iter().zip(&mut times[1..]) {
            times.push(first_next(path).as_secs_f64() * 1e3);
        }
    }
    let mut times = times.into_iter().map(summarize);
    let [bare, median] = times.next().unwrap();
    println!("spawn to first /next, {ROUNDS} rounds: bare {bare:.2} ms at its fastest, median {median:.2}");
    let mut slow = Vec::new();
    for ((name, _), [fastest, own_median]) in compared.iter().zip(times) {
        let (difference, ratio) = (fastest - bare, fastest / bare);
        println!(
            "  {name} {fastest:.2} ms (+{difference:.2}, x{ratio:.2}), median {own_median:.2} (+{:.2})",
            own_median - median
        );
        if ratio > if name == "home-activities" { MAX_RATIO_WITH_TABLE } else { MAX_RATIO } {
            slow.push(format!("{name} takes {fastest:.2} ms, a bare function {bare:.2}"));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}
