//! The pages: what people see in a browser.
//!
//! Invariant: a form's contents are out of reach until it has been checked to come from our own page,
//! in the same browser and session; no page has a place for a stored value.

pub mod account;
pub mod activity;
pub mod assets;
mod attempts;
pub mod calendar;
mod catalogue;
mod cells;
mod chart;
pub mod chrome;
pub mod connect;
pub mod connections;
mod csrf;
mod doors;
pub mod end_users;
pub mod error;
mod filters;
mod flash;
pub mod forgotten;
mod forms;
mod frame;
pub mod home;
pub mod invitations;
pub mod jobs;
mod links;
mod marks;
pub mod members;
pub mod node_types;
mod paging;
pub mod reference;
pub mod rotations;
pub mod secrets;
pub mod session;
pub mod set_up;
pub mod sign_in;
pub mod sign_up;
mod snippet;
mod story;
pub mod theme;
pub mod tokens;
mod unusual;
mod upload;
pub mod url;
pub mod view;
mod visitor;
pub mod webhooks;
pub mod workflows;
pub mod workspaces;
