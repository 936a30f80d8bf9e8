//! `crudder trace`: shows one request, from the console of a `crudder local` or from AWS.

mod console;
mod deployed;
mod duration;
mod lines;
mod links;
mod model;
mod render;
mod segments;
mod waterfall;

use std::process::ExitCode;
use std::time::Duration;

use crudder_text::error_chain;

use crate::aws::AwsError;
use crate::config::Config;
use crate::http::{HttpClient, HttpError};
use crate::style::Capabilities;
use crate::terminal::Terminal;
use crate::trace_id::TraceId;
use crate::{args, backoff};
use model::Trace;

/// Why there is no trace to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    #[error(
        "find a trace ID in {0:?}: pass an ID in X-Ray form (1-8hex-24hex) or W3C form (32 hex digits), \
         or an address that contains one"
    )]
    NoId(String),
    #[error("find trace {id}: {source_name} does not have it; {fix}")]
    Unknown { id: String, source_name: String, fix: &'static str },
    #[error("query AWS: {0}; fix: {fix}", fix = .0.fix())]
    Aws(AwsError),
    #[error(
        "query the console at {console}: {cause}; is `crudder local` running there? \
         Name another console with --console, or a stack with --stack",
        cause = error_chain(.error)
    )]
    Console { console: String, error: HttpError },
}

pub(crate) async fn run(args: args::Trace, config: &Config, terminal: Terminal) -> Result<ExitCode, TraceError> {
    let id = TraceId::find(&args.id).ok_or_else(|| TraceError::NoId(args.id.clone()))?;
    let timeout = Duration::from_secs(args.wait);
    terminal.status_line("looking for the trace; it may take some seconds to appear");
    let trace = match &args.source.stack {
        Some(stack) => from_stack(config, stack, &id, timeout).await,
        None => from_console(&args, &id, timeout).await,
    };
    terminal.status_line("");
    let trace = trace?;
    match args.json {
        true => terminal.print(&serde_json::json!(trace).to_string()),
        false => terminal.print(&render::render(&trace, Capabilities::of_stdout(config))),
    }
    Ok(ExitCode::SUCCESS)
}

async fn from_stack(config: &Config, stack: &str, id: &TraceId, timeout: Duration) -> Result<Trace, TraceError> {
    let found = deployed::fetch(config, stack, id, timeout).await.map_err(TraceError::Aws)?;
    let fix = "wait a minute for X-Ray and CloudWatch, and check that AWS_REGION is the stack's";
    found.ok_or_else(|| TraceError::Unknown { id: id.xray(), source_name: format!("stack {stack}"), fix })
}

async fn from_console(args: &args::Trace, id: &TraceId, timeout: Duration) -> Result<Trace, TraceError> {
    let default = || args.source.console.trim_end_matches('/').to_owned();
    let console = local_origin(&args.id).unwrap_or_else(default);
    let http = HttpClient::new();
    let found = backoff::poll_until(timeout, async || console::fetch(&http, &console, id).await).await;
    let found = found.map_err(|error| TraceError::Console { console: console.clone(), error })?;
    let fix = "send the request again: the console keeps only the newest requests since it started";
    let source_name = format!("the console at {console}");
    found.ok_or_else(|| TraceError::Unknown { id: id.xray(), source_name, fix })
}

/// Returns the origin of an address on this machine: a page of the console names the console to
/// ask.
fn local_origin(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_local = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    is_local.then(|| format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_on_this_machine_names_a_console() {
        let origin = |text| local_origin(text);
        assert_eq!(origin("http://127.0.0.1:4567/#/trace/x").as_deref(), Some("http://127.0.0.1:4567"));
        assert_eq!(origin("http://localhost/x").as_deref(), Some("http://localhost"));
        assert_eq!(origin("http://127.0.0.1.evil.test/x"), None);
        assert_eq!(origin("https://eu-west-1.console.aws.amazon.com/x"), None);
        assert_eq!(origin("1-2-3"), None);
    }
}
