//! From a letter to a mail: headers, plain text and HTML.

use std::time::{Duration, UNIX_EPOCH};

use askama::Template as _;
use lettre::message::{Body, Mailbox, MultiPart, SinglePart, header};
use lettre::{Address, Message};

use crate::config::Config;
use crate::domain::{Email, JobId, Letter, Moment};

use super::SendError;
use super::words::{Html, Sheet, Text};

const BROKEN: &str = "The letter could not be put together";

pub(super) struct Composer {
    from: Mailbox,
    /// The public address, without a slash at its end.
    base: String,
}

impl Composer {
    pub fn new(config: &Config) -> Option<Self> {
        let base = config.server.base().to_owned();
        let from = match &config.mail.from {
            Some(from) => Mailbox::new(from.name.as_ref().map(ToString::to_string), address(&from.email)?),
            None => Mailbox::new(Some("Keyrack".to_owned()), Address::new("keyrack", "localhost").ok()?),
        };
        Some(Self { from, base })
    }

    pub fn compose(&self, id: &JobId, at: Moment, to: &Email, letter: &Letter) -> Result<Message, SendError> {
        let never = |_| SendError::Never(BROKEN.to_owned());
        let sheet = Sheet::of(letter, &self.base);
        let text = Text { sheet: &sheet, base: &self.base }.render().map_err(never)?;
        let html = Html { sheet: &sheet, base: &self.base }.render().map_err(never)?;
        let to = address(to).ok_or_else(|| SendError::Never("No mail can be sent to this address".to_owned()))?;
        // The same each time, so that a letter that is sent twice is the same mail. Quoted-printable never holds `=_`,
        // so nothing that people typed ends a part.
        let parts = MultiPart::alternative()
            .boundary(format!("=_{id}"))
            .singlepart(part(header::ContentType::TEXT_PLAIN, text)?)
            .singlepart(part(header::ContentType::TEXT_HTML, html)?);
        let built = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(sheet.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(at.millis()))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(parts);
        built.map_err(|_| SendError::Never(BROKEN.to_owned()))
    }
}

fn part(kind: header::ContentType, text: String) -> Result<SinglePart, SendError> {
    let body = Body::new_with_encoding(text, header::ContentTransferEncoding::QuotedPrintable);
    let body = body.map_err(|_| SendError::Never(BROKEN.to_owned()))?;
    Ok(SinglePart::builder().header(kind).body(body))
}

fn address(email: &Email) -> Option<Address> {
    email.as_str().parse().ok()
}

/// Tells other machines that nobody waits for an answer (RFC 3834).
#[derive(Clone)]
struct AutoSubmitted;

impl header::Header for AutoSubmitted {
    fn name() -> header::HeaderName {
        header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> header::HeaderValue {
        header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}
