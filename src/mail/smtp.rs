//! One conversation with a mail server for each letter.
//!
//! Invariant: where encryption is configured, neither the password nor a letter leaves without it; and once the server
//! has taken a letter, nothing that goes wrong afterwards sends it again.

use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;

use crate::config::{SmtpConfig, SmtpTls};
use crate::domain::name::is_hidden;

use super::SendError;
use super::carrier::CarrierError;

/// Until the server is ready to listen, then until it has taken the letter: together less than work is leased for.
const GREETING: Duration = Duration::from_secs(60);
const LETTER: Duration = Duration::from_secs(60);
const GOODBYE: Duration = Duration::from_secs(5);
/// Of what a server says, Owners are shown this much.
const MOST_WORDS: usize = 300;

pub(super) struct Server {
    host: String,
    port: u16,
    secure: Secure,
    credentials: Option<Credentials>,
}

enum Secure {
    FromTheStart(TlsParameters),
    StartTls(TlsParameters),
    No,
}

impl Server {
    pub fn new(smtp: &SmtpConfig) -> Result<Self, CarrierError> {
        let secure = match smtp.tls {
            SmtpTls::None => Secure::No,
            SmtpTls::StartTls => Secure::StartTls(parameters(smtp)?),
            SmtpTls::FromTheStart => Secure::FromTheStart(parameters(smtp)?),
        };
        let credentials = smtp.credentials.as_ref();
        let credentials = credentials.map(|(user, word)| Credentials::new(user.clone(), word.expose().to_owned()));
        Ok(Self { host: smtp.host.clone(), port: smtp.port, secure, credentials })
    }

    pub fn name(&self) -> &str {
        &self.host
    }

    pub async fn take(&self, message: Message) -> Result<(), SendError> {
        let greeted = tokio::time::timeout(GREETING, self.greet()).await;
        let mut server = greeted.unwrap_or_else(|_| Err(slow()))?;
        let sent = tokio::time::timeout(LETTER, server.send(message.envelope(), &message.formatted())).await;
        // Whatever a server makes of the goodbye, it has answered for the letter before.
        let _unheard = tokio::time::timeout(GOODBYE, server.abort()).await;
        match sent {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let words = said("The mail server did not take the letter", &error);
                Err(if error.is_permanent() { SendError::Never(words) } else { SendError::Later(words) })
            }
            Err(_) => Err(slow()),
        }
    }

    /// As far as the server would take a letter. What fails until then is no letter's fault, and worth another try.
    async fn greet(&self) -> Result<AsyncSmtpConnection, SendError> {
        let later = |what: &'static str| move |error: Error| SendError::Later(said(what, &error));
        let hello = ClientId::default();
        let from_the_start = match &self.secure {
            Secure::FromTheStart(tls) => Some(tls.clone()),
            _ => None,
        };
        let address = (self.host.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(address, Some(GREETING), &hello, from_the_start, None);
        let mut server = connected.await.map_err(later("There is no connection to the mail server"))?;
        if let Secure::StartTls(tls) = &self.secure {
            if !server.can_starttls() {
                let words = "The mail server offers no encryption (STARTTLS), so nothing was sent";
                return Err(SendError::Later(words.to_owned()));
            }
            let encrypted = server.starttls(tls.clone(), &hello).await;
            encrypted.map_err(later("There is no safe connection to the mail server"))?;
        }
        if let Some(credentials) = &self.credentials {
            let known = server.auth(DEFAULT_MECHANISMS, credentials).await;
            known.map_err(later("The mail server does not accept the user name and password"))?;
        }
        Ok(server)
    }
}

fn slow() -> SendError {
    SendError::Later("The mail server took too long".to_owned())
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

/// What failed and why, on one visible line of bounded length. Neither holds the password.
fn said(what: &str, error: &Error) -> String {
    let mut cause = std::error::Error::source(error);
    let mut words = match error.status() {
        Some(code) => format!("{what} ({code})"),
        None if cause.is_some() => what.to_owned(),
        None => format!("{what}: {error}"),
    };
    while let Some(inner) = cause {
        words.push_str(": ");
        words.push_str(&inner.to_string());
        cause = inner.source();
    }
    let visible: String = words.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MOST_WORDS).collect()
}
