//! Which route a request takes: the resource by its path, literals before variables, then the method.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::{Access, Part, Template};

/// One resource of the API: a path with its methods.
#[derive(Debug)]
pub(crate) struct Resource {
    /// As the template writes it.
    pub(crate) path: String,
    parts: Vec<Part>,
    methods: BTreeMap<String, Target>,
}

/// What a method of a resource leads to.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The function's name at Lambda.
    pub(crate) function: String,
    /// Who may take it.
    pub(crate) access: Access,
}

/// All resources, the most literal first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Arc<Resource>>);

/// A resource that a path led to, with the values of its variables.
#[derive(Debug)]
pub(crate) struct Match {
    pub(crate) resource: Arc<Resource>,
    pub(crate) variables: BTreeMap<String, String>,
}

impl Routes {
    pub(crate) fn new(template: &Template) -> Self {
        let mut resources: BTreeMap<&str, Resource> = BTreeMap::new();
        for (function, route) in template.routes() {
            let resource = resources.entry(&route.path).or_insert_with(|| Resource {
                path: route.path.clone(),
                parts: route.parts().collect(),
                methods: BTreeMap::new(),
            });
            let target = Target { function: function.name.clone(), access: route.access.clone() };
            resource.methods.insert(route.method.clone(), target);
        }
        let mut all: Vec<_> = resources.into_values().map(Arc::new).collect();
        // A literal counts before a variable, from the left: `false` sorts first.
        all.sort_by_key(|resource| {
            resource.parts.iter().map(|part| matches!(part, Part::Variable(_))).collect::<Vec<_>>()
        });
        Self(all)
    }

    /// The resource of a decoded path.
    pub(crate) fn find(&self, parts: &[String]) -> Option<Match> {
        self.0.iter().find_map(|resource| {
            let variables = resource.variables(parts)?;
            Some(Match { resource: Arc::clone(resource), variables })
        })
    }
}

impl Resource {
    /// Where a method leads; `ANY` takes all that are not named.
    pub(crate) fn target(&self, method: &str) -> Option<&Target> {
        self.methods.get(method).or_else(|| self.methods.get("ANY"))
    }

    /// The methods as a preflight lists them.
    pub(crate) fn methods(&self) -> String {
        let stated = self.methods.keys().map(String::as_str);
        stated.chain(["OPTIONS"]).collect::<Vec<_>>().join(",")
    }

    fn variables(&self, parts: &[String]) -> Option<BTreeMap<String, String>> {
        if parts.len() != self.parts.len() {
            return None;
        }
        let mut variables = BTreeMap::new();
        for (stated, asked) in self.parts.iter().zip(parts) {
            match stated {
                Part::Literal(text) if text == asked => (),
                Part::Variable(name) if !asked.is_empty() => {
                    variables.insert(name.clone(), asked.clone());
                }
                _ => return None,
            }
        }
        Some(variables)
    }
}
