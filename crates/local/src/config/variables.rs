//! The known environment variables, with the check of each value.

/// Variables that hold API keys.
pub(super) const KEYS: [&str; 2] = ["HONEYCOMB_API_KEY", "ROLLBAR_ACCESS_TOKEN"];

/// Lambda's levels of an application log.
pub(super) const LOG_LEVELS: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];

type Check = fn(&str) -> bool;

/// The variables of functions and extension: name, valid values in words, and their check.
pub(super) const VARIABLES: [(&str, &str, Check); 16] = [
    ("HONEYCOMB_API_ENDPOINT", "an http or https address", is_address),
    ("HONEYCOMB_SERVICE_NAME", "a name of up to 255 characters", is_name),
    ("HONEYCOMB_DATASET", "a name of up to 255 characters", is_name),
    ("ROLLBAR_ENDPOINT", "an http or https address", is_address),
    ("ROLLBAR_ENVIRONMENT", "a name of up to 255 characters", is_name),
    ("CRUDDER_TABLE", "a table name of 3 to 255 letters, digits, _ . or -", is_table),
    ("CRUDDER_HOME_SHARDS", "a number from 1 to 64", |text| {
        number(text).is_some_and(|shards| (1..=64).contains(&shards))
    }),
    ("CRUDDER_RECORDER_BYTES", "a number of bytes from 4096 to 268435456", |text| {
        number(text).is_some_and(|bytes| (4_096..=268_435_456).contains(&bytes))
    }),
    ("CRUDDER_FLUSH_BUDGET_MS", "a number of milliseconds", is_number),
    ("CRUDDER_SAMPLE_RATE", "a number of 1 or more", |text| number(text).is_some_and(|rate| rate >= 1)),
    ("CRUDDER_SLOW_MS", "a number of milliseconds", is_number),
    ("CRUDDER_FAULTS", "on or off", |text| matches!(text, "on" | "off")),
    ("CRUDDER_CORS_ORIGIN", "one origin such as https://crudder.example, or *", is_origin),
    ("CRUDDER_HOME_CACHE_MS", "a number of milliseconds from 0 to 3600000", |text| {
        number(text).is_some_and(|ms| ms <= 3_600_000)
    }),
    ("CRUDDER_STAGE", "a lowercase letter, then up to 19 lowercase letters or digits", is_stage),
    ("CRUDDER_VERSION", "a name of up to 255 characters", is_name),
];

fn number(text: &str) -> Option<u64> {
    text.parse().ok()
}

fn is_number(text: &str) -> bool {
    number(text).is_some()
}

fn is_address(text: &str) -> bool {
    text.parse::<http::Uri>()
        .is_ok_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

fn is_name(text: &str) -> bool {
    text.len() <= 255 && !text.chars().any(char::is_control)
}

fn is_table(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "_.-".contains(letter))
}

fn is_stage(text: &str) -> bool {
    let rest = text.strip_prefix(|first: char| first.is_ascii_lowercase());
    rest.is_some_and(|rest| {
        rest.len() < 20 && rest.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit())
    })
}

fn is_origin(text: &str) -> bool {
    let has_no_path = |uri: http::Uri| uri.path_and_query().is_none_or(|path| path == "/") && !text.ends_with('/');
    text == "*" || (is_address(text) && text.parse().is_ok_and(has_no_path))
}
