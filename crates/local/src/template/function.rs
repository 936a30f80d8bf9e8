//! Reads a function of the template: its binary, limits, environment and routes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::api::Api;
use super::error::ValidationError;
use super::intrinsics::{Intrinsics, scalar};
use super::route::{Access, Route};
use super::sam::merged;

/// Lambda's defaults.
const DEFAULT_TIMEOUT_S: u64 = 3;
const DEFAULT_MEMORY_MB: u64 = 128;

/// A resource of type `AWS::Serverless::Function`.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its logical id.
    pub resource: String,
    /// Its name at Lambda: `FunctionName`, or the name of the binary.
    pub name: String,
    /// The name of the binary that is its bootstrap.
    pub binary: String,
    /// The timeout of an invocation.
    pub timeout: Duration,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Its environment variables, resolved for this machine.
    pub environment: BTreeMap<String, String>,
    /// Its routes; a trigger has none.
    pub routes: Vec<Route>,
}

/// Returns every route with its function.
pub(super) fn routes(functions: &[Function]) -> impl Iterator<Item = (&Function, &Route)> {
    functions.iter().flat_map(|function| function.routes.iter().map(move |route| (function, route)))
}

/// Reads a function, and adds its errors to `errors`. Returns `None` if it has no valid name,
/// binary or limits.
pub(super) fn read(
    resource: &str,
    body: &Value,
    document: &Value,
    intrinsics: &Intrinsics<'_>,
    api: &Api,
    errors: &mut Vec<ValidationError>,
) -> Option<Function> {
    let properties = merged(&document["Globals"]["Function"], &body["Properties"]);
    let mut reader = Reader { resource, intrinsics, errors };
    let binary = reader.string("Metadata.BuildProperties.Binary", &body["Metadata"]["BuildProperties"]["Binary"])?;
    let name = match &properties["FunctionName"] {
        Value::Null => Some(binary.clone()),
        name => reader.string("Properties.FunctionName", name),
    };
    let timeout = reader.number("Properties.Timeout", &properties["Timeout"], DEFAULT_TIMEOUT_S);
    let memory_mb = reader.number("Properties.MemorySize", &properties["MemorySize"], DEFAULT_MEMORY_MB);
    let environment = reader.environment(&properties["Environment"]["Variables"]);
    let routes = reader.routes(&properties["Events"], api);
    Some(Function {
        resource: resource.to_owned(),
        name: name?,
        binary,
        timeout: Duration::from_secs(timeout?),
        memory_mb: memory_mb?,
        environment,
        routes,
    })
}

/// Reads the values of one resource, and collects the errors.
struct Reader<'a> {
    resource: &'a str,
    intrinsics: &'a Intrinsics<'a>,
    errors: &'a mut Vec<ValidationError>,
}

impl Reader<'_> {
    fn reject(&mut self, property: &str, reason: impl Into<String>) {
        self.errors.push(ValidationError::new(self.resource, property, reason));
    }

    fn resolve(&mut self, property: &str, value: &Value) -> Option<Value> {
        self.intrinsics.resolve(value).map_err(|reason| self.reject(property, reason)).ok()
    }

    fn string(&mut self, property: &str, value: &Value) -> Option<String> {
        let value = self.resolve(property, value)?;
        if !value.is_string() {
            self.reject(property, format!("expected a string, found {value}"));
        }
        value.as_str().map(str::to_owned)
    }

    fn number(&mut self, property: &str, value: &Value, default: u64) -> Option<u64> {
        if value.is_null() {
            return Some(default);
        }
        let value = self.resolve(property, value)?;
        let number = scalar(&value).parse().ok();
        if number.is_none() {
            self.reject(property, format!("expected a whole number, found {value}"));
        }
        number
    }

    fn environment(&mut self, variables: &Value) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for (name, value) in variables.as_object().into_iter().flatten() {
            let property = format!("Properties.Environment.Variables.{name}");
            if let Some(value) = self.resolve(&property, value).filter(|value| !value.is_null()) {
                environment.insert(name.clone(), scalar(&value));
            }
        }
        environment
    }

    fn routes(&mut self, events: &Value, api: &Api) -> Vec<Route> {
        let events = events.as_object().into_iter().flatten();
        events
            .filter(|(_, event)| event["Type"] == "Api")
            .filter_map(|(name, event)| self.route(name, &event["Properties"], api))
            .collect()
    }

    fn route(&mut self, event: &str, properties: &Value, api: &Api) -> Option<Route> {
        let property = format!("Properties.Events.{event}.Properties");
        let path = self.string(&format!("{property}.Path"), &properties["Path"]);
        let method = self.string(&format!("{property}.Method"), &properties["Method"]);
        let target = properties.get("RestApiId").and_then(|id| self.resolve(&format!("{property}.RestApiId"), id));
        if let Some(target) = target.filter(|target| *target != api.resource.as_str()) {
            self.reject(
                &format!("{property}.RestApiId"),
                format!("the API of this template is {:?}, not {target}", api.resource),
            );
        }
        let access = self.access(&format!("{property}.Auth"), &properties["Auth"], api)?;
        Some(Route { path: path?, method: method?.to_uppercase(), access, property })
    }

    fn access(&mut self, property: &str, auth: &Value, api: &Api) -> Option<Access> {
        let named = self.resolve(property, &auth["Authorizer"])?;
        let scopes = auth["AuthorizationScopes"].as_array().map(|scopes| scopes.iter().map(scalar).collect::<Vec<_>>());
        let authorizer = named.as_str().or(api.default_authorizer.as_deref());
        match authorizer {
            None | Some("NONE") => Some(Access::Anyone),
            Some(name) => match scopes.or_else(|| api.authorizers.get(name).cloned()) {
                Some(scopes) => Some(Access::Token { scopes }),
                None => {
                    self.reject(&format!("{property}.Authorizer"), format!("the API has no authorizer {name:?}"));
                    None
                }
            },
        }
    }
}
