//! CloudWatch of a deployed stack: that log groups are there and end, that the request's line is found, that API Gateway may write.

use std::time::Duration;

use super::finding::{Finding, all};
use super::probe::Probe;
use crate::aws::{Aws, AwsFault, LogGroup};
use crate::backoff;

const PLANE: &str = "CloudWatch";
/// The group of the function that doctor calls ends so.
const CALLED: &str = "/home-activities";
/// The group of the API's access log; there is none where access logs are off.
const ACCESS: &str = "/api";

/// What CloudWatch and API Gateway say.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) groups: Result<Vec<LogGroup>, AwsFault>,
    /// How many lines the request's function said; none where no such group is there.
    pub(crate) lines: Option<Result<usize, AwsFault>>,
    pub(crate) role: Result<Option<String>, AwsFault>,
}

/// Asks for the groups of a stage, and waits for the request's lines.
pub(crate) async fn ask(aws: &Aws, probe: &Probe, stage: &str, patience: Duration) -> Seen {
    let groups = aws.log_groups(&format!("/crudder/{stage}/")).await;
    let called = groups.as_ref().ok().and_then(|groups| groups.iter().find(|group| group.name.ends_with(CALLED)));
    let lines = match called {
        Some(group) if probe.was_answered() => Some(lines(aws, probe, &group.name, patience).await),
        _ => None,
    };
    Seen { groups, lines, role: aws.log_role().await }
}

async fn lines(aws: &Aws, probe: &Probe, group: &str, patience: Duration) -> Result<usize, AwsFault> {
    let found = backoff::until(patience, async || {
        let lines = aws.lines(group, &probe.id.xray(), probe.since_ms.saturating_sub(1_000)).await?;
        Ok((!lines.is_empty()).then_some(lines.len()))
    });
    found.await.map(Option::unwrap_or_default)
}

/// What is wrong, or that nothing is. `expected` are the groups that the stack is made of, where that is known.
pub(crate) fn verdict(seen: &Seen, stage: &str, expected: &[String]) -> Vec<Finding> {
    let mut wrongs = Vec::new();
    match &seen.groups {
        Err(fault) => wrongs.push((fault.to_string(), fault.mend())),
        Ok(groups) => wrongs.extend(of_groups(groups, stage, expected)),
    }
    match &seen.lines {
        Some(Err(fault)) => wrongs.push((fault.to_string(), fault.mend())),
        Some(Ok(0)) => wrongs.push((
            format!("no line of the request is in /crudder/{stage}{CALLED}"),
            "the function's role needs logs:PutLogEvents on the group, its level must let INFO through; or wait longer with --wait".to_owned(),
        )),
        Some(Ok(_)) | None => (),
    }
    // Without access logs the account's role is nobody's concern here.
    if seen.groups.as_ref().is_ok_and(|groups| groups.iter().any(|group| group.name.ends_with(ACCESS))) {
        wrongs.extend(of_role(&seen.role));
    }
    let (groups, lines) = (
        seen.groups.as_ref().map_or(0, Vec::len),
        seen.lines.as_ref().map_or(0, |lines| *lines.as_ref().unwrap_or(&0)),
    );
    let unchecked = if seen.lines.is_none() { "; the request's lines were not looked for" } else { "" };
    all(PLANE, wrongs, format!("{groups} log groups, each with a retention; {lines} lines of the request{unchecked}"))
}

fn of_role(role: &Result<Option<String>, AwsFault>) -> Option<(String, String)> {
    match role {
        Err(fault) => Some((fault.to_string(), fault.mend())),
        Ok(None) => Some((
            "API Gateway has no role to write logs with, so the stage's access log stays empty".to_owned(),
            "deploy with AccessLogs=create-role, or set the role of the account by hand and deploy with AccessLogs=role-exists"
                .to_owned(),
        )),
        Ok(Some(_)) => None,
    }
}

fn of_groups(groups: &[LogGroup], stage: &str, expected: &[String]) -> Vec<(String, String)> {
    let mut wrongs = Vec::new();
    if groups.is_empty() {
        let mend = "deploy template.yaml, which makes a group for each function; look at AWS_REGION".to_owned();
        return vec![(format!("there is no log group /crudder/{stage}/…"), mend)];
    }
    let missing: Vec<&str> = expected
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("/crudder/") && !groups.iter().any(|group| group.name == *name))
        .collect();
    if !missing.is_empty() {
        wrongs.push((
            format!("the stack's log groups {} are gone", missing.join(", ")),
            "deploy the stack again".to_owned(),
        ));
    }
    let endless: Vec<&str> =
        groups.iter().filter(|group| group.retention_days.is_none()).map(|group| group.name.as_str()).collect();
    if let Some(first) = endless.first() {
        let words =
            format!("{} of {} log groups keep their lines for ever, {first} the first", endless.len(), groups.len());
        wrongs.push((words, format!("aws logs put-retention-policy --retention-in-days 14 --log-group-name {first}")));
    }
    wrongs
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    fn well() -> Seen {
        let group = |name: &str| LogGroup { name: format!("/crudder/dev/{name}"), retention_days: Some(14) };
        Seen {
            groups: Ok(vec![group("home-activities"), group("api")]),
            lines: Some(Ok(2)),
            role: Ok(Some("arn".to_owned())),
        }
    }

    #[test]
    fn a_role_is_asked_for_only_where_there_are_access_logs() {
        let mut seen = well();
        seen.groups.as_mut().unwrap().pop();
        seen.role = Ok(None);
        assert_eq!(verdict(&seen, "dev", &[])[0].verdict, Verdict::Ok);
    }

    #[test]
    fn what_is_well_is_one_line_and_each_trap_another() {
        let findings = verdict(&well(), "dev", &["/crudder/dev/home-activities".to_owned()]);
        assert!(matches!(findings.as_slice(), [Finding { verdict: Verdict::Ok, .. }]), "{findings:?}");
        type Break = fn(&mut Seen);
        let traps: [(Break, &str); 6] = [
            (|seen| seen.groups = Ok(Vec::new()), "there is no log group"),
            (
                |seen| seen.groups = Err(AwsFault::Denied { action: "logs:DescribeLogGroups" }),
                "no permission for logs:DescribeLogGroups",
            ),
            (|seen| seen.groups.as_mut().unwrap()[0].retention_days = None, "keep their lines for ever"),
            (|seen| seen.groups.as_mut().unwrap()[0].name = "/crudder/dev/else".to_owned(), "are gone"),
            (|seen| seen.lines = Some(Ok(0)), "no line of the request"),
            (|seen| seen.role = Ok(None), "no role to write logs"),
        ];
        for (trap, said) in traps {
            let mut seen = well();
            trap(&mut seen);
            let findings = verdict(&seen, "dev", &["/crudder/dev/home-activities".to_owned()]);
            let [one] = findings.as_slice() else { panic!("{said}: {findings:?}") };
            assert!(one.verdict == Verdict::Wrong && one.words.contains(said), "{said}: {one:?}");
        }
    }
}
