//! The arguments and values of intrinsic functions.

use serde_json::{Map, Value};

/// Returns name and argument if the object is a call of a function.
pub(super) fn single_call(pairs: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, argument) = pairs.iter().next().filter(|_| pairs.len() == 1)?;
    (name == "Ref" || name == "Condition" || name.starts_with("Fn::")).then_some((name, argument))
}

/// Combines boolean values with `Fn::Not`, `Fn::And` or `Fn::Or`.
pub(super) fn combine(name: &str, argument: &Value) -> bool {
    let mut operands = argument.as_array().into_iter().flatten().map(|operand| operand.as_bool().unwrap_or(false));
    match name {
        "Fn::Not" => !operands.any(|operand| operand),
        "Fn::And" => operands.all(|operand| operand),
        _ => operands.any(|operand| operand),
    }
}

/// Returns an argument that must be a list of `N` items.
pub(super) fn list<'v, const N: usize>(argument: &'v Value, name: &str) -> Result<&'v [Value; N], String> {
    let items = argument.as_array().and_then(|items| items.as_slice().try_into().ok());
    items.ok_or_else(|| format!("{name} needs a list of {N} items"))
}

/// Returns a value that must be a string.
pub(super) fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("expected a string, found {value}"))
}

/// Returns a scalar as CloudFormation writes it into a string.
pub(crate) fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
