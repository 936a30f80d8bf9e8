//! The permissions of each function in the template: pairs of an action and a resource.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part of this module")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::Document;
use serde_json::Value;

/// An action and a resource, as a policy allows them: `dynamodb:Query`, `Table.Arn`.
pub type Permission = (String, String);

/// Values of template parameters by name.
pub type Parameters = BTreeMap<String, String>;

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Reads the template of this repository.
pub fn document() -> Document {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    Document::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns all permissions of a function's role, with those of its managed policies in this
/// template.
pub fn permissions(document: &Document, function: &str, parameters: &Parameters) -> BTreeSet<Permission> {
    let role = document.resolve(&document.function(function)["Role"], parameters).unwrap();
    let role = role.as_str().unwrap_or_else(|| panic!("{function} has no role"));
    let role = role.strip_suffix(".Arn").unwrap();
    let role = resource(document, "AWS::IAM::Role", role);
    let role = document.resolve(&role["Properties"], parameters).unwrap();
    let managed = list(&role["ManagedPolicyArns"]).into_iter().map(|policy| {
        let name = policy.as_str().unwrap();
        let policy = resource(document, "AWS::IAM::ManagedPolicy", name);
        document.resolve(&policy["Properties"]["PolicyDocument"], parameters).unwrap()
    });
    let own = list(&role["Policies"]).into_iter().map(|policy| policy["PolicyDocument"].clone());
    managed.chain(own).flat_map(|policy| list(&policy["Statement"])).flat_map(|statement| pairs(&statement)).collect()
}

/// Returns the permissions of one statement, which must allow actions on resources and nothing
/// else.
fn pairs(statement: &Value) -> Vec<Permission> {
    assert_eq!(statement["Effect"], "Allow", "{statement}");
    let unknown: Vec<_> = statement.as_object().unwrap().keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?} in {statement}");
    let (actions, resources) = (list(&statement["Action"]), list(&statement["Resource"]));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    actions.iter().flat_map(|action| resources.iter().map(move |resource| (text(action), text(resource)))).collect()
}

/// The keys that a statement may have. `NotAction` and `NotResource` would allow what is not
/// listed.
const KEYS: [&str; 4] = ["Sid", "Effect", "Action", "Resource"];

fn resource<'a>(document: &'a Document, kind: &'a str, name: &str) -> &'a Value {
    let found = document.resources(kind).find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("the template has no {kind} {name}")).1
}

/// Returns the elements of a list, or a single value as a list. Policies accept both.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}
