//! Starts telemetry, and observes invocations.

use std::future::Future;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use crudder_recorder::OpenError;
use crudder_xray::Daemon;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};
use tracing::{Dispatch, Instrument, Metadata, Span, Subscriber, dispatcher};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, filter};

use crate::after::Planes;
use crate::config::{Config, ConfigError};
use crate::invocation::{End, Failure, Invocation};
use crate::log::{Lines, Output};
use crate::numbers::Numbers;
use crate::parent::{Parent, context_of};
use crate::recorder::Recorder;
use crate::report::Reports;
use crate::request::{Current, Request};
use crate::spans::{RecordAll, Spans};
use crate::{panic, resource, root};

/// The running telemetry of a process. Cheap to clone; nothing to flush, nothing to shut down.
#[derive(Debug, Clone)]
pub struct Telemetry {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    lines: Option<Lines>,
    reports: Reports,
    output: Option<Arc<Output>>,
    daemon: Option<Arc<Daemon>>,
    recorder: Option<Arc<Recorder>>,
    recorder_error: Option<OpenError>,
    /// Invocations observed so far; the first one is the cold start, whatever runs beside it.
    invocations: AtomicU32,
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
    panic::install(telemetry.shared.lines.clone(), telemetry.shared.reports.clone());
    telemetry.say_what_is_off();
    Ok(RUNNING.get_or_init(|| telemetry).clone())
}

impl Telemetry {
    /// Builds everything and installs nothing: the subscriber is the caller's to use, for a part of a process or all of it. Lines
    /// go to `output`.
    ///
    /// # Errors
    /// The output can't be looked at.
    pub fn scoped(config: Config, output: BorrowedFd<'_>) -> std::io::Result<(Self, Dispatch)> {
        Ok(Self::build(config, Some(Output::new(output)?)))
    }

    /// Without an output there are no lines.
    pub(crate) fn build(config: Config, output: Option<Output>) -> (Self, Dispatch) {
        let daemon = config.xray_daemon.and_then(|address| Daemon::at(address).ok()).map(Arc::new);
        let resource = resource::of(&config);
        let (recorder, recorder_error) = match Recorder::open(&config, &resource) {
            Ok(recorder) => (Some(Arc::new(recorder)), None),
            Err(error) => (None, Some(error)),
        };
        let planes = Planes { xray: daemon.clone(), recorder: recorder.clone(), service: config.service.clone() };
        let processor = Spans::new(planes);
        let reports = Reports::new(recorder.clone());
        let output = output.map(Arc::new);
        let lines = output.clone().map(|output| Lines::new(output, config.log_format, config.log_level));
        // One filter for all, since one for each layer costs more than the layers: what is above it, each looks at by itself.
        // `RUST_LOG` is not looked at: a value left in a template would override the level that Lambda's console shows, while
        // Lambda's own filter still applied after it.
        let enough = config.log_level.max(SPAN_LEVEL);
        let spans = spans_of(provider(processor, resource).tracer("crudder-telemetry"));
        // What is nobody's span is switched off where it is made.
        let ours = filter::filter_fn(|metadata| !metadata.is_span() || is_our_span(metadata));
        let subscriber = Registry::default().with(enough).with(ours).with(Numbers).with(spans).with(reports.clone());
        let dispatch = Dispatch::new(subscriber.with(lines.clone()));
        let shared =
            Shared { config, lines, reports, output, daemon, recorder, recorder_error, invocations: AtomicU32::new(0) };
        (Self { shared: Arc::new(shared) }, dispatch)
    }

    /// One line for a recorder that can't be had: the function runs on without.
    fn say_what_is_off(&self) {
        if let Some(error) = &self.shared.recorder_error {
            tracing::warn!(error = %error, "the flight recorder is off: nothing goes to Honeycomb or Rollbar");
        }
    }

    /// One line where nobody reads the recorder, at the first invocation: by then every extension is there.
    fn say_if_unread(&self) {
        if self.shared.recorder.as_ref().is_some_and(|recorder| !recorder.is_read()) {
            tracing::info!("no layer reads the flight recorder: nothing goes to Honeycomb or Rollbar");
        }
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
        if root.request.index == 1 {
            root.span.in_scope(|| self.say_if_unread());
        }
        let answer = work.instrument(root.span.clone()).await;
        root.close(|| end(&answer));
        answer
    }

    fn open(&self, invocation: &Invocation<'_>) -> Root {
        let index = self.shared.invocations.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let parent = Parent::read(invocation.trace_header, invocation.traceparent);
        let context = context_of(parent.span.as_ref());
        let request = Arc::new(Request::new(invocation, index, parent));
        let _context = context.with_value(Current(Arc::clone(&request))).attach();
        let span = tracing::info_span!("invocation", otel.kind = "server");
        Root { span, request, telemetry: self.clone(), open: true }
    }
}

/// The SDK without an exporter: the processor is all there is.
fn provider(processor: Spans, resource: Resource) -> SdkTracerProvider {
    SdkTracerProvider::builder()
        .with_id_generator(XrayIdGenerator::default())
        .with_sampler(RecordAll)
        .with_resource(resource)
        .with_span_processor(processor)
        .build()
}

/// The layer that makes OpenTelemetry's spans of `tracing`'s. Location, thread, inactivity and target make a span 2.6 times as large.
fn spans_of<S: Subscriber + for<'a> LookupSpan<'a>>(tracer: SdkTracer) -> impl Layer<S> {
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_filter(filter::filter_fn(|metadata| metadata.is_span()))
}

/// The root span while it is open.
struct Root {
    span: Span,
    request: Arc<Request>,
    telemetry: Telemetry,
    open: bool,
}

impl Root {
    fn close(&mut self, end: impl FnOnce() -> End) {
        self.open = false;
        let request = &self.request;
        self.span.in_scope(|| {
            let end = end();
            let panic = request.take_panic();
            let reports = &self.telemetry.shared.reports;
            Context::map_current(|context| root::at_end(request, &context.span(), end, panic, reports));
        });
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        if self.open {
            self.close(|| End::ok().because(Failure::cancelled()));
        }
        // The span ends where its last holder lets it go: here, unless somebody works on.
        self.span = Span::none();
        if let Some(after) = self.request.take_after() {
            after.tell_later();
        }
    }
}

/// Spans below this are not taken.
const SPAN_LEVEL: LevelFilter = LevelFilter::INFO;

/// Spans at INFO and above that are not `lambda_runtime`'s: its "Lambda runtime invoke" would be a second, unrelated root.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= SPAN_LEVEL && !metadata.target().starts_with("lambda_runtime")
}
