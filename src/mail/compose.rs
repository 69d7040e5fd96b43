//! From a letter to a mail: headers, plain text and HTML.

use std::time::{Duration, UNIX_EPOCH};

use askama::Template as _;
use lettre::message::{Mailbox, MultiPart, SinglePart, header};
use lettre::{Address, Message};

use crate::config::Config;
use crate::domain::{Email, JobId, Letter, Moment};

use super::SendError;
use super::words::{Html, Sheet, Text};

pub(super) struct Composer {
    from: Mailbox,
    /// The public address, without a slash at its end.
    base: String,
}

impl Composer {
    pub fn new(config: &Config) -> Option<Self> {
        let base = config.server.public_url.as_str().trim_end_matches('/').to_owned();
        let from = match &config.mail.from {
            Some(from) => Mailbox::new(from.name.as_ref().map(ToString::to_string), address(&from.email)?),
            None => Mailbox::new(Some("Keyrack".to_owned()), Address::new("keyrack", "localhost").ok()?),
        };
        Some(Self { from, base })
    }

    pub fn compose(&self, id: &JobId, at: Moment, to: &Email, letter: &Letter) -> Result<Message, SendError> {
        let never = |_| SendError::Never("the letter could not be put together".to_owned());
        let sheet = Sheet::of(letter, &self.base);
        let text = Text { sheet: &sheet, base: &self.base }.render().map_err(never)?;
        let html = Html { sheet: &sheet, base: &self.base }.render().map_err(never)?;
        let to = address(to).ok_or_else(|| SendError::Never("no mail can be sent to this address".to_owned()))?;
        // The same each time, so that a letter that is sent twice is the same mail.
        let boundary = id.as_str().replace('_', "-");
        let parts = MultiPart::alternative()
            .boundary(boundary)
            .singlepart(SinglePart::plain(text))
            .singlepart(SinglePart::html(html));
        let built = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(sheet.subject.clone())
            .date(UNIX_EPOCH + Duration::from_millis(at.millis()))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(AutoSubmitted)
            .multipart(parts);
        built.map_err(|_| SendError::Never("the letter could not be put together".to_owned()))
    }
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
