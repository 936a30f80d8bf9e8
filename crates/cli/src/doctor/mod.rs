//! `crudder doctor`: sends requests, looks for them in each backend, and says how to fix problems.
//!
//! A check of a backend has two parts: one fetches what there is to know, and a pure function
//! evaluates it.

mod cloudwatch;
mod deployed;
mod finding;
mod honeycomb;
mod key_match;
mod local;
mod probe;
mod rollbar;
mod xray;

use std::process::ExitCode;
use std::time::Duration;

use crudder_text::error_chain;
use finding::{Finding, Status};
use serde_json::json;

use crate::args;
use crate::config::Config;
use crate::http::HttpClient;
use crate::style::Capabilities;
use crate::terminal::Terminal;

pub(crate) async fn run(args: args::Doctor, config: &Config, terminal: Terminal) -> ExitCode {
    terminal.status_line("checking every backend; a trace may take some seconds to appear");
    let findings = findings(&args, config).await;
    terminal.status_line("");
    let is_ok = findings.iter().all(|finding| finding.status != Status::Failed);
    if args.json {
        terminal.print(&json!({ "ok": is_ok, "findings": findings }).to_string());
    } else {
        let capabilities = Capabilities::of_stdout(config);
        let lines: Vec<String> = findings.iter().map(|finding| finding.line(capabilities)).collect();
        terminal.print(&lines.join("\n"));
    }
    if is_ok { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn findings(args: &args::Doctor, config: &Config) -> Vec<Finding> {
    let (http, timeout) = (HttpClient::new(), Duration::from_secs(args.wait));
    if let Some(stack) = &args.stack {
        return deployed::check_stack(&http, config, stack, timeout).await;
    }
    let url = args.url.trim_end_matches('/');
    // Only the console of `crudder local` has this route; anything else is taken for a deployed
    // API.
    let about_url = format!("{url}/api/about");
    match http.send(http.get(&about_url), &about_url).await {
        Ok(response) if response.json()["api"].is_string() => {
            local::check(&http, config, url, &response.json(), timeout).await
        }
        Ok(_) => deployed::check_url(&http, config, url, timeout).await,
        Err(error) => vec![Finding::failed(
            "API",
            error_chain(&error),
            "start `crudder local`, or name another console or API with --url, or a deployed stack with --stack",
        )],
    }
}
