//! `crudder doctor`: makes a request, looks for it in every plane, and says of each whether it works and what mends it.

mod cloudwatch;
mod deployed;
mod finding;
mod held;
mod honeycomb;
mod local;
mod probe;
mod rollbar;
mod xray;

use std::process::ExitCode;
use std::time::Duration;

use finding::{Finding, Verdict};
use serde_json::json;

use crate::args;
use crate::client::Client;
use crate::config::Config;
use crate::paint::Look;
use crate::screen::Screen;
pub(crate) use honeycomb::{Auth, ask as ask_honeycomb};
use probe::with_causes;

pub(crate) async fn run(args: args::Doctor, config: &Config, screen: Screen) -> ExitCode {
    screen.status("asking every plane; a trace may take some seconds to appear");
    let findings = findings(&args, config).await;
    screen.status("");
    let is_well = findings.iter().all(|finding| finding.verdict != Verdict::Wrong);
    if args.json {
        screen.result(&json!({ "ok": is_well, "findings": findings }).to_string());
    } else {
        let look = Look::of_stdout(config);
        let lines: Vec<String> = findings.iter().map(|finding| finding.line(look)).collect();
        screen.result(&lines.join("\n"));
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn findings(args: &args::Doctor, config: &Config) -> Vec<Finding> {
    let (client, patience) = (Client::new(), Duration::from_secs(args.wait));
    if let Some(stack) = &args.stack {
        return deployed::by_stack(&client, config, stack, patience).await;
    }
    let url = args.url.trim_end_matches('/');
    let asked = format!("{url}/api/about");
    match client.send(client.get(&asked), &asked).await {
        Ok(answer) if answer.json()["api"].is_string() => {
            local::check(&client, config, url, &answer.json(), patience).await
        }
        Ok(_) => deployed::by_url(&client, config, url, patience).await,
        Err(error) => vec![Finding::wrong(
            "API",
            with_causes(&error),
            "start `crudder local`, or name another console or API with --url, or a deployed stack with --stack",
        )],
    }
}
