//! The files of the page, embedded unchanged from `page/`: there is no build step.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::respond::error;

/// Returns each file with its name.
macro_rules! files {
    ($($name:literal),+ $(,)?) => { [$(($name, include_bytes!(concat!("../../page/", $name)).as_slice())),+] };
}

const INDEX: &str = include_str!("../../page/index.html");

/// The files that the index loads. A listed file that does not exist is a compile error. The test
/// below finds a file that is not listed.
static FILES: &[(&str, &[u8])] = &files![
    "style.css",
    "detail.css",
    "icon.svg",
    "app.js",
    "rows.js",
    "stream.js",
    "router.js",
    "keys.js",
    "list.js",
    "filter.js",
    "format.js",
    "parts.js",
    "theme.js",
    "detail.js",
    "tree.js",
    "waterfall.js",
    "span.js",
    "logs.js",
    "rollbar.js",
    "destinations.js",
    "map.js",
    "faults.js",
    "compose.js",
    "help.js",
    "vendored/preact.js",
    "vendored/preact-hooks.js",
    "vendored/htm.js",
    "vendored/environment.js",
    "vendored/virtual-core/index.js",
    "vendored/virtual-core/ios-gesture.js",
    "vendored/virtual-core/lazy-measurements.js",
    "vendored/virtual-core/scroll-classifier.js",
    "vendored/virtual-core/utils.js",
];

/// The content security policy: files of the console only, and the one inline script of the index,
/// which maps module names to files.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let inline = INDEX.split_once("<script type=\"importmap\">").and_then(|(_, rest)| rest.split_once("</script>"));
    let hash = STANDARD.encode(digest(&SHA256, inline.map_or("", |(map, _)| map).as_bytes()));
    format!(
        "default-src 'self'; script-src 'self' 'sha256-{hash}'; object-src 'none'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    )
});

pub(super) fn policy() -> HeaderValue {
    // The policy is ASCII, so the conversion does not fail.
    HeaderValue::from_str(&POLICY).unwrap_or(HeaderValue::from_static("default-src 'self'"))
}

pub(super) async fn page() -> Response {
    file("index.html", INDEX.as_bytes())
}

pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|(known, _)| *known == name) {
        Some((name, bytes)) => file(name, bytes),
        None => error(StatusCode::NOT_FOUND, "not_found"),
    }
}

fn file(name: &str, bytes: &'static [u8]) -> Response {
    let kind = match name.rsplit_once('.').map(|(_, kind)| kind) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    // Not cached, because the next `cargo local` on this port may have another version. Over the
    // loopback interface a request costs nothing.
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")], bytes).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn files_in(folder: &Path, prefix: &str) -> BTreeSet<String> {
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        entries
            .flat_map(|entry| {
                let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                if entry.path().is_dir() {
                    files_in(&entry.path(), &format!("{name}/"))
                } else {
                    BTreeSet::from([name])
                }
            })
            .collect()
    }

    fn folder() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("page")
    }

    #[test]
    fn every_file_of_the_page_is_embedded() {
        let embedded = FILES.iter().map(|(name, _)| (*name).to_owned());
        let known: BTreeSet<String> =
            embedded.chain(["index.html", "vendored/VENDORED.md"].map(str::to_owned)).collect();
        let mut existing = files_in(&folder(), "");
        existing.retain(|name| !name.starts_with("vendored/LICENSE-"));
        assert_eq!(existing, known);
    }

    #[test]
    fn vendored_files_have_the_checksums_in_vendored_md() {
        let listed = std::fs::read_to_string(folder().join("vendored/VENDORED.md")).unwrap();
        for (name, bytes) in FILES.iter().filter(|(name, _)| name.starts_with("vendored/")) {
            let sha: String = digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            let name = name.trim_start_matches("vendored/");
            assert!(listed.contains(&format!("| `{name}` | ")) && listed.contains(&sha), "{name} is {sha}");
        }
    }

    #[test]
    fn the_page_loads_nothing_from_other_hosts() {
        for (name, bytes) in FILES.iter().filter(|(name, _)| !name.starts_with("vendored/")) {
            let text = std::str::from_utf8(bytes).unwrap();
            for forbidden in ["https://", "innerHTML", "dangerouslySetInnerHTML", "eval("] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
        }
        assert!(policy().to_str().unwrap().starts_with("default-src 'self'; script-src 'self' 'sha256-"));
    }
}
