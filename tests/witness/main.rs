//! An OTLP receiver that is not ours takes what the layer sends, and shows every span as it was meant.
//!
//! Everything else in the house that reads OTLP was written beside what writes it. `rotel-agent`, a collector in the wheel of `rotel` on
//! PyPI, was not: it decodes the layer's requests with its own code and prints what it found. With its path in `CRUDDER_ROTEL`:
//! `make witness`. It takes any key and knows no vendor's rules; those the stand-in of Honeycomb holds.

#[path = "../support/program.rs"]
mod program;
mod shown;
#[path = "../support/mod.rs"]
mod support;

use std::{collections::BTreeSet, process::Command};

use program::{Program, free_address, named_by};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::json;
use shown::Shown;
use support::World;

/// The whole of `cargo local`, sending to rotel in place of Honeycomb's stand-in.
struct Witness {
    world: World,
    rotel: Program,
    _folder: tempfile::TempDir,
}

impl Witness {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = free_address();
        let mut command = Command::new(named_by("CRUDDER_ROTEL"));
        command.args(["start", "--otlp-http-endpoint", &address, "--otlp-grpc-endpoint", "127.0.0.1:0"]);
        command.args(["--exporter", "blackhole", "--debug-log", "traces", "--debug-log-verbosity", "detailed"]);
        command.arg("--pid-file").arg(folder.path().join("pid")).current_dir(folder.path());
        let mut rotel = Program::start(&mut command);
        // It says so once it has its ports.
        rotel.hear_line("Starting Rotel").await;
        let endpoint = format!("http://{address}");
        let key = "hcaik_n0b0dysn0b0dysn0b0dys";
        let variables =
            [("HONEYCOMB_API_ENDPOINT", endpoint.as_str()), ("HONEYCOMB_API_KEY", key), ("CRUDDER_FAULTS", "on")];
        Self { world: World::with(&variables).await, rotel, _folder: folder }
    }

    /// Sends a request, and answers with its trace's id once rotel has shown some of that trace.
    async fn send(&mut self, request: RequestBuilder, status: StatusCode) -> String {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        let header = answer.headers()["x-amzn-trace-id"].to_str().unwrap().to_owned();
        let trace = header.trim_start_matches("Root=1-").replace('-', "");
        self.rotel.hear_line(&trace).await;
        trace
    }

    async fn get(&mut self, path: &str, status: StatusCode) -> String {
        let request = self.world.request(reqwest::Method::GET, path);
        self.send(request, status).await
    }

    /// Ends everything, which is when the last of everything has been told; answers with what rotel showed of a trace.
    async fn close(self, trace: &str) -> Trace {
        let taken = self.world.running().vendors().honeycomb.look(|store| store.span_count());
        assert_eq!(taken, 0, "the stand-in was sent to, not rotel");
        self.world.stop().await;
        let (lines, _) = self.rotel.end().await;
        let spans: Vec<_> = shown::spans(&lines).into_iter().filter(|span| span.trace_id == trace).collect();
        let ids: BTreeSet<_> = spans.iter().map(|span| &span.span_id).collect();
        assert_eq!(ids.len(), spans.len(), "a span came twice: {spans:#?}");
        assert!(spans.iter().all(|span| span.start_ns > 0 && span.start_ns <= span.end_ns), "{spans:#?}");
        Trace(spans)
    }
}

/// What rotel showed of one trace.
struct Trace(Vec<Shown>);

impl Trace {
    /// The one span of a name.
    fn span(&self, name: &str) -> &Shown {
        let named: Vec<_> = self.0.iter().filter(|span| span.name == name).collect();
        let [span] = named.as_slice() else { panic!("{} spans are {name:?} in {:#?}", named.len(), self.0) };
        span
    }

    /// The root: that it has no parent, what it is, and how it ended.
    fn root(&self, name: &str, status: &str) -> &Shown {
        let root = self.span(name);
        let seen = (root.parent_id.as_str(), root.kind.as_str(), root.status.as_str());
        assert_eq!(seen, ("", "SPAN_KIND_SERVER", status), "{root:#?}");
        assert_eq!(root.span_id.len(), 16);
        root
    }
}

#[track_caller]
fn has(span: &Shown, attributes: &[(&str, &str)]) {
    for (name, value) in attributes {
        assert_eq!(span.attributes.get(*name).map(String::as_str), Some(*value), "{name} of {span:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotel_shows_a_read_of_the_home_page_span_by_span() {
    let mut witness = Witness::open().await;
    let trace = witness.get("/api/activities/home?limit=3", StatusCode::OK).await;
    let trace = witness.close(&trace).await;
    println!("{:#?}", trace.0);
}
