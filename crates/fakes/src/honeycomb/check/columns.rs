//! Checks that a column keeps its type.
//!
//! A column keeps the type of its first value. Honeycomb converts or loses values of another type.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use crate::Violation;

/// The limit of columns in a dataset (from a third party, unverified). Crudder's dataset has about
/// a hundred.
const MAX_COLUMNS: usize = 10_000;

/// The limit of datasets that are checked. A dataset is a service, so there are few. The limit
/// bounds the memory against a sender that invents names.
const MAX_DATASETS: usize = 100;

/// The type of each column so far, by dataset.
#[derive(Debug, Default)]
pub(super) struct Columns(HashMap<String, HashMap<String, &'static str>>);

impl Columns {
    pub(super) fn check(&mut self, dataset: &str, attributes: &[KeyValue]) -> Vec<Violation> {
        if !self.0.contains_key(dataset) && self.0.len() < MAX_DATASETS {
            self.0.insert(dataset.to_owned(), HashMap::new());
        }
        let Some(columns) = self.0.get_mut(dataset) else { return Vec::new() };
        attributes.iter().filter_map(|pair| check_column(columns, pair)).collect()
    }
}

fn check_column(columns: &mut HashMap<String, &'static str>, pair: &KeyValue) -> Option<Violation> {
    let (key, found) = (&pair.key, type_name(pair.value.as_ref()?.value.as_ref()?)?);
    match columns.get(key) {
        Some(first) if *first == found => None,
        Some(first) => {
            let detail = format!("attribute `{key}` has type {found}, its column has type {first}; use one type");
            Some(Violation::new("column-type-mixed", detail))
        }
        None if columns.len() == MAX_COLUMNS => {
            let detail = format!("attribute `{key}` needs a new column, the dataset has {MAX_COLUMNS} already");
            Some(Violation::new("too-many-columns", detail))
        }
        None => {
            columns.insert(key.clone(), found);
            None
        }
    }
}

fn type_name(value: &Value) -> Option<&'static str> {
    match value {
        Value::StringValue(_) => Some("string"),
        Value::BoolValue(_) => Some("bool"),
        Value::IntValue(_) => Some("integer"),
        Value::DoubleValue(_) => Some("float"),
        Value::ArrayValue(_) | Value::BytesValue(_) => Some("JSON text"),
        _ => None,
    }
}
