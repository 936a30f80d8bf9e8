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
