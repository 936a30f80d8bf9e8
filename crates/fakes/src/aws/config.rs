//! The configuration of AWS's fake: a deployed stack and its possible defects.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use crate::{AwsCredentials, Clock};

/// A deployed stack. The default is a stack without defects.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// The credentials that calls must be signed with. With `None` the fake checks only the form of
    /// a signature.
    pub credentials: Option<AwsCredentials>,
    /// The stack's name.
    pub stack: String,
    /// The API Gateway stage.
    pub stage: String,
    /// The status of the API's responses.
    pub api_status: u16,
    /// IAM actions that the fake answers with AccessDenied.
    pub denied: Vec<&'static str>,
    /// IAM actions and how many of their first calls are throttled.
    pub throttled: BTreeMap<&'static str, u32>,
    /// Whether the fake answers every call with ExpiredTokenException.
    pub token_expired: bool,
    /// How many first calls of BatchGetTraces and FilterLogEvents return nothing.
    pub empty_reads: u32,
    /// How many calls of BatchGetTraces after that return the trace without its last segment.
    pub partial_reads: u32,
    /// The percentage of traces that Transaction Search indexes. `None` if it is off.
    pub transaction_search: Option<f64>,
    /// The `ServiceName` of the sampling rule.
    pub rule_service: String,
    /// The filter expression of the X-Ray group. With `None` there is no group.
    pub group_filter: Option<String>,
    /// The name of API Gateway's segment.
    pub segment_name: String,
    /// Whether the trace has the function's own subsegments.
    pub has_subsegments: bool,
    /// Whether the function died during its call to DynamoDB.
    pub function_died: bool,
    /// The retention of log groups in days. `None` means for ever.
    pub retention_days: Option<u32>,
    /// The role with which API Gateway writes logs.
    pub log_role: Option<String>,
    /// The environment variables of every function.
    pub variables: Value,
    /// The `TracingConfig.Mode` of every function.
    pub tracing: String,
    /// The ARNs of the layers of every function.
    pub layers: Vec<String>,
    /// The clock for checks of signatures and for request times.
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

/// The names of the stack's functions.
pub(super) const FUNCTIONS: [&str; 2] = ["health-check", "home-activities"];
