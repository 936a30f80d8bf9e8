//! `crudder local`: starts, says where, and serves until it is told to stop.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use crudder_local::{LocalStack, Options, Services, Settings, workspace};

use crate::args::Local;
use crate::screen::Screen;
use crate::signals::Signals;

/// The data folder, in the workspace.
const DATA: &str = ".crudder";

pub(crate) async fn run(args: Local, screen: Screen) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::catch()?;
    let root = workspace::find_root()?;
    let settings = Settings::from_env()?;
    let data = args.data.clone().unwrap_or_else(|| root.join(DATA));
    if args.services {
        return serve_services(&settings, &data, screen, &mut signals).await;
    }
    let options = Options {
        root,
        data,
        port: args.port,
        console_port: args.console_port,
        functions: args.functions,
        release: args.release,
        settings,
    };
    let starting = LocalStack::start(&options, |line| screen.progress(line));
    let running = tokio::select! {
        started = starting => started?,
        // What was started goes with the future: cargo is killed, ports are freed.
        () = signals.one() => return Ok(()),
    };
    match args.json {
        true => screen.result(&addresses(running.api(), running.console())),
        false => screen.result(&welcome(running.api(), running.console())),
    }
    signals.one().await;
    screen.progress("stopping");
    running.stop().await;
    Ok(())
}

async fn serve_services(
    settings: &Settings,
    data: &Path,
    screen: Screen,
    signals: &mut Signals,
) -> Result<(), Box<dyn Error>> {
    screen.progress("starting the table and the vendors' fakes");
    let services = tokio::select! {
        started = Services::start(settings, data) => started?,
        () = signals.one() => return Ok(()),
    };
    let exports = services.exports(settings);
    let lines: Vec<String> = exports.iter().map(|(name, value)| format!("export {name}={}", quoted(value))).collect();
    screen.result(&lines.join("\n"));
    screen.progress("\nPaste these lines where the function runs. Ctrl-C ends the services.");
    signals.one().await;
    services.stop().await;
    Ok(())
}

/// The one line of `--json`.
fn addresses(api: SocketAddr, console: SocketAddr) -> String {
    serde_json::json!({ "api": format!("http://{api}"), "console": format!("http://{console}") }).to_string()
}

/// A value as a shell takes it.
fn quoted(value: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+,".contains(letter);
    if !value.is_empty() && value.chars().all(plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn welcome(api: SocketAddr, console: SocketAddr) -> String {
    format!(
        r#"
Crudder is up.

  API      http://{api}
  Console  http://{console}

Three things to try in another terminal:

  curl http://{api}/api/activities/home

  TOKEN=$(curl -s http://{console}/token -d '{{"handle":"andrewbrown"}}' | cut -d'"' -f4)
  curl http://{api}/api/activities -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"message":"Hello","ttl":"1-day"}}'

  TRACE=$(curl -si http://{api}/api/activities/home | tr -d '\r' | sed -n 's/^x-amzn-trace-id: Root=//p')
  curl "http://{console}/api/logs?trace_id=$TRACE"

Ctrl-C ends it; what was posted is kept."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_value_as_it_is() {
        for (value, wanted) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("", "''"),
            ("*", "'*'"),
            ("it's", r"'it'\''s'"),
            ("$a b", "'$a b'"),
        ] {
            assert_eq!(quoted(value), wanted);
        }
    }

    #[test]
    fn the_addresses_are_one_line_of_json() {
        let line = addresses(([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        assert_eq!(line, r#"{"api":"http://127.0.0.1:1","console":"http://127.0.0.1:2"}"#);
    }
}
