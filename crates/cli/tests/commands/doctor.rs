//! Doctor on a deployed stack: ok where all is well, and for each thing that can be wrong the line that names it.

use crudder_fakes::{AwsConfig, Calls, Fault, Honeycomb, HoneycombConfig, HoneycombKey, Plan, RetryAfter};
use serde_json::{Value, json};

use crate::cloud::{Cloud, Variables, known};
use crate::support::{Ended, READ_TOKEN, SECRET, WRONG_KEY, WRONG_TOKEN, run};

const STACK: [&str; 4] = ["doctor", "--stack", "crudder-dev", "--json"];

/// Findings by plane: verdict, words and mend.
struct Said {
    ended: Ended,
    findings: Vec<Value>,
}

impl Said {
    fn of(ended: Ended) -> Self {
        let told: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("no JSON: {ended:?}"));
        assert_eq!(told["ok"], json!(ended.code == Some(0)), "{ended:?}");
        Self { findings: told["findings"].as_array().unwrap().clone(), ended }
    }

    fn verdicts(&self) -> Vec<(&str, &str)> {
        let text = |finding: &'_ Value, name: &str| finding[name].as_str().unwrap().to_owned().leak() as &str;
        self.findings.iter().map(|finding| (text(finding, "plane"), text(finding, "verdict"))).collect()
    }

    /// That this plane, and no other, is wrong with these words; its mend.
    fn only_wrong(&self, plane: &str, words: &str) -> String {
        let wrong: Vec<&Value> = self.findings.iter().filter(|finding| finding["verdict"] == "wrong").collect();
        let [one] = wrong.as_slice() else { panic!("{:?}", self.ended) };
        assert!(one["plane"] == plane && one["words"].as_str().unwrap().contains(words), "{words}: {one}");
        assert_eq!(self.ended.code, Some(1));
        one["mend"].as_str().unwrap().to_owned()
    }
}

