//! Tokens: a valid one is accepted, each invalid one is rejected, and an independent library
//! verifies them with the published key.

#![expect(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crudder_local::{InvalidToken, SCOPE, Tokens, TokensError, access_claims};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

const SUB: &str = "a1f0c5de-5d2b-4c8e-9b43-0e6d1c7a2f10";

fn tokens() -> (Tokens, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Tokens::open(folder.path()).unwrap(), folder)
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_376_102)
}

fn check(tokens: &Tokens, header: &str) -> Result<String, InvalidToken> {
    let claims = tokens.check(header.as_bytes(), &["other".to_owned(), SCOPE.to_owned()], now())?;
    Ok(claims.subject().to_owned())
}

/// Signs valid claims with one of them changed, or removed if `value` is null.
fn sign_with(tokens: &Tokens, name: &str, value: Value) -> String {
    let mut claims = access_claims(SUB, now());
    match value {
        Value::Null => drop(claims.remove(name)),
        value => drop(claims.insert(name.to_owned(), value)),
    }
    tokens.sign(&claims).unwrap()
}

#[test]
fn a_token_is_accepted_with_and_without_bearer() {
    let (tokens, _folder) = tokens();
    let token = tokens.mint(SUB, now()).unwrap();
    for header in [token.clone(), format!("Bearer {token}"), format!("bearer  {token} ")] {
        assert_eq!(check(&tokens, &header), Ok(SUB.to_owned()), "{header}");
    }
}

#[test]
fn a_header_without_a_token_is_rejected() {
    let (tokens, _folder) = tokens();
    for header in ["", " ", "Bearer", "Bearer ", "bearer"] {
        assert_eq!(check(&tokens, header), Err(InvalidToken::Missing), "{header:?}");
    }
}

#[test]
fn anything_but_a_token_of_this_pool_is_rejected() {
    let (tokens, _folder) = tokens();
    let token = tokens.mint(SUB, now()).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let claims = access_claims("another-client", now());
    let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(b"guess")).unwrap();
    let payload = forged.split('.').nth(1).unwrap();
    // {"alg":"none"} in base64, without a signature.
    let unsigned = format!("eyJhbGciOiJub25lIn0.{payload}.");
    for bad in [
        "null".to_owned(),
        "x.y.z".to_owned(),
        forged.clone(),
        unsigned,
        format!("{}.{payload}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{token}x"),
        token[1..].to_owned(),
        format!("Basic {token}"),
        "\u{0}".to_owned(),
    ] {
        assert_eq!(check(&tokens, &format!("Bearer {bad}")), Err(InvalidToken::Untrusted), "{bad}");
    }
    assert_eq!(tokens.check(b"Bearer \xff", &[SCOPE.to_owned()], now()), Err(InvalidToken::Untrusted));
}

#[test]
fn a_token_of_another_key_is_rejected() {
    let ((tokens, _folder), (other_tokens, _other_folder)) = (tokens(), tokens());
    assert_eq!(check(&tokens, &other_tokens.mint(SUB, now()).unwrap()), Err(InvalidToken::Untrusted));
}

#[test]
fn a_token_signed_with_the_public_key_as_a_secret_is_rejected() {
    let (tokens, _folder) = tokens();
    let modulus = tokens.jwks()["keys"][0]["n"].as_str().unwrap().to_owned();
    let head =
        Header { kid: tokens.jwks()["keys"][0]["kid"].as_str().map(str::to_owned), ..Header::new(Algorithm::HS256) };
    let token = encode(&head, &access_claims(SUB, now()), &EncodingKey::from_secret(modulus.as_bytes())).unwrap();
    assert_eq!(check(&tokens, &token), Err(InvalidToken::Untrusted));
}

#[test]
fn each_claim_must_be_that_of_the_pool() {
    let (tokens, _folder) = tokens();
    for (name, value) in [
        ("iss", json!("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other0000")),
        ("iss", Value::Null),
        ("client_id", json!("other")),
        ("client_id", Value::Null),
        ("token_use", json!("id")),
        ("token_use", Value::Null),
        ("scope", json!("openid profile")),
        ("scope", json!("aws.cognito.signin.user.administrator")),
        ("scope", Value::Null),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("exp", Value::Null),
        ("exp", json!("9999999999")),
        ("exp", json!(9_999_999_999.5)),
    ] {
        let token = sign_with(&tokens, name, value.clone());
        assert_eq!(check(&tokens, &token), Err(InvalidToken::Claim(name)), "{name} = {value}");
    }
}

