//! What template.yaml says of the API and its functions: the one source of routes, timeouts, memory, authorizers and the gateway's own answers.

mod api;
mod document;
mod function;
mod overrides;
mod refusal;
mod route;
mod rules;
mod scope;
mod yaml;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value};

pub use api::{Api, Cors, GatewayResponse};
pub use document::Document;
pub use function::Function;
pub use refusal::{TemplateError, ValidationError};
pub use route::{Access, Part, Route};

use scope::Scope;

/// The region that `AWS::Region` stands for on one machine, and that functions are told.
pub(crate) const REGION: &str = "us-east-1";

/// The account that `AWS::AccountId` stands for on one machine: AWS's own documents use it as the example.
pub(crate) const ACCOUNT: &str = "123456789012";

/// A template that AWS would take and the gateway here can serve.
#[derive(Debug, Clone)]
pub struct Template {
    /// The API with its own answers.
    pub api: Api,
    /// Every function, in the order of the file.
    pub functions: Vec<Function>,
}

impl Template {
    /// Reads a file. `variables` are what this machine gives functions: where the template fills one of them from a parameter, the parameter
    /// takes this machine's value too, so that functions and gateway agree.
    ///
    /// # Errors
    /// When the file can't be read, is no YAML, or holds what AWS refuses; all refusals at once.
    pub fn read(path: &Path, variables: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, variables)
    }

    /// Reads the text of a template; see [`Template::read`].
    ///
    /// # Errors
    /// When the text is no YAML, or holds what AWS refuses; all refusals at once.
    pub fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let document = yaml::read(text)?;
        let scope = Scope::new(&document, &overrides::parameters(&document, variables));
        let mut refusals = Vec::new();
        let api = api::read(&document, &scope, &mut refusals);
        let functions = resources(&document, "AWS::Serverless::Function")
            .filter_map(|(name, resource)| function::read(name, resource, &document, &scope, &api, &mut refusals))
            .collect();
        let template = Self { api, functions };
        refusals.extend(rules::refusals(&template));
        if refusals.is_empty() { Ok(template) } else { Err(TemplateError::Invalid(refusals)) }
    }

    /// Every route with its function.
    pub fn routes(&self) -> impl Iterator<Item = (&Function, &Route)> {
        self.functions.iter().flat_map(|function| function.routes.iter().map(move |route| (function, route)))
    }

    /// A refusal for each function whose binary is not among `known`: `sam build` would find nothing to put into its zip.
    #[must_use]
    pub fn unknown_binaries(&self, known: &[String]) -> Vec<ValidationError> {
        let unknown = self.functions.iter().filter(|function| !known.contains(&function.binary));
        unknown
            .map(|function| {
                ValidationError::new(
                    &function.resource,
                    "Metadata.BuildProperties.Binary",
                    format!("there is no binary {:?}", function.binary),
                )
            })
            .collect()
    }
}

fn resources<'a>(document: &'a Value, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let all = document["Resources"].as_object().into_iter().flatten();
    all.filter(move |(_, resource)| resource["Type"] == kind).map(|(name, resource)| (name.as_str(), resource))
}

/// SAM's Globals under a resource's own properties: maps are merged, lists joined, anything else is the resource's.
fn merged(global: &Value, own: &Value) -> Value {
    match (global, own) {
        (Value::Object(global), Value::Object(own)) => Value::Object(merged_maps(global, own)),
        (Value::Array(global), Value::Array(own)) => global.iter().chain(own).cloned().collect(),
        (global, Value::Null) => global.clone(),
        (_, own) => own.clone(),
    }
}

fn merged_maps(global: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut all = global.clone();
    for (key, value) in own {
        let value = merged(global.get(key).unwrap_or(&Value::Null), value);
        all.insert(key.clone(), value);
    }
    all
}
