//! Reads the API of the template: stage, authorizers, CORS, and gateway responses.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::ValidationError;
use super::intrinsics::{Intrinsics, scalar};
use super::sam::{merged, resources};

/// The resource of type `AWS::Serverless::Api`.
#[derive(Debug, Clone, Default)]
pub struct Api {
    /// Its logical id.
    pub resource: String,
    /// `Name`. X-Ray names the API after it and the stage.
    pub name: String,
    /// `StageName`.
    pub stage: String,
    /// `StageVariables`.
    pub stage_variables: BTreeMap<String, String>,
    /// The headers of preflight responses, if the template has `Cors`.
    pub cors: Option<Cors>,
    /// `BinaryMediaTypes`, with a slash for `~1`.
    pub binary_media_types: Vec<String>,
    /// `GatewayResponses` by type, such as `UNAUTHORIZED` or `DEFAULT_4XX`.
    pub gateway_responses: BTreeMap<String, GatewayResponse>,
    /// Each authorizer with its scopes.
    pub(super) authorizers: BTreeMap<String, Vec<String>>,
    pub(super) default_authorizer: Option<String>,
    /// Whether preflights would need a token, as they do by SAM's default.
    pub(super) preflights_authorized: bool,
}

/// The headers of a preflight response, with their final values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cors {
    /// `Access-Control-Allow-Origin`.
    pub origin: String,
    /// `Access-Control-Allow-Methods`. By default SAM lists the methods of each path.
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
    /// `StatusCode`, if set.
    pub status: Option<u16>,
    /// The headers, with their final values.
    pub headers: Vec<(String, String)>,
    /// The body for JSON, if set.
    pub body: Option<String>,
}

/// Reads the API, and adds its errors to `errors`. A template without an API is an error.
pub(super) fn read(document: &Value, intrinsics: &Intrinsics<'_>, errors: &mut Vec<ValidationError>) -> Api {
    let mut found = resources(document, "AWS::Serverless::Api");
    let Some((resource, body)) = found.next() else {
        errors.push(ValidationError::new("Resources", "Type", "there is no AWS::Serverless::Api"));
        return Api::default();
    };
    if let Some((second, _)) = found.next() {
        errors.push(ValidationError::new(second, "Type", "there is a second API, but the local gateway serves one"));
    }
    let properties = merged(&document["Globals"]["Api"], &body["Properties"]);
    let mut resolve = |name: &str| match intrinsics.resolve(&properties[name]) {
        Ok(value) => value,
        Err(reason) => {
            errors.push(ValidationError::new(resource, format!("Properties.{name}"), reason));
            Value::Null
        }
    };
    let (auth, cors, responses) = (resolve("Auth"), resolve("Cors"), resolve("GatewayResponses"));
    let api = Api {
        resource: resource.to_owned(),
        name: resolve("Name").as_str().unwrap_or("crudder").to_owned(),
        stage: resolve("StageName").as_str().unwrap_or_default().to_owned(),
        stage_variables: pairs(&resolve("StageVariables")).map(|(name, value)| (name.clone(), scalar(value))).collect(),
        binary_media_types: items(&resolve("BinaryMediaTypes")).map(|kind| scalar(kind).replace("~1", "/")).collect(),
        authorizers: pairs(&auth["Authorizers"]).map(|(name, authorizer)| (name.clone(), scopes(authorizer))).collect(),
        default_authorizer: auth["DefaultAuthorizer"].as_str().map(str::to_owned),
        preflights_authorized: auth["AddDefaultAuthorizerToCorsPreflight"].as_bool().unwrap_or(true),
        ..Api::default()
    };
    let mut reject = |property: String, reason: &str| errors.push(ValidationError::new(resource, property, reason));
    Api {
        cors: read_cors(&cors, &mut reject),
        gateway_responses: pairs(&responses)
            .map(|(kind, response)| (kind.clone(), read_response(kind, response, &mut reject)))
            .collect(),
        ..api
    }
}

fn scopes(authorizer: &Value) -> Vec<String> {
    items(&authorizer["AuthorizationScopes"]).map(scalar).collect()
}

fn read_cors(cors: &Value, reject: &mut impl FnMut(String, &str)) -> Option<Cors> {
    let mut constant = |name: &str, value: &Value| unquoted(value, format!("Properties.Cors{name}"), reject);
    match cors {
        Value::Null => None,
        Value::String(_) => Some(Cors { origin: constant("", cors)?, ..Cors::default() }),
        _ => Some(Cors {
            origin: constant(".AllowOrigin", &cors["AllowOrigin"])?,
            methods: constant(".AllowMethods", &cors["AllowMethods"]),
            headers: constant(".AllowHeaders", &cors["AllowHeaders"]),
            max_age: constant(".MaxAge", &cors["MaxAge"]),
            credentials: cors["AllowCredentials"].as_bool().unwrap_or(false),
        }),
    }
}

fn read_response(kind: &str, response: &Value, reject: &mut impl FnMut(String, &str)) -> GatewayResponse {
    let property = format!("Properties.GatewayResponses.{kind}");
    let mut headers = Vec::new();
    for (name, value) in pairs(&response["ResponseParameters"]["Headers"]) {
        let value = unquoted(value, format!("{property}.ResponseParameters.Headers.{name}"), reject);
        headers.extend(value.map(|value| (name.clone(), value)));
    }
    GatewayResponse {
        status: scalar(&response["StatusCode"]).parse().ok(),
        headers,
        body: response["ResponseTemplates"]["application/json"].as_str().map(str::to_owned),
    }
}

/// Returns a constant without its single quotes. API Gateway requires them: without them it looks
/// for a value of the request with that name.
fn unquoted(value: &Value, property: String, reject: &mut impl FnMut(String, &str)) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let text = scalar(value);
    let inner = text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    if inner.is_none() {
        reject(property, "a constant needs single quotes inside the YAML string, such as \"'*'\"");
    }
    inner.map(str::to_owned)
}

fn pairs(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().map(Map::iter).into_iter().flatten()
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
