//! Serves Crudder on one machine: the library behind `cargo local`.
//!
#![doc = include_str!("../README.md")]

pub mod builder;
mod config;
mod console;
mod data_folder;
mod functions;
mod gateway;
mod local_stack;
mod logs;
mod requests;
mod seed;
mod server;
mod services;
mod settings;
mod start_error;
mod table;
mod tee_proxy;
pub mod template;
mod tokens;
pub mod workspace;

pub use config::{Keys, Settings};
pub use crudder_settings::ConfigError;
pub use data_folder::{DataFolder, DataFolderError};
pub use gateway::{Backend, Gateway, Limits};
pub use local_stack::{LocalStack, Options};
pub use logs::{Line, Logs};
pub use requests::Requests;
pub use seed::{SAMPLE_USERS, SampleUser, SeedError};
pub use server::Server;
pub use services::Services;
pub use start_error::StartError;
pub use table::{Table, TableError};
pub use tokens::{Claims, InvalidToken, SCOPE, Tokens, TokensError, access_claims};
