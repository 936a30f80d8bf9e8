//! What the fake of AWS is started with: a stack as the template makes it, and what may be wrong with it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{AwsCredentials, Clock};

/// A deployed stack, whole unless something is changed here.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// Whose signatures are taken. With none, any that has the form of one.
    pub credentials: Option<AwsCredentials>,
    /// The stack's name.
    pub stack: String,
    /// The API's stage.
    pub stage: String,
    /// What the API answers.
    pub api_status: u16,
    /// IAM actions that are answered with AccessDenied.
    pub denied: Vec<&'static str>,
    /// IAM actions of which the first so many calls are throttled.
    pub throttled: BTreeMap<&'static str, u32>,
    /// Whether every call's token has expired.
    pub token_expired: bool,
    /// So many times BatchGetTraces and FilterLogEvents know nothing yet.
    pub empty_reads: u32,
    /// So many calls later the trace's last segment arrives.
    pub partial_reads: u32,
    /// Transaction Search, and how many percent it indexes; none where it is off.
    pub transaction_search: Option<f64>,
    /// `ServiceName` of the sampling rule.
    pub rule_service: String,
    /// The group's filter; no group where there is none.
    pub group_filter: Option<String>,
    /// The name that the stage's segment bears.
    pub segment_name: String,
    /// Whether the function's own subsegments came.
    pub has_subsegments: bool,
    /// Whether the function died in the store's call.
    pub function_died: bool,
    /// Days that log groups keep their lines; none is for ever.
    pub retention_days: Option<u32>,
    /// The role by which API Gateway writes logs.
    pub log_role: Option<String>,
    /// The environment of every function.
    pub variables: Value,
    /// `TracingConfig.Mode` of every function.
    pub tracing: String,
    /// Layers of every function.
    pub layers: Vec<String>,
    /// The time that signatures and requests are held against.
    pub clock: Clock,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self {
            credentials: None,
            stack: "crudder-dev".into(),
            stage: "dev".into(),
            api_status: 200,
            denied: Vec::new(),
            throttled: BTreeMap::new(),
            token_expired: false,
            empty_reads: 0,
            partial_reads: 0,
            transaction_search: None,
            rule_service: "crudder/dev".into(),
            group_filter: Some("service(\"crudder/dev\")".into()),
            segment_name: "crudder/dev".into(),
            has_subsegments: true,
            function_died: false,
            retention_days: Some(14),
            log_role: Some("arn:aws:iam::123456789012:role/apigateway-logs".into()),
            variables: json!({ "CRUDDER_STAGE": "dev" }),
            tracing: "Active".into(),
            layers: vec!["arn:aws:lambda:us-east-1:123456789012:layer:crudder-extension:1".into()],
            clock: SystemTime::now,
        }
    }
}

/// The functions that the stack has here.
pub(super) const FUNCTIONS: [&str; 2] = ["health-check", "home-activities"];
