//! Rollbar: one item per report and per death.

mod body;
mod fields;
mod frames;
mod item;
mod limits;
mod size;

use std::time::{Duration, SystemTime};

use crudder_otlp::read;
use crudder_settings::ConfigError;

use self::body::{Death, Report};
use self::item::{Event, Scene};
use super::context::{Context, Observation};
use super::exporter::{Access, Credentials, Exporter};
use super::http::HttpResponse;
use super::item::Item;
use super::payload::Payload;
use super::result::{ExportResult, retry_after};
use crate::aws::KeySource;
use crate::environment::Environment;
use crate::invocations::{self, InitDeath, Invocation, Key};
use crate::settings;

pub use self::item::death_uuid;

/// The exporter of items to Rollbar.
#[derive(Debug)]
pub(super) struct Rollbar {
    /// `ROLLBAR_ACCESS_TOKEN`.
    token: Option<KeySource>,
    /// `ROLLBAR_ENDPOINT`: the whole URL.
    endpoint: String,
    /// `ROLLBAR_ENVIRONMENT`, or else `CRUDDER_STAGE`.
    environment: String,
    /// `CRUDDER_VERSION`: the version of the code that runs.
    version: String,
}

impl Rollbar {
    pub(super) fn from_environment(environment: &Environment<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            token: KeySource::read(environment, &settings::ROLLBAR_ACCESS_TOKEN)?,
            endpoint: environment.text(&settings::ROLLBAR_ENDPOINT)?,
            environment: environment
                .given(&settings::ROLLBAR_ENVIRONMENT)?
                .unwrap_or(environment.text(&settings::CRUDDER_STAGE)?),
            version: environment
                .given(&settings::CRUDDER_VERSION)?
                .unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned()),
        })
    }

    fn report(
        &self,
        key: Key,
        invocation: &Invocation,
        origin: u64,
        report: &invocations::Report,
        context: &Context<'_>,
    ) -> Option<Item> {
        let record = context.reader.record(report.position)?;
        let (ids, message) = crudder_recorder::SpanIds::split(record.payload).ok()?;
        let event = read::event(message);
        let root = context.root_span(invocation);
        let scene = Scene {
            function: context.function,
            request_id: &invocation.request_id,
            trace: ids.trace,
            span: report.span,
            is_cold: invocation.is_cold,
            route: root.as_ref().map_or("", |root| root.name),
            root: root.as_ref().map_or(&[], |root| &root.attributes),
            at_unix_nano: read::event_time(message),
        };
        // The origin in the ring is the same in every extension process, so the item keeps its
        // uuid.
        let ordinal = origin ^ (u64::from(key.index) << 48);
        let event = Event::Report(Report { name: event.name, attributes: &event.attributes, ordinal });
        let item = Item::new(report.position, self.payload(&scene, &event), context.now);
        Some(Item { also: invocation.root().and_then(|root| root.started).into_iter().collect(), ..item })
    }

    fn death(&self, invocation: &Invocation, death: &invocations::Death, context: &Context<'_>) -> Item {
        let root = context.root_span(invocation);
        let path = invocation.open_path();
        let open: Vec<String> = path.iter().filter_map(|span| context.span_name(span)).collect();
        let scene = Scene {
            function: context.function,
            request_id: &invocation.request_id,
            trace: invocation.trace,
            span: path.last().map(|span| span.ids.span).unwrap_or_default(),
            is_cold: invocation.is_cold,
            route: root.as_ref().map_or("", |root| root.name),
            root: root.as_ref().map_or(&[], |root| &root.attributes),
            at_unix_nano: death.at_unix_nano,
        };
        let event = Event::Death(Death { cause: death.cause, detail: &death.detail, open: &open });
        let item = Item::new(death.position, self.payload(&scene, &event), context.now);
        // Reports of the same invocation have items of their own.
        let is_report = |position: &u64| invocation.reports.values().any(|report| report.position == *position);
        let others = invocation.records.values().copied().filter(|position| *position != death.position);
        Item { also: others.filter(|position| !is_report(position)).collect(), ..item }
    }

    fn init_death(&self, init_death: &InitDeath, context: &Context<'_>) -> Item {
        let death = &init_death.death;
        let scene = Scene {
            function: context.function,
            trace: init_death.trace,
            span: init_death.span(),
            is_cold: true,
            route: "init",
            at_unix_nano: death.at_unix_nano,
            ..Scene::default()
        };
        let open = ["init".to_owned()];
        let event = Event::Death(Death { cause: death.cause, detail: &death.detail, open: &open });
        Item::new(death.position, self.payload(&scene, &event), context.now)
    }

    fn payload(&self, scene: &Scene<'_>, event: &Event<'_>) -> Payload {
        Payload::new(item::encode(&self.environment, &self.version, scene, event).into())
    }
}

