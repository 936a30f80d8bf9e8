//! The environment variables that this crate reads.
//!
//! `cargo xtask generate` writes this file from settings.yaml.

use crudder_settings::{Kind, Setting};

/// Names the deployment. It is the API's stage and part of every resource's name.
pub(crate) const CRUDDER_STAGE: Setting = Setting::new("CRUDDER_STAGE", Some("local"), Kind::StageName);

/// Names the one origin whose pages may read responses, or `*` for all.
pub(crate) const CRUDDER_CORS_ORIGIN: Setting = Setting::new("CRUDDER_CORS_ORIGIN", Some("*"), Kind::Origin);

/// Lets /rollbar/test?kind=… fail on purpose. The stage `prod` never does.
pub(crate) const CRUDDER_FAULTS: Setting = Setting::new("CRUDDER_FAULTS", Some("off"), Kind::Choice(&["on", "off"]));
