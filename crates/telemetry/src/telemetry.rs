//! Starts telemetry, and observes invocations.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Dispatch, Instrument, Level, Metadata, Span, dispatcher};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, Registry, filter};

use crate::config::{Config, ConfigError};
use crate::invocation::{End, Failure, Invocation};
use crate::log::{Lines, Output};
use crate::parent::{Parent, context_of};
use crate::request::{Current, Opening, Request};
use crate::spans::{RecordAll, Spans};
use crate::xray::Daemon;
use crate::{panic, root};

/// The running telemetry of a process. Cheap to clone; nothing to flush, nothing to shut down.
#[derive(Debug, Clone)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    lines: Option<Lines>,
    output: Option<Arc<Output>>,
    daemon: Option<Arc<Daemon>>,
    /// Invocations observed so far; the first one is the cold start, whatever runs beside it.
    invocations: AtomicU64,
}

/// What telemetry could not tell, because it would not wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Losses {
    /// Log lines that a full or closed stdout did not take.
    pub lines: u64,
    /// X-Ray datagrams that the system did not take.
    pub datagrams: u64,
}

/// Reads the environment, installs the `tracing` subscriber and the panic hook of this process. Started once more, it answers
/// with what runs already.
///
/// # Errors
/// A variable whose value is not of its kind.
pub fn start() -> Result<Telemetry, ConfigError> {
    static RUNNING: OnceLock<Telemetry> = OnceLock::new();
    if let Some(running) = RUNNING.get() {
        return Ok(running.clone());
    }
    let (telemetry, dispatch) = Telemetry::build(Config::from_env()?, Output::stdout().ok());
    // Somebody else's subscriber stays: then spans and lines are theirs, and the panic hook is still ours.
    let _ = dispatcher::set_global_default(dispatch);
    if let Some(lines) = &telemetry.shared.lines {
        panic::install(lines.clone());
    }
    Ok(RUNNING.get_or_init(|| telemetry).clone())
}

impl Telemetry {
    /// Builds everything and installs nothing. Without an output there are no lines.
    pub(crate) fn build(config: Config, output: Option<Output>) -> (Self, Dispatch) {
        let daemon = config.xray_daemon.and_then(|address| Daemon::at(address).ok()).map(Arc::new);
        let provider = SdkTracerProvider::builder()
            .with_id_generator(XrayIdGenerator::default())
            .with_sampler(RecordAll)
            .with_span_processor(Spans::new(daemon.clone(), config.service.clone()))
            .build();
        // Location, thread, inactivity and target make a span 2.6 times as large.
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("crudder-telemetry"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_target(false)
            .with_filter(filter::filter_fn(is_our_span));
        let output = output.map(Arc::new);
        let lines = output.clone().map(|output| Lines::new(output, config.log_format));
        // `RUST_LOG` is not looked at: a value left in a template would override the level that Lambda's console shows, while
        // Lambda's own filter still applied after it.
        let printed = lines.clone().map(|lines| lines.with_filter(config.log_level));
        let dispatch = Dispatch::new(Registry::default().with(spans).with(printed));
        let shared = Shared { config, lines, output, daemon, invocations: AtomicU64::new(0) };
        (Self { shared: Arc::new(shared) }, dispatch)
    }

    /// What the environment said.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// What telemetry could not tell, so far.
    #[must_use]
    pub fn losses(&self) -> Losses {
        Losses {
            lines: self.shared.output.as_ref().map_or(0, |output| output.lost()),
            datagrams: self.shared.daemon.as_ref().map_or(0, |daemon| daemon.lost()),
        }
    }

    /// Runs `work` inside the invocation's root span, which gets all that is known now at its start, and what `end` says
    /// of the answer at its end. Then X-Ray gets the spans, where it asked for them. Prints nothing.
    ///
    /// A panic goes on to the caller, and work that is dropped before its end is closed as cancelled: each with its span
    /// marked.
    pub async fn observe<R>(
        &self,
        invocation: Invocation<'_>,
        work: impl Future<Output = R>,
        end: impl FnOnce(&R) -> End,
    ) -> R {
        let mut root = self.open(&invocation);
        let answer = work.instrument(root.span.clone()).await;
        root.close(|| end(&answer));
        answer
    }

    fn open(&self, invocation: &Invocation<'_>) -> Root {
        let number = self.shared.invocations.fetch_add(1, Ordering::Relaxed);
        let parent = Parent::read(invocation.trace_header, invocation.traceparent);
        let attributes = root::at_start(invocation, number);
        let opening = Opening { attributes, link: parent.link };
        let name = root::name_of(&invocation.trigger);
        let request = Request::new(invocation.request_id, name, parent.to_xray, parent.caller_span, opening);
        let request = Arc::new(request);
        let _context = context_of(parent.span).with_value(Current(Arc::clone(&request))).attach();
        Root { span: tracing::info_span!("invocation", otel.kind = "server"), request, open: true }
    }
}

/// The root span while it is open.
struct Root {
    span: Span,
    request: Arc<Request>,
    open: bool,
}

impl Root {
    fn close(&mut self, end: impl FnOnce() -> End) {
        self.open = false;
        let request = &self.request;
        self.span.in_scope(|| {
            let end = end();
            let panic = request.take_panic();
            Context::map_current(|context| root::at_end(&context.span(), end, panic));
        });
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.open {
            self.close(|| End::ok().because(Failure::cancelled()));
        }
    }
}

/// Spans at INFO and above that are not `lambda_runtime`'s: its "Lambda runtime invoke" would be a second, unrelated root.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && !metadata.target().starts_with("lambda_runtime")
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsFd;

    use serde_json::Value;

    use super::*;
    use crate::invocation::{HttpRequest, Trigger};

    const HEADER: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

    #[tokio::test]
    async fn a_line_carries_the_ids_of_its_request() {
        let (mut read, write) = std::io::pipe().unwrap();
        let config = Config::read(|_| None).unwrap();
        let (telemetry, dispatch) = Telemetry::build(config, Some(Output::new(write.as_fd()).unwrap()));
        let guard = dispatcher::set_default(&dispatch);
        let http = HttpRequest { method: "GET", route: "/api/activities/home", ..HttpRequest::default() };
        let invocation = Invocation::new("8f7c2e1a", Trigger::Http(http)).with_trace_header(Some(HEADER));
        let ids = telemetry
            .observe(
                invocation,
                async {
                    tracing::info!(limit = 40, level = "mine", "Hello Cloudwatch! from  /api/activities/home");
                    crate::current_ids().unwrap()
                },
                |_| End::http(200),
            )
            .await;
        drop(guard);
        drop((dispatch, telemetry, write));
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(line["message"], "Hello Cloudwatch! from  /api/activities/home");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["field_level"], "mine");
        assert_eq!(line["requestId"], "8f7c2e1a");
        assert_eq!(line["trace_id"], "5759e988bd862e3fe1be46a994272793");
        assert_eq!(line["xray_trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(line["span_id"], ids.span_id);
        assert_eq!(line["route"], "GET /api/activities/home");
        assert_eq!(line["limit"], 40);
    }
}
