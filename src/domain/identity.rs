//! Who came, in the word of a provider.

use serde::{Deserialize, Serialize};

use super::Email;

/// Somebody at a provider: issuer and subject name them for good; whatever else is said may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub issuer: String,
    pub subject: String,
    /// The provider's word in addresses and settings.
    pub provider: String,
    pub email: Option<Email>,
    /// Whether the provider itself says that the address is theirs.
    pub proven: bool,
    /// As it is told there; whether it can be one here is looked at when it is needed.
    pub name: Option<String>,
}

impl Seen {
    /// The address, where it is known to be theirs.
    pub fn proven_email(&self) -> Option<&Email> {
        self.email.as_ref().filter(|_| self.proven)
    }
}
