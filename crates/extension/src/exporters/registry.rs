//! The list of all destinations.

use std::sync::Arc;

use super::exporter::Exporter;
use super::honeycomb::Honeycomb;
use super::rollbar::Rollbar;
use super::xray::XRay;
use crate::settings::{ConfigError, Settings};

/// Builds an exporter from the environment.
pub(crate) type Build = fn(&Settings<'_>) -> Result<Arc<dyn Exporter>, ConfigError>;

/// Every destination, one line each. The index is the number of the destination's sink in the ring.
pub(crate) const REGISTRY: [Build; 3] = [
    |settings| Ok(Arc::new(Honeycomb::from_settings(settings)?)),
    |settings| Ok(Arc::new(Rollbar::from_settings(settings)?)),
    |settings| Ok(Arc::new(XRay::from_settings(settings))),
];
