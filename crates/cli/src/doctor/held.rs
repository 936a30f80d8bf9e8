//! A key in this shell says nothing of the functions, unless they hold the same.

use super::finding::Finding;
use crate::aws::{Function, Held};
use crate::config::Key;

/// A vendor's key: the variable that holds it, and what the vendor calls it.
pub(crate) struct Kept {
    pub(crate) plane: &'static str,
    pub(crate) variable: &'static str,
    /// `key` or `token`.
    pub(crate) noun: &'static str,
}

impl Kept {
    /// What was found of a key that works, and whether the function has the same one.
    pub(crate) fn beside(&self, function: &Function, key: &Key, words: &str) -> Finding {
        let Self { plane, variable, noun } = *self;
        let name = &function.name;
        match function.holds(variable, Some(key.reveal())) {
            Held::Same => Finding::ok(plane, format!("{words}; {name} holds the same {noun}")),
            Held::Arn => {
                Finding::ok(plane, format!("{words}; that {name} reads the same {noun} from its store was not checked"))
            }
            Held::Other => Finding::wrong(
                plane,
                format!("{words}; but {name} holds another {noun}"),
                format!(
                    "deploy with this {noun}, or export the deployed one and ask again; both are called {variable}"
                ),
            ),
            Held::Nothing => Finding::wrong(
                plane,
                format!("{words}; but {name} holds no {noun}, so nothing is sent"),
                format!("deploy with {variable}: a variable of this shell reaches no function"),
            ),
        }
    }
}
