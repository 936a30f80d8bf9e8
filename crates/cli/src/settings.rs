//! The environment variables that this crate reads.
//!
//! `cargo xtask generate` writes this file from settings.yaml.

use crudder_settings::{Kind, Setting};

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

/// Lets doctor check the Rollbar project, as a token with the scope read.
pub(crate) const ROLLBAR_READ_TOKEN: Setting = Setting::new("ROLLBAR_READ_TOKEN", None, Kind::Secret);
