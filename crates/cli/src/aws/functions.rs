//! How a function is deployed: its tracing, its layers, and whether it was given keys.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::call::Call;
use super::{Aws, AwsFault};

/// Names have dashes, and those need no escape; ARNs have colons.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// A function's configuration, as far as telemetry is concerned.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// `Tracing: Active`
    pub(crate) is_traced: bool,
    /// ARNs of its layers.
    pub(crate) layers: Vec<String>,
    variables: Value,
}

/// Its variables may hold keys.
impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a function holds in the place of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Nothing,
    /// This very key.
    Same,
    /// Another one than was asked about.
    Other,
    /// The name of a secret or parameter.
    Arn,
}

impl Function {
    /// One that holds these variables.
    #[cfg(test)]
    pub(crate) fn of_variables(variables: Value) -> Self {
        Self { name: "a-function".to_owned(), is_traced: true, layers: Vec::new(), variables }
    }

    /// What stands in a variable of the function, beside the key that we hold ourselves.
    pub(crate) fn holds(&self, variable: &str, ours: Option<&str>) -> Held {
        match self.variables[variable].as_str().map(str::trim).filter(|value| !value.is_empty()) {
            None => Held::Nothing,
            Some(value) if Some(value) == ours => Held::Same,
            Some(value) if value.starts_with("arn:") => Held::Arn,
            Some(_) => Held::Other,
        }
    }
}

impl Aws {
    /// How a function is deployed.
    pub(crate) async fn function(&self, name: &str) -> Result<Function, AwsFault> {
        let escaped = utf8_percent_encode(name, &ESCAPED).to_string();
        let call = Call {
            service: "lambda",
            action: "lambda:GetFunctionConfiguration",
            method: "GET",
            path: format!("/2015-03-31/functions/{escaped}/configuration"),
            headers: vec![("accept", "application/json")],
            body: String::new(),
        };
        let told = self.call(&call).await?.json();
        let layers = told["Layers"].as_array().into_iter().flatten();
        Ok(Function {
            name: name.to_owned(),
            is_traced: told["TracingConfig"]["Mode"] == "Active",
            layers: layers.filter_map(|layer| layer["Arn"].as_str().map(str::to_owned)).collect(),
            variables: told["Environment"]["Variables"].clone(),
        })
    }
}
