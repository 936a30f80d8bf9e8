//! Resolves CloudFormation's intrinsic functions for one machine.
//!
//! A parameter has its default, or the value of this machine. A resource has its logical id.

#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::pseudo_parameters::{ACCOUNT, REGION};
pub(super) use values::scalar;
use values::{combine, list, single_call, text};

/// How deep functions may be nested. Real templates stay far below. The limit ends a condition that
/// refers to itself.
const MAX_DEPTH: u32 = 32;

/// Resolves the functions of one template.
pub(super) struct Intrinsics<'a> {
    template: &'a Value,
    parameters: BTreeMap<String, Value>,
}

impl<'a> Intrinsics<'a> {
    /// `overrides` replace the defaults of parameters.
    pub(super) fn new(template: &'a Value, overrides: &BTreeMap<String, String>) -> Self {
        let declared = template["Parameters"].as_object().into_iter().flatten();
        let parameters = declared
            .map(|(name, parameter)| {
                let value = overrides
                    .get(name)
                    .map_or_else(|| parameter["Default"].clone(), |value| Value::from(value.as_str()));
                (name.clone(), value)
            })
            .collect();
        Self { template, parameters }
    }

    /// Returns `value` with every function resolved. `AWS::NoValue` is null at the top, and removed
    /// from maps and lists.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, String> {
        self.resolve_at(value, 0)
    }

    fn resolve_at(&self, value: &Value, depth: u32) -> Result<Value, String> {
        if depth > MAX_DEPTH {
            return Err(format!("functions are nested more than {MAX_DEPTH} deep"));
        }
        match value {
            Value::Array(items) => {
                let items: Result<Vec<_>, _> = items.iter().map(|item| self.resolve_at(item, depth + 1)).collect();
                Ok(Value::Array(items?.into_iter().filter(|item| !item.is_null()).collect()))
            }
            Value::Object(pairs) => match single_call(pairs) {
                Some((name, argument)) => self.call(name, argument, depth + 1),
                None => self.object(pairs, depth + 1),
            },
            plain => Ok(plain.clone()),
        }
    }

    fn object(&self, pairs: &Map<String, Value>, depth: u32) -> Result<Value, String> {
        let mut resolved = Map::new();
        for (key, value) in pairs {
            let value = self.resolve_at(value, depth)?;
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
                self.resolve_at(chosen, depth)
            }
            "Fn::Sub" => self.substitute(argument, depth),
            _ => self.call_resolved(name, &self.resolve_at(argument, depth)?, depth),
        }
    }

    /// Calls a function whose argument is resolved first.
    fn call_resolved(&self, name: &str, argument: &Value, depth: u32) -> Result<Value, String> {
        match name {
            "Fn::GetAtt" => {
                let [resource, attribute] = list(argument, name)?;
                self.attribute(text(resource)?, text(attribute)?).map(Value::from)
            }
            "Fn::Join" => {
                let [separator, parts] = list(argument, name)?;
                let parts: Vec<String> = parts.as_array().into_iter().flatten().map(scalar).collect();
                Ok(Value::from(parts.join(text(separator)?)))
            }
            "Fn::Split" => {
                let [separator, whole] = list(argument, name)?;
                Ok(text(whole)?.split(text(separator)?).map(Value::from).collect())
            }
            "Fn::Select" => {
                let [index, items] = list(argument, name)?;
                let index: usize =
                    scalar(index).parse().map_err(|_| format!("Fn::Select needs an index, not {index}"))?;
                items.get(index).cloned().ok_or_else(|| format!("Fn::Select has no item {index}"))
            }
            "Fn::FindInMap" => {
                let [map, first, second] = list(argument, name)?;
                let found = &self.template["Mappings"][text(map)?][scalar(first)][scalar(second)];
                if found.is_null() {
                    Err(format!("Fn::FindInMap finds nothing at {argument}"))
                } else {
                    Ok(found.clone())
                }
            }
            "Fn::Equals" => {
                let [left, right] = list(argument, name)?;
                Ok(Value::Bool(scalar(left) == scalar(right)))
            }
            "Fn::Not" | "Fn::And" | "Fn::Or" => Ok(Value::Bool(combine(name, argument))),
            "Condition" => self.condition(text(argument)?, depth).map(Value::Bool),
            _ => Err(format!("{name} is not supported on one machine")),
        }
    }

    fn condition(&self, name: &str, depth: u32) -> Result<bool, String> {
        let condition = &self.template["Conditions"][name];
        if condition.is_null() {
            return Err(format!("there is no condition {name}"));
        }
        self.resolve_at(condition, depth + 1)?
            .as_bool()
            .ok_or_else(|| format!("the condition {name} is neither true nor false"))
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
            "AWS::Region" => Ok(Value::from(REGION)),
            "AWS::AccountId" => Ok(Value::from(ACCOUNT)),
            "AWS::Partition" => Ok(Value::from("aws")),
            "AWS::URLSuffix" => Ok(Value::from("amazonaws.com")),
            "AWS::StackName" | "AWS::StackId" => Ok(Value::from("crudder")),
            _ if self.has_resource(name) => Ok(Value::from(name)),
            _ => Err(format!("there is no parameter or resource {name}")),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, String> {
        if self.has_resource(resource) {
            Ok(format!("{resource}.{attribute}"))
        } else {
            Err(format!("there is no resource {resource}"))
        }
    }

    /// Returns whether the template has the resource, or SAM generates it: the name of a generated
    /// resource begins with the name of its source.
    fn has_resource(&self, resource: &str) -> bool {
        self.template["Resources"]
            .as_object()
            .is_some_and(|all| all.keys().any(|name| resource.starts_with(name.as_str())))
    }

    fn substitute(&self, argument: &Value, depth: u32) -> Result<Value, String> {
        let (pattern, own) = match argument {
            Value::Array(pair) if pair.len() == 2 => (text(&pair[0])?, self.resolve_at(&pair[1], depth)?),
            other => (text(other)?, Value::Null),
        };
        let mut out = String::new();
        let mut rest = pattern;
        while let Some(start) = rest.find("${") {
            let end = rest[start..].find('}').ok_or_else(|| format!("`${{` is not closed in {pattern:?}"))? + start;
            out.push_str(&rest[..start]);
            out.push_str(&self.variable(rest[start + 2..end].trim(), &own)?);
            rest = &rest[end + 1..];
        }
        Ok(Value::from(out + rest))
    }

    fn variable(&self, name: &str, own: &Value) -> Result<String, String> {
        if let Some(literal) = name.strip_prefix('!') {
            return Ok(format!("${{{literal}}}"));
        }
        match (own.get(name), name.split_once('.')) {
            (Some(value), _) => Ok(scalar(value)),
            (None, Some((resource, attribute))) => self.attribute(resource, attribute),
            (None, None) => self.reference(name).map(|value| scalar(&value)),
        }
    }
}
