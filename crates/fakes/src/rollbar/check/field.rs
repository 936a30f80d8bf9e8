//! Small checks of single fields, each naming the field's path in its message.

use serde_json::Value;

use super::Checked;

/// A text of at most so many characters, if it is there.
pub(super) fn text(parent: &Value, path: &str, name: &str, longest: usize, checked: &mut Checked) {
    match &parent[name] {
        Value::Null => (),
        Value::String(text) if text.chars().count() <= longest => (),
        Value::String(_) => checked.refuse(format!("{path}.{name} is longer than {longest} characters")),
        _ => checked.refuse(format!("{path}.{name} is not a string")),
    }
}

/// A text that has to be there and may not be empty.
pub(super) fn required(parent: &Value, path: &str, name: &str, checked: &mut Checked) {
    match &parent[name] {
        Value::String(text) if !text.is_empty() => (),
        Value::String(_) => checked.refuse(format!("{path}.{name} is empty")),
        Value::Null => checked.refuse(format!("{path}.{name} is required")),
        _ => checked.refuse(format!("{path}.{name} is not a string")),
    }
}

/// A number without a fraction, if it is there.
pub(super) fn whole(parent: &Value, path: &str, name: &str, checked: &mut Checked) {
    let value = &parent[name];
    if !value.is_null() && !value.is_i64() && !value.is_u64() {
        checked.refuse(format!("{path}.{name} is not an integer"));
    }
}

/// An object, if it is there.
pub(super) fn object(parent: &Value, path: &str, name: &str, checked: &mut Checked) {
    let value = &parent[name];
    if !value.is_null() && !value.is_object() {
        checked.refuse(format!("{path}.{name} is not an object"));
    }
}

/// One of these texts, if it is there.
pub(super) fn one_of(parent: &Value, path: &str, name: &str, allowed: &[&str], checked: &mut Checked) {
    match &parent[name] {
        Value::Null => (),
        Value::String(text) if allowed.contains(&text.as_str()) => (),
        _ => checked.refuse(format!("{path}.{name} is none of {}", allowed.join(", "))),
    }
}
