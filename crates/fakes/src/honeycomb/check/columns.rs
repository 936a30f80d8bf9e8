//! A column keeps the type that came first: values of another type under the same name are converted or lost.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use crate::Violation;

/// A dataset has at most 10,000 columns (unverified, from a third party); ours has some hundred.
const COLUMNS: usize = 10_000;

/// Datasets are services, of which there are few; this bounds the memory against a sender that invents names.
const DATASETS: usize = 100;

/// The type of each column seen so far, by dataset.
#[derive(Debug, Default)]
pub(super) struct Columns(HashMap<String, HashMap<String, &'static str>>);

impl Columns {
    pub(super) fn check(&mut self, dataset: &str, attributes: &[KeyValue]) -> Vec<Violation> {
        if !self.0.contains_key(dataset) && self.0.len() < DATASETS {
            self.0.insert(dataset.to_owned(), HashMap::new());
        }
        let Some(columns) = self.0.get_mut(dataset) else { return Vec::new() };
        attributes.iter().filter_map(|pair| column(columns, pair)).collect()
    }
}

fn column(columns: &mut HashMap<String, &'static str>, pair: &KeyValue) -> Option<Violation> {
    let kind = kind(pair.value.as_ref()?.value.as_ref()?)?;
    match columns.get(&pair.key) {
        Some(first) if *first == kind => None,
        Some(first) => Some(Violation::new("column-type-mixed", format!("{} was {first} and is {kind}", pair.key))),
        None if columns.len() == COLUMNS => {
            Some(Violation::new("columns-too-many", format!("{} is one too many", pair.key)))
        }
        None => {
            columns.insert(pair.key.clone(), kind);
            None
        }
    }
}

fn kind(value: &Value) -> Option<&'static str> {
    match value {
        Value::StringValue(_) => Some("text"),
        Value::BoolValue(_) => Some("bool"),
        Value::IntValue(_) => Some("integer"),
        Value::DoubleValue(_) => Some("float"),
        Value::ArrayValue(_) | Value::BytesValue(_) => Some("JSON text"),
        _ => None,
    }
}
