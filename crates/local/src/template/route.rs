//! A route: its path in parts, its method, and who may take it.

/// One part of a resource's path, between two slashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Taken by its letters.
    Literal(String),
    /// `{name}`: takes any one part.
    Variable(String),
}

/// Who may take a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Anyone: the authorizer is not asked, and the function is told no claims.
    Anyone,
    /// Who bears an access token with one of these scopes.
    Token {
        /// Never empty.
        scopes: Vec<String>,
    },
}

/// One event of type Api.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Where it stands: `Properties.Events.Get`.
    pub(super) at: String,
    /// The resource's path, such as `/api/activities/{id}`.
    pub path: String,
    /// The method in capitals, or `ANY`.
    pub method: String,
    /// Who may take it.
    pub access: Access,
}

impl Route {
    /// The path in parts. A part that is neither a literal nor wholly `{name}` counts as a literal; such a template is refused.
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
