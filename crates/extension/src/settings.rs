//! The environment variables that this crate reads.
//!
//! `cargo xtask generate` writes this file from settings.yaml.

use crudder_settings::{Kind, Setting};

/// Names the deployment. It is the API's stage and part of every resource's name.
pub(crate) const CRUDDER_STAGE: Setting = Setting::new("CRUDDER_STAGE", Some("local"), Kind::StageName);

/// Names the version of the code in spans and reports, such as a commit.
pub(crate) const CRUDDER_VERSION: Setting = Setting::new("CRUDDER_VERSION", None, Kind::Text { max_chars: 255 });

/// Names the file of the recorder.
pub(crate) const CRUDDER_RECORDER: Setting =
    Setting::new("CRUDDER_RECORDER", Some("/tmp/crudder.recorder"), Kind::Text { max_chars: 4095 });

/// Sets the size of the recorder's ring in bytes. The recorder rounds it to a power of two.
pub(crate) const CRUDDER_RECORDER_BYTES: Setting =
    Setting::new("CRUDDER_RECORDER_BYTES", Some("1048576"), Kind::Integer { min: 4096, max: 268435456 });

/// Limits how many milliseconds an environment is held after a response to export telemetry.
pub(crate) const CRUDDER_FLUSH_BUDGET_MS: Setting =
    Setting::new("CRUDDER_FLUSH_BUDGET_MS", Some("500"), Kind::Integer { min: 0, max: 300000 });

/// Exports one in this many ordinary requests to Honeycomb; 1 exports all. Errors, deaths, cold starts and slow requests are always exported.
pub(crate) const CRUDDER_SAMPLE_RATE: Setting =
    Setting::new("CRUDDER_SAMPLE_RATE", Some("1"), Kind::Integer { min: 1, max: 10000 });

/// Sets the duration in milliseconds from which a request counts as slow, in sampling and in the alarm.
pub(crate) const CRUDDER_SLOW_MS: Setting =
    Setting::new("CRUDDER_SLOW_MS", Some("1000"), Kind::Integer { min: 0, max: 900000 });

/// Authorises exports to Honeycomb.
pub(crate) const HONEYCOMB_API_KEY: Setting = Setting::new("HONEYCOMB_API_KEY", None, Kind::Secret);

/// Sets the base URL of Honeycomb's API, such as `https://api.eu1.honeycomb.io`.
pub(crate) const HONEYCOMB_API_ENDPOINT: Setting =
    Setting::new("HONEYCOMB_API_ENDPOINT", Some("https://api.honeycomb.io"), Kind::Url);

/// Replaces the `service.name` of exported spans. Honeycomb names the dataset after it.
pub(crate) const HONEYCOMB_SERVICE_NAME: Setting =
    Setting::new("HONEYCOMB_SERVICE_NAME", None, Kind::Text { max_chars: 255 });

/// Names the dataset for a classic key of 32 characters; ignored for other keys.
pub(crate) const HONEYCOMB_DATASET: Setting = Setting::new("HONEYCOMB_DATASET", None, Kind::Text { max_chars: 255 });

/// Authorises exports to Rollbar, as a token with the scope post_server_item.
pub(crate) const ROLLBAR_ACCESS_TOKEN: Setting = Setting::new("ROLLBAR_ACCESS_TOKEN", None, Kind::Secret);

/// Sets the whole URL to which items are posted.
pub(crate) const ROLLBAR_ENDPOINT: Setting =
    Setting::new("ROLLBAR_ENDPOINT", Some("https://api.rollbar.com/api/1/item/"), Kind::Url);

/// Names the environment of items.
pub(crate) const ROLLBAR_ENVIRONMENT: Setting =
    Setting::new("ROLLBAR_ENVIRONMENT", None, Kind::Text { max_chars: 255 });

/// Sets the `service.name` of spans and reports.
pub(crate) const OTEL_SERVICE_NAME: Setting = Setting::new("OTEL_SERVICE_NAME", None, Kind::Text { max_chars: 255 });
