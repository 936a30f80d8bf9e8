//! Tests of `crudder doctor` with a deployed stack: a finding for each problem.

use crudder_fakes::{AwsConfig, Calls, Fault, Honeycomb, HoneycombConfig, HoneycombKey, Plan, RetryAfter};
use serde_json::{Value, json};

use crate::fake_cloud::{FakeCloud, Variables, valid_keys};
use crate::support::{CommandOutput, READ_TOKEN, SECRET, WRONG_KEY, WRONG_TOKEN, run};

const STACK: [&str; 4] = ["doctor", "--stack", "crudder-dev", "--json"];

/// The output of doctor, and the findings in its JSON.
struct Report {
    output: CommandOutput,
    findings: Vec<Value>,
}

impl Report {
    fn parse(output: CommandOutput) -> Self {
        let json: Value = serde_json::from_str(&output.out).unwrap_or_else(|_| panic!("no JSON: {output:?}"));
        assert_eq!(json["ok"], json!(output.code == Some(0)), "{output:?}");
        Self { findings: json["findings"].as_array().unwrap().clone(), output }
    }

    /// Returns the component and the status of each finding.
    fn statuses(&self) -> Vec<(&str, &str)> {
        let text = |finding: &'_ Value, name: &str| finding[name].as_str().unwrap().to_owned().leak() as &str;
        self.findings.iter().map(|finding| (text(finding, "plane"), text(finding, "verdict"))).collect()
    }

    /// Asserts that only this component failed, with this message; returns its fix.
    fn only_failure(&self, component: &str, message: &str) -> String {
        let failed: Vec<&Value> = self.findings.iter().filter(|finding| finding["verdict"] == "wrong").collect();
        let [one] = failed.as_slice() else { panic!("{:?}", self.output) };
        assert!(one["plane"] == component && one["words"].as_str().unwrap().contains(message), "{message}: {one}");
        assert_eq!(self.output.code, Some(1));
        one["fix"].as_str().unwrap().to_owned()
    }
}

