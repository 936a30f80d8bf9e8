//! API Gateway's account and Lambda's configurations.

use http::StatusCode;
use serde_json::json;

use super::AwsConfig;
use super::config::FUNCTIONS;
use super::fault::Protocol;
use crate::handler::Answer;

pub(super) fn account(config: &AwsConfig) -> Answer {
    let mut account = json!({ "throttleSettings": { "burstLimit": 5000, "rateLimit": 10000.0 }, "features": ["UsagePlans"], "apiKeyVersion": "4" });
    if let Some(role) = &config.log_role {
        account["cloudwatchRoleArn"] = json!(role);
    }
    Answer::json(StatusCode::OK, &account)
}

pub(super) fn function(config: &AwsConfig, path: &str) -> Answer {
    let name = path.trim_start_matches("/2015-03-31/functions/").trim_end_matches("/configuration");
    if !FUNCTIONS.iter().any(|function| name == format!("crudder-{}-{function}", config.stage)) {
        let message = format!("Function not found: {name}");
        return Protocol::Json.error(StatusCode::NOT_FOUND, "ResourceNotFoundException", &message);
    }
    let layers: Vec<_> = config.layers.iter().map(|arn| json!({ "Arn": arn, "CodeSize": 1 })).collect();
    let told = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "TracingConfig": { "Mode": config.tracing }, "Layers": layers,
        "Environment": { "Variables": config.variables },
    });
    Answer::json(StatusCode::OK, &told)
}
