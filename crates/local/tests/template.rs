//! Templates: a valid one is read completely, and each rule of AWS rejects an invalid one with its
//! place.

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_local::template::{Access, Template, TemplateError};

/// A valid template that has every feature once.
const VALID: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: dev}
  CorsOrigin: {Type: String, Default: "*"}
  Faults: {Type: String, Default: "off"}
Conditions:
  Production: !Equals [!Ref Stage, prod]
Globals:
  Function:
    Timeout: 10
    Environment: {Variables: {CRUDDER_STAGE: !Ref Stage, CRUDDER_CORS_ORIGIN: !Ref CorsOrigin, CRUDDER_TABLE: !Ref Table}}
Resources:
  Table: {Type: AWS::DynamoDB::Table}
  Api:
    Type: AWS::Serverless::Api
    Properties:
      Name: crudder
      StageName: !Ref Stage
      BinaryMediaTypes: [image~1png]
      Auth:
        DefaultAuthorizer: Pool
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers: {Pool: {UserPoolArn: x, AuthorizationScopes: [a.scope]}}
      Cors: {AllowOrigin: !Sub "'${CorsOrigin}'", AllowHeaders: "'Content-Type'", MaxAge: "'600'"}
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseTemplates: {application/json: '["generic_401"]'}
          ResponseParameters: {Headers: {Access-Control-Allow-Origin: "'*'", Access-Control-Expose-Headers: "'Link'"}}
  Show:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: show-activity}}
    Properties:
      FunctionName: !Sub crudder-${Stage}-show
      MemorySize: 256
      Environment: {Variables: {CRUDDER_FAULTS: !If [Production, "off", !Ref Faults]}}
      Events:
        Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/api/activities/{id}", Method: get, Auth: {Authorizer: NONE}}}
  Post:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: create-activity}}
    Properties:
      Events:
        Post: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /api/activities, Method: post}}
  Trigger:
    Type: AWS::Serverless::Function
    Metadata: {BuildProperties: {Binary: post-confirmation}}
    Properties:
      Timeout: 60
      Events:
        SignUp: {Type: Cognito, Properties: {Trigger: PostConfirmation}}
"#;

fn parse(text: &str) -> Result<Template, TemplateError> {
    Template::parse(text, &BTreeMap::from([("CRUDDER_STAGE".to_owned(), "local".to_owned())]))
}

/// Returns the errors of the valid template with one text replaced.
fn errors(from: &str, to: &str) -> Vec<String> {
    assert!(VALID.contains(from), "{from:?} is not in the template");
    match parse(&VALID.replacen(from, to, 1)) {
        Err(TemplateError::Invalid(errors)) => errors.iter().map(ToString::to_string).collect(),
        other => panic!("{to:?} gave {other:?}"),
    }
}

