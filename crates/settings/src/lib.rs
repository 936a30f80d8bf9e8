#![doc = include_str!("../README.md")]

use std::fmt;

/// An environment variable, its default, and what it may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    name: &'static str,
    default: Option<&'static str>,
    kind: Kind,
}

/// The values that a variable may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Text without control characters.
    Text {
        /// The most characters it may have.
        max_chars: usize,
    },
    /// A whole number.
    Integer {
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
    /// One of these words, in this spelling.
    Choice(&'static [&'static str]),
    /// One of these words in upper or lower case. The value is returned as it is spelled here.
    CaseInsensitive(&'static [&'static str]),
    /// An http or https URL with a host.
    Url,
    /// One origin (scheme, host, optional port, no path), or `*`.
    Origin,
    /// The name of a DynamoDB table.
    TableName,
    /// The name of an API Gateway stage ("Set up a stage for a REST API").
    StageName,
    /// A key, or the ARN of the secret or parameter that holds it. Errors never show the value.
    Secret,
}

/// A variable whose value is not of its kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read {variable}: expected {expected}, got {got}")]
pub struct ConfigError {
    variable: &'static str,
    expected: String,
    got: String,
}

impl ConfigError {
    /// An error of this variable. `got` is the value as it may be shown, or a word such as `nothing`.
    #[must_use]
    pub fn new(variable: &'static str, expected: impl Into<String>, got: impl Into<String>) -> Self {
        Self { variable, expected: expected.into(), got: got.into() }
    }

    /// The name of the variable.
    #[must_use]
    pub fn variable(&self) -> &'static str {
        self.variable
    }
}

/// How the environment is read: the value of a variable, or `None` where it is unset.
pub trait Lookup: Fn(&'static str) -> Option<String> {}
impl<F: Fn(&'static str) -> Option<String>> Lookup for F {}

impl Setting {
    /// A setting of this variable.
    #[must_use]
    pub const fn new(name: &'static str, default: Option<&'static str>, kind: Kind) -> Self {
        Self { name, default, kind }
    }

    /// The name of the variable.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The value where the variable is unset or empty.
    #[must_use]
    pub const fn default_value(&self) -> Option<&'static str> {
        self.default
    }

    /// The value as it was set, trimmed and checked; `None` where it is unset or empty.
    ///
    /// # Errors
    /// The value is not of the setting's kind.
    pub fn given(&self, environment: &impl Lookup) -> Result<Option<String>, ConfigError> {
        let Some(value) = environment(self.name) else { return Ok(None) };
        // Secret stores end a value with a newline, which no header takes.
        let value = value.trim();
        if value.is_empty() {
            return Ok(None);
        }
        if self.kind.accepts(value) {
            return Ok(Some(self.kind.spelling(value).to_owned()));
        }
        let got = if self.kind == Kind::Secret { "another value".to_owned() } else { format!("{value:?}") };
        Err(ConfigError::new(self.name, self.kind.to_string(), got))
    }

    /// The value, or the default, which may be the empty text.
    ///
    /// # Errors
    /// As [`given`](Self::given).
    pub fn text(&self, environment: &impl Lookup) -> Result<String, ConfigError> {
        Ok(self.given(environment)?.unwrap_or_else(|| self.default.unwrap_or_default().to_owned()))
    }

    /// The value of an integer, or its default; 0 where it has none.
    ///
    /// # Errors
    /// As [`given`](Self::given).
    pub fn integer(&self, environment: &impl Lookup) -> Result<u64, ConfigError> {
        Ok(self.text(environment)?.parse().unwrap_or_default())
    }
}

impl Kind {
    /// Whether `value` is of this kind.
    #[must_use]
    pub fn accepts(self, value: &str) -> bool {
        match self {
            Self::Text { max_chars } => value.chars().count() <= max_chars && !value.chars().any(char::is_control),
            Self::Integer { min, max } => {
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value.parse().is_ok_and(|number: u64| (min..=max).contains(&number))
            }
            Self::Choice(words) => words.contains(&value),
            Self::CaseInsensitive(words) => words.iter().any(|word| word.eq_ignore_ascii_case(value)),
            Self::Url => authority(value).is_some(),
            Self::Origin => value == "*" || authority(value).is_some_and(|(_, rest)| rest.is_empty()),
            Self::TableName => {
                (3..=255).contains(&value.len())
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
            }
            Self::StageName => {
                (1..=128).contains(&value.len())
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
            }
            Self::Secret => is_key_or_its_arn(value),
        }
    }

    /// The word of the list that a value of any case stands for, or else the value.
    fn spelling(self, value: &str) -> &str {
        match self {
            Self::CaseInsensitive(words) => {
                words.iter().copied().find(|word| word.eq_ignore_ascii_case(value)).unwrap_or(value)
            }
            _ => value,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { max_chars } => write!(formatter, "text of at most {max_chars} characters, without controls"),
            Self::Integer { min, max } => write!(formatter, "a whole number from {min} to {max}"),
            Self::Choice(words) | Self::CaseInsensitive(words) => match words.split_last() {
                Some((last, [])) => formatter.write_str(last),
                Some((last, first)) => write!(formatter, "{} or {last}", first.join(", ")),
                None => formatter.write_str("nothing"),
            },
            Self::Url => formatter.write_str("a URL such as https://example.com"),
            Self::Origin => {
                formatter.write_str("one origin such as https://example.com, without a slash at its end, or *")
            }
            Self::TableName => formatter.write_str("a DynamoDB table name: 3 to 255 of a-z, A-Z, 0-9, _, . and -"),
            Self::StageName => formatter.write_str("an API Gateway stage name: 1 to 128 of a-z, A-Z, 0-9, _ and -"),
            Self::Secret => formatter.write_str("a key, or the ARN of a Secrets Manager secret or an SSM parameter"),
        }
    }
}

/// The authority of an http or https URL, and what follows it.
fn authority(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte));
    let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let is_path = path.bytes().all(|byte| byte.is_ascii_graphic());
    (is_host && is_port && is_path).then_some((authority, path))
}

