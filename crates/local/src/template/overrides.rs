//! Which parameters this machine sets: those that fill a variable which it gives functions anyway.

use std::collections::BTreeMap;

use serde_json::Value;

/// Values for parameters. `CRUDDER_STAGE: !Ref Stage` in any function, and `CRUDDER_STAGE=local` among `variables`, make `Stage` `local`.
pub(super) fn parameters(document: &Value, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let globals = &document["Globals"]["Function"];
    let own = super::resources(document, "AWS::Serverless::Function").map(|(_, resource)| &resource["Properties"]);
    let stated =
        own.chain([globals]).filter_map(|properties| properties["Environment"]["Variables"].as_object()).flatten();
    let mut found = BTreeMap::new();
    for (variable, value) in stated {
        if let (Some(local), Some(parameter)) = (variables.get(variable), only_parameter(document, value)) {
            found.insert(parameter, local.clone());
        }
    }
    found
}

/// The one parameter that a value is made of; of two nobody knows which is meant.
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
