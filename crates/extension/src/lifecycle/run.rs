//! Starts the extension: configuration, registration, subscription, then the event loop.

use crudder_recorder::Reader;
use crudder_text::error_chain;
use tokio::sync::mpsc;

use super::event_loop::EventLoop;
use super::extensions_api::{ExtensionsApi, LambdaError, NextEvent};
use super::next_event::{MAX_TRIES, NextEvents, RETRY_PAUSE, next_events};
use super::telemetry_listener;
use crate::config::Config;
use crate::invocations::PlatformEvent;
use crate::log;

/// Runs the extension with the configuration of its environment. It never fails: an extension that
/// can't work must not take its function down.
pub async fn run() {
    match Config::from_env() {
        Ok(config) => serve(config).await,
        Err(error) if error.variable() == "AWS_LAMBDA_RUNTIME_API" => {
            let message = "this program is a Lambda extension and runs only in Lambda";
            log::error(message, [("error", format!("failed to {error}").into())]);
        }
        Err(error) => {
            let cause = format!("failed to {error}");
            let message = format!("telemetry extension disabled: {cause}");
            log::error(&message, [("error", cause.into()), ("variable", error.variable().into())]);
            let Ok(address) = Config::runtime_api_from_env() else { return };
            if let Some(api) = register(&address, false).await {
                idle(next_events(api)).await;
            }
        }
    }
}

/// Runs the extension with this configuration until SHUTDOWN.
pub async fn serve(mut config: Config) {
    let listening = telemetry_listener::listen().await;
    let Some(mut api) = register(&config.runtime_api, config.is_managed).await else { return };
    config.is_managed = !api.has_invoke;
    let platform_events = subscribe(listening, &mut api).await;
    let opened = Reader::open(&config.recorder, config.recorder_bytes)
        .and_then(|reader| reader.with_sinks(&config.destinations()));
    match opened {
        Ok(reader) => EventLoop::new(config, reader, platform_events, next_events(api)).run().await,
        Err(error) => {
            let cause = error_chain(&error);
            log::error(&format!("telemetry extension disabled: {cause}"), [("error", cause.into())]);
            idle(next_events(api)).await;
        }
    }
}

type PlatformEvents = mpsc::Receiver<PlatformEvent>;

/// Subscribes to platform events. Without them a death is found only at SHUTDOWN.
async fn subscribe(
    listening: std::io::Result<(u16, PlatformEvents)>,
    api: &mut ExtensionsApi,
) -> Option<PlatformEvents> {
    let failed = |error: String| {
        log::warn("no platform events: deaths are found at SHUTDOWN", [("error", error.into())]);
        None
    };
    match listening {
        Ok((port, events)) => match api.subscribe(port).await {
            Ok(()) => Some(events),
            Err(error) => failed(error_chain(&error)),
        },
        Err(error) => failed(format!("failed to open a port for the Telemetry API: {error}")),
    }
}

async fn register(address: &str, is_managed: bool) -> Option<ExtensionsApi> {
    let failed = |error: String| {
        log::error("failed to register the telemetry extension", [("error", error.into())]);
    };
    for _ in 0..MAX_TRIES {
        match ExtensionsApi::register(address, is_managed).await {
            Ok(api) => return Some(api),
            Err(error @ LambdaError::Refused { .. }) => {
                failed(error_chain(&error));
                return None;
            }
            Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
        }
    }
    failed("the Lambda API did not respond".to_owned());
    None
}

/// Requests `/next` until SHUTDOWN and does nothing else, for an extension that can't work.
async fn idle(mut next_events: NextEvents) {
    loop {
        next_events.request();
        match next_events.events.recv().await {
            Some(NextEvent::Shutdown { .. }) | None => return,
            Some(NextEvent::Invoke { .. } | NextEvent::Unknown) => (),
        }
    }
}
