//! Every change: a proof, a rule, the store, and the audit entry, in one transaction.
//!
//! Invariant: nothing is handed out and nothing is changed without a durable record of it.

pub mod accounts;
pub mod audit;
pub mod authorizing;
pub mod clients;
pub mod connect_pages;
pub mod connect_sessions;
pub mod connecting;
pub mod connections;
pub mod custom_apis;
pub mod deleting;
pub mod domains;
pub mod entering;
pub mod events;
pub mod farewell;
mod fingerprint;
pub mod flows;
pub mod founding;
mod handover;
pub mod identities;
pub mod imports;
pub mod installation;
pub mod integrations;
pub mod invitations;
pub mod keeping;
mod letters;
pub mod members;
pub mod node_types;
pub mod nodes;
pub mod oauth_clients;
pub mod once;
pub mod organizations;
pub mod outbox;
pub mod people;
pub mod probe;
pub mod record;
pub mod renewing;
pub mod revoking;
pub mod rotations;
mod sealing;
pub mod secrets;
pub mod sharing;
pub mod sign_in;
pub mod tokens;
mod tools;
pub mod upkeep;
pub mod uses;
pub mod values;
pub mod vend;
pub mod webhooks;
pub mod work;
pub mod workflows;
pub mod workspaces;

use fingerprint::fingerprint;
pub use tools::{Kit, Tools};
