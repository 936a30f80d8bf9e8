//! DynamoDB access.
//!
#![doc = include_str!("../README.md")]

mod activities;
mod activity_item;
mod bucket;
mod call;
mod config;
mod connect;
mod definition;
mod error;
mod failure;
mod home;
mod home_cache;
mod item;
mod keys;
mod listing;
mod message_item;
mod messages;
mod notifications;
mod people;
mod search;
mod settings;
mod sign_up;
mod store;
mod table;
mod transaction;
mod transaction_response;
mod update;
mod user_item;
mod user_page;

pub use config::{Access, StoreConfig};
pub use crudder_settings::ConfigError;
pub use definition::{Definition, Index};
pub use error::{BoxError, Error, Result};
pub use store::Store;
