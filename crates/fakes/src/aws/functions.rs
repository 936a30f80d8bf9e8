//! Responses of API Gateway's account and of Lambda's function configurations.

use http::StatusCode;
use serde_json::json;

use super::config::{AwsConfig, FUNCTIONS};
use super::protocol::Protocol;
use crate::handler::Response;

pub(super) fn get_account(config: &AwsConfig) -> Response {
    let mut account = json!({ "throttleSettings": { "burstLimit": 5000, "rateLimit": 10000.0 }, "features": ["UsagePlans"], "apiKeyVersion": "4" });
    if let Some(role) = &config.log_role {
        account["cloudwatchRoleArn"] = json!(role);
    }
    Response::json(StatusCode::OK, &account)
}

pub(super) fn get_function_configuration(config: &AwsConfig, path: &str) -> Response {
    let name = path.trim_start_matches("/2015-03-31/functions/").trim_end_matches("/configuration");
    if !FUNCTIONS.iter().any(|function| name == format!("crudder-{}-{function}", config.stage)) {
        let message = format!("Function not found: {name}");
        return Protocol::Json.error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    let layers: Vec<_> = config.layers.iter().map(|arn| json!({ "Arn": arn, "CodeSize": 1 })).collect();
    let configuration = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "TracingConfig": { "Mode": config.tracing }, "Layers": layers,
        "Environment": { "Variables": config.variables },
    });
    Response::json(StatusCode::OK, &configuration)
}
