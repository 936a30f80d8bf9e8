//! The nouns of Crudder and their rules.
