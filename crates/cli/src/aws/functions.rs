//! The configuration of a deployed function: tracing, layers, and whether it has keys.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::client::Aws;
use super::error::AwsError;
use super::signed_call::Call;

/// Function names contain dashes and underscores, which need no escape; ARNs contain colons, which
/// do.
const ESCAPED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// The parts of a function's configuration that concern telemetry.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) name: String,
    /// `Tracing: Active`
    pub(crate) is_traced: bool,
    /// The layers' ARNs.
    pub(crate) layers: Vec<String>,
    variables: Value,
}

/// Omits the variables, which may contain keys.
impl fmt::Debug for Function {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Function").field("name", &self.name).finish_non_exhaustive()
    }
}

/// How a function's variable compares with a value of this shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyMatch {
    /// The function's variable is unset or empty.
    Unset,
    Same,
    Different,
    /// The function's variable holds the ARN of a secret or parameter.
    Arn,
}

impl Function {
    /// Builds a function with these variables.
    #[cfg(test)]
    pub(crate) fn of_variables(variables: Value) -> Self {
        Self { name: "a-function".to_owned(), is_traced: true, layers: Vec::new(), variables }
    }

    /// Compares the function's variable with this shell's value of it.
    pub(crate) fn match_key(&self, variable: &str, shell_value: Option<&str>) -> KeyMatch {
        match self.variables[variable].as_str().map(str::trim).filter(|value| !value.is_empty()) {
            None => KeyMatch::Unset,
            Some(value) if Some(value) == shell_value => KeyMatch::Same,
            Some(value) if value.starts_with("arn:") => KeyMatch::Arn,
            Some(_) => KeyMatch::Different,
        }
    }
}

impl Aws {
    /// Fetches the configuration of a function.
    pub(crate) async fn function(&self, name: &str) -> Result<Function, AwsError> {
        let escaped = utf8_percent_encode(name, &ESCAPED).to_string();
        let call = Call {
            service: "lambda",
            action: "lambda:GetFunctionConfiguration",
            method: "GET",
            path: format!("/2015-03-31/functions/{escaped}/configuration"),
            headers: vec![("accept", "application/json")],
            body: String::new(),
        };
        let json = self.call(&call).await?.json();
        let layers = json["Layers"].as_array().into_iter().flatten();
        Ok(Function {
            name: name.to_owned(),
            is_traced: json["TracingConfig"]["Mode"] == "Active",
            layers: layers.filter_map(|layer| layer["Arn"].as_str().map(str::to_owned)).collect(),
            variables: json["Environment"]["Variables"].clone(),
        })
    }
}