#[test]
fn a_token_expires_after_an_hour() {
    let (tokens, _folder) = tokens();
    let minted = |ago| tokens.mint(SUB, now() - Duration::from_secs(ago)).unwrap();
    assert_eq!(check(&tokens, &minted(3_599)), Ok(SUB.to_owned()));
    assert_eq!(check(&tokens, &minted(3_600)), Err(InvalidToken::Expired));
}

#[test]
fn one_of_several_scopes_is_enough() {
    let (tokens, _folder) = tokens();
    let token = sign_with(&tokens, "scope", json!(format!("openid {SCOPE}")));
    assert_eq!(check(&tokens, &token), Ok(SUB.to_owned()));
    assert_eq!(tokens.check(token.as_bytes(), &[], now()), Err(InvalidToken::Claim("scope")));
}

#[test]
fn a_token_without_the_scope_is_not_minted() {
    let (tokens, _folder) = tokens();
    let mut claims = access_claims(SUB, now());
    claims.insert("scope".to_owned(), json!("openid"));
    assert!(matches!(tokens.mint_claims(&claims), Err(TokensError::NoScope)));
    claims.remove("scope");
    assert!(matches!(tokens.mint_claims(&claims), Err(TokensError::NoScope)));
}

#[test]
fn every_claim_of_an_event_is_a_string() {
    let (tokens, _folder) = tokens();
    let token = tokens.mint(SUB, now()).unwrap();
    let claims = tokens.check(token.as_bytes(), &[SCOPE.to_owned()], now()).unwrap().as_strings();
    let text = |name: &str| claims[name].as_str().unwrap();
    assert!(claims.values().all(Value::is_string), "{claims:?}");
    assert_eq!((text("sub"), text("username"), text("token_use")), (SUB, SUB, "access"));
    assert_eq!((text("iat"), text("exp")), ("Sun Nov 22 19:35:02 UTC 2026", "Sun Nov 22 20:35:02 UTC 2026"));
    assert_eq!(text("auth_time"), "1795376102");
    let mut names: Vec<_> = claims.keys().map(String::as_str).collect();
    names.sort_unstable();
    let wanted = [
        "auth_time",
        "client_id",
        "event_id",
        "exp",
        "iat",
        "iss",
        "jti",
        "origin_jti",
        "scope",
        "sub",
        "token_use",
        "username",
    ];
    assert_eq!(names, wanted);
}

#[test]
fn an_independent_library_verifies_a_token_with_the_published_key() {
    let (tokens, _folder) = tokens();
    let token = tokens.mint(SUB, SystemTime::now()).unwrap();
    let jwks = tokens.jwks();
    let key = &jwks["keys"][0];
    let head = decode_header(&token).unwrap();
    assert_eq!((head.alg, head.kid.as_deref()), (Algorithm::RS256, key["kid"].as_str()));
    let public = DecodingKey::from_rsa_components(key["n"].as_str().unwrap(), key["e"].as_str().unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_issuer(&[access_claims(SUB, now())["iss"].as_str().unwrap()]);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    let claims = decode::<Map<String, Value>>(&token, &public, &validation).unwrap().claims;
    assert_eq!(claims["sub"], SUB);
}

#[test]
fn the_key_is_stored_for_its_owner_only() {
    let (first, folder) = tokens();
    let token = first.mint(SUB, now()).unwrap();
    assert_eq!(check(&Tokens::open(folder.path()).unwrap(), &token), Ok(SUB.to_owned()));
    let mode = std::fs::metadata(folder.path().join("token-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_error_of_a_damaged_key_names_its_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token-key.pem"), "no key").unwrap();
    let message = Tokens::open(folder.path()).unwrap_err().to_string();
    assert!(message.contains("token-key.pem") && message.contains("remove it"), "{message}");
}
