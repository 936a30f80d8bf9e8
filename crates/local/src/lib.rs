//! What `cargo local` serves: API Gateway, Lambda, DynamoDB, Cognito, CloudWatch and the vendors, on one machine.
//!
//! Start with `running.rs` (what is started in which order), then `template/` (what is served) and `gateway/` (the walk of a request).

pub mod builder;
mod config;
mod console;
mod functions;
mod gateway;
mod local_stack;
mod lock;
mod logs;
mod requests;
mod seed;
mod server;
mod services;
mod table;
mod tee_proxy;
pub mod template;
mod tokens;
pub mod workspace;

pub use config::{ConfigError, Keys, Settings};
pub use gateway::{Backend, Gateway, Limits};
pub use local_stack::{LocalStack, Options, StartError};
pub use lock::{DataFolder, DataFolderError};
pub use logs::{Line, Logs};
pub use requests::Requests;
pub use seed::{SAMPLE_USERS, SampleUser, SeedError};
pub use server::Server;
pub use services::Services;
pub use table::{Table, TableError};
pub use tokens::{Claims, InvalidToken, SCOPE, Tokens, TokensError, access_claims};
