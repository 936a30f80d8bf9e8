//! Checks CloudWatch of a deployed stack: log groups, the request's lines, API Gateway's role.

use std::time::Duration;

use super::finding::{Finding, Problem, findings};
use super::probe::Probe;
use crate::aws::{Aws, AwsError, LogGroup};
use crate::backoff;

const COMPONENT: &str = "CloudWatch";
/// The name of the log group of the function that doctor calls ends with this.
const FUNCTION_GROUP: &str = "/home-activities";
/// The name of the log group of the API's access log ends with this; without access logs there is
/// no such group.
const ACCESS_LOG_GROUP: &str = "/api";

/// What CloudWatch and API Gateway returned.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) groups: Result<Vec<LogGroup>, AwsError>,
    /// How many lines of the request the function logged; `None` if its log group does not exist.
    pub(crate) lines: Option<Result<usize, AwsError>>,
    pub(crate) role: Result<Option<String>, AwsError>,
}

/// Fetches the log groups of a stage, and waits for the lines of the request.
pub(crate) async fn fetch(aws: &Aws, probe: &Probe, stage: &str, timeout: Duration) -> Fetched {
    let groups = aws.log_groups(&format!("/crudder/{stage}/")).await;
    let group =
        groups.as_ref().ok().and_then(|groups| groups.iter().find(|group| group.name.ends_with(FUNCTION_GROUP)));
    let lines = match group {
        Some(group) if probe.got_response() => Some(wait_for_lines(aws, probe, &group.name, timeout).await),
        _ => None,
    };
    Fetched { groups, lines, role: aws.log_role().await }
}

async fn wait_for_lines(aws: &Aws, probe: &Probe, group: &str, timeout: Duration) -> Result<usize, AwsError> {
    let count = backoff::poll_until(timeout, async || {
        let lines = aws.log_lines(group, &probe.id.xray(), probe.since_ms.saturating_sub(1_000)).await?;
        Ok((!lines.is_empty()).then_some(lines.len()))
    });
    count.await.map(Option::unwrap_or_default)
}

/// Returns a finding for each problem, or one ok finding.
///
/// `expected` are the log groups among the stack's resources; it is empty if the stack is not known.
pub(crate) fn evaluate(fetched: &Fetched, stage: &str, expected: &[String]) -> Vec<Finding> {
    let mut problems = Vec::new();
    match &fetched.groups {
        Err(error) => problems.push(Problem::aws_error(error)),
        Ok(groups) => problems.extend(check_groups(groups, stage, expected)),
    }
    match &fetched.lines {
        Some(Err(error)) => problems.push(Problem::aws_error(error)),
        Some(Ok(0)) => problems.push(Problem::new(
            format!("/crudder/{stage}{FUNCTION_GROUP} has no log line of the request"),
            "allow logs:PutLogEvents on the group in the function's role, set a log level that includes INFO, \
             or wait longer with --wait",
        )),
        Some(Ok(_)) | None => (),
    }
    // Without access logs, API Gateway needs no role.
    if fetched.groups.as_ref().is_ok_and(|groups| groups.iter().any(|group| group.name.ends_with(ACCESS_LOG_GROUP))) {
        problems.extend(check_role(&fetched.role));
    }
    let groups = fetched.groups.as_ref().map_or(0, Vec::len);
    let lines = match &fetched.lines {
        Some(lines) => format!("{} log lines of the request", lines.as_ref().unwrap_or(&0)),
        None => "the request's log lines were not checked".to_owned(),
    };
    findings(COMPONENT, problems, format!("{groups} log groups, each with a retention period; {lines}"))
}

fn check_role(role: &Result<Option<String>, AwsError>) -> Option<Problem> {
    match role {
        Err(error) => Some(Problem::aws_error(error)),
        Ok(None) => Some(Problem::new(
            "API Gateway has no role to write logs with, so the stage's access log stays empty",
            "deploy with AccessLogs=create-role, or set the account's role by hand and deploy with AccessLogs=role-exists",
        )),
        Ok(Some(_)) => None,
    }
}

fn check_groups(groups: &[LogGroup], stage: &str, expected: &[String]) -> Vec<Problem> {
    let mut problems = Vec::new();
    if groups.is_empty() {
        let fix = "check AWS_REGION, and deploy template.yaml, which creates a log group for each function";
        return vec![Problem::new(format!("there is no log group /crudder/{stage}/…"), fix)];
    }
    let missing: Vec<&str> = expected
        .iter()
        .map(String::as_str)
        .filter(|name| name.starts_with("/crudder/") && !groups.iter().any(|group| group.name == *name))
        .collect();
    if !missing.is_empty() {
        let message = format!("log groups of the stack are missing: {}", missing.join(", "));
        problems.push(Problem::new(message, "deploy the stack again"));
    }
    let endless: Vec<&str> =
        groups.iter().filter(|group| group.retention_days.is_none()).map(|group| group.name.as_str()).collect();
    if let Some(first) = endless.first() {
        problems.push(Problem::new(
            format!("{} of {} log groups keep their lines for ever, for example {first}", endless.len(), groups.len()),
            format!("aws logs put-retention-policy --retention-in-days 14 --log-group-name {first}"),
        ));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::super::finding::Status;
    use super::*;

    fn fetched_without_problems() -> Fetched {
        let group = |name: &str| LogGroup { name: format!("/crudder/dev/{name}"), retention_days: Some(14) };
        Fetched {
            groups: Ok(vec![group("home-activities"), group("api")]),
            lines: Some(Ok(2)),
            role: Ok(Some("arn".to_owned())),
        }
    }

    #[test]
    fn a_missing_role_is_a_problem_only_if_there_are_access_logs() {
        let mut fetched = fetched_without_problems();
        fetched.groups.as_mut().unwrap().pop();
        fetched.role = Ok(None);
        assert_eq!(evaluate(&fetched, "dev", &[])[0].status, Status::Ok);
    }

    #[test]
    fn each_problem_is_one_finding_and_no_problem_is_one_ok_finding() {
        let findings = evaluate(&fetched_without_problems(), "dev", &["/crudder/dev/home-activities".to_owned()]);
        assert!(matches!(findings.as_slice(), [Finding { status: Status::Ok, .. }]), "{findings:?}");
        type Break = fn(&mut Fetched);
        let problems: [(Break, &str); 6] = [
            (|fetched| fetched.groups = Ok(Vec::new()), "there is no log group"),
            (
                |fetched| fetched.groups = Err(AwsError::AccessDenied { action: "logs:DescribeLogGroups" }),
                "no permission for logs:DescribeLogGroups",
            ),
            (|fetched| fetched.groups.as_mut().unwrap()[0].retention_days = None, "keep their lines for ever"),
            (|fetched| fetched.groups.as_mut().unwrap()[0].name = "/crudder/dev/else".to_owned(), "are missing"),
            (|fetched| fetched.lines = Some(Ok(0)), "no log line of the request"),
            (|fetched| fetched.role = Ok(None), "no role to write logs"),
        ];
        for (break_it, expected) in problems {
            let mut fetched = fetched_without_problems();
            break_it(&mut fetched);
            let findings = evaluate(&fetched, "dev", &["/crudder/dev/home-activities".to_owned()]);
            let [one] = findings.as_slice() else { panic!("{expected}: {findings:?}") };
            assert!(one.status == Status::Failed && one.message.contains(expected), "{expected}: {one:?}");
        }
    }
}
