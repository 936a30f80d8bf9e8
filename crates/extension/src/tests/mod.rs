//! Tests of the whole extension without its process.

mod added_destination;
