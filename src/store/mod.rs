//! The only folder that speaks SQL.
//!
//! Invariant: whatever belongs to a workspace is reached through a proof that carries it; no function
//! here takes a bare workspace id from outside. Proofs are made in `access` alone.

pub mod access;
pub mod audit;
pub mod calendars;
pub mod connect_pages;
pub mod connect_sessions;
mod connection;
pub mod connections;
mod db;
pub mod domains;
mod error;
pub mod events;
pub mod flows;
pub mod health;
pub mod identities;
pub mod imports;
pub mod installation;
pub mod invitations;
pub mod jobs;
pub mod keys;
pub mod links;
pub mod members;
pub mod migrate;
pub mod node_types;
pub mod nodes;
pub mod oauth_clients;
pub mod oddities;
pub mod organization_settings;
pub mod outsiders;
pub mod paging;
pub mod people;
pub mod record;
pub mod reminders;
pub mod repeats;
pub mod rotations;
mod schema;
pub mod secrets;
pub mod sessions;
pub mod shares;
mod sql_types;
pub mod tallies;
pub mod throttle;
pub mod token_sets;
pub mod tokens;
pub mod trail;
pub mod trials;
mod tx;
pub mod usage;
pub mod vend;
pub mod webhooks;
pub mod workflows;
pub mod workspaces;

pub use db::Db;
pub use error::{Denied, Error, Fault, Outcome, Refusal};
pub use tx::{ReadTx, Unrecorded, WriteTx};
