//! The environment variables that this crate reads.
//!
//! `cargo xtask generate` writes this file from settings.yaml.

use crudder_settings::{Kind, Setting};

/// Names the DynamoDB table.
pub(crate) const CRUDDER_TABLE: Setting = Setting::new("CRUDDER_TABLE", Some("crudder"), Kind::TableName);

/// Spreads the home feed's writes of one time bucket over this many partitions (docs/scale.md).
pub(crate) const CRUDDER_HOME_SHARDS: Setting =
    Setting::new("CRUDDER_HOME_SHARDS", Some("1"), Kind::Integer { min: 1, max: 64 });

/// Lets an execution environment answer the home feed from memory for this many milliseconds.
pub(crate) const CRUDDER_HOME_CACHE_MS: Setting =
    Setting::new("CRUDDER_HOME_CACHE_MS", Some("0"), Kind::Integer { min: 0, max: 60000 });
