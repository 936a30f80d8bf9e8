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

/// Sets the `service.name` of spans and reports.
pub(crate) const OTEL_SERVICE_NAME: Setting = Setting::new("OTEL_SERVICE_NAME", None, Kind::Text { max_chars: 255 });

/// Adds attributes to everything that a function emits, as percent-encoded `key=value` pairs with commas between them. A malformed value is ignored with a warning.
pub(crate) const OTEL_RESOURCE_ATTRIBUTES: Setting =
    Setting::new("OTEL_RESOURCE_ATTRIBUTES", None, Kind::Text { max_chars: 4096 });

/// Holds the address of the X-Ray daemon, as host:port or as `tcp:host:port udp:host:port`.
pub(crate) const AWS_XRAY_DAEMON_ADDRESS: Setting =
    Setting::new("AWS_XRAY_DAEMON_ADDRESS", None, Kind::Text { max_chars: 255 });

/// Sets the lowest level that functions log. Access lines of successful responses have the level INFO.
pub(crate) const AWS_LAMBDA_LOG_LEVEL: Setting = Setting::new(
    "AWS_LAMBDA_LOG_LEVEL",
    Some("INFO"),
    Kind::CaseInsensitive(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
);

/// Sets the form of log lines, one JSON object or readable text.
pub(crate) const AWS_LAMBDA_LOG_FORMAT: Setting =
    Setting::new("AWS_LAMBDA_LOG_FORMAT", Some("JSON"), Kind::CaseInsensitive(&["JSON", "Text"]));
