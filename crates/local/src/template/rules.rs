//! What AWS refuses although it can be read: paths it can't build, limits it doesn't give, answers a page can't read.

use std::collections::{BTreeMap, BTreeSet};

use super::{Access, Function, Part, Route, Template, ValidationError};

/// A REST API waits this long for its integration: more can be stated for the function, but nobody would hear its answer.
const MAX_ROUTED_TIMEOUT_S: u64 = 29;

/// Lambda's own limit of a function that has no route.
const MAX_TIMEOUT_S: u64 = 900;

/// Memory that Lambda gives a function, in MB.
const MEMORY_MB: std::ops::RangeInclusive<u64> = 128..=10_240;

/// Methods that a resource may have.
const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// Everything about `template` that AWS refuses, or that a browser or Cognito would refuse of it later.
pub(super) fn refusals(template: &Template) -> Vec<ValidationError> {
    let mut found = Vec::new();
    template.functions.iter().for_each(|function| limits(function, &mut found));
    for (function, route) in template.routes() {
        shape(function, route, &mut found);
    }
    tree(template, &mut found);
    names(template, &mut found);
    gateway(template, &mut found);
    found
}

fn limits(function: &Function, found: &mut Vec<ValidationError>) {
    let (seconds, most) = match function.routes.is_empty() {
        true => (function.timeout.as_secs(), MAX_TIMEOUT_S),
        false => (function.timeout.as_secs(), MAX_ROUTED_TIMEOUT_S),
    };
    if !(1..=most).contains(&seconds) {
        found.push(ValidationError::new(
            &function.resource,
            "Properties.Timeout",
            format!("{seconds} s is outside 1 to {most} s"),
        ));
    }
    if !MEMORY_MB.contains(&function.memory_mb) {
        let reason = format!("{} MB is outside {} to {} MB", function.memory_mb, MEMORY_MB.start(), MEMORY_MB.end());
        found.push(ValidationError::new(&function.resource, "Properties.MemorySize", reason));
    }
}

/// One route by itself.
fn shape(function: &Function, route: &Route, found: &mut Vec<ValidationError>) {
    let mut refuse = |at: &str, reason: String| {
        found.push(ValidationError::new(&function.resource, format!("{}.{at}", route.at), reason))
    };
    if !METHODS.contains(&route.method.as_str()) {
        refuse("Method", format!("{:?} is no method of a REST API", route.method));
    }
    let path = &route.path;
    if !path.starts_with('/') || path.contains("//") || (path.ends_with('/') && path.len() > 1) {
        refuse("Path", format!("{path:?} must begin with a slash, and have no empty part"));
    }
    for part in route.parts() {
        if let Some(reason) = fault(&part) {
            refuse("Path", format!("{reason} in {path:?}"));
        }
    }
    if matches!(&route.access, Access::Token { scopes } if scopes.is_empty()) {
        refuse(
            "Auth",
            "an authorizer without AuthorizationScopes takes id tokens only, and the page sends access tokens"
                .to_owned(),
        );
    }
}

fn fault(part: &Part) -> Option<String> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "._-:$".contains(letter);
    match part {
        Part::Variable(name) if name.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter)) => {
            None
        }
        Part::Variable(name) => Some(format!("the variable {name:?} has letters that API Gateway refuses")),
        Part::Literal(text) if text.ends_with("+}") => {
            Some(format!("the greedy variable {text:?} is not served here, found"))
        }
        Part::Literal(text) if text.contains(['{', '}']) => {
            Some(format!("a part is a literal or wholly {{name}}, so API Gateway refuses {text:?}"))
        }
        Part::Literal(text) if text.chars().all(allowed) => None,
        Part::Literal(text) => Some(format!("the part {text:?} has letters that API Gateway refuses")),
    }
}

/// The routes together: API Gateway keeps them as a tree, in which a level has one variable, and a resource one method of a name.
fn tree(template: &Template, found: &mut Vec<ValidationError>) {
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for (function, route) in template.routes() {
        let mut parent = String::new();
        for part in route.parts() {
            if let Part::Variable(name) = &part {
                let first = variables.entry(parent.clone()).or_insert_with(|| name.clone());
                if first != name {
                    let reason = format!(
                        "{parent}/{{{first}}} is there already, and a level has one variable: not {{{name}}} too"
                    );
                    found.push(ValidationError::new(&function.resource, format!("{}.Path", route.at), reason));
                }
            }
            parent = match part {
                Part::Literal(text) => format!("{parent}/{text}"),
                Part::Variable(name) => format!("{parent}/{{{name}}}"),
            };
        }
        if !taken.insert((route.path.clone(), route.method.clone())) {
            let reason = format!("{} {} is taken already", route.method, route.path);
            found.push(ValidationError::new(&function.resource, route.at.clone(), reason));
        }
    }
}

fn names(template: &Template, found: &mut Vec<ValidationError>) {
    let mut taken = BTreeSet::new();
    for function in &template.functions {
        if !taken.insert(&function.name) {
            found.push(ValidationError::new(
                &function.resource,
                "Properties.FunctionName",
                format!("{:?} is taken already", function.name),
            ));
        }
    }
}

/// What the gateway says by itself must reach the page.
fn gateway(template: &Template, found: &mut Vec<ValidationError>) {
    let api = &template.api;
    if !(1..=128).contains(&api.stage.len())
        || !api.stage.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    {
        found.push(ValidationError::new(
            &api.resource,
            "Properties.StageName",
            format!("{:?} is no name of a stage", api.stage),
        ));
    }
    if api.cors.is_none() {
        return;
    }
    if api.default_authorizer.is_some() && api.preflights_authorized {
        let reason = "must be false: a preflight carries no token";
        found.push(ValidationError::new(&api.resource, "Properties.Auth.AddDefaultAuthorizerToCorsPreflight", reason));
    }
    for (kind, answer) in &api.gateway_responses {
        for header in ["Access-Control-Allow-Origin", "Access-Control-Expose-Headers"] {
            if !answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(header)) {
                let at = format!("Properties.GatewayResponses.{kind}.ResponseParameters.Headers");
                found.push(ValidationError::new(
                    &api.resource,
                    at,
                    format!("lacks {header}: the page could not read the answer"),
                ));
            }
        }
    }
}
