//! What a template says, and that what AWS refuses is refused with its place: one case a rule.

use std::collections::BTreeMap;
use std::time::Duration;

use crudder_local::template::{Access, Template, TemplateError};

/// A template that has everything once, with a place for more.
const SOUND: &str = r#"
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

/// The refusals of the sound template with one thing in it replaced.
fn refusals(from: &str, to: &str) -> Vec<String> {
    assert!(SOUND.contains(from), "{from:?} is not in the template");
    match parse(&SOUND.replacen(from, to, 1)) {
        Err(TemplateError::Invalid(refusals)) => refusals.iter().map(ToString::to_string).collect(),
        other => panic!("{to:?} gave {other:?}"),
    }
}

#[test]
fn a_sound_template_is_read_whole() {
    let template = parse(SOUND).unwrap();
    let shown: Vec<_> = template
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
    assert_eq!(shown, wanted);
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
fn a_variable_of_this_machine_sets_the_parameter_that_fills_it() {
    let variables = [("CRUDDER_CORS_ORIGIN", "https://a.example"), ("CRUDDER_FAULTS", "on")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let template = Template::parse(SOUND, &variables).unwrap();
    assert_eq!(template.api.cors.unwrap().origin, "https://a.example");
    let environment = &template.functions[0].environment;
    let told = |name: &str| environment[name].as_str();
    assert_eq!(told("CRUDDER_CORS_ORIGIN"), "https://a.example");
    assert_eq!((told("CRUDDER_FAULTS"), told("CRUDDER_STAGE"), told("CRUDDER_TABLE")), ("on", "dev", "Table"));
}

#[test]
fn a_function_without_a_timeout_has_lambdas_own() {
    let text = SOUND.replacen("    Timeout: 10\n", "", 1);
    assert_eq!(parse(&text).unwrap().functions[0].timeout, Duration::from_secs(3));
}

#[test]
fn a_path_part_that_mixes_literal_and_variable_is_refused() {
    for path in ["/api/activities/@{id}", "/api/{id}x", "/api/{a}{b}", "/api/{}", "/api/{id", "/api/a b"] {
        let found = refusals("/api/activities/{id}", path);
        assert!(found[0].starts_with("Show.Properties.Events.Get.Properties.Path: "), "{path}: {found:?}");
    }
}

#[test]
fn a_greedy_variable_is_refused() {
    let found = refusals("/api/activities/{id}", "/api/{proxy+}");
    assert!(found[0].contains("greedy"), "{found:?}");
}

#[test]
fn an_empty_path_part_is_refused() {
    for path in ["api/activities", "/api//activities", "/api/activities/"] {
        let found = refusals("Path: /api/activities,", &format!("Path: {path},"));
        assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Path: "), "{path}: {found:?}");
    }
}

#[test]
fn two_variables_on_one_level_are_refused() {
    let found = refusals("Path: /api/activities,", r#"Path: "/api/activities/{handle}/reply","#);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("Post.Properties.Events.Post.Properties.Path: /api/activities/{id} is there already"),
        "{found:?}"
    );
}

#[test]
fn one_variable_on_each_of_two_levels_is_taken() {
    let text = SOUND.replacen("Path: /api/activities,", r#"Path: "/api/activities/{id}/status/{uuid}","#, 1);
    assert_eq!(parse(&text).unwrap().routes().count(), 2);
}

#[test]
fn a_duplicate_route_is_refused() {
    let found = refusals("Path: /api/activities, Method: post", r#"Path: "/api/activities/{id}", Method: GET"#);
    assert_eq!(found, ["Post.Properties.Events.Post.Properties: GET /api/activities/{id} is taken already"]);
}

#[test]
fn a_method_that_is_none_is_refused() {
    let found = refusals("Method: post", "Method: fetch");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Method: "), "{found:?}");
}

#[test]
fn a_routed_function_may_not_take_longer_than_the_gateway_waits() {
    let found = refusals("Timeout: 10", "Timeout: 30");
    assert_eq!(found[0], "Show.Properties.Timeout: 30 s is outside 1 to 29 s");
    assert_eq!(found.len(), 2, "the trigger has no route, and a limit of its own: {found:?}");
    assert_eq!(refusals("Timeout: 60", "Timeout: 901"), ["Trigger.Properties.Timeout: 901 s is outside 1 to 900 s"]);
    assert_eq!(refusals("Timeout: 60", "Timeout: 0"), ["Trigger.Properties.Timeout: 0 s is outside 1 to 900 s"]);
}

#[test]
fn memory_outside_lambdas_range_is_refused() {
    for memory in ["127", "10241"] {
        let found = refusals("MemorySize: 256", &format!("MemorySize: {memory}"));
        assert_eq!(found, [format!("Show.Properties.MemorySize: {memory} MB is outside 128 to 10240 MB")]);
    }
    let found = refusals("MemorySize: 256", "MemorySize: much");
    assert!(found[0].starts_with("Show.Properties.MemorySize: a whole number"), "{found:?}");
}

#[test]
fn a_function_without_a_binary_is_refused() {
    let found = refusals("Metadata: {BuildProperties: {Binary: show-activity}}", "Metadata: {}");
    assert!(found[0].starts_with("Show.Metadata.BuildProperties.Binary: "), "{found:?}");
}

#[test]
fn a_binary_that_is_not_there_is_refused() {
    let template = parse(SOUND).unwrap();
    let found = template.unknown_binaries(&["show-activity".to_owned(), "post-confirmation".to_owned()]);
    let shown: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(shown, [r#"Post.Metadata.BuildProperties.Binary: there is no binary "create-activity""#]);
}

#[test]
fn two_functions_of_one_name_are_refused() {
    let found = refusals("Binary: create-activity", "Binary: post-confirmation");
    assert_eq!(found, [r#"Trigger.Properties.FunctionName: "post-confirmation" is taken already"#]);
}

#[test]
fn an_authorizer_that_takes_no_access_tokens_is_refused() {
    let found = refusals(", AuthorizationScopes: [a.scope]", "");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Auth: "), "{found:?}");
}

#[test]
fn an_authorizer_that_nobody_stated_is_refused() {
    let found = refusals("DefaultAuthorizer: Pool", "DefaultAuthorizer: Other");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Auth.Authorizer: "), "{found:?}");
}

#[test]
fn a_preflight_that_would_need_a_token_is_refused() {
    let found = refusals("        AddDefaultAuthorizerToCorsPreflight: false\n", "");
    assert!(found[0].starts_with("Api.Properties.Auth.AddDefaultAuthorizerToCorsPreflight: "), "{found:?}");
}

#[test]
fn a_gateway_answer_that_a_page_could_not_read_is_refused() {
    let found = refusals(r#"Access-Control-Allow-Origin: "'*'", "#, "");
    assert!(
        found[0].contains("UNAUTHORIZED.ResponseParameters.Headers: lacks Access-Control-Allow-Origin"),
        "{found:?}"
    );
    let found = refusals(r#", Access-Control-Expose-Headers: "'Link'""#, "");
    assert!(found[0].contains("lacks Access-Control-Expose-Headers"), "{found:?}");
}

#[test]
fn a_constant_without_its_quotes_is_refused() {
    let found = refusals(r#"AllowHeaders: "'Content-Type'""#, "AllowHeaders: Content-Type");
    assert!(found[0].starts_with("Api.Properties.Cors.AllowHeaders: "), "{found:?}");
}

#[test]
fn a_stage_that_is_no_name_is_refused() {
    let found = refusals("StageName: !Ref Stage", "StageName: a/b");
    assert_eq!(found, [r#"Api.Properties.StageName: "a/b" is no name of a stage"#]);
}

#[test]
fn a_reference_to_nothing_is_refused_with_its_place() {
    let found = refusals("CRUDDER_TABLE: !Ref Table", "CRUDDER_TABLE: !Ref Nobody");
    assert_eq!(
        found[0],
        "Show.Properties.Environment.Variables.CRUDDER_TABLE: there is no parameter or resource Nobody"
    );
    let found = refusals("Path: /api/activities, Method: post", "Path: !Ref Nobody, Method: post");
    assert!(found[0].starts_with("Post.Properties.Events.Post.Properties.Path: "), "{found:?}");
}

#[test]
fn an_event_of_another_api_is_refused() {
    let found = refusals("RestApiId: !Ref Api", "RestApiId: !Ref Table");
    assert!(found[0].starts_with("Show.Properties.Events.Get.Properties.RestApiId: "), "{found:?}");
}

#[test]
fn a_template_without_an_api_is_refused() {
    let found = refusals("AWS::Serverless::Api\n", "AWS::Serverless::HttpApi\n");
    assert!(found[0].starts_with("Resources.Type: "), "{found:?}");
}

#[test]
fn all_refusals_are_told_at_once() {
    let text = SOUND.replacen("MemorySize: 256", "MemorySize: 1", 1).replacen("Method: post", "Method: fetch", 1);
    let message = parse(&text).unwrap_err().to_string();
    assert!(
        message.contains("Show.Properties.MemorySize") && message.contains("Post.Properties.Events.Post"),
        "{message}"
    );
}

#[test]
fn crudders_own_template_is_taken() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let template = Template::read(&path, &BTreeMap::new()).unwrap();
    assert!(template.routes().count() >= 15, "{:?}", template.routes().collect::<Vec<_>>());
}
