//! `crudder local`: starts Crudder, prints its addresses, and serves until a signal stops it.

use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use crudder_local::{LocalStack, Options, Services, Settings, workspace};

use crate::args::Local;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// The data folder in the workspace.
const DATA_FOLDER: &str = ".crudder";

pub(crate) async fn run(args: Local, terminal: Terminal) -> Result<(), Box<dyn Error>> {
    let mut signals = Signals::install()?;
    let root = workspace::find_root()?;
    let settings = Settings::from_env()?;
    let data = args.data.clone().unwrap_or_else(|| root.join(DATA_FOLDER));
    if args.services {
        return serve_services(&settings, &data, terminal, &mut signals).await;
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
    let starting = LocalStack::start(&options, |line| terminal.progress(line));
    let stack = tokio::select! {
        started = starting => started?,
        // Dropping the future kills cargo and frees the ports.
        () = signals.recv() => return Ok(()),
    };
    match args.json {
        true => terminal.print(&addresses_json(stack.api(), stack.console())),
        false => terminal.print(&welcome(stack.api(), stack.console())),
    }
    signals.recv().await;
    terminal.progress("stopping");
    stack.stop().await;
    Ok(())
}

async fn serve_services(
    settings: &Settings,
    data: &Path,
    terminal: Terminal,
    signals: &mut Signals,
) -> Result<(), Box<dyn Error>> {
    terminal.progress("starting the table and the fakes of X-Ray, Honeycomb and Rollbar");
    let services = tokio::select! {
        started = Services::start(settings, data) => started?,
        () = signals.recv() => return Ok(()),
    };
    let exports = services.exports(settings);
    let lines: Vec<String> =
        exports.iter().map(|(name, value)| format!("export {name}={}", shell_quote(value))).collect();
    terminal.print(&lines.join("\n"));
    terminal.progress("\nRun these lines in the shell that starts the function. Press Ctrl-C to stop the services.");
    signals.recv().await;
    services.stop().await;
    Ok(())
}

/// Returns the line that `--json` prints.
fn addresses_json(api: SocketAddr, console: SocketAddr) -> String {
    serde_json::json!({ "api": format!("http://{api}"), "console": format!("http://{console}") }).to_string()
}

/// Quotes a value for a POSIX shell, if it needs quotes.
fn shell_quote(value: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-./:@%+,".contains(letter);
    if !value.is_empty() && value.chars().all(is_plain) {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', r"'\''"))
    }
}

fn welcome(api: SocketAddr, console: SocketAddr) -> String {
    format!(
        r#"
Crudder is running.

  API      http://{api}
  Console  http://{console}

Three things to try in another terminal:

  curl http://{api}/api/activities/home

  TOKEN=$(curl -s http://{console}/token -d '{{"handle":"andrewbrown"}}' | cut -d'"' -f4)
  curl http://{api}/api/activities -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"message":"Hello","ttl":"1-day"}}'

  TRACE=$(curl -si http://{api}/api/activities/home | tr -d '\r' | sed -n 's/^x-amzn-trace-id: Root=//p')
  curl "http://{console}/api/logs?trace_id=$TRACE"

Press Ctrl-C to stop. Posts are kept for the next start."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_value_reads_back_unchanged_in_a_shell() {
        for (value, quoted) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1"),
            ("", "''"),
            ("*", "'*'"),
            ("it's", r"'it'\''s'"),
            ("$a b", "'$a b'"),
        ] {
            assert_eq!(shell_quote(value), quoted);
        }
    }

    #[test]
    fn the_addresses_are_one_line_of_json() {
        let line = addresses_json(([127, 0, 0, 1], 1).into(), ([127, 0, 0, 1], 2).into());
        assert_eq!(line, r#"{"api":"http://127.0.0.1:1","console":"http://127.0.0.1:2"}"#);
    }
}
