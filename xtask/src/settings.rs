//! The table of settings: one row of `settings.yaml` each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use serde::Deserialize;

use crate::{Error, Tables, yaml_text};

/// One environment variable.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// The name of the variable.
    pub name: String,
    /// The crates that read it.
    pub owners: Vec<String>,
    /// Who sets or uses it, for the reference.
    pub used_by: String,
    /// The value where the variable is unset or empty; absent where there is none.
    pub default: Option<String>,
    /// What the reference says instead of a default.
    pub default_text: Option<String>,
    /// What the variable may hold.
    pub kind: Kind,
    /// What it does, as a sentence.
    pub text: String,
    /// The parameter of template.yaml that this row generates.
    pub parameter: Option<String>,
    /// The default of the parameter, where a deployment's differs.
    pub parameter_default: Option<String>,
}

/// What a variable may hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// Any text without control characters, of at most so many characters.
    Text(usize),
    /// A whole number within these bounds, both included.
    Integer {
        /// The least.
        min: u64,
        /// The greatest.
        max: u64,
    },
    /// One of these words.
    Choice(Vec<String>),
    /// One of these words, in upper or lower case.
    CaseInsensitive(Vec<String>),
    /// An http or https URL.
    Url,
    /// One origin such as `https://crudder.example`, or `*`.
    Origin,
    /// A DynamoDB table name.
    TableName,
    /// An API Gateway stage name.
    StageName,
    /// An API key, or the ARN of a secret or parameter that holds it. Never printed.
    Secret,
}

impl Kind {
    /// The expression of the generated constant.
    fn expression(&self) -> String {
        match self {
            Self::Text(max) => format!("Kind::Text {{ max_chars: {max} }}"),
            Self::Integer { min, max } => format!("Kind::Integer {{ min: {min}, max: {max} }}"),
            Self::Choice(words) => format!("Kind::Choice(&{words:?})"),
            Self::CaseInsensitive(words) => format!("Kind::CaseInsensitive(&{words:?})"),
            Self::Url => "Kind::Url".to_owned(),
            Self::Origin => "Kind::Origin".to_owned(),
            Self::TableName => "Kind::TableName".to_owned(),
            Self::StageName => "Kind::StageName".to_owned(),
            Self::Secret => "Kind::Secret".to_owned(),
        }
    }

    /// What the reference says that a value may be.
    fn values(&self) -> String {
        match self {
            Self::Text(max) => format!("text, at most {max} characters"),
            Self::Integer { min, max } => format!("{min} to {max}"),
            Self::Choice(words) => list(words),
            Self::CaseInsensitive(words) => format!("{}, in upper or lower case", list(words)),
            Self::Url => "http or https URL".to_owned(),
            Self::Origin => "one origin, or `*`".to_owned(),
            Self::TableName => "3 to 255 of `a-z A-Z 0-9 _ . -`".to_owned(),
            Self::StageName => "1 to 128 of `a-z A-Z 0-9 _ -`".to_owned(),
            Self::Secret => "key, or ARN of a Secrets Manager secret or SSM parameter".to_owned(),
        }
    }
}

/// The words as code, with commas between them.
fn list(words: &[String]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

const FILE: &str = "settings.yaml";

/// Refuses two rows of one name, and a default outside of the bounds.
pub(crate) fn check(settings: &[Setting]) -> Result<(), Error> {
    let mut names = BTreeSet::new();
    for setting in settings {
        let wrong = |problem: String| Err(Error::Row { file: FILE, row: setting.name.clone(), problem });
        if !names.insert(&setting.name) {
            return wrong("there are two rows of this name".to_owned());
        }
        for default in [&setting.default, &setting.parameter_default].into_iter().flatten() {
            let fits = match &setting.kind {
                Kind::Integer { min, max } => default.parse().is_ok_and(|number| (*min..=*max).contains(&number)),
                Kind::Choice(words) | Kind::CaseInsensitive(words) => words.contains(default),
                _ => true,
            };
            if !fits {
                return wrong(format!("its default {default:?} is not {}", setting.kind.values()));
            }
        }
    }
    Ok(())
}

/// The parameters of template.yaml that stand for a setting.
pub(crate) fn parameters(tables: &Tables) -> Result<String, Error> {
    let mut text = String::new();
    for setting in &tables.settings {
        let Some(parameter) = &setting.parameter else { continue };
        let default = setting.parameter_default.as_ref().or(setting.default.as_ref()).cloned().unwrap_or_default();
        let _ = writeln!(text, "{parameter}:");
        match &setting.kind {
            Kind::Integer { min, max } => {
                let _ = writeln!(text, "  Type: Number\n  Default: {default}\n  MinValue: {min}\n  MaxValue: {max}");
            }
            Kind::Choice(words) | Kind::CaseInsensitive(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                let _ =
                    writeln!(text, "  Type: String\n  Default: {default:?}\n  AllowedValues: [{}]", words.join(", "));
            }
            _ => {
                let problem = "only integers and choices can generate a parameter".to_owned();
                return Err(Error::Row { file: FILE, row: setting.name.clone(), problem });
            }
        }
        let _ = writeln!(text, "  Description: {}", yaml_text(&setting.text));
    }
    Ok(text)
}

/// The table of docs/settings.md.
pub(crate) fn reference(tables: &Tables) -> Vec<(String, String)> {
    let mut lines =
        "\n| variable | used by | default | values | what it does |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for setting in &tables.settings {
        let default = match (&setting.default_text, &setting.default) {
            (Some(text), _) => text.clone(),
            (None, Some(default)) => format!("`{default}`"),
            (None, None) => "unset".to_owned(),
        };
        let (name, used_by, values, text) = (&setting.name, &setting.used_by, setting.kind.values(), &setting.text);
        let parameter = setting.parameter.as_ref().map_or_else(String::new, |name| format!(" Parameter `{name}`."));
        let _ = writeln!(lines, "| `{name}` | {used_by} | {default} | {values} | {text}{parameter} |");
    }
    lines.push('\n');
    vec![("settings".to_owned(), lines)]
}

