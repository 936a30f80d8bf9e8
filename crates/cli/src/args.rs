//! The command line: subcommands, options and their help texts.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// Runs Crudder on this machine, and inspects its telemetry here and in AWS.
#[derive(Debug, Parser)]
#[command(name = "crudder", version, max_term_width = 100)]
#[command(after_help = "\
Examples:
  crudder local                                        start Crudder on this machine
  crudder doctor                                       check that its telemetry works
  crudder trace 1-6921f3a0-0123456789abcdef01234567    show one request
  crudder replay letters.json                          redeliver dead letters

Run `crudder COMMAND --help` for the options of a command and more examples.")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the functions and serves all of Crudder on 127.0.0.1.
    Local(Local),
    /// Checks each backend and says how to fix what is broken.
    Doctor(Doctor),
    /// Shows one request as a waterfall, with its log lines and links.
    Trace(Trace),
    /// Redelivers dead letters from exported CloudWatch log lines.
    Replay(Replay),
    /// Prints a completion script for a shell.
    Completions(Completions),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder local                                    API on port 3000, console on port 3001
  crudder local --port 0 --console-port 0 --json   any free ports, printed as JSON
  CRUDDER_FAULTS=off crudder local                 /rollbar/test?kind=timeout does not inject faults

It serves the API, the table with sample data, and a console that shows every request. Local fakes
of X-Ray, Honeycomb, Rollbar and CloudWatch receive the telemetry. Press Ctrl-C to stop.")]
pub(crate) struct Local {
    /// Port of the API; 0 selects any free port.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// Port of the console; 0 selects any free port.
    #[arg(long, default_value_t = 3001)]
    pub(crate) console_port: u16,
    /// Prints the addresses as one line of JSON, and nothing else on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder for posts, users and the token signing key. [default: .crudder in the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Builds the functions with --release.
    #[arg(long)]
    pub(crate) release: bool,
    /// Serves only the table and the fakes, and prints the variables that a separately started
    /// function needs.
    #[arg(long)]
    pub(crate) services: bool,
    /// Uses the function binaries in a folder instead of building them.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) functions: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder doctor                          the `crudder local` on this machine
  crudder doctor --stack crudder-dev      a deployed stack, by its CloudFormation name
  crudder doctor --url https://abcdef1234.execute-api.ca-central-1.amazonaws.com/dev
  crudder doctor --json | jq -r '.findings[] | select(.verdict == \"wrong\") | .fix'

It sends requests to the API and looks for them in X-Ray, CloudWatch, Honeycomb and Rollbar. Each
line is ok, off (not configured) or failed; a failed line says how to fix it. In the JSON,
.verdict is ok, off or wrong. The exit code is 0 if nothing failed, otherwise 1.

It checks the keys of this shell: HONEYCOMB_API_KEY (in the EU, with HONEYCOMB_API_ENDPOINT),
ROLLBAR_ACCESS_TOKEN and ROLLBAR_READ_TOKEN. With the read token it shows the Rollbar project and
posts nothing; without it, it posts a debug item. AWS credentials and region come from the same
settings as for the AWS CLI, such as AWS_PROFILE and AWS_REGION. Keys are never printed.")]
pub(crate) struct Doctor {
    /// CloudFormation name of a deployed stack.
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) stack: Option<String>,
    /// Address of a `crudder local` console, or of a deployed API.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3001")]
    pub(crate) url: String,
    /// Prints the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds to wait for traces and log lines to appear. X-Ray takes some seconds, CloudWatch
    /// longer.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
}

/// Where to look for a trace.
#[derive(Debug, clap::Args)]
pub(crate) struct Source {
    /// CloudFormation name of a deployed stack.
    #[arg(long, value_name = "NAME", conflicts_with = "console")]
    pub(crate) stack: Option<String>,
    /// Address of a `crudder local` console.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3001")]
    pub(crate) console: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder trace 1-6921f3a0-0123456789abcdef01234567    X-Ray form, as in log lines and responses
  crudder trace 6921f3a00123456789abcdef01234567       W3C form
  crudder trace 'Root=1-6921f3a0-0123456789abcdef01234567;Sampled=1'
  crudder trace --stack crudder-dev 1-6921f3a0-0123456789abcdef01234567

Without --stack it asks the console of `crudder local`; with --stack it asks X-Ray and CloudWatch.
AWS credentials and region come from the same settings as for the AWS CLI, such as AWS_PROFILE and
AWS_REGION.")]
pub(crate) struct Trace {
    /// Trace ID in any form, a traceparent, an X-Amzn-Trace-Id header, or the address of a page
    /// about the trace.
    #[arg(value_name = "ID|URL")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) source: Source,
    /// Prints the trace as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds to wait for the trace to appear.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) wait: u64,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  aws logs filter-log-events --log-group-name /crudder/dev/home-activities \\
    --filter-pattern '\"dead letter\"' > letters.json
  crudder replay letters.json --dry-run    print what it would deliver
  crudder replay letters.json              deliver, and record it in letters.json.replayed
  zcat export/*.gz | crudder replay - --state export.replayed

A dead letter is a batch of telemetry that could not be exported; the extension wrote it to the
function's log. The input may be plain log lines, lines with a leading time (aws logs tail, exports
to S3), the JSON of `aws logs`, or the JSON or CSV of Logs Insights. It may be gzip-compressed. To
continue after an interruption, run the same command again: it skips the delivered letters.

Keys and addresses come from the extension's variables: HONEYCOMB_API_KEY, HONEYCOMB_API_ENDPOINT,
ROLLBAR_ACCESS_TOKEN and ROLLBAR_ENDPOINT. For X-Ray, AWS credentials and region come from the same
settings as for the AWS CLI.")]
pub(crate) struct Replay {
    /// File with log lines, or - for standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// Prints what it would deliver, and sends nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// File that records the delivered letters. [default: FILE.replayed; none for standard input]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder completions bash > ~/.local/share/bash-completion/completions/crudder
  crudder completions zsh > ~/.zfunc/_crudder
  crudder completions fish > ~/.config/fish/completions/crudder.fish")]
pub(crate) struct Completions {
    /// Shell to complete in.
    pub(crate) shell: Shell,
}