/// Starts a stack with a change, and runs doctor with `more` variables.
async fn run_doctor(change: impl FnOnce(&mut AwsConfig), more: &[(&'static str, &str)]) -> (Report, FakeCloud) {
    let cloud = FakeCloud::start(change).await;
    let report = Report::parse(run(&[STACK.as_slice(), &["--wait", "2"]].concat(), &cloud.variables(more)).await);
    (report, cloud)
}

#[tokio::test]
async fn every_component_of_a_stack_without_problems_is_ok() {
    let (key, token) = valid_keys();
    let variables = json!({ "HONEYCOMB_API_KEY": key, "ROLLBAR_ACCESS_TOKEN": token });
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let (report, cloud) = run_doctor(|aws| aws.variables = variables, &keys).await;
    let components = ["API", "X-Ray", "CloudWatch", "Layer", "Honeycomb", "Rollbar"];
    assert_eq!(report.statuses(), components.map(|component| (component, "ok")), "{:?}", report.output);
    let text = run(&["doctor", "--stack", "crudder-dev"], &cloud.variables(&keys)).await;
    assert_eq!((text.code, text.out.lines().count()), (Some(0), components.len()), "{text:?}");
    for expected in ["ingest key of team crudder, environment crudder", "has the same key", "occurrence/uuid/?uuid="] {
        assert!(text.out.contains(expected), "{expected}: {text:?}");
    }
    assert_eq!(
        cloud.rollbar.with_store(|store| (store.item_count(), store.call_log().violation_count())),
        (2, 0),
        "debug items"
    );
}

#[tokio::test]
async fn a_destination_without_a_key_is_off_and_not_a_failure() {
    let (report, _) = run_doctor(|_| (), &[]).await;
    assert!(report.statuses().contains(&("Honeycomb", "off")) && report.statuses().contains(&("Rollbar", "off")));
    assert_eq!(report.output.code, Some(0), "{:?}", report.output);
}

#[tokio::test]
async fn an_api_is_also_checked_by_its_address() {
    let cloud = FakeCloud::start(|_| ()).await;
    let report = Report::parse(
        run(&["doctor", "--json", "--url", &format!("{}/dev", cloud.aws.url())], &cloud.aws_variables()).await,
    );
    assert_eq!(report.output.code, Some(0), "{:?}", report.output);
    assert_eq!(cloud.aws.with_store(|store| store.call_count("cloudformation:DescribeStacks")), 0);
}

#[tokio::test]
async fn doctor_waits_for_a_trace_that_appears_after_some_seconds() {
    let cloud = FakeCloud::start(|aws| (aws.empty_reads, aws.partial_reads) = (3, 1)).await;
    let report = Report::parse(run(&STACK, &cloud.aws_variables()).await);
    assert_eq!(report.output.code, Some(0), "{:?}", report.output);
    assert_eq!(
        cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")),
        5,
        "three times without a trace, once with a part of it"
    );
}

#[tokio::test]
async fn a_trace_that_never_appears_is_a_failure_after_the_timeout() {
    let (report, _) = run_doctor(|aws| aws.empty_reads = u32::MAX, &[]).await;
    assert_eq!(report.output.code, Some(1));
    let out = report.output.out.as_str();
    assert!(out.contains("the request's trace did not appear") && out.contains("no log line of the request"), "{out}");
}

#[tokio::test]
async fn transaction_search_is_reported_as_the_reason_for_a_missing_trace() {
    let (report, cloud) = run_doctor(|aws| aws.transaction_search = Some(1.0), &[]).await;
    let fix = report.only_failure(
        "X-Ray",
        "Transaction Search is on: BatchGetTraces finds only indexed traces, which are 1 % of them",
    );
    assert!(fix.contains("aws/spans") && fix.contains("--destination XRay"), "{fix}");
    assert_eq!(
        cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")),
        1,
        "doctor does not wait for a hidden trace"
    );
}

#[tokio::test]
async fn a_missing_permission_is_reported_with_its_iam_action() {
    for (action, component) in [
        ("xray:BatchGetTraces", "X-Ray"),
        ("xray:GetSamplingRules", "X-Ray"),
        ("xray:GetGroups", "X-Ray"),
        ("xray:GetTraceSegmentDestination", "X-Ray"),
        ("logs:DescribeLogGroups", "CloudWatch"),
        ("logs:FilterLogEvents", "CloudWatch"),
        ("apigateway:GET", "CloudWatch"),
        ("lambda:GetFunctionConfiguration", "Layer"),
        ("cloudformation:DescribeStacks", "AWS"),
        ("cloudformation:ListStackResources", "AWS"),
    ] {
        let (report, _) = run_doctor(|aws| aws.denied = vec![action], &[]).await;
        let fix = report.only_failure(component, &format!("no permission for {action}"));
        assert!(fix.contains(&format!("allow {action}")), "{fix}");
    }
}

#[tokio::test]
async fn brief_throttling_is_retried_and_lasting_throttling_is_reported() {
    let throttle = |times: u32| {
        move |aws: &mut AwsConfig| {
            aws.throttled = ["xray:GetGroups", "logs:DescribeLogGroups", "cloudformation:DescribeStacks"]
                .map(|action| (action, times))
                .into();
        }
    };
    let (report, _) = run_doctor(throttle(1), &[]).await;
    assert_eq!(report.output.code, Some(0), "{:?}", report.output);
    let (report, _) = run_doctor(|aws| aws.throttled = [("logs:DescribeLogGroups", u32::MAX)].into(), &[]).await;
    assert!(report.only_failure("CloudWatch", "logs:DescribeLogGroups is throttled").contains("wait"));
}

#[tokio::test]
async fn expired_invalid_and_missing_credentials_are_distinguished() {
    let (report, _) = run_doctor(|aws| aws.token_expired = true, &[]).await;
    assert!(report.only_failure("AWS", "the AWS credentials have expired").contains("aws sso login"));
    let cloud = FakeCloud::start(|_| ()).await;
    let changed = |change: fn(&mut Variables)| {
        let mut variables = cloud.aws_variables();
        change(&mut variables);
        variables
    };
    let wrong = changed(|variables| variables[3].1 = SECRET.chars().rev().collect());
    Report::parse(run(&STACK, &wrong).await).only_failure("AWS", "the AWS credentials are invalid");
    let none = changed(|variables| variables.retain(|(name, _)| !name.ends_with("KEY") && !name.ends_with("KEY_ID")));
    let fix = Report::parse(run(&STACK, &none).await).only_failure("AWS", "found no AWS credentials");
    assert!(fix.contains("AWS_PROFILE"), "{fix}");
    let no_region = changed(|variables| variables.retain(|(name, _)| *name != "AWS_REGION"));
    let fix = Report::parse(run(&STACK, &no_region).await).only_failure("AWS", "no AWS region is set");
    assert!(fix.contains("AWS_REGION"), "{fix}");
}

#[tokio::test]
async fn each_problem_of_a_stack_has_a_finding() {
    type Change = fn(&mut AwsConfig);
    let problems: [(Change, &str, &str); 9] = [
        (|aws| aws.api_status = 500, "API", "returned status 500"),
        (|aws| aws.rule_service = "Cruddur".into(), "X-Ray", "is for \"Cruddur\", but segments are named crudder/dev"),
        (|aws| aws.group_filter = Some("service(\"backend-flask\")".into()), "X-Ray", "filters by"),
        (|aws| aws.group_filter = None, "X-Ray", "there is no group crudder-dev"),
        (|aws| aws.has_subsegments = false, "X-Ray", "none from the function itself"),
        (|aws| aws.retention_days = None, "CloudWatch", "3 of 3 log groups keep their lines for ever"),
        (|aws| aws.log_role = None, "CloudWatch", "API Gateway has no role to write logs with"),
        (|aws| aws.stack = "crudder-prod".into(), "AWS", "stack crudder-dev in us-east-1"),
        (
            |aws| (aws.layers, aws.variables) = (vec![], json!({ "ROLLBAR_ACCESS_TOKEN": "arn:aws:ssm:x" })),
            "Layer",
            "does not have the Crudder layer",
        ),
    ];
    for (change, component, message) in problems {
        let (key, token) = valid_keys();
        // The function has an ARN; with its own token, this shell still has a token to check.
        let (report, _) = match component {
            "Layer" => run_doctor(change, &[("ROLLBAR_ACCESS_TOKEN", &token)]).await,
            _ => run_doctor(change, &[]).await,
        };
        drop(key);
        assert!(!report.only_failure(component, message).is_empty());
    }
}

#[tokio::test]
async fn a_missing_trace_is_explained_by_a_function_without_tracing() {
    let (report, _) = run_doctor(|aws| (aws.empty_reads, aws.tracing) = (u32::MAX, "PassThrough".into()), &[]).await;
    assert!(report.output.out.contains("crudder-dev-home-activities is not traced"), "{:?}", report.output);
}

#[tokio::test]
async fn a_key_that_differs_from_the_functions_key_is_reported() {
    let (key, token) = valid_keys();
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let other = json!({ "HONEYCOMB_API_KEY": WRONG_KEY, "ROLLBAR_ACCESS_TOKEN": token });
    let (report, _) = run_doctor(|aws| aws.variables = other, &keys).await;
    report.only_failure("Honeycomb", "crudder-dev-home-activities has a different key");
    let (report, _) = run_doctor(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": key }), &keys).await;
    report.only_failure("Rollbar", "crudder-dev-home-activities has no token, so it sends nothing");
    let arns = json!({ "HONEYCOMB_API_KEY": "arn:aws:secretsmanager:x", "ROLLBAR_ACCESS_TOKEN": "arn:aws:ssm:x" });
    let (report, _) = run_doctor(|aws| aws.variables = arns.clone(), &keys).await;
    assert_eq!(
        report.output.out.matches("from an ARN, so the two were not compared").count(),
        2,
        "{:?}",
        report.output
    );
    let (report, _) = run_doctor(|aws| aws.variables = arns, &[]).await;
    assert_eq!(
        report.output.out.matches("that was not checked, because this shell does not have it").count(),
        2,
        "{:?}",
        report.output
    );
    assert_eq!(report.output.code, Some(1), "a key that is set but not checked is not ok");
}

/// Runs doctor with `more` variables against a running stack.
async fn run_doctor_on(cloud: &FakeCloud, more: &[(&'static str, &str)]) -> Report {
    Report::parse(run(&STACK, &cloud.variables(more)).await)
}

#[tokio::test]
async fn a_wrong_honeycomb_key_is_reported_with_the_region_it_may_belong_to() {
    let cloud = FakeCloud::start(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": WRONG_KEY })).await;
    let fix = run_doctor_on(&cloud, &[("HONEYCOMB_API_KEY", WRONG_KEY)])
        .await
        .only_failure("Honeycomb", "does not know the key");
    assert!(fix.contains("api.eu1.honeycomb.io"), "{fix}");
}

#[tokio::test]
async fn a_key_without_permission_to_send_or_to_create_datasets_is_reported() {
    let text = |tail: &str| format!("hcaik_{:0<58}", tail);
    let (no_send, no_create) = (text("nosend"), text("nocreate"));
    let keys = vec![
        HoneycombKey { may_send: false, ..HoneycombKey::new(no_send.clone()) },
        HoneycombKey { may_create_datasets: false, ..HoneycombKey::new(no_create.clone()) },
    ];
    let mut cloud = FakeCloud::start(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": "arn:aws:ssm:x" })).await;
    cloud.honeycomb = Honeycomb::start(HoneycombConfig { keys, ..HoneycombConfig::default() }).await.unwrap();
    run_doctor_on(&cloud, &[("HONEYCOMB_API_KEY", &no_send)])
        .await
        .only_failure("Honeycomb", "the key may not send events");
    let report = run_doctor_on(&cloud, &[("HONEYCOMB_API_KEY", &no_create)]).await;
    assert!(
        report
            .output
            .out
            .contains("the key may not create datasets, and whether dataset crudder exists was not checked"),
        "{:?}",
        report.output
    );
}

#[tokio::test]
async fn throttling_and_missing_responses_of_each_destination_are_distinguished() {
    let (key, token) = valid_keys();
    let variables = json!({ "HONEYCOMB_API_KEY": key, "ROLLBAR_ACCESS_TOKEN": token });
    let cloud = FakeCloud::start(|aws| aws.variables = variables).await;
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let throttled = Fault::Throttled(RetryAfter::Absent);
    cloud.honeycomb.faults().add(Plan::times(1, throttled.clone()).on(Calls::All)).unwrap();
    run_doctor_on(&cloud, &keys).await.only_failure("Honeycomb", "rate-limits the key");
    cloud.rollbar.faults().add(Plan::times(1, throttled)).unwrap();
    run_doctor_on(&cloud, &keys).await.only_failure("Rollbar", "rate-limits the token (429)");
    cloud.honeycomb.stop_listening().await;
    run_doctor_on(&cloud, &keys).await.only_failure("Honeycomb", "no response from");
    cloud.honeycomb.start_listening().unwrap();
    cloud.rollbar.stop_listening().await;
    run_doctor_on(&cloud, &keys).await.only_failure("Rollbar", "no response from");
}

#[tokio::test]
async fn a_read_token_shows_the_project_and_a_wrong_token_is_reported_with_its_variable() {
    let cloud = FakeCloud::start(|_| ()).await;
    let report = run_doctor_on(&cloud, &[("ROLLBAR_READ_TOKEN", READ_TOKEN)]).await;
    assert!(report.output.out.contains("ROLLBAR_READ_TOKEN reads project crudder"), "{:?}", report.output);
    assert_eq!(cloud.rollbar.with_store(|store| store.item_count()), 0, "nothing is posted");
    for (variable, token) in [("ROLLBAR_READ_TOKEN", WRONG_TOKEN), ("ROLLBAR_ACCESS_TOKEN", READ_TOKEN)] {
        let report = run_doctor_on(&cloud, &[(variable, token)]).await;
        assert!(report.only_failure("Rollbar", "(403)").ends_with(variable), "{:?}", report.output);
    }
}

#[tokio::test]
async fn an_address_where_nothing_listens_is_reported_with_what_to_start() {
    let cloud = FakeCloud::start(|_| ()).await;
    let url = cloud.aws.url();
    cloud.aws.stop().await;
    let report = Report::parse(run(&["doctor", "--json", "--url", &url], &[]).await);
    assert!(report.only_failure("API", "no response from").contains("start `crudder local`"));
}
