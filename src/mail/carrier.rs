//! The ways out: a mail server, a folder of `.eml` files, or memory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use lettre::Message;

use crate::config::{MailConfig, MailWay};
use crate::domain::{Email, JobId};

use super::SendError;
use super::smtp::Server;

#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    #[error("KEYRACK_SMTP_CA_FILE: {0} cannot be read: {1}")]
    NoCertificate(String, std::io::Error),
    #[error("KEYRACK_SMTP_CA_FILE: {0} holds no certificate in PEM form")]
    BadCertificate(String),
    #[error("KEYRACK_SMTP_URL: its host has no name that a certificate could be for")]
    Host,
}

/// A letter that was kept in memory.
#[derive(Clone, Debug)]
pub struct Sent {
    pub to: Email,
    pub raw: Vec<u8>,
}

pub(super) enum Carrier {
    Smtp(Box<Server>),
    Folder(PathBuf),
    Memory(Arc<Mutex<Vec<Sent>>>),
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(server) => write!(f, "through {}", server.name()),
            Self::Folder(path) => write!(f, "as files in {}", path.display()),
            Self::Memory(_) => f.write_str("to memory"),
        }
    }
}

impl Carrier {
    pub fn open(config: &MailConfig) -> Result<Self, CarrierError> {
        match &config.way {
            MailWay::Folder(path) => Ok(Self::Folder(path.clone())),
            MailWay::Smtp(smtp) => Ok(Self::Smtp(Box::new(Server::new(smtp)?))),
        }
    }

    pub async fn carry(&self, id: &JobId, to: &Email, message: Message) -> Result<(), SendError> {
        match self {
            Self::Smtp(server) => server.take(message).await,
            Self::Folder(path) => {
                let file = path.join(format!("{id}.eml"));
                let written = tokio::task::spawn_blocking(move || write(&file, &message.formatted()));
                let written = written.await.map_err(|_| SendError::Later("Keyrack is stopping".to_owned()))?;
                written.map_err(|cause| SendError::Later(format!("The file cannot be written: {}", cause.kind())))
            }
            Self::Memory(sent) => {
                let letter = Sent { to: to.clone(), raw: message.formatted() };
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
                Ok(())
            }
        }
    }
}

/// For its owner alone, because letters hold links. Whole or not there: it is written beside and then given its name.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // What an interrupted try has left goes first; and what somebody else has put there is not written to.
    let draft = file.with_extension("draft");
    std::fs::remove_file(&draft).or_else(|cause| match cause.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(cause),
    })?;
    let mut open = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    open.write_all(bytes)?;
    open.sync_all()?;
    std::fs::rename(&draft, file)
}
