//! Rules that AWS checks at deployment, or that a browser or Cognito would fail on later: paths,
//! limits, names, and gateway responses.

use std::collections::{BTreeMap, BTreeSet};

use super::api::Api;
use super::error::ValidationError;
use super::function::{Function, routes};
use super::route::{Access, Part, Route};

/// The longest timeout of a function with a route. A REST API waits this long for its integration,
/// so a later response would reach no client.
const MAX_ROUTED_TIMEOUT_S: u64 = 29;

/// Lambda's own longest timeout, for a function without a route.
const MAX_TIMEOUT_S: u64 = 900;

/// The memory that a function can have.
const MEMORY_MB: std::ops::RangeInclusive<u64> = 128..=10_240;

/// The methods that a resource can have.
const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Returns every error in a template.
pub(super) fn errors(api: &Api, functions: &[Function]) -> Vec<ValidationError> {
    let mut found = Vec::new();
    functions.iter().for_each(|function| check_limits(function, &mut found));
    for (function, route) in routes(functions) {
        check_route(function, route, &mut found);
    }
    check_resource_tree(functions, &mut found);
    check_names(functions, &mut found);
    check_api(api, &mut found);
    found
}

fn check_limits(function: &Function, found: &mut Vec<ValidationError>) {
    let (seconds, most) = match function.routes.is_empty() {
        true => (function.timeout.as_secs(), MAX_TIMEOUT_S),
        false => (function.timeout.as_secs(), MAX_ROUTED_TIMEOUT_S),
    };
    if !(1..=most).contains(&seconds) {
        let reason = format!("{seconds} s is outside 1 to {most} s");
        found.push(ValidationError::new(&function.resource, "Properties.Timeout", reason));
    }
    if !MEMORY_MB.contains(&function.memory_mb) {
        let reason = format!("{} MB is outside {} to {} MB", function.memory_mb, MEMORY_MB.start(), MEMORY_MB.end());
        found.push(ValidationError::new(&function.resource, "Properties.MemorySize", reason));
    }
}

fn check_route(function: &Function, route: &Route, found: &mut Vec<ValidationError>) {
    let mut reject = |name: &str, reason: String| {
        found.push(ValidationError::new(&function.resource, format!("{}.{name}", route.property), reason));
    };
    if !METHODS.contains(&route.method.as_str()) {
        reject("Method", format!("{:?} is not a method of a REST API", route.method));
    }
    let path = &route.path;
    if !path.starts_with('/') || path.contains("//") || (path.ends_with('/') && path.len() > 1) {
        reject("Path", format!("{path:?} must begin with a slash and have no empty part"));
    }
    for part in route.parts() {
        if let Some(reason) = part_error(&part) {
            reject("Path", format!("{reason} in {path:?}"));
        }
    }
    if matches!(&route.access, Access::Token { scopes } if scopes.is_empty()) {
        let reason =
            "an authorizer without AuthorizationScopes accepts only id tokens, but the page sends access tokens";
        reject("Auth", reason.to_owned());
    }
}

fn part_error(part: &Part) -> Option<String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-:$".contains(letter);
    match part {
        Part::Variable(name) if name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)) => {
            None
        }
        Part::Variable(name) => Some(format!("the variable {name:?} has characters that API Gateway rejects")),
        Part::Literal(text) if text.ends_with("+}") => {
            Some(format!("the local gateway does not support the greedy variable {text:?}"))
        }
        Part::Literal(text) if text.contains(['{', '}']) => {
            Some(format!("API Gateway rejects the part {text:?}, which is neither a literal nor {{name}}"))
        }
        Part::Literal(text) if text.chars().all(allowed) => None,
        Part::Literal(text) => Some(format!("the part {text:?} has characters that API Gateway rejects")),
    }
}

/// Checks the routes together. API Gateway stores resources as a tree: a level has one variable,
/// and a resource has each method once.
fn check_resource_tree(functions: &[Function], found: &mut Vec<ValidationError>) {
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (function, route) in routes(functions) {
        let mut parent = String::new();
        for part in route.parts() {
            if let Part::Variable(name) = &part {
                let first = variables.entry(parent.clone()).or_insert_with(|| name.clone());
                if first != name {
                    let reason = format!(
                        "{parent}/{{{first}}} exists already, and a level has one variable; \
                         use {{{first}}} in place of {{{name}}}"
                    );
                    found.push(ValidationError::new(&function.resource, format!("{}.Path", route.property), reason));
                }
            }
            parent = match part {
                Part::Literal(text) => format!("{parent}/{text}"),
                Part::Variable(name) => format!("{parent}/{{{name}}}"),
            };
        }
        if !taken.insert((route.path.clone(), route.method.clone())) {
            let reason = format!("another function has the route {} {} already", route.method, route.path);
            found.push(ValidationError::new(&function.resource, route.property.clone(), reason));
        }
    }
}

fn check_names(functions: &[Function], found: &mut Vec<ValidationError>) {
    let mut taken = BTreeSet::new();
    for function in functions {
        if !taken.insert(&function.name) {
            let reason = format!("another function has the name {:?} already", function.name);
            found.push(ValidationError::new(&function.resource, "Properties.FunctionName", reason));
        }
    }
}

/// Checks that the stage has a valid name, and that a page can read the responses of the gateway.
fn check_api(api: &Api, found: &mut Vec<ValidationError>) {
    let is_valid = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    if !(1..=128).contains(&api.stage.len()) || !api.stage.chars().all(is_valid) {
        let reason = format!("{:?} is not a stage name: 1 to 128 letters, digits, - or _", api.stage);
        found.push(ValidationError::new(&api.resource, "Properties.StageName", reason));
    }
    if api.cors.is_none() {
        return;
    }
    if api.default_authorizer.is_some() && api.preflights_authorized {
        let reason = "must be false, because a preflight has no token";
        found.push(ValidationError::new(&api.resource, "Properties.Auth.AddDefaultAuthorizerToCorsPreflight", reason));
    }
    for (kind, response) in &api.gateway_responses {
        for header in ["Access-Control-Allow-Origin", "Access-Control-Expose-Headers"] {
            if !response.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header)) {
                let property = format!("Properties.GatewayResponses.{kind}.ResponseParameters.Headers");
                let reason = format!("lacks {header}, without which a page cannot read the response");
                found.push(ValidationError::new(&api.resource, property, reason));
            }
        }
    }
}
