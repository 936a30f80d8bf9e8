//! A function of the template: its binary, its limits, its environment, its routes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::scope::shown;
use super::{Access, Api, Route, Scope, ValidationError, merged};

/// What Lambda takes where nothing is stated, in seconds and MB.
const DEFAULT_TIMEOUT: u64 = 3;
const DEFAULT_MEMORY: u64 = 128;

/// One resource of type `AWS::Serverless::Function`.
#[derive(Debug, Clone)]
pub struct Function {
    /// Its logical id.
    pub resource: String,
    /// Its name at Lambda: `FunctionName`, else the binary's.
    pub name: String,
    /// The binary that is its bootstrap.
    pub binary: String,
    /// How long one invocation may take.
    pub timeout: Duration,
    /// Memory in MB.
    pub memory_mb: u64,
    /// Its variables, worked out for this machine.
    pub environment: BTreeMap<String, String>,
    /// Its routes; none for a trigger.
    pub routes: Vec<Route>,
}

/// Reads one function; `None` when it can't even be named.
pub(super) fn read(
    resource: &str,
    stated: &Value,
    document: &Value,
    scope: &Scope<'_>,
    api: &Api,
    refusals: &mut Vec<ValidationError>,
) -> Option<Function> {
    let properties = merged(&document["Globals"]["Function"], &stated["Properties"]);
    let mut reader = Reader { resource, scope, refusals };
    let binary = reader.string("Metadata.BuildProperties.Binary", &stated["Metadata"]["BuildProperties"]["Binary"])?;
    let name = match &properties["FunctionName"] {
        Value::Null => Some(binary.clone()),
        name => reader.string("Properties.FunctionName", name),
    };
    let timeout = reader.number("Properties.Timeout", &properties["Timeout"], DEFAULT_TIMEOUT);
    let memory_mb = reader.number("Properties.MemorySize", &properties["MemorySize"], DEFAULT_MEMORY);
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

/// Reads the values of one resource and notes what can't be read.
struct Reader<'a> {
    resource: &'a str,
    scope: &'a Scope<'a>,
    refusals: &'a mut Vec<ValidationError>,
}

impl Reader<'_> {
    fn refuse(&mut self, at: &str, reason: impl Into<String>) {
        self.refusals.push(ValidationError::new(self.resource, at, reason));
    }

    fn value(&mut self, at: &str, stated: &Value) -> Option<Value> {
        self.scope.resolve(stated).map_err(|reason| self.refuse(at, reason)).ok()
    }

    fn string(&mut self, at: &str, stated: &Value) -> Option<String> {
        let value = self.value(at, stated)?;
        if !value.is_string() {
            self.refuse(at, "a string must be stated here");
        }
        value.as_str().map(str::to_owned)
    }

    fn number(&mut self, at: &str, stated: &Value, default: u64) -> Option<u64> {
        if stated.is_null() {
            return Some(default);
        }
        let value = self.value(at, stated)?;
        let number = shown(&value).parse().ok();
        if number.is_none() {
            self.refuse(at, format!("a whole number must stand here, not {value}"));
        }
        number
    }

    fn environment(&mut self, stated: &Value) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for (name, value) in stated.as_object().into_iter().flatten() {
            let at = format!("Properties.Environment.Variables.{name}");
            if let Some(value) = self.value(&at, value).filter(|value| !value.is_null()) {
                environment.insert(name.clone(), shown(&value));
            }
        }
        environment
    }

    fn routes(&mut self, stated: &Value, api: &Api) -> Vec<Route> {
        let events = stated.as_object().into_iter().flatten();
        events
            .filter(|(_, event)| event["Type"] == "Api")
            .filter_map(|(name, event)| self.route(name, &event["Properties"], api))
            .collect()
    }

    fn route(&mut self, event: &str, stated: &Value, api: &Api) -> Option<Route> {
        let at = format!("Properties.Events.{event}.Properties");
        let path = self.string(&format!("{at}.Path"), &stated["Path"]);
        let method = self.string(&format!("{at}.Method"), &stated["Method"]);
        let target = stated.get("RestApiId").and_then(|id| self.value(&format!("{at}.RestApiId"), id));
        if let Some(target) = target.filter(|target| *target != api.resource.as_str()) {
            self.refuse(&format!("{at}.RestApiId"), format!("the API is {:?}, not {target}", api.resource));
        }
        let access = self.access(&format!("{at}.Auth"), &stated["Auth"], api)?;
        Some(Route { path: path?, method: method?.to_uppercase(), access, at })
    }

    fn access(&mut self, at: &str, stated: &Value, api: &Api) -> Option<Access> {
        let named = self.value(at, &stated["Authorizer"])?;
        let scopes =
            stated["AuthorizationScopes"].as_array().map(|scopes| scopes.iter().map(shown).collect::<Vec<_>>());
        let authorizer = named.as_str().or(api.default_authorizer.as_deref());
        match authorizer {
            None | Some("NONE") => Some(Access::Anyone),
            Some(name) => match scopes.or_else(|| api.authorizers.get(name).cloned()) {
                Some(scopes) => Some(Access::Token { scopes }),
                None => {
                    self.refuse(&format!("{at}.Authorizer"), format!("the API has no authorizer {name:?}"));
                    None
                }
            },
        }
    }
}
