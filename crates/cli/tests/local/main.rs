//! `crudder local` as its users meet it: a process that prints where it is, serves, and ends with everything that it started.

mod command;
mod ends;
mod refusals;
mod serves;
