//! Alarms, the dashboard, saved queries and the links to the consoles.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::functions;
use crate::policy::document;

/// Returns the properties of each alarm by its name.
fn alarms() -> BTreeMap<String, Value> {
    let document = document();
    document
        .resources("AWS::CloudWatch::Alarm")
        .map(|(name, alarm)| (name.to_owned(), document.resolve(&alarm["Properties"], &BTreeMap::new()).unwrap()))
        .collect()
}

/// Returns the functions whose metric of this name is in one of these alarms.
fn functions_with_alarm(alarms: &BTreeMap<String, Value>, metric: &str) -> BTreeSet<String> {
    let stats = alarms.values().flat_map(|alarm| alarm["Metrics"].as_array().into_iter().flatten());
    let metrics = stats.map(|query| &query["MetricStat"]["Metric"]).filter(|found| found["MetricName"] == metric);
    metrics.map(|found| found["Dimensions"][0]["Value"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn errors_throttles_slow_responses_and_dead_letters_have_alarms() {
    let alarms = alarms();
    let metric = |name: &str| alarms[name]["MetricName"].as_str().unwrap();
    assert_eq!(metric("ErrorsAlarm"), "5XXError");
    assert_eq!(
        (metric("SlowAnswersAlarm"), &alarms["SlowAnswersAlarm"]["ExtendedStatistic"]),
        ("Latency", &json!("p99"))
    );
    assert_eq!(metric("DeadLettersAlarm"), "DeadLetters");
    assert_eq!(functions_with_alarm(&alarms, "Throttles"), functions(&document()).into_iter().collect());
    for (name, alarm) in &alarms {
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}: missing data is no failure");
        assert!(alarm["AlarmDescription"].as_str().is_some_and(|text| text.len() > 30), "{name}");
        assert!(
            alarm["Metrics"].as_array().is_none_or(|metrics| metrics.len() <= 11),
            "{name}: at most ten metrics and a sum"
        );
    }
}

#[test]
fn every_function_counts_its_dead_letters_in_the_metric_of_the_alarm() {
    let document = document();
    let filters: BTreeMap<String, Value> = document
        .resources("AWS::Logs::MetricFilter")
        .map(|(_, filter)| document.resolve(&filter["Properties"], &BTreeMap::new()).unwrap())
        .map(|filter| (filter["LogGroupName"].as_str().unwrap().to_owned(), filter))
        .collect();
    let groups: BTreeSet<String> = functions(&document).iter().map(|name| format!("{name}Logs")).collect();
    assert_eq!(filters.keys().cloned().collect::<BTreeSet<_>>(), groups);
    let alarm = &alarms()["DeadLettersAlarm"];
    for filter in filters.values() {
        let metric = &filter["MetricTransformations"][0];
        assert_eq!((&metric["MetricNamespace"], &metric["MetricName"]), (&alarm["Namespace"], &alarm["MetricName"]));
        // The format of crates/extension/src/dead_letters/write.rs. A long dead letter has several
        // lines, and only the first one is counted.
        assert_eq!(filter["FilterPattern"], "{ $.message = \"dead letter\" && $.part[0] = 1 }");
        assert_eq!(metric["MetricValue"], "$.items");
    }
}

#[test]
fn the_dashboard_is_json_that_names_every_function() {
    let document = document();
    let (_, dashboard) = document.resources("AWS::CloudWatch::Dashboard").next().unwrap();
    let body = document.resolve(&dashboard["Properties"]["DashboardBody"], &BTreeMap::new()).unwrap();
    let body: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert!(widgets.len() >= 10);
    let ends_within = |widget: &Value| widget["x"].as_u64().unwrap() + widget["width"].as_u64().unwrap() <= 24;
    assert!(widgets.iter().all(ends_within), "a dashboard is 24 wide");
    let log = widgets.iter().find(|widget| widget["type"] == "log").unwrap();
    let query = log["properties"]["query"].as_str().unwrap();
    for (_, group) in document.resources("AWS::Logs::LogGroup").filter(|(name, _)| *name != "ApiLogs") {
        let name = document.resolve(&group["Properties"]["LogGroupName"], &BTreeMap::new()).unwrap();
        assert!(query.contains(&format!("SOURCE '{}'", name.as_str().unwrap())), "{name}");
    }
}

#[test]
fn every_saved_query_covers_every_function() {
    let document = document();
    let expected: BTreeSet<String> = functions(&document).iter().map(|name| format!("{name}Logs")).collect();
    let mut count = 0;
    for (name, query) in document.resources("AWS::Logs::QueryDefinition") {
        let properties = document.resolve(&query["Properties"], &BTreeMap::new()).unwrap();
        let groups = properties["LogGroupNames"].as_array().unwrap();
        assert_eq!(
            groups.iter().map(|group| group.as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            expected,
            "{name}"
        );
        count += 1;
    }
    assert!(count >= 6, "{count}");
}

#[test]
fn the_outputs_link_to_every_console() {
    let document = document();
    let outputs = document.sections()["Outputs"].as_object().unwrap();
    let value =
        |name: &str| document.resolve(&outputs[name]["Value"], &BTreeMap::new()).unwrap().as_str().unwrap().to_owned();
    assert!(value("ApiUrl").ends_with(".amazonaws.com/dev"));
    for (name, part) in [
        ("TracesUrl", "#xray:traces/query"),
        ("DashboardUrl", "#dashboards/dashboard/"),
        ("AlarmsUrl", "#alarmsV2:"),
        ("LogsUrl", "#logsV2:logs-insights"),
        ("TableUrl", "#item-explorer?table="),
        ("HoneycombUrl", "https://ui.honeycomb.io/"),
        ("RollbarUrl", "https://rollbar.com/"),
    ] {
        assert!(value(name).starts_with("https://") && value(name).contains(part), "{name}: {}", value(name));
    }
    for output in outputs.values() {
        assert!(output["Description"].is_string() && !output["Value"].is_null(), "{output}");
    }
}
