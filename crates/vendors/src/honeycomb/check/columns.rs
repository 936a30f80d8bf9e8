//! A column keeps the type that came first: values of another type under the same name are converted or lost.

use std::collections::HashMap;

use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};

use crate::Complaint;

/// A dataset has at most 10,000 columns (unverified, from a third party); ours has some hundred.
const COLUMNS: usize = 10_000;

/// The type of each column seen so far.
#[derive(Debug, Default)]
pub(super) struct Columns(HashMap<(String, String), &'static str>);

impl Columns {
    pub(super) fn check(&mut self, dataset: &str, attributes: &[KeyValue]) -> Vec<Complaint> {
        attributes.iter().filter_map(|pair| self.column(dataset, pair)).collect()
    }

    fn column(&mut self, dataset: &str, pair: &KeyValue) -> Option<Complaint> {
        let kind = kind(pair.value.as_ref()?.value.as_ref()?)?;
        let column = (dataset.to_owned(), pair.key.clone());
        match self.0.get(&column) {
            Some(first) if *first == kind => None,
            Some(first) => Some(Complaint::new("column-type-mixed", format!("{} was {first} and is {kind}", pair.key))),
            None if self.0.len() == COLUMNS => {
                Some(Complaint::new("columns-too-many", format!("{} is one too many", pair.key)))
            }
            None => {
                self.0.insert(column, kind);
                None
            }
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