impl Exporter for Rollbar {
    fn name(&self) -> &'static str {
        "rollbar"
    }

    fn key_variable(&self) -> &'static str {
        "ROLLBAR_ACCESS_TOKEN"
    }

    fn credentials(&self) -> Credentials {
        Credentials::ApiKey(self.token.clone())
    }

    /// Rollbar takes one item per request.
    fn max_items(&self) -> usize {
        1
    }

    fn items(&self, observation: &Observation<'_>, context: &Context<'_>) -> Vec<Item> {
        match observation {
            Observation::Reported { key, invocation, origin, report } => {
                self.report(*key, invocation, *origin, report, context).into_iter().collect()
            }
            Observation::Died { invocation, death } => vec![self.death(invocation, death, context)],
            Observation::DiedInInit(init_death) => vec![self.init_death(init_death, context)],
            Observation::SpanEnded { .. } | Observation::Finished { .. } => Vec::new(),
        }
    }

    fn request(&self, payload: &Payload, access: Access<'_>) -> reqwest::RequestBuilder {
        access
            .client
            .post(&self.endpoint)
            .header("x-rollbar-access-token", access.api_key)
            .header("content-type", "application/json")
            .body(payload.body.clone())
    }

    /// Follows Rollbar's pages "Create item" and "Rate limits". Rollbar never sends `Retry-After`.
    fn classify(&self, response: &HttpResponse, now: SystemTime) -> ExportResult {
        let status = response.status;
        match status {
            200..=299 => ExportResult::ACCEPTED,
            401 | 403 => ExportResult::Unauthorized { status },
            429 | 502 | 503 | 504 => {
                let remaining = response.header("x-rate-limit-remaining-seconds");
                let retry_after = remaining.and_then(|value| retry_after(value, now));
                ExportResult::Throttled { retry_after: retry_after.filter(|pause| *pause > Duration::ZERO) }
            }
            500 => ExportResult::ServerError,
            _ => ExportResult::Rejected { status, may_be_one_item: matches!(status, 400 | 413 | 422) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderMap;

    fn rollbar() -> Rollbar {
        Rollbar::from_environment(&Environment::new(&|_| None)).unwrap()
    }

    #[test]
    fn a_throttled_token_pauses_for_as_long_as_rollbar_says() {
        let classify = |status, seconds: Option<&str>| {
            let name = http::HeaderName::from_static("x-rate-limit-remaining-seconds");
            let headers: HeaderMap = seconds.map(|seconds| (name, seconds.parse().unwrap())).into_iter().collect();
            let response = HttpResponse { status, headers, body: bytes::Bytes::new() };
            rollbar().classify(&response, SystemTime::UNIX_EPOCH)
        };
        let throttled = |retry_after| ExportResult::Throttled { retry_after };
        assert_eq!(classify(429, Some("42")), throttled(Some(Duration::from_secs(42))));
        assert_eq!(classify(429, None), throttled(None));
        assert_eq!(classify(429, Some("-1")), throttled(None));
        assert_eq!(classify(403, None), ExportResult::Unauthorized { status: 403 });
        assert_eq!(classify(422, None), ExportResult::Rejected { status: 422, may_be_one_item: true });
    }

    #[test]
    fn without_a_setting_the_environment_is_local() {
        assert_eq!(rollbar().environment, "local");
    }
}
