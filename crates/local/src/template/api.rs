//! The API of the template: stage, authorizers, CORS, and the answers that the gateway makes by itself.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::scope::shown;
use super::{Scope, ValidationError, merged, resources};

/// The resource of type `AWS::Serverless::Api`.
#[derive(Debug, Clone, Default)]
pub struct Api {
    /// Its logical id.
    pub resource: String,
    /// `Name`: with the stage it is what X-Ray calls the API.
    pub name: String,
    /// `StageName`.
    pub stage: String,
    /// `StageVariables`.
    pub stage_variables: BTreeMap<String, String>,
    /// What a preflight is answered, where the template says it.
    pub cors: Option<Cors>,
    /// `BinaryMediaTypes`, with `~1` read as a slash.
    pub binary_media_types: Vec<String>,
    /// `GatewayResponses` by type, such as `UNAUTHORIZED` or `DEFAULT_4XX`.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    /// Each authorizer with its scopes.
    pub(super) authorizers: BTreeMap<String, Vec<String>>,
    pub(super) default_authorizer: Option<String>,
    /// Whether SAM would ask a token of preflights, as it does unless told not to.
    pub(super) preflights_authorized: bool,
}

/// What a preflight is answered; the values as they go out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// `Access-Control-Allow-Origin`.
    pub origin: String,
    /// `Access-Control-Allow-Methods`; where it is not stated, SAM lists the methods of each path.
    pub methods: Option<String>,
    /// `Access-Control-Allow-Headers`.
    pub headers: Option<String>,
    /// `Access-Control-Max-Age`, in seconds.
    pub max_age: Option<String>,
    /// `Access-Control-Allow-Credentials`.
    pub credentials: bool,
}

/// One entry of `GatewayResponses`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GatewayResponse {
    /// `StatusCode`, where it is stated.
    pub status: Option<u16>,
    /// Headers, as they go out.
    pub headers: Vec<(String, String)>,
    /// The body for JSON, where it is stated.
    pub body: Option<String>,
}

/// Reads the template's API; a template without one serves nothing, and that is refused.
pub(super) fn read(document: &Value, scope: &Scope<'_>, refusals: &mut Vec<ValidationError>) -> Api {
    let mut found = resources(document, "AWS::Serverless::Api");
    let Some((resource, stated)) = found.next() else {
        refusals.push(ValidationError::new("Resources", "Type", "there is no AWS::Serverless::Api"));
        return Api::default();
    };
    if let Some((second, _)) = found.next() {
        refusals.push(ValidationError::new(second, "Type", "the gateway here serves one API"));
    }
    let properties = merged(&document["Globals"]["Api"], &stated["Properties"]);
    let mut resolve = |name: &str| match scope.resolve(&properties[name]) {
        Ok(value) => value,
        Err(reason) => {
            refusals.push(ValidationError::new(resource, format!("Properties.{name}"), reason));
            Value::Null
        }
    };
    let (auth, cors, answers) = (resolve("Auth"), resolve("Cors"), resolve("GatewayResponses"));
    let api = Api {
        resource: resource.to_owned(),
        name: resolve("Name").as_str().unwrap_or("crudder").to_owned(),
        stage: resolve("StageName").as_str().unwrap_or_default().to_owned(),
        stage_variables: pairs(&resolve("StageVariables")).map(|(name, value)| (name.clone(), shown(value))).collect(),
        binary_media_types: items(&resolve("BinaryMediaTypes")).map(|kind| shown(kind).replace("~1", "/")).collect(),
        authorizers: pairs(&auth["Authorizers"]).map(|(name, stated)| (name.clone(), scopes(stated))).collect(),
        default_authorizer: auth["DefaultAuthorizer"].as_str().map(str::to_owned),
        preflights_authorized: auth["AddDefaultAuthorizerToCorsPreflight"].as_bool().unwrap_or(true),
        ..Api::default()
    };
    let mut note = |at: String, reason: &str| refusals.push(ValidationError::new(resource, at, reason));
    Api {
        cors: read_cors(&cors, &mut note),
        gateway_responses: pairs(&answers)
            .map(|(kind, stated)| (kind.clone(), read_answer(kind, stated, &mut note)))
            .collect(),
        ..api
    }
}

fn scopes(authorizer: &Value) -> Vec<String> {
    items(&authorizer["AuthorizationScopes"]).map(shown).collect()
}

fn read_cors(stated: &Value, refuse: &mut impl FnMut(String, &str)) -> Option<Cors> {
    let mut quoted = |at: &str, value: &Value| unquoted(value, format!("Properties.Cors{at}"), refuse);
    match stated {
        Value::Null => None,
        Value::String(_) => Some(Cors { origin: quoted("", stated)?, ..Cors::default() }),
        _ => Some(Cors {
            origin: quoted(".AllowOrigin", &stated["AllowOrigin"])?,
            methods: quoted(".AllowMethods", &stated["AllowMethods"]),
            headers: quoted(".AllowHeaders", &stated["AllowHeaders"]),
            max_age: quoted(".MaxAge", &stated["MaxAge"]),
            credentials: stated["AllowCredentials"].as_bool().unwrap_or(false),
        }),
    }
}

fn read_answer(kind: &str, stated: &Value, refuse: &mut impl FnMut(String, &str)) -> GatewayResponse {
    let place = format!("Properties.GatewayResponses.{kind}");
    let mut headers = Vec::new();
    for (name, value) in pairs(&stated["ResponseParameters"]["Headers"]) {
        let value = unquoted(value, format!("{place}.ResponseParameters.Headers.{name}"), refuse);
        headers.extend(value.map(|value| (name.clone(), value)));
    }
    GatewayResponse {
        status: shown(&stated["StatusCode"]).parse().ok(),
        headers,
        body: stated["ResponseTemplates"]["application/json"].as_str().map(str::to_owned),
    }
}

/// API Gateway takes a constant only in single quotes; without them it looks for a value of the request by that name.
fn unquoted(value: &Value, at: String, refuse: &mut impl FnMut(String, &str)) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let text = shown(value);
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    if inner.is_none() {
        refuse(at, "a constant must stand in single quotes inside the YAML string, as \"'*'\"");
    }
    inner.map(str::to_owned)
}

fn pairs(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().map(Map::iter).into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
