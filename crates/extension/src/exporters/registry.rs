//! The list of all destinations.

use std::sync::Arc;

use crudder_settings::ConfigError;

use super::exporter::Exporter;
use super::honeycomb::Honeycomb;
use super::rollbar::Rollbar;
use super::xray::XRay;
use crate::environment::Environment;

/// Builds an exporter from the environment.
pub(crate) type Build = fn(&Environment<'_>) -> Result<Arc<dyn Exporter>, ConfigError>;

/// Every destination, one line each. The index is the number of the destination's sink in the ring.
pub(crate) const REGISTRY: [Build; 3] = [
    |environment| Ok(Arc::new(Honeycomb::from_environment(environment)?)),
    |environment| Ok(Arc::new(Rollbar::from_environment(environment)?)),
    |environment| Ok(Arc::new(XRay::from_environment(environment)?)),
];
