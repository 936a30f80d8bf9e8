//! The table of endpoints: one row of `endpoints.yaml` each.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::Error;

/// One endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// The name of the binary: lower-case words joined by hyphens.
    pub name: String,
    /// What it does, in the third person.
    pub description: String,
    /// `METHOD /path` of each route; empty for a trigger.
    #[serde(default)]
    pub routes: Vec<String>,
    /// Who may call it.
    pub caller: Caller,
    /// DynamoDB actions on the table, without `dynamodb:`.
    #[serde(default)]
    pub table: Vec<String>,
    /// DynamoDB actions on the index `inbox`.
    #[serde(default)]
    pub index: Vec<String>,
    /// Which throttles alarm counts it.
    pub access: Access,
    /// Seconds, where they differ from the template's Globals.
    pub timeout: Option<u32>,
    /// Why the time-out differs.
    pub timeout_reason: Option<String>,
    /// Environment variables beyond Globals: names and CloudFormation values.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// An event source other than the API, as a line of CloudFormation.
    pub trigger: Option<String>,
}

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Caller {
    /// No token is needed.
    #[serde(rename = "anyone")]
    Anyone,
    /// API Gateway checks a Cognito access token.
    #[serde(rename = "signed in")]
    SignedIn,
    /// Cognito invokes the function.
    Cognito,
}

impl Caller {
    /// The word that tables use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anyone => "anyone",
            Self::SignedIn => "signed in",
            Self::Cognito => "Cognito",
        }
    }
}

/// What an endpoint does with the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// It only reads.
    Reads,
    /// It writes.
    Writes,
    /// It does not use the table.
    None,
}

impl Endpoint {
    /// The logical id in the template: `home-activities` is `HomeActivities`.
    #[must_use]
    pub fn resource(&self) -> String {
        self.name.split('-').map(capitalise).collect()
    }

    /// The id of its metric in an alarm: `home-activities` is `homeActivities`.
    #[must_use]
    pub fn metric_id(&self) -> String {
        let resource = self.resource();
        let (first, rest) = resource.split_at(1);
        first.to_lowercase() + rest
    }

    /// Method and path of each route.
    pub fn methods(&self) -> impl Iterator<Item = (&str, &str)> {
        self.routes.iter().filter_map(|route| route.split_once(' '))
    }
}

pub(crate) fn capitalise(word: &str) -> String {
    word.split_at_checked(1).map_or_else(String::new, |(first, rest)| first.to_uppercase() + rest)
}

const FILE: &str = "endpoints.yaml";
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// "PutMetricAlarm", Metrics: an alarm on an expression may refer to ten metrics.
const ALARM_METRICS_MAX: usize = 10;

/// Refuses rows that contradict each other or a limit of AWS.
pub(crate) fn check(endpoints: &[Endpoint]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    let mut routes = BTreeSet::new();
    for endpoint in endpoints {
        let wrong = |problem: String| Err(Error::Row { file: FILE, row: endpoint.name.clone(), problem });
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
        if !endpoint.name.split('-').all(is_word) {
            return wrong("the name must be lower-case words joined by hyphens".to_owned());
        }
        if !names.insert(&endpoint.name) {
            return wrong("there are two rows of this name".to_owned());
        }
        if endpoint.routes.is_empty() != endpoint.trigger.is_some() {
            return wrong("it needs routes or a trigger, and not both".to_owned());
        }
        for route in &endpoint.routes {
            let is_route =
                route.split_once(' ').is_some_and(|(method, path)| METHODS.contains(&method) && path.starts_with('/'));
            if !is_route {
                return wrong(format!("route {route:?} must be METHOD /path, with a method of {METHODS:?}"));
            }
            if !routes.insert(route) {
                return wrong(format!("another row has the route {route:?}"));
            }
        }
    }
    for (access, alarm) in [(true, "ReadThrottlesAlarm"), (false, "WriteThrottlesAlarm")] {
        let counted = endpoints.iter().filter(|endpoint| (endpoint.access == Access::Reads) == access).count();
        if counted > ALARM_METRICS_MAX {
            let problem =
                format!("{counted} endpoints, and an alarm takes {ALARM_METRICS_MAX} metrics: split the alarm");
            return Err(Error::Row { file: FILE, row: alarm.to_owned(), problem });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(yaml: &str) -> Endpoint {
        yaml_serde::from_str(yaml).unwrap()
    }

    fn route(name: &str, route: &str) -> Endpoint {
        endpoint(&format!("{{name: {name}, description: d, routes: [{route:?}], caller: anyone, access: reads}}"))
    }

    #[test]
    fn names_of_the_template_derive_from_the_name_of_the_binary() {
        let row = route("home-activities", "GET /a");
        assert_eq!((row.resource().as_str(), row.metric_id().as_str()), ("HomeActivities", "homeActivities"));
    }

    #[test]
    fn rows_that_contradict_are_refused_by_name() {
        let text = |rows: &[Endpoint]| check(rows).unwrap_err().to_string();
        assert!(text(&[route("a", "GET /a"), route("a", "GET /b")]).contains("a: there are two rows"));
        assert!(text(&[route("a", "GET /a"), route("b", "GET /a")]).contains("b: another row has the route"));
        assert!(text(&[route("A", "GET /a")]).contains("lower-case words"));
        assert!(text(&[route("a", "FETCH /a")]).contains("METHOD /path"));
        assert!(text(&[route("a", "GET a")]).contains("METHOD /path"));
        let neither = endpoint("{name: a, description: d, caller: Cognito, access: none}");
        assert!(text(&[neither]).contains("routes or a trigger"));
        let crowd: Vec<Endpoint> =
            (0..11u8).map(|number| route(&char::from(b'a' + number).to_string(), &format!("GET /{number}"))).collect();
        assert!(text(&crowd).contains("split the alarm"));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let row = "{name: a, description: d, caller: anyone, access: none, rout: [GET /a]}";
        assert!(yaml_serde::from_str::<Endpoint>(row).is_err());
    }
}
