//! The ways out: a mail server, a folder of `.eml` files, or memory.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use crate::config::{MailConfig, MailWay, SmtpConfig, SmtpTls};
use crate::domain::name::is_hidden;
use crate::domain::{Email, JobId};

use super::SendError;

/// How long one step of a conversation with the server may take, and the conversation as a whole.
const STEP: Duration = Duration::from_secs(20);
const WHOLE: Duration = Duration::from_secs(60);
/// Of what a server says, Owners are shown this much.
const MOST_WORDS: usize = 300;

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
    Smtp { server: String, transport: AsyncSmtpTransport<Tokio1Executor> },
    Folder(PathBuf),
    Memory(Arc<Mutex<Vec<Sent>>>),
}

impl fmt::Display for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp { server, .. } => write!(f, "through {server}"),
            Self::Folder(path) => write!(f, "as files in {}", path.display()),
            Self::Memory(_) => f.write_str("to memory"),
        }
    }
}

impl Carrier {
    pub fn open(config: &MailConfig) -> Result<Self, CarrierError> {
        match &config.way {
            MailWay::Folder(path) => Ok(Self::Folder(path.clone())),
            MailWay::Smtp(smtp) => Ok(Self::Smtp { server: smtp.host.clone(), transport: transport(smtp)? }),
        }
    }

    pub async fn carry(&self, id: &JobId, to: &Email, message: Message) -> Result<(), SendError> {
        match self {
            Self::Smtp { transport, .. } => send(transport, message).await,
            Self::Folder(path) => {
                let file = path.join(format!("{id}.eml"));
                let written = tokio::task::spawn_blocking(move || write(&file, &message.formatted()));
                let written = written.await.map_err(|_| SendError::Later("the program is stopping".to_owned()))?;
                written.map_err(|cause| SendError::Later(format!("the file cannot be written: {}", cause.kind())))
            }
            Self::Memory(sent) => {
                let letter = Sent { to: to.clone(), raw: message.formatted() };
                sent.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
                Ok(())
            }
        }
    }
}

fn transport(smtp: &SmtpConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>, CarrierError> {
    let tls = match smtp.tls {
        SmtpTls::None => Tls::None,
        SmtpTls::StartTls => Tls::Required(parameters(smtp)?),
        SmtpTls::FromTheStart => Tls::Wrapper(parameters(smtp)?),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host)
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(STEP));
    if let Some((user, password)) = &smtp.credentials {
        builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
    }
    Ok(builder.build())
}

fn parameters(smtp: &SmtpConfig) -> Result<TlsParameters, CarrierError> {
    let mut builder = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.ca_file {
        let name = path.display().to_string();
        let pem = std::fs::read(path).map_err(|cause| CarrierError::NoCertificate(name.clone(), cause))?;
        let certificate = Certificate::from_pem(&pem).map_err(|_| CarrierError::BadCertificate(name))?;
        builder = builder.add_root_certificate(certificate);
    }
    builder.build().map_err(|_| CarrierError::Host)
}

async fn send(transport: &AsyncSmtpTransport<Tokio1Executor>, message: Message) -> Result<(), SendError> {
    match tokio::time::timeout(WHOLE, transport.send(message)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) if error.is_permanent() => Err(SendError::Never(said(&error))),
        Ok(Err(error)) => Err(SendError::Later(said(&error))),
        Err(_) => Err(SendError::Later("the mail server took too long".to_owned())),
    }
}

/// The error with what lies under it, on one visible line of bounded length. Neither holds the password.
fn said(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    let visible: String = words.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_WORDS).collect()
}

/// For its owner alone, because letters hold links. Whole or not there: it is written beside and then given its name.
fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};

    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let draft = file.with_extension("draft");
    let mut options = std::fs::OpenOptions::new();
    let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    open.write_all(bytes)?;
    open.sync_all()?;
    std::fs::rename(&draft, file)
}
