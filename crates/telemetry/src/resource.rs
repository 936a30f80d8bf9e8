//! Who speaks: the attributes that are the same for everything this process says.

use opentelemetry::KeyValue;
use opentelemetry_aws::detector::LambdaResourceDetector;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::config::Config;

/// The resource by OpenTelemetry's names: what the Lambda detector finds, and the service.
pub(crate) fn of(config: &Config) -> Resource {
    // Random, so that two environments of one function are two instances.
    let instance = RandomIdGenerator::default().new_trace_id().to_string();
    Resource::builder_empty()
        .with_detector(Box::new(LambdaResourceDetector))
        .with_attributes([
            KeyValue::new("service.name", config.service.clone()),
            KeyValue::new("service.version", config.version.clone()),
            KeyValue::new("service.instance.id", instance),
            KeyValue::new("deployment.environment.name", config.stage.clone()),
            KeyValue::new("process.runtime.name", "rust"),
            KeyValue::new("telemetry.sdk.language", "rust"),
            KeyValue::new("telemetry.sdk.name", "opentelemetry"),
        ])
        .build()
}
