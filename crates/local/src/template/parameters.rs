//! The parameters that this machine sets: those that fill a variable which functions get here
//! anyway.

use std::collections::BTreeMap;

use serde_json::Value;

use super::sam::resources;

/// Returns values for parameters. If a function has `CRUDDER_STAGE: !Ref Stage`, and `variables`
/// has `CRUDDER_STAGE=local`, then `Stage` is `local`.
pub(super) fn overrides(document: &Value, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let globals = &document["Globals"]["Function"];
    let own = resources(document, "AWS::Serverless::Function").map(|(_, resource)| &resource["Properties"]);
    let declared =
        own.chain([globals]).filter_map(|properties| properties["Environment"]["Variables"].as_object()).flatten();
    let mut found = BTreeMap::new();
    for (variable, value) in declared {
        if let (Some(local), Some(parameter)) = (variables.get(variable), only_parameter(document, value)) {
            found.insert(parameter, local.clone());
        }
    }
    found
}

/// Returns the parameter of a value. With two of them, it is ambiguous which one the variable sets.
fn only_parameter(document: &Value, value: &Value) -> Option<String> {
    let mut names = Vec::new();
    references(value, &mut names);
    names.retain(|name| !document["Parameters"][name.as_str()].is_null());
    names.dedup();
    let [name] = names.as_slice() else { return None };
    Some(name.clone())
}

fn references(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(pairs) => {
            names.extend(pairs.get("Ref").and_then(Value::as_str).map(str::to_owned));
            pairs.values().for_each(|inner| references(inner, names));
        }
        Value::Array(items) => items.iter().for_each(|inner| references(inner, names)),
        _ => (),
    }
}
