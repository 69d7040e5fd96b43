//! What a change needs besides its transaction.

use std::net::IpAddr;
use std::sync::Arc;

use crate::crypto::Keyring;
use crate::domain::audit::Actor;
use crate::domain::{Chance, PersonId};
use crate::store::access::{Proof, TokenRight};

use super::audit::Origin;

/// Keys, chance, and who acts from where.
#[derive(Clone, Copy)]
pub struct Tools<'a> {
    pub keyring: &'a Keyring,
    pub chance: &'a dyn Chance,
    pub origin: &'a Origin,
}

/// The same before it is known who acts: that is read inside the transaction.
#[derive(Clone)]
pub struct Kit {
    pub keyring: Arc<Keyring>,
    pub chance: Arc<dyn Chance>,
    pub from: Option<IpAddr>,
}

impl Kit {
    pub fn by<T>(&self, by: Actor, work: impl FnOnce(Tools<'_>) -> T) -> T {
        let origin = Origin { by, from: self.from };
        work(Tools { keyring: &self.keyring, chance: &*self.chance, origin: &origin })
    }

    pub fn by_person<T>(&self, person: &PersonId, work: impl FnOnce(Tools<'_>) -> T) -> T {
        self.by(Actor::Person { id: person.clone() }, work)
    }

    /// Somebody outside the workspace acts, whom the token's backend has sent.
    pub fn on_errand<T>(&self, by: &Proof<'_, impl TokenRight>, work: impl FnOnce(Tools<'_>) -> T) -> T {
        self.by(Actor::Errand { token: by.token().clone(), maker: by.maker().clone() }, work)
    }

    pub fn by_token<T>(&self, by: &Proof<'_, impl TokenRight>, work: impl FnOnce(Tools<'_>) -> T) -> T {
        self.by(Actor::Token { id: by.token().clone(), maker: by.maker().clone() }, work)
    }
}
