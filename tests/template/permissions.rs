//! A role for each function: no wildcard where the service allows a resource, and only the
//! configured keys.

use std::collections::{BTreeMap, BTreeSet};

use crate::functions;
use crate::policy::{Permission, document, parameters, permissions};

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:crudder/honeycomb-AbCdEf";
const PARAMETER: &str = "arn:aws:ssm:us-east-1:123456789012:parameter/crudder/rollbar";
const KMS: &str = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// Actions that AWS cannot restrict to a resource, according to its reference of X-Ray's actions.
const WITHOUT_RESOURCE: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

#[test]
fn no_policy_has_a_wildcard_where_the_service_allows_a_resource() {
    let document = document();
    let all = parameters(&[("HoneycombKeyArn", SECRET), ("RollbarTokenArn", PARAMETER), ("KeysKmsKeyArn", KMS)]);
    for function in functions(&document) {
        for (action, resource) in permissions(&document, &function, &all) {
            assert!(!action.contains('*'), "{function} has {action}");
            assert_eq!(
                resource.contains('*'),
                WITHOUT_RESOURCE.contains(&action.as_str()),
                "{function}: {action} on {resource}"
            );
        }
    }
}

#[test]
fn each_function_has_its_own_role_that_only_lambda_assumes() {
    let document = document();
    for function in functions(&document) {
        let role = document.resolve(&document.function(&function)["Role"], &BTreeMap::new()).unwrap();
        assert_eq!(role, format!("{function}Role.Arn"));
        let resource =
            document.resources("AWS::IAM::Role").find(|(name, _)| *name == format!("{function}Role")).unwrap().1;
        let trust = &resource["Properties"]["AssumeRolePolicyDocument"]["Statement"];
        assert_eq!(trust[0]["Principal"]["Service"], "lambda.amazonaws.com");
        assert_eq!(trust.as_array().unwrap().len(), 1);
        // With `Policies`, SAM would create the role with AWS's policies, which allow every log
        // group.
        assert!(document.function(&function)["Policies"].is_null());
    }
}

#[test]
fn a_function_writes_to_its_own_log_group_and_creates_none() {
    let document = document();
    for function in functions(&document) {
        let logs: BTreeSet<Permission> = permissions(&document, &function, &BTreeMap::new())
            .into_iter()
            .filter(|(action, _)| action.starts_with("logs:"))
            .collect();
        let own = |action: &str| (action.to_owned(), format!("{function}Logs.Arn"));
        assert_eq!(logs, BTreeSet::from([own("logs:CreateLogStream"), own("logs:PutLogEvents")]));
    }
}

#[test]
fn only_the_configured_keys_may_be_read() {
    let document = document();
    let keys = |pairs: &[(&str, &str)]| -> Vec<Permission> {
        let all = permissions(&document, "HealthCheck", &parameters(pairs));
        all.into_iter().filter(|(action, _)| !action.starts_with("logs:") && !action.starts_with("xray:")).collect()
    };
    let permission = |action: &str, resource: &str| (action.to_owned(), resource.to_owned());
    assert_eq!(keys(&[]), []);
    assert_eq!(keys(&[("KeysKmsKeyArn", KMS)]), []);
    assert_eq!(keys(&[("HoneycombKeyArn", SECRET)]), [permission("secretsmanager:GetSecretValue", SECRET)]);
    assert_eq!(keys(&[("HoneycombKeyArn", PARAMETER)]), [permission("ssm:GetParameter", PARAMETER)]);
    let both = [("HoneycombKeyArn", PARAMETER), ("RollbarTokenArn", SECRET), ("KeysKmsKeyArn", KMS)];
    let expected = [
        permission("kms:Decrypt", KMS),
        permission("secretsmanager:GetSecretValue", SECRET),
        permission("ssm:GetParameter", PARAMETER),
    ];
    assert_eq!(keys(&both), expected);
}

#[test]
fn functions_without_the_table_have_no_access_to_it() {
    let document = document();
    for function in ["HealthCheck", "RollbarTest"] {
        let all = permissions(&document, function, &BTreeMap::new());
        assert!(all.iter().all(|(action, _)| !action.starts_with("dynamodb:")), "{function}: {all:?}");
    }
}
