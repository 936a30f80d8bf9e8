//! The whole template as plain JSON, for whoever must know more of it than a gateway does: what it allows, logs and retains.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Scope, TemplateError, merged, resources, yaml};

/// A template with CloudFormation's functions in their long form, as they stand.
#[derive(Debug, Clone)]
pub struct Document(Value);

impl Document {
    /// Reads the text of a template. Nothing is refused but what is no YAML: [`Template::parse`](super::Template::parse) refuses.
    ///
    /// # Errors
    /// When the text is no YAML.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        Ok(Self(yaml::read(text)?))
    }

    /// The sections, such as `Parameters`.
    #[must_use]
    pub fn sections(&self) -> &Value {
        &self.0
    }

    /// Every resource of a type, by its logical id.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        resources(&self.0, kind)
    }

    /// The properties of one function with SAM's Globals under them; null where there is no such function.
    #[must_use]
    pub fn function(&self, name: &str) -> Value {
        let found = self.resources("AWS::Serverless::Function").find(|(known, _)| *known == name);
        found.map_or(Value::Null, |(_, stated)| merged(&self.0["Globals"]["Function"], &stated["Properties"]))
    }

    /// `value` with its functions worked out for these parameters and the defaults of the others. A resource is called by its logical
    /// id, an attribute of it `Id.Attribute`; what a condition leaves out is null, or gone from its list.
    ///
    /// # Errors
    /// What can't be worked out, in words.
    pub fn resolve(&self, value: &Value, parameters: &BTreeMap<String, String>) -> Result<Value, String> {
        Scope::new(&self.0, parameters).resolve(value)
    }
}
