//! Tests of each intrinsic function.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Intrinsics;

fn template() -> Value {
    json!({
        "Parameters": {"Stage": {"Default": "dev"}, "Days": {"Default": 14}, "Bare": {"Type": "String"}},
        "Conditions": {
            "Production": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "Loop": {"Condition": "Loop"},
        },
        "Mappings": {"Sizes": {"dev": {"memory": 256}}},
        "Resources": {"Table": {}, "Api": {}},
    })
}

fn resolved(value: &Value, stage: &str) -> Result<Value, String> {
    let template = template();
    Intrinsics::new(&template, &BTreeMap::from([("Stage".to_owned(), stage.to_owned())])).resolve(value)
}

#[test]
fn each_function_is_resolved() {
    for (value, wanted) in [
        (json!({"Ref": "Stage"}), json!("local")),
        (json!({"Ref": "Days"}), json!(14)),
        (json!({"Ref": "Table"}), json!("Table")),
        (json!({"Fn::Sub": "a-${Stage}-${Table.Arn}-${!kept}"}), json!("a-local-Table.Arn-${kept}")),
        (json!({"Fn::Sub": ["${x}${Stage}", {"x": {"Ref": "Days"}}]}), json!("14local")),
        (json!({"Fn::GetAtt": ["Table", "Arn"]}), json!("Table.Arn")),
        (json!({"Fn::If": ["Production", 1, 2]}), json!(2)),
        (json!({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}), json!("a-local")),
        (json!({"Fn::Select": [1, {"Fn::Split": [",", "a,b"]}]}), json!("b")),
        (json!({"Fn::FindInMap": ["Sizes", "dev", "memory"]}), json!(256)),
        (json!({"a": {"Ref": "AWS::NoValue"}, "b": 1}), json!({"b": 1})),
        (json!([{"Ref": "AWS::NoValue"}, 1]), json!([1])),
    ] {
        assert_eq!(resolved(&value, "local"), Ok(wanted), "{value}");
    }
    assert_eq!(resolved(&json!({"Fn::If": ["Production", 1, 2]}), "prod"), Ok(json!(1)));
}

#[test]
fn an_unknown_name_or_a_malformed_call_is_an_error() {
    for value in [
        json!({"Ref": "Nobody"}),
        json!({"Ref": "Bare"}),
        json!({"Fn::Sub": "${Nobody}"}),
        json!({"Fn::Sub": "${open"}),
        json!({"Fn::GetAtt": ["Nobody", "Arn"]}),
        json!({"Fn::If": ["Nobody", 1, 2]}),
        json!({"Fn::If": ["Production", 1]}),
        json!({"Fn::If": ["Loop", 1, 2]}),
        json!({"Fn::ImportValue": "x"}),
    ] {
        assert!(resolved(&value, "local").is_err(), "{value}");
    }
}
