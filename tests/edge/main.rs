//! Integration tests of each function: the real binary on the emulator, behind the gateway, with an
//! embedded table.

// BEGIN GENERATED modules
mod create_activity;
mod create_message;
mod create_reply;
mod health_check;
mod home_activities;
mod message_groups;
mod messages;
mod notifications_activities;
mod post_confirmation;
mod rollbar_test;
mod search_activities;
mod show_activity;
mod update_profile;
mod user_activities;
mod users_short;
// END GENERATED modules

#[path = "../support/mod.rs"]
mod support;