#[test]
fn a_valid_template_is_read_completely() {
    let template = parse(VALID).unwrap();
    let functions: Vec<_> = template
        .functions
        .iter()
        .map(|function| {
            (function.name.as_str(), function.binary.as_str(), function.timeout.as_secs(), function.memory_mb)
        })
        .collect();
    let wanted = [
        ("crudder-local-show", "show-activity", 10, 256),
        ("create-activity", "create-activity", 10, 128),
        ("post-confirmation", "post-confirmation", 60, 128),
    ];
    assert_eq!(functions, wanted);
    let routes: Vec<_> = template
        .routes()
        .map(|(_, route)| (route.method.as_str(), route.path.as_str(), route.access.clone()))
        .collect();
    let token = Access::Token { scopes: vec!["a.scope".to_owned()] };
    assert_eq!(routes, [("GET", "/api/activities/{id}", Access::Anyone), ("POST", "/api/activities", token)]);
    assert_eq!((template.api.name.as_str(), template.api.stage.as_str()), ("crudder", "local"));
    assert_eq!(template.api.binary_media_types, ["image/png"]);
    assert_eq!(template.api.cors.unwrap().origin, "*");
    assert_eq!(template.api.gateway_responses["UNAUTHORIZED"].body.as_deref(), Some(r#"["generic_401"]"#));
}

#[test]
fn a_variable_of_this_machine_sets_the_parameter_behind_it() {
    let variables = [("CRUDDER_CORS_ORIGIN", "https://a.example"), ("CRUDDER_FAULTS", "on")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let template = Template::parse(VALID, &variables).unwrap();
    assert_eq!(template.api.cors.unwrap().origin, "https://a.example");
    let environment = &template.functions[0].environment;
    let value = |name: &str| environment[name].as_str();
    assert_eq!(value("CRUDDER_CORS_ORIGIN"), "https://a.example");
    assert_eq!((value("CRUDDER_FAULTS"), value("CRUDDER_STAGE"), value("CRUDDER_TABLE")), ("on", "dev", "Table"));
}

#[test]
fn a_function_without_a_timeout_has_lambdas_default() {
    let text = VALID.replacen("    Timeout: 10\n", "", 1);
    assert_eq!(parse(&text).unwrap().functions[0].timeout, Duration::from_secs(3));
}

#[test]
fn a_path_part_that_mixes_literal_and_variable_is_rejected() {
    for path in ["/api/activities/@{id}", "/api/{id}x", "/api/{a}{b}", "/api/{}", "/api/{id", "/api/a b"] {
        let found = errors("/api/activities/{id}", path);
        assert!(found[0].starts_with("Show.Properties.Events.Get.Properties.Path: "), "{path}: {found:?}");
    }
}

#[test]
fn a_greedy_variable_is_rejected() {
    let found = errors("/api/activities/{id}", "/api/{proxy+}");
    assert!(found[0].contains("greedy"), "{found:?}");
}

#[test]
fn an_empty_path_part_is_rejected() {
    for path in ["api/activities", "/api//activities", "/api/activities/"] {
        let found = errors("Path: /api/activities,", &format!("Path: {path},"));
        assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Path: "), "{path}: {found:?}");
    }
}

#[test]
fn two_variables_on_one_level_are_rejected() {
    let found = errors("Path: /api/activities,", r#"Path: "/api/activities/{handle}/reply","#);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("Post.Properties.Events.Post.Properties.Path: /api/activities/{id} exists already, and a level has one variable"),
        "{found:?}"
    );
}

#[test]
fn one_variable_on_each_of_two_levels_is_accepted() {
    let text = VALID.replacen("Path: /api/activities,", r#"Path: "/api/activities/{id}/status/{uuid}","#, 1);
    assert_eq!(parse(&text).unwrap().routes().count(), 2);
}

#[test]
fn a_duplicate_route_is_rejected() {
    let found = errors("Path: /api/activities, Method: post", r#"Path: "/api/activities/{id}", Method: GET"#);
    assert_eq!(
        found,
        ["Post.Properties.Events.Post.Properties: another function has the route GET /api/activities/{id} already"]
    );
}

#[test]
fn an_unknown_method_is_rejected() {
    let found = errors("Method: post", "Method: fetch");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Method: "), "{found:?}");
}

#[test]
fn a_function_with_a_route_cannot_have_a_longer_timeout_than_the_gateway() {
    let found = errors("Timeout: 10", "Timeout: 30");
    assert_eq!(found[0], "Show.Properties.Timeout: 30 s is outside 1 to 29 s");
    assert_eq!(found.len(), 2, "the trigger has no route, so its limit is another: {found:?}");
    assert_eq!(errors("Timeout: 60", "Timeout: 901"), ["Trigger.Properties.Timeout: 901 s is outside 1 to 900 s"]);
    assert_eq!(errors("Timeout: 60", "Timeout: 0"), ["Trigger.Properties.Timeout: 0 s is outside 1 to 900 s"]);
}

#[test]
fn memory_outside_lambdas_range_is_rejected() {
    for memory in ["127", "10241"] {
        let found = errors("MemorySize: 256", &format!("MemorySize: {memory}"));
        assert_eq!(found, [format!("Show.Properties.MemorySize: {memory} MB is outside 128 to 10240 MB")]);
    }
    let found = errors("MemorySize: 256", "MemorySize: much");
    assert!(found[0].starts_with("Show.Properties.MemorySize: expected a whole number"), "{found:?}");
}

#[test]
fn a_function_without_a_binary_is_rejected() {
    let found = errors("Metadata: {BuildProperties: {Binary: show-activity}}", "Metadata: {}");
    assert!(found[0].starts_with("Show.Metadata.BuildProperties.Binary: "), "{found:?}");
}

#[test]
fn a_binary_that_was_not_built_is_rejected() {
    let template = parse(VALID).unwrap();
    let found = template.unknown_binaries(&["show-activity".to_owned(), "post-confirmation".to_owned()]);
    let messages: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(messages, [r#"Post.Metadata.BuildProperties.Binary: there is no binary "create-activity""#]);
}

#[test]
fn two_functions_with_one_name_are_rejected() {
    let found = errors("Binary: create-activity", "Binary: post-confirmation");
    assert_eq!(
        found,
        [r#"Trigger.Properties.FunctionName: another function has the name "post-confirmation" already"#]
    );
}

#[test]
fn an_authorizer_that_accepts_no_access_tokens_is_rejected() {
    let found = errors(", AuthorizationScopes: [a.scope]", "");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Auth: "), "{found:?}");
}

#[test]
fn an_undefined_authorizer_is_rejected() {
    let found = errors("DefaultAuthorizer: Pool", "DefaultAuthorizer: Other");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Auth.Authorizer: "), "{found:?}");
}

#[test]
fn a_preflight_that_needs_a_token_is_rejected() {
    let found = errors("        AddDefaultAuthorizerToCorsPreflight: false\n", "");
    assert!(found[0].starts_with("Api.Properties.Auth.AddDefaultAuthorizerToCorsPreflight: "), "{found:?}");
}

#[test]
fn a_gateway_response_that_a_page_cannot_read_is_rejected() {
    let found = errors(r#"Access-Control-Allow-Origin: "'*'", "#, "");
    assert!(
        found[0].contains("UNAUTHORIZED.ResponseParameters.Headers: lacks Access-Control-Allow-Origin"),
        "{found:?}"
    );
    let found = errors(r#", Access-Control-Expose-Headers: "'Link'""#, "");
    assert!(found[0].contains("lacks Access-Control-Expose-Headers"), "{found:?}");
}

#[test]
fn a_constant_without_its_quotes_is_rejected() {
    let found = errors(r#"AllowHeaders: "'Content-Type'""#, "AllowHeaders: Content-Type");
    assert!(found[0].starts_with("Api.Properties.Cors.AllowHeaders: "), "{found:?}");
}

#[test]
fn an_invalid_stage_name_is_rejected() {
    let found = errors("StageName: !Ref Stage", "StageName: a/b");
    assert_eq!(found, [r#"Api.Properties.StageName: "a/b" is not a stage name: 1 to 128 letters, digits, - or _"#]);
}

#[test]
fn an_unknown_reference_is_rejected_with_its_place() {
    let found = errors("CRUDDER_TABLE: !Ref Table", "CRUDDER_TABLE: !Ref Nobody");
    assert_eq!(
        found[0],
        "Show.Properties.Environment.Variables.CRUDDER_TABLE: there is no parameter or resource Nobody"
    );
    let found = errors("Path: /api/activities, Method: post", "Path: !Ref Nobody, Method: post");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Path: "), "{found:?}");
}

#[test]
fn an_event_of_another_api_is_rejected() {
    let found = errors("RestApiId: !Ref Api", "RestApiId: !Ref Table");
    assert!(found[0].starts_with("Show.Properties.Events.Get.Properties.RestApiId: "), "{found:?}");
}

#[test]
fn a_template_without_an_api_is_rejected() {
    let found = errors("AWS::Serverless::Api\n", "AWS::Serverless::HttpApi\n");
    assert!(found[0].starts_with("Resources.Type: "), "{found:?}");
}

#[test]
fn one_error_lists_every_invalid_place() {
    let text = VALID.replacen("MemorySize: 256", "MemorySize: 1", 1).replacen("Method: post", "Method: fetch", 1);
    let message = parse(&text).unwrap_err().to_string();
    assert!(
        message.contains("Show.Properties.MemorySize") && message.contains("Post.Properties.Events.Post"),
        "{message}"
    );
}

#[test]
fn crudders_own_template_is_valid() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = Template::read(&path, &BTreeMap::new()).unwrap();
    assert!(template.routes().count() >= 15, "{:?}", template.routes().collect::<Vec<_>>());
}