fn is_key_or_its_arn(value: &str) -> bool {
    match value.strip_prefix("arn:") {
        Some(arn) => matches!(arn.split(':').nth(1), Some("secretsmanager" | "ssm")),
        None => value.bytes().all(|byte| byte.is_ascii_graphic()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RATE: Setting = Setting::new("RATE", Some("7"), Kind::Integer { min: 1, max: 10 });

    fn set(value: &str) -> impl Fn(&'static str) -> Option<String> {
        move |_| Some(value.to_owned())
    }

    #[test]
    fn unset_and_empty_variables_take_the_default() {
        assert_eq!(RATE.integer(&|_| None).unwrap(), 7);
        assert_eq!(RATE.integer(&set(" ")).unwrap(), 7);
        assert_eq!(RATE.given(&set("")).unwrap(), None);
        assert_eq!(RATE.integer(&set(" 10\n")).unwrap(), 10);
    }

    #[test]
    fn each_kind_accepts_and_refuses_its_neighbours() {
        for (kind, accepted, refused) in [
            (RATE.kind, &["1", "10"][..], &["0", "11", "-1", "+1", "1.0", "many"][..]),
            (Kind::Choice(&["on", "off"]), &["on", "off"], &["On", "yes", "o"]),
            (Kind::CaseInsensitive(&["JSON", "Text"]), &["JSON", "json", "TEXT"], &["xml", "js", "json text"]),
            (Kind::Text { max_chars: 3 }, &["äöü", "a b"], &["abcd", "a\u{7}", "a\nb"]),
            (
                Kind::Url,
                &["https://a.example/x?y=1", "http://127.0.0.1:3000", "http://[::1]:3000/"],
                &["a.example", "ftp://a", "https://", "https://a b", "https://a:99999", "https://a/b c"],
            ),
            (
                Kind::Origin,
                &["*", "https://a.example", "http://localhost:3000"],
                &["https://a.example/", "https://a,https://b", "a.example", "**"],
            ),
            (Kind::TableName, &["abc", "a_b.c-d"], &["ab", "a b", "täb"]),
            (Kind::StageName, &["prod", "2-d_E"], &["a b", "a/b", "süd", "$default"]),
            (
                Kind::Secret,
                &["hcaik_x", "arn:aws:ssm:eu-west-1:1:parameter/x", "arn:aws-cn:secretsmanager:cn-north-1:1:secret:x"],
                &["arn:aws:s3:::bucket", "two words", "arn:"],
            ),
        ] {
            accepted.iter().for_each(|value| assert!(kind.accepts(value), "{kind}: {value:?}"));
            refused.iter().for_each(|value| assert!(!kind.accepts(value), "{kind}: {value:?}"));
        }
    }

    #[test]
    fn a_case_insensitive_value_is_returned_in_the_spelling_of_the_list() {
        let format = Setting::new("FORMAT", Some("JSON"), Kind::CaseInsensitive(&["JSON", "Text"]));
        assert_eq!(format.given(&set("tExT")).unwrap().as_deref(), Some("Text"));
        assert_eq!(format.text(&set("json")).unwrap(), "JSON");
        let error = format.text(&set("xml")).unwrap_err().to_string();
        assert_eq!(error, r#"read FORMAT: expected JSON or Text, got "xml""#);
    }

    #[test]
    fn an_error_names_variable_expectation_and_value() {
        let faults = Setting::new("FAULTS", Some("off"), Kind::Choice(&["on", "off"]));
        let error = faults.text(&set("yes")).unwrap_err();
        assert_eq!(error.to_string(), r#"read FAULTS: expected on or off, got "yes""#);
        assert_eq!(error.variable(), "FAULTS");
    }

    #[test]
    fn an_error_of_a_secret_does_not_show_its_value() {
        let key = Setting::new("KEY", None, Kind::Secret);
        let error = key.given(&set("arn:aws:s3:::bucket")).unwrap_err().to_string();
        assert!(error.starts_with("read KEY:") && !error.contains("bucket"), "{error}");
    }

    proptest! {
        #[test]
        fn no_value_makes_a_check_panic(value in any::<String>()) {
            for kind in [RATE.kind, Kind::Url, Kind::Origin, Kind::TableName, Kind::StageName, Kind::Secret] {
                let _ = kind.accepts(&value);
            }
        }
    }
}
