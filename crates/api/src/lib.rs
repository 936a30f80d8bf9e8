//! The HTTP edge of a Crudder function.