/// The generated `settings.rs` of each crate that reads settings, by path.
pub(crate) fn constants(tables: &Tables) -> BTreeMap<String, String> {
    let owners: BTreeSet<&String> = tables.settings.iter().flat_map(|setting| &setting.owners).collect();
    owners.into_iter().map(|owner| (format!("crates/{owner}/src/settings.rs"), constants_of(tables, owner))).collect()
}

fn constants_of(tables: &Tables, owner: &str) -> String {
    let mut text = "//! The environment variables that this crate reads.
//!
//! `cargo xtask generate` writes this file from settings.yaml.

use crudder_settings::{Kind, Setting};
"
    .to_owned();
    for setting in tables.settings.iter().filter(|setting| setting.owners.iter().any(|name| name == owner)) {
        let (name, expression) = (&setting.name, setting.kind.expression());
        let default =
            setting.default.as_ref().map_or_else(|| "None".to_owned(), |default| format!("Some({default:?})"));
        let _ = write!(text, "\n/// {}\n", setting.text);
        text.push_str(&constant(name, &default, &expression));
        text.push('\n');
    }
    text
}

/// One constant, laid out as rustfmt does: in one line, in two, or an argument a line.
fn constant(name: &str, default: &str, expression: &str) -> String {
    let head = format!("pub(crate) const {name}: Setting =");
    let value = format!("Setting::new({name:?}, {default}, {expression});");
    let fits = |line: &str| line.len() <= 120;
    let line = format!("{head} {value}");
    let broken = format!("    {value}");
    if fits(&line) {
        line
    } else if fits(&broken) {
        format!("{head}\n{broken}")
    } else {
        format!("{head} Setting::new(\n    {name:?},\n    {default},\n    {expression},\n);")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(yaml: &str) -> Setting {
        yaml_serde::from_str(yaml).unwrap()
    }

    #[test]
    fn a_default_outside_of_its_bounds_is_refused() {
        let row = "{name: A, owners: [x], used_by: x, default: '0', kind: !integer {min: 1, max: 2}, text: t}";
        let error = check(&[setting(row)]).unwrap_err().to_string();
        assert_eq!(error, "settings.yaml: A: its default \"0\" is not 1 to 2");
        let row = row.replace("'0'", "'2'");
        check(&[setting(&row)]).unwrap();
        assert!(check(&[setting(&row), setting(&row)]).is_err());
    }

    #[test]
    fn a_default_must_be_one_of_the_words_in_their_spelling() {
        let row = "{name: A, owners: [x], used_by: x, default: json, kind: !case_insensitive [JSON, Text], text: t}";
        let error = check(&[setting(row)]).unwrap_err().to_string();
        assert_eq!(error, r#"settings.yaml: A: its default "json" is not `JSON`, `Text`, in upper or lower case"#);
        let setting = setting(&row.replace("json", "JSON"));
        assert_eq!(setting.kind.expression(), r#"Kind::CaseInsensitive(&["JSON", "Text"])"#);
        check(&[setting]).unwrap();
    }

    #[test]
    fn a_setting_is_a_constant_of_each_crate_that_reads_it() {
        let row = "{name: A, owners: [x, y], used_by: x, kind: !choice [on, off], text: Does it.}";
        let tables = Tables { endpoints: Vec::new(), settings: vec![setting(row)] };
        let files = constants(&tables);
        assert_eq!(files.keys().collect::<Vec<_>>(), ["crates/x/src/settings.rs", "crates/y/src/settings.rs"]);
        let text = &files["crates/x/src/settings.rs"];
        assert!(text.contains("/// Does it.\npub(crate) const A: Setting"), "{text}");
        assert!(text.contains("Setting::new(\"A\", None, Kind::Choice(&[\"on\", \"off\"]))"), "{text}");
    }
}
