//! `crudder trace`: one request, from the console of a `crudder local` or from AWS.

mod console;
mod deployed;
mod id;
mod lines;
mod model;
mod render;
mod segments;

use std::process::ExitCode;
use std::time::Duration;

use crate::aws::AwsFault;
use crate::client::{Client, ClientError};
use crate::config::Config;
use crate::paint::Look;
use crate::screen::Screen;
use crate::{args, backoff};
pub(crate) use id::TraceId;
use model::Trace;

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TraceError {
    #[error(
        "find a trace id in {0:?}: give one of X-Ray (1-8hex-24hex), of W3C (32 hex digits), or an address that holds one"
    )]
    NoId(String),
    #[error("find trace {id}: {place} does not know it{hint}")]
    Unknown { id: String, place: String, hint: &'static str },
    #[error("ask AWS: {0}; mend: {mend}", mend = .0.mend())]
    Aws(AwsFault),
    #[error(
        "ask the console at {console}: is `crudder local` running there? Name another with --console, or a stack with --stack"
    )]
    Console {
        console: String,
        #[source]
        source: ClientError,
    },
}

pub(crate) async fn run(args: args::Trace, config: &Config, screen: Screen) -> Result<ExitCode, TraceError> {
    let id = TraceId::find(&args.id).ok_or_else(|| TraceError::NoId(args.id.clone()))?;
    let patience = Duration::from_secs(args.wait);
    screen.status("looking for the trace; it may take some seconds to appear");
    let trace = match &args.place.stack {
        Some(stack) => of_stack(config, stack, &id, patience).await,
        None => of_console(&args, &id, patience).await,
    };
    screen.status("");
    let trace = trace?;
    match args.json {
        true => screen.result(&serde_json::json!(trace).to_string()),
        false => screen.result(&render::render(&trace, Look::of_stdout(config))),
    }
    Ok(ExitCode::SUCCESS)
}

async fn of_stack(config: &Config, stack: &str, id: &TraceId, patience: Duration) -> Result<Trace, TraceError> {
    let found = deployed::fetch(config, stack, id, patience).await.map_err(TraceError::Aws)?;
    let hint = "; X-Ray and CloudWatch may need a minute, and AWS_REGION must be the stack's";
    found.ok_or_else(|| TraceError::Unknown { id: id.xray(), place: format!("stack {stack}"), hint })
}

async fn of_console(args: &args::Trace, id: &TraceId, patience: Duration) -> Result<Trace, TraceError> {
    let named = || args.place.console.trim_end_matches('/').to_owned();
    let console = origin_on_this_machine(&args.id).unwrap_or_else(named);
    let client = Client::new();
    let found = backoff::until(patience, async || console::fetch(&client, &console, id).await).await;
    let found = found.map_err(|source| TraceError::Console { console: console.clone(), source })?;
    let hint = "; it keeps the newest requests of its own life only";
    found.ok_or_else(|| TraceError::Unknown { id: id.xray(), place: format!("the console at {console}"), hint })
}

/// The console's own address, where the trace was named by a page of it.
fn origin_on_this_machine(text: &str) -> Option<String> {
    let rest = text.strip_prefix("http://")?;
    let host = rest.split(['/', '?', '#']).next()?;
    let is_here = ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|port| port.is_empty() || port.starts_with(':')));
    is_here.then(|| format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_this_machine_names_its_console_and_no_other_page_does() {
        let here = |text| origin_on_this_machine(text);
        assert_eq!(here("http://127.0.0.1:4567/#/trace/x").as_deref(), Some("http://127.0.0.1:4567"));
        assert_eq!(here("http://localhost/x").as_deref(), Some("http://localhost"));
        assert_eq!(here("http://127.0.0.1.evil.test/x"), None);
        assert_eq!(here("https://eu-west-1.console.aws.amazon.com/x"), None);
        assert_eq!(here("1-2-3"), None);
    }
}