async fn asked(spoil: impl FnOnce(&mut AwsConfig), more: &[(&'static str, &str)]) -> (Said, Cloud) {
    let cloud = Cloud::start(spoil).await;
    let said = Said::of(run(&[STACK.as_slice(), &["--wait", "2"]].concat(), &cloud.with(more)).await);
    (said, cloud)
}

#[tokio::test]
async fn a_stack_that_is_well_is_ok_plane_by_plane() {
    let (key, token) = known();
    let variables = json!({ "HONEYCOMB_API_KEY": key, "ROLLBAR_ACCESS_TOKEN": token });
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let (said, cloud) = asked(|aws| aws.variables = variables, &keys).await;
    let planes = ["API", "X-Ray", "CloudWatch", "Layer", "Honeycomb", "Rollbar"];
    assert_eq!(said.verdicts(), planes.map(|plane| (plane, "ok")), "{:?}", said.ended);
    let text = run(&["doctor", "--stack", "crudder-dev"], &cloud.with(&keys)).await;
    assert_eq!((text.code, text.out.lines().count()), (Some(0), planes.len()), "{text:?}");
    for told in ["ingest key of team crudder, environment crudder", "holds the same key", "occurrence/uuid/?uuid="] {
        assert!(text.out.contains(told), "{told}: {text:?}");
    }
    assert_eq!(
        cloud.rollbar.with_store(|store| (store.item_count(), store.call_log().violation_count())),
        (2, 0),
        "debug items"
    );
}

#[tokio::test]
async fn vendors_without_a_key_are_off_and_that_is_no_fault() {
    let (said, _) = asked(|_| (), &[]).await;
    assert!(said.verdicts().contains(&("Honeycomb", "off")) && said.verdicts().contains(&("Rollbar", "off")));
    assert_eq!(said.ended.code, Some(0), "{:?}", said.ended);
}

#[tokio::test]
async fn an_api_is_asked_by_its_address_too() {
    let cloud = Cloud::start(|_| ()).await;
    let said =
        Said::of(run(&["doctor", "--json", "--url", &format!("{}/dev", cloud.aws.url())], &cloud.signed()).await);
    assert_eq!(said.ended.code, Some(0), "{:?}", said.ended);
    assert_eq!(cloud.aws.with_store(|store| store.call_count("cloudformation:DescribeStacks")), 0);
}

#[tokio::test]
async fn a_trace_that_appears_only_after_some_seconds_is_waited_for() {
    let cloud = Cloud::start(|aws| (aws.empty_reads, aws.partial_reads) = (3, 1)).await;
    let said = Said::of(run(&STACK, &cloud.signed()).await);
    assert_eq!(said.ended.code, Some(0), "{:?}", said.ended);
    assert_eq!(
        cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")),
        5,
        "three times nothing, once in part"
    );
}

#[tokio::test]
async fn a_trace_that_never_appears_is_wrong_once_the_time_is_up() {
    let (said, _) = asked(|aws| aws.empty_reads = u32::MAX, &[]).await;
    assert_eq!(said.ended.code, Some(1));
    let words = said.ended.out.as_str();
    assert!(
        words.contains("the request's trace did not appear") && words.contains("no line of the request"),
        "{words}"
    );
}

#[tokio::test]
async fn transaction_search_is_named_as_what_hides_the_trace() {
    let (said, cloud) = asked(|aws| aws.transaction_search = Some(1.0), &[]).await;
    let mend = said.only_wrong(
        "X-Ray",
        "Transaction Search is on: BatchGetTraces finds only what is indexed, which is 1 % of them",
    );
    assert!(mend.contains("aws/spans") && mend.contains("--destination XRay"), "{mend}");
    assert_eq!(
        cloud.aws.with_store(|store| store.call_count("xray:BatchGetTraces")),
        1,
        "nobody waits for what is hidden"
    );
}

#[tokio::test]
async fn a_permission_that_is_missing_is_named_as_iam_names_it() {
    for (action, plane) in [
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
        let (said, _) = asked(|aws| aws.denied = vec![action], &[]).await;
        let mend = said.only_wrong(plane, &format!("no permission for {action}"));
        assert!(mend.contains(&format!("allow {action}")), "{mend}");
    }
}

#[tokio::test]
async fn throttling_is_waited_out_and_said_where_it_lasts() {
    let spoil = |times: u32| {
        move |aws: &mut AwsConfig| {
            aws.throttled = ["xray:GetGroups", "logs:DescribeLogGroups", "cloudformation:DescribeStacks"]
                .map(|action| (action, times))
                .into();
        }
    };
    let (said, _) = asked(spoil(1), &[]).await;
    assert_eq!(said.ended.code, Some(0), "{:?}", said.ended);
    let (said, _) = asked(|aws| aws.throttled = [("logs:DescribeLogGroups", u32::MAX)].into(), &[]).await;
    assert!(said.only_wrong("CloudWatch", "logs:DescribeLogGroups is throttled").contains("wait"));
}

#[tokio::test]
async fn credentials_that_are_expired_wrong_or_missing_are_told_apart() {
    let (said, _) = asked(|aws| aws.token_expired = true, &[]).await;
    assert!(said.only_wrong("AWS", "the AWS credentials have expired").contains("aws sso login"));
    let cloud = Cloud::start(|_| ()).await;
    let altered = |change: fn(&mut Variables)| {
        let mut variables = cloud.signed();
        change(&mut variables);
        variables
    };
    let wrong = altered(|variables| variables[3].1 = SECRET.chars().rev().collect());
    Said::of(run(&STACK, &wrong).await).only_wrong("AWS", "the AWS credentials are not taken");
    let none = altered(|variables| variables.retain(|(name, _)| !name.ends_with("KEY") && !name.ends_with("KEY_ID")));
    let mend = Said::of(run(&STACK, &none).await).only_wrong("AWS", "there are no AWS credentials");
    assert!(mend.contains("AWS_PROFILE"), "{mend}");
    let nowhere = altered(|variables| variables.retain(|(name, _)| *name != "AWS_REGION"));
    let mend = Said::of(run(&STACK, &nowhere).await).only_wrong("AWS", "no region is set");
    assert!(mend.contains("AWS_REGION"), "{mend}");
}

#[tokio::test]
async fn each_trap_of_a_stack_has_its_line() {
    type Spoil = fn(&mut AwsConfig);
    let traps: [(Spoil, &str, &str); 9] = [
        (|aws| aws.api_status = 500, "API", "answered 500"),
        (|aws| aws.rule_service = "Cruddur".into(), "X-Ray", "is for \"Cruddur\", and segments bear crudder/dev"),
        (|aws| aws.group_filter = Some("service(\"backend-flask\")".into()), "X-Ray", "filters by"),
        (|aws| aws.group_filter = None, "X-Ray", "there is no group crudder-dev"),
        (|aws| aws.has_subsegments = false, "X-Ray", "nothing of the function itself"),
        (|aws| aws.retention_days = None, "CloudWatch", "3 of 3 log groups keep their lines for ever"),
        (|aws| aws.log_role = None, "CloudWatch", "API Gateway has no role to write logs with"),
        (|aws| aws.stack = "crudder-prod".into(), "AWS", "stack crudder-dev in us-east-1"),
        (
            |aws| (aws.layers, aws.variables) = (vec![], json!({ "ROLLBAR_ACCESS_TOKEN": "arn:aws:ssm:x" })),
            "Layer",
            "has no layer of Crudder's",
        ),
    ];
    for (spoil, plane, words) in traps {
        let (key, token) = known();
        // With a token of its own the shell has something to check where the function has an ARN.
        let (said, _) = match plane {
            "Layer" => asked(spoil, &[("ROLLBAR_ACCESS_TOKEN", &token)]).await,
            _ => asked(spoil, &[]).await,
        };
        drop(key);
        assert!(!said.only_wrong(plane, words).is_empty());
    }
}

#[tokio::test]
async fn a_function_that_is_not_traced_is_named_where_the_trace_is_missing() {
    let (said, _) = asked(|aws| (aws.empty_reads, aws.tracing) = (u32::MAX, "PassThrough".into()), &[]).await;
    assert!(said.ended.out.contains("crudder-dev-home-activities is not traced"), "{:?}", said.ended);
}

#[tokio::test]
async fn a_key_of_another_environment_than_the_functions_is_told() {
    let (key, token) = known();
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let other = json!({ "HONEYCOMB_API_KEY": WRONG_KEY, "ROLLBAR_ACCESS_TOKEN": token });
    let (said, _) = asked(|aws| aws.variables = other, &keys).await;
    said.only_wrong("Honeycomb", "crudder-dev-home-activities holds another key");
    let (said, _) = asked(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": key }), &keys).await;
    said.only_wrong("Rollbar", "crudder-dev-home-activities holds no token, so nothing is sent");
    let arns = json!({ "HONEYCOMB_API_KEY": "arn:aws:secretsmanager:x", "ROLLBAR_ACCESS_TOKEN": "arn:aws:ssm:x" });
    let (said, _) = asked(|aws| aws.variables = arns.clone(), &keys).await;
    assert_eq!(said.ended.out.matches("from its store was not checked").count(), 2, "{:?}", said.ended);
    let (said, _) = asked(|aws| aws.variables = arns, &[]).await;
    assert_eq!(said.ended.out.matches("whether it works was not checked").count(), 2, "{:?}", said.ended);
    assert_eq!(said.ended.code, Some(1), "what is on and unchecked is not ok");
}

/// Against Honeycomb and Rollbar alone: the address names an API whose stage is `dev`, without AWS's credentials.
async fn vendors(cloud: &Cloud, more: &[(&'static str, &str)]) -> Said {
    Said::of(run(&STACK, &cloud.with(more)).await)
}

#[tokio::test]
async fn a_wrong_key_of_honeycomb_is_told_with_the_region_it_may_belong_to() {
    let cloud = Cloud::start(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": WRONG_KEY })).await;
    let mend =
        vendors(&cloud, &[("HONEYCOMB_API_KEY", WRONG_KEY)]).await.only_wrong("Honeycomb", "does not know the key");
    assert!(mend.contains("api.eu1.honeycomb.io"), "{mend}");
}

#[tokio::test]
async fn a_key_that_may_not_send_or_create_a_dataset_is_told() {
    let text = |tail: &str| format!("hcaik_{:0<58}", tail);
    let (mute, poor) = (text("mute"), text("poor"));
    let keys = vec![
        HoneycombKey { may_send: false, ..HoneycombKey::new(mute.clone()) },
        HoneycombKey { may_create_datasets: false, ..HoneycombKey::new(poor.clone()) },
    ];
    let mut cloud = Cloud::start(|aws| aws.variables = json!({ "HONEYCOMB_API_KEY": "arn:aws:ssm:x" })).await;
    cloud.honeycomb = Honeycomb::start(HoneycombConfig { keys, ..HoneycombConfig::default() }).await.unwrap();
    vendors(&cloud, &[("HONEYCOMB_API_KEY", &mute)]).await.only_wrong("Honeycomb", "it may not send");
    let said = vendors(&cloud, &[("HONEYCOMB_API_KEY", &poor)]).await;
    assert!(
        said.ended.out.contains("it may not create datasets, and whether crudder exists was not checked"),
        "{:?}",
        said.ended
    );
}

#[tokio::test]
async fn vendors_that_throttle_fail_or_are_not_there_are_told_apart() {
    let (key, token) = known();
    let held = json!({ "HONEYCOMB_API_KEY": key, "ROLLBAR_ACCESS_TOKEN": token });
    let cloud = Cloud::start(|aws| aws.variables = held).await;
    let keys = [("HONEYCOMB_API_KEY", key.as_str()), ("ROLLBAR_ACCESS_TOKEN", token.as_str())];
    let throttled = Fault::Throttled(RetryAfter::Absent);
    cloud.honeycomb.faults().add(Plan::times(1, throttled.clone()).on(Calls::All)).unwrap();
    vendors(&cloud, &keys).await.only_wrong("Honeycomb", "limits us");
    cloud.rollbar.faults().add(Plan::times(1, throttled)).unwrap();
    vendors(&cloud, &keys).await.only_wrong("Rollbar", "limits the token (429)");
    cloud.honeycomb.stop_listening().await;
    vendors(&cloud, &keys).await.only_wrong("Honeycomb", "reach");
    cloud.honeycomb.start_listening().unwrap();
    cloud.rollbar.stop_listening().await;
    vendors(&cloud, &keys).await.only_wrong("Rollbar", "reach");
}

#[tokio::test]
async fn a_project_is_named_by_the_reading_token_and_a_wrong_token_by_its_variable() {
    let cloud = Cloud::start(|_| ()).await;
    let said = vendors(&cloud, &[("ROLLBAR_READ_TOKEN", READ_TOKEN)]).await;
    assert!(said.ended.out.contains("ROLLBAR_READ_TOKEN reads project crudder"), "{:?}", said.ended);
    assert_eq!(cloud.rollbar.with_store(|store| store.item_count()), 0, "nothing is posted");
    for (variable, token) in [("ROLLBAR_READ_TOKEN", WRONG_TOKEN), ("ROLLBAR_ACCESS_TOKEN", READ_TOKEN)] {
        let said = vendors(&cloud, &[(variable, token)]).await;
        assert!(said.only_wrong("Rollbar", "(403)").ends_with(variable), "{:?}", said.ended);
    }
}

#[tokio::test]
async fn nothing_that_listens_is_said_with_what_to_start() {
    let cloud = Cloud::start(|_| ()).await;
    let url = cloud.aws.url();
    cloud.aws.stop().await;
    let said = Said::of(run(&["doctor", "--json", "--url", &url], &[]).await);
    assert!(said.only_wrong("API", "reach").contains("start `crudder local`"));
}
