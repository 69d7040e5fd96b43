//! Keys, sealed blobs, tokens and passwords. Design and reasons: `docs/crypto.md`.
//!
//! Invariant: a key or an opened value never leaves this folder in a form that can be printed,
//! copied or serialised; whoever opens one says for which purpose.

mod contexts;
mod credential;
mod kdf;
mod keyring;
mod mac;
mod master;
mod password;
mod plaintext;
mod sealed;
mod signing;
mod token;

pub use credential::{Credential, Route};
pub use keyring::{ImportOf, InstallationKeys, Keyring, KeyringError};
pub use mac::Mac;
pub use master::{MasterKeyError, MasterKeys};
pub use password::{Checked, HashError, HashSettings, Hasher};
pub use plaintext::{Entered, Plaintext, Purpose};
pub use sealed::{Context, SealError, Unreadable};
pub use signing::{NewSigningKey, signature};
pub use token::{Bearer, CalendarToken, ConnectToken, LinkToken, NewToken, PageToken, StateToken, challenge_of};

#[cfg(test)]
mod tests;
