//! Every change: a proof, a rule, the store, and the audit entry, in one transaction.
//!
//! Invariant: nothing is handed out and nothing is changed without a durable record of it.

pub mod audit;
pub mod connections;
pub mod entering;
pub mod farewell;
pub mod founding;
pub mod installation;
pub mod invitations;
pub mod members;
pub mod outbox;
pub mod people;
mod sealing;
pub mod secrets;
pub mod sign_in;
pub mod tokens;
pub mod uses;
pub mod vend;
pub mod workspaces;

use crate::crypto::Keyring;
use crate::domain::Chance;

/// What a change needs besides the transaction: keys, chance, and who acts from where.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    pub keyring: &'a Keyring,
    pub chance: &'a dyn Chance,
    pub origin: &'a audit::Origin,
}
