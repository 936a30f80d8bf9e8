//! The key pair that signs tokens: generated once, stored in the data folder, readable by its owner
//! only.

use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};

use super::error::TokensError;

/// The name of the key file in the data folder.
const FILE: &str = "token-key.pem";

/// The mode of the key file: only the owner may read it.
const MODE: u32 = 0o600;

/// The characters of a line in PEM.
const PEM_LINE_CHARS: usize = 64;

/// The key pair in the forms that signing and checking need.
pub(super) struct Key {
    pub(super) encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    pub(super) id: String,
    /// The public key as `jwks.json` lists it.
    pub(super) public: Value,
}

impl Key {
    /// Reads the key in `folder`, or generates one if there is none.
    pub(super) fn open(folder: &Path) -> Result<Self, TokensError> {
        let path = folder.join(FILE);
        let failed = |cause| TokensError::File { path: path.clone(), cause };
        if !path.exists() {
            let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| TokensError::Key)?;
            write(&path, &pem(&pair)?).map_err(failed)?;
        }
        fs::set_permissions(&path, Permissions::from_mode(MODE)).map_err(failed)?;
        Self::read(&fs::read_to_string(&path).map_err(failed)?).ok_or(TokensError::Damaged(path))
    }

    fn read(pem: &str) -> Option<Self> {
        let inner: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let pair = KeyPair::from_pkcs8(&STANDARD.decode(inner).ok()?).ok()?;
        let public = pair.public_key();
        let modulus = URL_SAFE_NO_PAD.encode(public.modulus().big_endian_without_leading_zero());
        let exponent = URL_SAFE_NO_PAD.encode(public.exponent().big_endian_without_leading_zero());
        let id = thumbprint(&modulus, &exponent);
        Some(Self {
            encoding: EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?,
            decoding: DecodingKey::from_rsa_components(&modulus, &exponent).ok()?,
            public: json!({"alg": "RS256", "e": exponent, "kid": id, "kty": "RSA", "n": modulus, "use": "sig"}),
            id,
        })
    }
}

/// Returns the key id by RFC 7638: the SHA-256 of the public key's members, sorted by name.
fn thumbprint(modulus: &str, exponent: &str) -> String {
    let members = format!(r#"{{"e":"{exponent}","kty":"RSA","n":"{modulus}"}}"#);
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, members.as_bytes()))
}

fn pem(pair: &KeyPair) -> Result<String, TokensError> {
    let der = pair.as_der().map_err(|_| TokensError::Key)?;
    let text = STANDARD.encode(der.as_ref());
    let lines = text.as_bytes().chunks(PEM_LINE_CHARS).map(|line| String::from_utf8_lossy(line).into_owned());
    let framed = ["-----BEGIN PRIVATE KEY-----".to_owned()]
        .into_iter()
        .chain(lines)
        .chain(["-----END PRIVATE KEY-----\n".to_owned()]);
    Ok(framed.collect::<Vec<_>>().join("\n"))
}

/// Writes the file atomically: a key that a crash cut short would stop every later start.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let partial = path.with_extension("partial");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(MODE).open(&partial)?;
    file.write_all(text.as_bytes())?;
    fs::rename(partial, path)
}
