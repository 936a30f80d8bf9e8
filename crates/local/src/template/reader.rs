//! A template that AWS would accept and the gateway here can serve.

use std::collections::BTreeMap;
use std::path::Path;

use super::api::{self, Api};
use super::error::{TemplateError, ValidationError};
use super::function::{self, Function};
use super::intrinsics::Intrinsics;
use super::route::Route;
use super::sam::resources;
use super::{parameters, validation, yaml};

/// A template that AWS would accept and the gateway here can serve.
#[derive(Debug, Clone)]
pub struct Template {
    /// The API.
    pub api: Api,
    /// Every function, in the order of the file.
    pub functions: Vec<Function>,
}

impl Template {
    /// Reads a file. `variables` are those that functions get on this machine. If the template
    /// fills one of them from a parameter, the parameter takes this machine's value too, so that
    /// functions and gateway agree.
    ///
    /// # Errors
    /// If the file cannot be read, is not YAML, or has places that AWS would reject. The error
    /// lists all of them.
    pub fn read(path: &Path, variables: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| TemplateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, variables)
    }

    /// Parses the text of a template; see [`Template::read`].
    ///
    /// # Errors
    /// If the text is not YAML, or has places that AWS would reject. The error lists all of them.
    pub fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Self, TemplateError> {
        let document = yaml::read(text)?;
        let intrinsics = Intrinsics::new(&document, &parameters::overrides(&document, variables));
        let mut errors = Vec::new();
        let api = api::read(&document, &intrinsics, &mut errors);
        let functions: Vec<Function> = resources(&document, "AWS::Serverless::Function")
            .filter_map(|(name, resource)| function::read(name, resource, &document, &intrinsics, &api, &mut errors))
            .collect();
        errors.extend(validation::errors(&api, &functions));
        if errors.is_empty() { Ok(Self { api, functions }) } else { Err(TemplateError::Invalid(errors)) }
    }

    /// Returns every route with its function.
    pub fn routes(&self) -> impl Iterator<Item = (&Function, &Route)> {
        function::routes(&self.functions)
    }

    /// Returns an error for each function whose binary is not in `known`. `sam build` would have
    /// nothing to put into its zip.
    #[must_use]
    pub fn unknown_binaries(&self, known: &[String]) -> Vec<ValidationError> {
        let unknown = self.functions.iter().filter(|function| !known.contains(&function.binary));
        unknown
            .map(|function| {
                let reason = format!("there is no binary {:?}", function.binary);
                ValidationError::new(&function.resource, "Metadata.BuildProperties.Binary", reason)
            })
            .collect()
    }
}
