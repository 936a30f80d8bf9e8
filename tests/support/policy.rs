//! What the template allows each function: its role's statements, one pair of action and resource at a time.

#![allow(dead_code, unreachable_pub, reason = "each test binary takes from it what it needs")]
#![allow(clippy::unwrap_used, reason = "what a test's helper can't have fails its test")]

use std::collections::{BTreeMap, BTreeSet};

use crudder_local::template::Document;
use serde_json::Value;

/// An action on a resource, as a policy allows it: `dynamodb:Query`, `Table.Arn`.
pub type Right = (String, String);

/// Values for parameters.
pub type Parameters = BTreeMap<String, String>;

pub fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The template of this checkout.
pub fn document() -> Document {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
    Document::parse(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Everything that a function's role allows, its managed policies of this template included.
pub fn rights(document: &Document, function: &str, parameters: &Parameters) -> BTreeSet<Right> {
    let role = document.resolve(&document.function(function)["Role"], parameters).unwrap();
    let role = role.as_str().unwrap_or_else(|| panic!("{function} has no role of its own"));
    let role = role.strip_suffix(".Arn").unwrap();
    let stated = resource(document, "AWS::IAM::Role", role);
    let role = document.resolve(&stated["Properties"], parameters).unwrap();
    let managed = list(&role["ManagedPolicyArns"]).into_iter().map(|policy| {
        let name = policy.as_str().unwrap();
        let stated = resource(document, "AWS::IAM::ManagedPolicy", name);
        document.resolve(&stated["Properties"]["PolicyDocument"], parameters).unwrap()
    });
    let own = list(&role["Policies"]).into_iter().map(|policy| policy["PolicyDocument"].clone());
    managed.chain(own).flat_map(|policy| list(&policy["Statement"])).flat_map(|statement| pairs(&statement)).collect()
}

/// The pairs of one statement, which must be a plain permission.
fn pairs(statement: &Value) -> Vec<Right> {
    assert_eq!(statement["Effect"], "Allow", "{statement}");
    let strange: Vec<_> = statement.as_object().unwrap().keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
    assert!(strange.is_empty(), "{strange:?} in {statement}");
    let (actions, resources) = (list(&statement["Action"]), list(&statement["Resource"]));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    actions.iter().flat_map(|action| resources.iter().map(move |resource| (text(action), text(resource)))).collect()
}

/// What a statement may say: `NotAction` and `NotResource` allow what nobody counted.
const KEYS: [&str; 4] = ["Sid", "Effect", "Action", "Resource"];

fn resource<'a>(document: &'a Document, kind: &'a str, name: &str) -> &'a Value {
    let found = document.resources(kind).find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}")).1
}

/// One value, or each of a list, as policies take both.
pub fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}
