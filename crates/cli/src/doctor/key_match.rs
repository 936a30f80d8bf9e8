//! Compares a working key of this shell with the function's, which may be another one.

use super::finding::Finding;
use crate::aws::{Function, KeyMatch};
use crate::config::Key;

/// The variable that holds the key of a destination.
pub(crate) struct KeyVariable {
    pub(crate) component: &'static str,
    pub(crate) variable: &'static str,
    /// What the destination calls it: `key` or `token`.
    pub(crate) noun: &'static str,
}

impl KeyVariable {
    /// Returns the finding for a working key: `message`, and whether the function has the same key.
    pub(crate) fn compare(&self, function: &Function, key: &Key, message: &str) -> Finding {
        let Self { component, variable, noun } = *self;
        let name = &function.name;
        match function.match_key(variable, Some(key.reveal())) {
            KeyMatch::Same => Finding::ok(component, format!("{message}; {name} has the same {noun}")),
            KeyMatch::Arn => Finding::ok(
                component,
                format!("{message}; {name} reads its {noun} from an ARN, so the two were not compared"),
            ),
            KeyMatch::Different => Finding::failed(
                component,
                format!("{message}; but {name} has a different {noun}"),
                format!("deploy with this {noun}, or export the deployed one as {variable} and run doctor again"),
            ),
            KeyMatch::Unset => Finding::failed(
                component,
                format!("{message}; but {name} has no {noun}, so it sends nothing"),
                format!("deploy with {variable}: a variable of this shell does not reach the functions"),
            ),
        }
    }
}
