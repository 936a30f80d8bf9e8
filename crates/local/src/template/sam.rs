//! SAM's view of a template: resources by type, with the properties of `Globals` merged into them.

use serde_json::{Map, Value};

/// Returns the logical id and the body of every resource of a type.
pub(super) fn resources<'a>(document: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = document["Resources"].as_object().into_iter().flatten();
    all.filter(move |(_, resource)| resource["Type"] == kind).map(|(name, resource)| (name.as_str(), resource))
}

/// Merges `Globals` into the properties of a resource: maps are merged, lists are joined, and any
/// other value is the resource's own.
pub(super) fn merged(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (Value::Object(global), Value::Object(own)) => Value::Object(merged_maps(global, own)),
        (Value::Array(global), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (global, Value::Null) => global.clone(),
        (_, own) => own.clone(),
    }
}

fn merged_maps(global: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut all = global.clone();
    for (key, value) in own {
        let value = merged(global.get(key).unwrap_or(&Value::Null), value);
        all.insert(key.clone(), value);
    }
    all
}
