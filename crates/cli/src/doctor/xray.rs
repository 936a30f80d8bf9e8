//! X-Ray of a deployed stack: that the trace of doctor's own request is there, and that rule and group go by the name which segments bear.

use std::time::Duration;

use serde_json::Value;

use super::finding::{Finding, all};
use super::probe::Probe;
use crate::aws::{Aws, AwsFault, Destination, Function, Group, Rule, Traces};
use crate::backoff;

const PLANE: &str = "X-Ray";
/// Summaries are asked for as far back as doctor's request can be.
const LAST: Duration = Duration::from_secs(600);

/// What X-Ray says.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) trace: Result<Option<Traces>, AwsFault>,
    pub(crate) rules: Result<Vec<Rule>, AwsFault>,
    pub(crate) groups: Result<Vec<Group>, AwsFault>,
    pub(crate) destination: Result<Destination, AwsFault>,
    /// Whether there was a request whose trace could be there.
    pub(crate) was_answered: bool,
    /// Whether the trace is among all summaries, and among those that the group lets through; none where the former is not so.
    pub(crate) is_in_group: Option<bool>,
}

/// Asks X-Ray, and waits for the trace.
pub(crate) async fn ask(aws: &Aws, probe: &Probe, stage: &str, patience: Duration) -> Seen {
    let destination = aws.destination().await;
    let hidden = matches!(destination, Ok(Destination::TransactionSearch { .. }));
    let id = probe.id.xray();
    let patience = if hidden || !probe.was_answered() { Duration::ZERO } else { patience };
    let trace = backoff::until(patience, async || {
        let found = aws.trace(&id).await?;
        Ok((!found.is_unprocessed && has_subsegment(&found.documents)).then_some(found))
    });
    let trace = match trace.await {
        // What is there without the function's own part is worth a word of its own.
        Ok(None) if !patience.is_zero() => {
            aws.trace(&id).await.map(|found| Some(found).filter(|found| !found.documents.is_empty()))
        }
        other => other,
    };
    let groups = aws.groups().await;
    let filter = groups.as_ref().ok().and_then(|groups| group_of(groups, stage)).map(|group| group.filter.clone());
    let is_in_group = in_group(aws, &id, filter).await;
    Seen { trace, rules: aws.rules().await, groups, destination, was_answered: probe.was_answered(), is_in_group }
}

async fn in_group(aws: &Aws, id: &str, filter: Option<String>) -> Option<bool> {
    let filter = filter.filter(|filter| !filter.is_empty())?;
    let holds = |ids: Vec<String>| ids.iter().any(|known| known == id);
    if !holds(aws.summaries(LAST, None).await.ok()?) {
        return None;
    }
    aws.summaries(LAST, Some(&filter)).await.ok().map(holds)
}

/// The subsegment that a function of ours sends itself.
fn has_subsegment(documents: &[Value]) -> bool {
    documents.iter().any(|document| document["type"] == "subsegment")
}

fn group_of<'a>(groups: &'a [Group], stage: &str) -> Option<&'a Group> {
    let name = format!("crudder-{stage}");
    groups.iter().find(|group| group.name == name)
}

/// What is wrong, or that nothing is.
pub(crate) fn verdict(seen: &Seen, stage: &str, function: Option<&Function>) -> Vec<Finding> {
    let service = format!("crudder/{stage}");
    let mut wrongs = Vec::new();
    let mut fault = |fault: &AwsFault| wrongs.push((fault.to_string(), fault.mend()));
    for refused in [
        seen.trace.as_ref().err(),
        seen.rules.as_ref().err(),
        seen.groups.as_ref().err(),
        seen.destination.as_ref().err(),
    ] {
        refused.into_iter().for_each(&mut fault);
    }
    // Of a request that never arrived, the API's own line tells all.
    if let Ok(trace) = &seen.trace
        && seen.was_answered
    {
        wrongs.extend(of_trace(trace.as_ref(), seen, &service, function));
    }
    wrongs.extend(seen.rules.iter().filter_map(|rules| of_rules(rules, &service)));
    wrongs.extend(seen.groups.iter().filter_map(|groups| of_groups(groups, stage, &service, seen.is_in_group)));
    wrongs.dedup();
    let search = match seen.destination {
        Ok(Destination::TransactionSearch { .. }) => {
            "; Transaction Search is on, so most traces are found only in log group aws/spans"
        }
        _ => "",
    };
    let trace = if seen.was_answered { "the request's trace is there" } else { "no request's trace was looked for" };
    all(PLANE, wrongs, format!("{trace}; rule and group go by {service}{search}"))
}

