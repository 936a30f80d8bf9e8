//! Strict and hostile stand-ins of the vendors.
