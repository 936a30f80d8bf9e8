//! The resource: the attributes that are the same for everything that this process emits.

use opentelemetry::{Key, KeyValue};
use opentelemetry_aws::detector::LambdaResourceDetector;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::config::Config;

/// The name of a service that neither the environment nor the code names, outside Lambda
/// (OpenTelemetry's semantic conventions, `service.name`).
const UNKNOWN_SERVICE: &str = "unknown_service";

/// The settings of the code, which the environment overrides.
#[derive(Debug, Clone, Default)]
pub(crate) struct CodeDefaults {
    pub(crate) service_name: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) attributes: Vec<KeyValue>,
}

/// Builds the resource. Later sources override earlier ones: the Lambda detector, the code, the
/// deployment's variables, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`.
pub(crate) fn of(config: &Config, defaults: CodeDefaults) -> Resource {
    // Random, so that two environments of one function are two instances.
    let instance = RandomIdGenerator::default().new_trace_id().to_string();
    let version = config.version.clone().or(defaults.version);
    let name = config.service_name.clone().or(defaults.service_name).or_else(|| config.function_name.clone());
    let from_env = config.resource_attributes.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    Resource::builder_empty()
        .with_detector(Box::new(LambdaResourceDetector))
        .with_attributes(defaults.attributes)
        .with_attributes(version.map(|version| KeyValue::new("service.version", version)))
        .with_attributes([
            KeyValue::new("service.instance.id", instance),
            KeyValue::new("deployment.environment.name", config.stage.clone()),
            KeyValue::new("process.runtime.name", "rust"),
        ])
        .with_attributes(from_env)
        .with_attributes([
            KeyValue::new("service.name", name.unwrap_or_else(|| UNKNOWN_SERVICE.to_owned())),
            KeyValue::new("telemetry.sdk.language", "rust"),
            KeyValue::new("telemetry.sdk.name", "opentelemetry"),
        ])
        .build()
}

/// The service's name in a resource that [`of`] has built.
pub(crate) fn service_name(resource: &Resource) -> String {
    let name = resource.get(&Key::from_static_str("service.name"));
    name.map_or_else(|| UNKNOWN_SERVICE.to_owned(), |name| name.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(variables: &[(&str, &str)], defaults: CodeDefaults) -> Resource {
        let lookup = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        of(&Config::read(lookup).unwrap(), defaults)
    }

    fn value(resource: &Resource, key: &'static str) -> Option<String> {
        resource.get(&Key::from_static_str(key)).map(|value| value.to_string())
    }

    fn by_code() -> CodeDefaults {
        CodeDefaults {
            service_name: Some("shop".to_owned()),
            version: Some("1.2.3".to_owned()),
            attributes: vec![KeyValue::new("team", "checkout"), KeyValue::new("tier", 2)],
        }
    }

    #[test]
    fn the_code_sets_what_the_environment_leaves_open() {
        let resource = resource(&[("AWS_LAMBDA_FUNCTION_NAME", "home")], by_code());
        let values = ["service.name", "service.version", "team", "tier"].map(|key| value(&resource, key).unwrap());
        assert_eq!(values, ["shop", "1.2.3", "checkout", "2"]);
    }

    #[test]
    fn the_environment_overrides_the_code() {
        let attributes = "service.name=ignored,service.version=4,team=search,deployment.environment.name=prod";
        let variables = [
            ("OTEL_SERVICE_NAME", "market"),
            ("OTEL_RESOURCE_ATTRIBUTES", attributes),
            ("CRUDDER_VERSION", "3"),
            ("CRUDDER_STAGE", "dev"),
        ];
        let resource = resource(&variables, by_code());
        let keys = ["service.name", "service.version", "team", "deployment.environment.name"];
        assert_eq!(keys.map(|key| value(&resource, key).unwrap()), ["market", "4", "search", "prod"]);
    }

    #[test]
    fn without_any_name_the_service_is_named_after_the_function() {
        let named = resource(&[("AWS_LAMBDA_FUNCTION_NAME", "home")], CodeDefaults::default());
        assert_eq!(service_name(&named), "home");
        let nameless = resource(&[], CodeDefaults::default());
        assert_eq!((service_name(&nameless).as_str(), value(&nameless, "service.version")), (UNKNOWN_SERVICE, None));
    }
}
