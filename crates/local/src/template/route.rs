//! A route: its path in parts, its method, and who may call it.

/// One part of a path, between two slashes. AWS calls it a path part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Matches the same text.
    Literal(String),
    /// `{name}`: matches any one part.
    Variable(String),
}

/// Who may call a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Any client. There is no authorizer, and the event has no claims.
    Anyone,
    /// A client with an access token that has one of these scopes.
    Token {
        /// Never empty.
        scopes: Vec<String>,
    },
}

/// An event of type `Api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The place in the function: `Properties.Events.Get.Properties`.
    pub(super) property: String,
    /// The path of the resource, such as `/api/activities/{id}`.
    pub path: String,
    /// The method in uppercase, or `ANY`.
    pub method: String,
    /// Who may call it.
    pub access: Access,
}

impl Route {
    /// Returns the parts of the path. A part that mixes a literal with `{name}` is returned as a
    /// literal; the validation rejects such a template.
    pub fn parts(&self) -> impl Iterator<Item = Part> {
        self.path.split('/').filter(|part| !part.is_empty()).map(part)
    }
}

fn part(text: &str) -> Part {
    let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    match name.filter(|name| !name.is_empty() && !name.contains(['{', '}', '+'])) {
        Some(name) => Part::Variable(name.to_owned()),
        None => Part::Literal(text.to_owned()),
    }
}
