//! Finds the route of a request: the resource by its path, then the method.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::template::{Access, Part, Template};

/// A resource of the API: a path with its methods.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The path as the template writes it.
    pub(crate) path: String,
    parts: Vec<Part>,
    methods: BTreeMap<String, Target>,
}

/// The function behind a method of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// The name of the function at Lambda.
    pub(crate) function: String,
    /// Who may call the route.
    pub(crate) access: Access,
}

/// All resources, those with literal parts first.
#[derive(Debug)]
pub(crate) struct Routes(Vec<Arc<Resource>>);

/// The resource of a path, with the values of its path variables.
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
        // From the left, a literal part precedes a variable: `false` sorts first.
        all.sort_by_key(|resource| {
            resource.parts.iter().map(|part| matches!(part, Part::Variable(_))).collect::<Vec<_>>()
        });
        Self(all)
    }

    /// Returns the resource that matches a decoded path.
    pub(crate) fn find(&self, parts: &[String]) -> Option<Match> {
        self.0.iter().find_map(|resource| {
            let variables = resource.variables(parts)?;
            Some(Match { resource: Arc::clone(resource), variables })
        })
    }
}

impl Resource {
    /// Returns the target of a method. `ANY` covers all methods that have no target of their own.
    pub(crate) fn target(&self, method: &str) -> Option<&Target> {
        self.methods.get(method).or_else(|| self.methods.get("ANY"))
    }

    /// Returns the methods as a preflight response lists them.
    pub(crate) fn methods(&self) -> String {
        let methods = self.methods.keys().map(String::as_str);
        methods.chain(["OPTIONS"]).collect::<Vec<_>>().join(",")
    }

    fn variables(&self, parts: &[String]) -> Option<BTreeMap<String, String>> {
        if parts.len() != self.parts.len() {
            return None;
        }
        let mut variables = BTreeMap::new();
        for (part, requested) in self.parts.iter().zip(parts) {
            match part {
                Part::Literal(text) if text == requested => (),
                Part::Variable(name) if !requested.is_empty() => {
                    variables.insert(name.clone(), requested.clone());
                }
                _ => return None,
            }
        }
        Some(variables)
    }
}
