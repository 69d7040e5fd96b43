//! Letters put into words, and the ways to send them.
//!
//! Invariant: a link in a letter begins with the configured public address, whatever address a request came to; and
//! nothing that a person typed can end a header's line or become markup.

mod carrier;
mod compose;
mod smtp;
#[cfg(test)]
mod tests;
mod words;
mod words_of_secrets;
mod words_of_webhooks;

use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Config;
use crate::domain::{Email, JobId, Letter, Moment};

pub use carrier::Sent;
use carrier::{Carrier, CarrierError};
use compose::Composer;

/// Why a letter was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Worth another try.
    #[error("{0}")]
    Later(String),
    /// The server, or the letter itself, will not have it.
    #[error("{0}")]
    Never(String),
}

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    #[error("the sender's address is not one that a mail could come from")]
    Sender,
}

#[derive(Clone)]
pub struct Mailer {
    composer: Arc<Composer>,
    carrier: Arc<Carrier>,
}

impl Mailer {
    pub fn open(config: &Config) -> Result<Self, MailError> {
        Ok(Self {
            composer: Arc::new(Composer::new(config).ok_or(MailError::Sender)?),
            carrier: Arc::new(Carrier::open(&config.mail)?),
        })
    }

    /// Keeps what is sent in memory, for tests to read.
    pub fn to_memory(&self) -> (Self, Arc<Mutex<Vec<Sent>>>) {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let carrier = Arc::new(Carrier::Memory(sent.clone()));
        (Self { composer: self.composer.clone(), carrier }, sent)
    }

    /// Whether letters reach their mailboxes. Where not, links are shown to be handed on.
    pub fn delivers(&self) -> bool {
        !matches!(*self.carrier, Carrier::Folder(_))
    }

    /// How letters leave, for Owners to read.
    pub fn way(&self) -> String {
        self.carrier.to_string()
    }

    /// Sends a letter. Sent twice under the same id, it is the same mail to whoever receives it.
    pub async fn send(&self, id: &JobId, at: Moment, to: &Email, letter: &Letter) -> Result<(), SendError> {
        let message = self.composer.compose(id, at, to, letter)?;
        self.carrier.carry(id, to, message).await
    }
}

impl Sent {
    /// Takes what has been sent so far.
    pub fn take(all: &Mutex<Vec<Self>>) -> Vec<Self> {
        std::mem::take(&mut *all.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
