//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use clap_complete::Shell;

/// Crudder from the terminal: run it whole on this machine, see whether each plane works, look at one request, deliver what was left over.
#[derive(Debug, Parser)]
#[command(name = "crudder", version, about, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Builds the functions and serves all of Crudder on 127.0.0.1.
    Local(Local),
    /// Checks each plane - API, X-Ray, CloudWatch, Honeycomb, Rollbar - and says how to mend what is wrong.
    Doctor(Doctor),
    /// Shows one request as a waterfall, with its log lines and links.
    Trace(Trace),
    /// Delivers dead letters out of CloudWatch's lines.
    Replay(Replay),
    /// Prints a shell's completions.
    Completions(Completions),
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder local                                    API on port 3000, console on port 3001
  crudder local --port 0 --console-port 0 --json   any free ports, told as JSON
  CRUDDER_FAULTS=off crudder local                 /rollbar/test?kind=timeout no longer dies on purpose")]
pub(crate) struct Local {
    /// The API's port; 0 is any free one.
    #[arg(long, default_value_t = 3000)]
    pub(crate) port: u16,
    /// The console's port; 0 is any free one.
    #[arg(long, default_value_t = 3001)]
    pub(crate) console_port: u16,
    /// Prints the addresses as one line of JSON, and nothing else, on standard output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Where posts, users and the tokens' key are kept. [default: .crudder in the workspace]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Builds the functions with --release.
    #[arg(long)]
    pub(crate) release: bool,
    /// Serves only the table and the vendors' fakes, and prints the variables that a lone function needs to find them.
    #[arg(long)]
    pub(crate) services: bool,
    /// Takes the functions' binaries from a folder in place of building them.
    #[arg(long, value_name = "DIR", conflicts_with = "release")]
    pub(crate) functions: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder doctor                          the `crudder local` of this machine
  crudder doctor --stack crudder-dev      a deployed stack, by its name in CloudFormation
  crudder doctor --url https://abcdef1234.execute-api.ca-central-1.amazonaws.com/dev
  crudder doctor --json | jq -r '.findings[] | select(.verdict == \"wrong\") | .mend'

It makes requests itself and looks for them in every plane. Each plane is ok, off, or wrong with
what mends it; the exit code is 0 only if all that is switched on works.

Checked are the keys of this shell: HONEYCOMB_API_KEY (with HONEYCOMB_API_ENDPOINT in the EU),
ROLLBAR_ACCESS_TOKEN, and ROLLBAR_READ_TOKEN, with which the project is named in place of a debug
item being posted. AWS's credentials and region are those of the AWS CLI: AWS_PROFILE, AWS_REGION.
No key is ever printed.")]
pub(crate) struct Doctor {
    /// A deployed stack, by its name in CloudFormation.
    #[arg(long, value_name = "NAME", conflicts_with = "url")]
    pub(crate) stack: Option<String>,
    /// The console of a `crudder local`, or a deployed API.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3001")]
    pub(crate) url: String,
    /// Prints the findings as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds to wait for a trace and for lines that are not there yet: X-Ray takes some, CloudWatch more.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) wait: u64,
}

/// Where a stack is looked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// A deployed stack, by its name in CloudFormation.
    #[arg(long, value_name = "NAME", conflicts_with = "console")]
    pub(crate) stack: Option<String>,
    /// The console of a `crudder local`.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:3001")]
    pub(crate) console: String,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  crudder trace 1-6921f3a0-0123456789abcdef01234567    the id of X-Ray, as log lines and answers bear it
  crudder trace 6921f3a00123456789abcdef01234567       the same in W3C's form
  crudder trace 'Root=1-6921f3a0-0123456789abcdef01234567;Sampled=1'
  crudder trace --stack crudder-dev 1-6921f3a0-0123456789abcdef01234567

AWS's credentials and region are those of the AWS CLI: AWS_PROFILE, AWS_REGION.")]
pub(crate) struct Trace {
    /// A trace id in any form, a traceparent, a whole X-Amzn-Trace-Id header, or the address of a page that names it.
    #[arg(value_name = "ID|URL")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// Prints the trace as one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Seconds to wait for a trace that is not there yet.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub(crate) wait: u64,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  aws logs filter-log-events --log-group-name /crudder/dev/home-activities \\
    --filter-pattern '\"dead letter\"' > letters.json
  crudder replay letters.json --dry-run    what would be delivered
  crudder replay letters.json              delivers, and notes in letters.json.replayed what was taken
  zcat export/*.gz | crudder replay - --state export.replayed

Read are plain lines, lines with a time before them (aws logs tail, exports to S3), the JSON of
aws logs, the JSON and CSV of Logs Insights, and any of these packed by gzip. A run that was stopped
is run again: what was delivered is not sent twice.

Keys and addresses are the layer's own variables: HONEYCOMB_API_KEY, HONEYCOMB_API_ENDPOINT,
ROLLBAR_ACCESS_TOKEN, ROLLBAR_ENDPOINT; for X-Ray the AWS CLI's credentials and region.")]
pub(crate) struct Replay {
    /// A file with log lines, or - for standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) file: PathBuf,
    /// Says what would be delivered, and sends nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where deliveries are noted. [default: FILE.replayed; nowhere for standard input]
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
    /// The shell.
    pub(crate) shell: Shell,
}