type Wrong = (String, String);

fn of_trace(trace: Option<&Traces>, seen: &Seen, service: &str, function: Option<&Function>) -> Option<Wrong> {
    let wrong = |words: String, mend: &str| Some((words, mend.to_owned()));
    let Some(trace) = trace else { return absent(seen, function) };
    let names: Vec<&str> = trace.documents.iter().filter_map(|document| document["name"].as_str()).collect();
    if !names.contains(&service) {
        let words = format!("no segment bears the name {service}; there are: {}", names.join(", "));
        return wrong(
            words,
            "the API's name must be `crudder` (template.yaml, Api.Name): the stage's segment is API/stage",
        );
    }
    if !has_subsegment(&trace.documents) {
        let mend = "see the function's log for a line about X-Ray; Tracing: Active on the function, and xray:PutTraceSegments in its role";
        return wrong("API Gateway and Lambda are in the trace, and nothing of the function itself".to_owned(), mend);
    }
    if trace.is_cut {
        return wrong("the trace is larger than X-Ray takes".to_owned(), "fewer or smaller spans: docs/scale.md");
    }
    None
}

fn absent(seen: &Seen, function: Option<&Function>) -> Option<Wrong> {
    if let Ok(Destination::TransactionSearch { indexed_percent }) = &seen.destination {
        let percent = indexed_percent.map(|percent| format!(", which is {percent} % of them")).unwrap_or_default();
        return Some((
            format!("Transaction Search is on: BatchGetTraces finds only what is indexed{percent}, and the request was not"),
            "look in log group aws/spans, index more (aws xray update-indexing-rule), or switch it off for the account: \
             aws xray update-trace-segment-destination --destination XRay"
                .to_owned(),
        ));
    }
    if let Some(function) = function.filter(|function| !function.is_traced) {
        let mend = "Tracing: Active on the function, and TracingEnabled: true on the API (template.yaml)";
        return Some((
            format!("the request's trace did not appear, and {} is not traced", function.name),
            mend.to_owned(),
        ));
    }
    let mend = "TracingEnabled: true on the API; AWS_REGION must be the stack's; or wait longer with --wait";
    Some(("the request's trace did not appear".to_owned(), mend.to_owned()))
}

fn of_rules(rules: &[Rule], service: &str) -> Option<Wrong> {
    let ours = |rule: &&Rule| rule.service_name == service;
    let mend = "deploy template.yaml, which makes rule, group and API from one name";
    let Some(rule) = rules.iter().find(|rule| ours(rule) && rule.url_path == "*") else {
        let near = rules.iter().find(|rule| rule.name.contains("crudder") || rule.service_name.contains("rudd"));
        let words = match near {
            Some(rule) => format!("rule {} is for {:?}, and segments bear {service}", rule.name, rule.service_name),
            None => format!("no sampling rule is for {service}"),
        };
        return Some((words, mend.to_owned()));
    };
    if !["*", "AWS::ApiGateway::Stage", "AWS::APIGateway::Stage"].contains(&rule.service_type.as_str()) {
        let words = format!("rule {} is for services of type {:?}", rule.name, rule.service_type);
        return Some((words, "its ServiceType must be *".to_owned()));
    }
    (rule.fixed_rate <= 0.0 && rule.reservoir <= 0)
        .then(|| (format!("rule {} samples nothing", rule.name), "give it a ReservoirSize or a FixedRate".to_owned()))
}

