//! CloudFormation's functions, worked out for one machine: parameters take their defaults or what this machine says instead,
//! resources are called by their logical ids.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Functions inside functions; CloudFormation's own templates stay far below, and a condition that names itself would never end.
const MAX_DEPTH: u32 = 32;

/// What the functions of one template may refer to.
pub(super) struct Scope<'a> {
    template: &'a Value,
    parameters: BTreeMap<String, Value>,
}

impl<'a> Scope<'a> {
    /// `overrides` take the place of parameters' defaults.
    pub(super) fn new(template: &'a Value, overrides: &BTreeMap<String, String>) -> Self {
        let stated = template["Parameters"].as_object().into_iter().flatten();
        let parameters = stated
            .map(|(name, parameter)| {
                let value = overrides
                    .get(name)
                    .map_or_else(|| parameter["Default"].clone(), |value| Value::from(value.as_str()));
                (name.clone(), value)
            })
            .collect();
        Self { template, parameters }
    }

    /// `value` without functions. What `AWS::NoValue` removes is null.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
        self.at(value, 0)
    }

    fn at(&self, value: &Value, depth: u32) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("functions are nested more than {MAX_DEPTH} deep"));
        }
        match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.at(item, depth + 1)).collect();
                Ok(Value::Array(items?.into_iter().filter(|item| !item.is_null()).collect()))
            }
            Value::Object(pairs) => match single(pairs) {
                Some((name, argument)) => self.call(name, argument, depth + 1),
                None => self.object(pairs, depth + 1),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn object(&self, pairs: &Map<String, Value>, depth: u32) -> Result<Value, String> {
        let mut resolved = Map::new();
        for (key, value) in pairs {
            let value = self.at(value, depth)?;
            if !value.is_null() {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn call(&self, name: &str, argument: &Value, depth: u32) -> Result<Value, String> {
        match name {
            "Ref" => self.reference(text(argument)?),
            "Fn::If" => {
                let [condition, yes, no] = list(argument, name)?;
                let chosen = if self.condition(text(condition)?, depth)? { yes } else { no };
                self.at(chosen, depth)
            }
            "Fn::Sub" => self.substitute(argument, depth),
            _ => self.assemble(name, &self.at(argument, depth)?, depth),
        }
    }

    /// The functions whose arguments are worked out first.
    fn assemble(&self, name: &str, argument: &Value, depth: u32) -> Result<Value, String> {
        match name {
            "Fn::GetAtt" => {
                let [resource, attribute] = list(argument, name)?;
                self.attribute(text(resource)?, text(attribute)?).map(Value::from)
            }
            "Fn::Join" => {
                let [between, parts] = list(argument, name)?;
                let parts: Vec<String> = parts.as_array().into_iter().flatten().map(shown).collect();
                Ok(Value::from(parts.join(text(between)?)))
            }
            "Fn::Split" => {
                let [at, whole] = list(argument, name)?;
                Ok(text(whole)?.split(text(at)?).map(Value::from).collect())
            }
            "Fn::Select" => {
                let [index, items] = list(argument, name)?;
                let index: usize =
                    shown(index).parse().map_err(|_| format!("Fn::Select takes an index, not {index}"))?;
                items.get(index).cloned().ok_or_else(|| format!("Fn::Select has no item {index}"))
            }
            "Fn::FindInMap" => {
                let [map, first, second] = list(argument, name)?;
                let found = &self.template["Mappings"][text(map)?][shown(first)][shown(second)];
                if found.is_null() {
                    Err(format!("Fn::FindInMap finds nothing at {argument}"))
                } else {
                    Ok(found.clone())
                }
            }
            "Fn::Equals" => {
                let [left, right] = list(argument, name)?;
                Ok(Value::Bool(shown(left) == shown(right)))
            }
            "Fn::Not" | "Fn::And" | "Fn::Or" => Ok(Value::Bool(connect(name, argument))),
            "Condition" => self.condition(text(argument)?, depth).map(Value::Bool),
            _ => Err(format!("{name} can't be worked out on one machine")),
        }
    }

    fn condition(&self, name: &str, depth: u32) -> Result<bool, String> {
        let stated = &self.template["Conditions"][name];
        if stated.is_null() {
            return Err(format!("there is no condition {name}"));
        }
        self.at(stated, depth + 1)?.as_bool().ok_or_else(|| format!("the condition {name} is neither true nor false"))
    }

    fn reference(&self, name: &str) -> Result<Value, String> {
        if let Some(value) = self.parameters.get(name) {
            return if value.is_null() {
                Err(format!("the parameter {name} has no default"))
            } else {
                Ok(value.clone())
            };
        }
        match name {
            "AWS::NoValue" => Ok(Value::Null),
            "AWS::Region" => Ok(Value::from(super::REGION)),
            "AWS::AccountId" => Ok(Value::from(super::ACCOUNT)),
            "AWS::Partition" => Ok(Value::from("aws")),
            "AWS::URLSuffix" => Ok(Value::from("amazonaws.com")),
            "AWS::StackName" | "AWS::StackId" => Ok(Value::from("crudder")),
            _ if self.knows(name) => Ok(Value::from(name)),
            _ => Err(format!("there is no parameter or resource {name}")),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, String> {
        if self.knows(resource) {
            Ok(format!("{resource}.{attribute}"))
        } else {
            Err(format!("there is no resource {resource}"))
        }
    }

    /// SAM makes resources of its own, whose names begin with the name of the one they were made for.
    fn knows(&self, resource: &str) -> bool {
        self.template["Resources"]
            .as_object()
            .is_some_and(|all| all.keys().any(|stated| resource.starts_with(stated.as_str())))
    }

    fn substitute(&self, argument: &Value, depth: u32) -> Result<Value, String> {
        let (pattern, own) = match argument {
            Value::Array(pair) if pair.len() == 2 => (text(&pair[0])?, self.at(&pair[1], depth)?),
            other => (text(other)?, Value::Null),
        };
        let mut done = String::new();
        let mut rest = pattern;
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').ok_or_else(|| format!("an open ${{ in {pattern:?}"))? + start;
            done.push_str(&rest[..start]);
            done.push_str(&self.variable(rest[start + 2..end].trim(), &own)?);
            rest = &rest[end + 1..];
        }
        Ok(Value::from(done + rest))
    }

    fn variable(&self, name: &str, own: &Value) -> Result<String, String> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        match (own.get(name), name.split_once('.')) {
            (Some(value), _) => Ok(shown(value)),
            (None, Some((resource, attribute))) => self.attribute(resource, attribute),
            (None, None) => self.reference(name).map(|value| shown(&value)),
        }
    }
}

/// The name and argument, where the object is a call of a function.
fn single(pairs: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = pairs.iter().next().filter(|_| pairs.len() == 1)?;
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name, argument))
}

fn connect(name: &str, argument: &Value) -> bool {
    let mut sides = argument.as_array().into_iter().flatten().map(|side| side.as_bool().unwrap_or(false));
    match name {
        "Fn::Not" => !sides.any(|side| side),
        "Fn::And" => sides.all(|side| side),
        _ => sides.any(|side| side),
    }
}

fn list<'v, const N: usize>(argument: &'v Value, name: &str) -> Result<&'v [Value; N], String> {
    let items = argument.as_array().and_then(|items| items.as_slice().try_into().ok());
    items.ok_or_else(|| format!("{name} takes a list of {N}"))
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("a string is wanted in place of {value}"))
}

/// A scalar as CloudFormation writes it into a string.
pub(super) fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        Scope::new(&template, &BTreeMap::from([("Stage".to_owned(), stage.to_owned())])).resolve(value)
    }

    #[test]
    fn each_function_is_worked_out() {
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
    fn what_names_nothing_is_an_error() {
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
}
