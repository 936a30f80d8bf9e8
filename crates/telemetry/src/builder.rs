//! Starts telemetry: environment, recorder, subscriber, panic hook.

use std::os::fd::BorrowedFd;
use std::sync::{Arc, OnceLock};

use crudder_recorder::OpenError;
use crudder_settings::ConfigError;
use crudder_xray::Daemon;
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::Resource;
use tracing::{Dispatch, dispatcher};

use crate::config::Config;
use crate::destinations::Destinations;
use crate::log::{Lines, Output};
use crate::recorder::Recorder;
use crate::report::Reports;
use crate::resource::{self, CodeDefaults};
use crate::span::Processor;
use crate::telemetry::{Shared, Telemetry};
use crate::{panic, subscriber};

/// Builds [`Telemetry`]. The environment overrides what the builder sets, so that a deployment can
/// rename a service without a build.
#[derive(Debug, Clone, Default)]
#[must_use = "a builder does nothing until it is started"]
pub struct TelemetryBuilder {
    defaults: CodeDefaults,
}

/// Telemetry before it is installed.
struct Built {
    telemetry: Telemetry,
    dispatch: Dispatch,
    recorder_error: Option<OpenError>,
}

impl Telemetry {
    /// Returns a builder, for a service name, a version and other attributes from code.
    pub fn builder() -> TelemetryBuilder {
        TelemetryBuilder::default()
    }
}

/// Starts telemetry with the settings of the environment: the short form of `Telemetry::builder().start()`.
///
/// # Errors
/// A variable has a value that telemetry cannot use.
pub fn start() -> Result<Telemetry, ConfigError> {
    Telemetry::builder().start()
}

impl TelemetryBuilder {
    /// Sets `service.name`. `OTEL_SERVICE_NAME` overrides it, and `service.name` in
    /// `OTEL_RESOURCE_ATTRIBUTES` does. Without any of the three it is the function's name.
    pub fn service_name(mut self, name: impl Into<String>) -> Self {
        self.defaults.service_name = Some(name.into());
        self
    }

    /// Sets `service.version`. `CRUDDER_VERSION` overrides it, and `service.version` in
    /// `OTEL_RESOURCE_ATTRIBUTES` overrides both.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.defaults.version = Some(version.into());
        self
    }

    /// Adds an attribute to the resource: to everything that this process emits.
    /// `OTEL_RESOURCE_ATTRIBUTES` overrides it.
    pub fn resource_attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.defaults.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Reads the environment, installs the `tracing` subscriber and the panic hook of this process.
    /// A second call returns the telemetry that runs already. Another subscriber that is already
    /// installed stays: then spans and log lines go there, and only the panic hook is this crate's.
    ///
    /// # Errors
    /// A variable has a value that telemetry cannot use.
    pub fn start(self) -> Result<Telemetry, ConfigError> {
        static RUNNING: OnceLock<Telemetry> = OnceLock::new();
        if let Some(running) = RUNNING.get() {
            return Ok(running.clone());
        }
        let built = self.build(Config::from_env()?, Output::stdout().ok());
        let _ = dispatcher::set_global_default(built.dispatch);
        let shared = &built.telemetry.shared;
        panic::install(shared.lines.clone(), shared.reports.clone());
        log_problems(&shared.config, built.recorder_error.as_ref());
        Ok(RUNNING.get_or_init(|| built.telemetry).clone())
    }

    /// Builds telemetry that writes its lines to `output`, and installs nothing: the caller uses the
    /// subscriber, for a part of a process or all of it.
    ///
    /// # Errors
    /// The output cannot be inspected.
    pub fn scoped(self, config: Config, output: BorrowedFd<'_>) -> std::io::Result<(Telemetry, Dispatch)> {
        let built = self.build(config, Some(Output::new(output)?));
        Ok((built.telemetry, built.dispatch))
    }

    /// Without an output there are no lines.
    fn build(self, config: Config, output: Option<Output>) -> Built {
        let resource = resource::of(&config, self.defaults);
        let (recorder, recorder_error) = match Recorder::open(&config, &resource) {
            Ok(recorder) => (Some(Arc::new(recorder)), None),
            Err(error) => (None, Some(error)),
        };
        let destinations = destinations(&config, output, recorder.clone(), &resource);
        let output = destinations.output.clone();
        let lines = output.map(|output| Lines::new(output, config.log_format, config.log_level));
        let reports = Reports::new(recorder);
        let processor = Processor::new(Arc::clone(&destinations));
        let dispatch = subscriber::dispatch(processor, resource, reports.clone(), lines.clone(), config.log_level);
        let telemetry = Telemetry::new(Shared::new(config, lines, reports, destinations));
        Built { telemetry, dispatch, recorder_error }
    }
}

fn destinations(
    config: &Config,
    output: Option<Output>,
    recorder: Option<Arc<Recorder>>,
    resource: &Resource,
) -> Arc<Destinations> {
    Arc::new(Destinations {
        output: output.map(Arc::new),
        xray: config.xray_daemon.and_then(|address| Daemon::at(address).ok()),
        recorder,
        service_name: resource::service_name(resource),
    })
}

/// Logs what does not work; the function runs on without it.
fn log_problems(config: &Config, recorder_error: Option<&OpenError>) {
    if let Some(error) = recorder_error {
        tracing::warn!("recorder disabled: {error}; nothing reaches Honeycomb or Rollbar");
    }
    if let Some(error) = &config.discarded_resource_attributes {
        tracing::warn!("resource attributes ignored: failed to {error}");
    }
}