fn of_groups(groups: &[Group], stage: &str, service: &str, is_in_group: Option<bool>) -> Option<Wrong> {
    let mend = "deploy template.yaml, which makes rule, group and API from one name".to_owned();
    let Some(group) = group_of(groups, stage) else {
        return Some((format!("there is no group crudder-{stage}"), mend));
    };
    if !group.filter.contains(&format!("service(\"{service}\")")) {
        return Some((
            format!("group {} filters by {:?}, and segments bear {service}", group.name, group.filter),
            mend,
        ));
    }
    let words = format!("group {} does not show the request's trace", group.name);
    (is_in_group == Some(false)).then(|| (words, "see the group's filter in CloudWatch's settings".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;
    use serde_json::json;

    fn well() -> Seen {
        let rule = |name: &str, path: &str| Rule {
            name: name.to_owned(),
            service_name: "crudder/dev".to_owned(),
            service_type: "*".to_owned(),
            fixed_rate: 0.1,
            reservoir: 5,
            url_path: path.to_owned(),
        };
        let documents = vec![json!({ "name": "crudder/dev" }), json!({ "name": "GET /", "type": "subsegment" })];
        Seen {
            trace: Ok(Some(Traces { documents, ..Traces::default() })),
            rules: Ok(vec![rule("crudder-dev-health-check", "*/api/health-check"), rule("crudder-dev", "*")]),
            groups: Ok(vec![Group { name: "crudder-dev".to_owned(), filter: "service(\"crudder/dev\")".to_owned() }]),
            destination: Ok(Destination::XRay),
            was_answered: true,
            is_in_group: Some(true),
        }
    }

    fn words(seen: &Seen) -> Vec<String> {
        let findings = verdict(seen, "dev", None);
        findings.into_iter().filter(|finding| finding.verdict == Verdict::Wrong).map(|finding| finding.words).collect()
    }

    #[test]
    fn what_is_well_is_one_line() {
        let findings = verdict(&well(), "dev", None);
        assert!(matches!(findings.as_slice(), [Finding { verdict: Verdict::Ok, .. }]), "{findings:?}");
    }

    #[test]
    fn each_trap_has_a_line_of_its_own() {
        type Break = fn(&mut Seen);
        let traps: [(Break, &str); 10] = [
            (|seen| seen.trace = Ok(None), "did not appear"),
            (
                |seen| seen.trace = Err(AwsFault::Denied { action: "xray:BatchGetTraces" }),
                "no permission for xray:BatchGetTraces",
            ),
            (
                |seen| {
                    seen.trace = Ok(None);
                    seen.destination = Ok(Destination::TransactionSearch { indexed_percent: Some(1.0) });
                },
                "Transaction Search is on",
            ),
            (
                |seen| {
                    seen.trace =
                        Ok(Some(Traces { documents: vec![json!({ "name": "backend-flask" })], ..Traces::default() }))
                },
                "no segment bears the name crudder/dev",
            ),
            (
                |seen| {
                    seen.trace =
                        Ok(Some(Traces { documents: vec![json!({ "name": "crudder/dev" })], ..Traces::default() }))
                },
                "nothing of the function itself",
            ),
            (
                |seen| {
                    seen.rules.as_mut().unwrap().iter_mut().for_each(|rule| rule.service_name = "Cruddur".to_owned())
                },
                "is for \"Cruddur\", and segments bear crudder/dev",
            ),
            (|seen| seen.rules.as_mut().unwrap()[1].service_type = "AWS::EC2::Instance".to_owned(), "services of type"),
            (
                |seen| {
                    let rule = &mut seen.rules.as_mut().unwrap()[1];
                    (rule.fixed_rate, rule.reservoir) = (0.0, 0);
                },
                "samples nothing",
            ),
            (|seen| seen.groups.as_mut().unwrap()[0].filter = "service(\"backend-flask\")".to_owned(), "filters by"),
            (|seen| seen.is_in_group = Some(false), "does not show the request's trace"),
        ];
        for (trap, said) in traps {
            let mut seen = well();
            trap(&mut seen);
            let words = words(&seen);
            assert!(matches!(words.as_slice(), [one] if one.contains(said)), "{said}: {words:?}");
        }
    }
}
