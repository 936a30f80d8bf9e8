//! The whole template as plain JSON, for checks of what the gateway does not need: permissions, log
//! groups, retention.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::TemplateError;
use super::intrinsics::Intrinsics;
use super::sam::{merged, resources};
use super::yaml;

/// A template with CloudFormation's functions in their long form, not resolved.
#[derive(Debug, Clone)]
pub struct Document(Value);

impl Document {
    /// Parses the text of a template, without the validation of
    /// [`Template::parse`](super::Template::parse).
    ///
    /// # Errors
    /// If the text is not YAML.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Ok(Self(yaml::read(text)?))
    }

    /// Returns the sections, such as `Parameters`.
    #[must_use]
    pub fn sections(&self) -> &Value {
        &self.0
    }

    /// Returns every resource of a type with its logical id.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        resources(&self.0, kind)
    }

    /// Returns the properties of a function, with SAM's `Globals` merged into them; null if there
    /// is no such function.
    #[must_use]
    pub fn function(&self, name: &str) -> Value {
        let found = self.resources("AWS::Serverless::Function").find(|(id, _)| *id == name);
        found.map_or(Value::Null, |(_, resource)| merged(&self.0["Globals"]["Function"], &resource["Properties"]))
    }

    /// Resolves the functions in `value` with these parameters, and the defaults of the others. The
    /// value of a resource is its logical id, and of an attribute `Id.Attribute`. A value that a
    /// condition excludes is null, or missing in its list.
    ///
    /// # Errors
    /// If a function cannot be resolved; the error says which.
    pub fn resolve(&self, value: &Value, parameters: &BTreeMap<String, String>) -> Result<Value, String> {
        Intrinsics::new(&self.0, parameters).resolve(value)
    }
}
