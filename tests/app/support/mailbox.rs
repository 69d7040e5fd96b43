//! Letters as they would have left, kept in memory and read as a mail program reads them.

use std::sync::{Arc, Mutex};

use keyrack::app::App;
use keyrack::mail::Sent;

pub struct Mailbox(Arc<Mutex<Vec<Sent>>>);

/// A letter: whom it went to, its header lines, and its plain text.
#[derive(Clone, Debug)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub raw: String,
}

impl Mailbox {
    /// Puts memory in the place of whatever way out is configured.
    pub fn of(app: &mut App) -> Self {
        let (mailer, sent) = app.mailer.to_memory();
        app.mailer = mailer;
        Self(sent)
    }

    pub fn take(&self) -> Vec<Mail> {
        Sent::take(&self.0).iter().map(Mail::read).collect()
    }
}

impl Mail {
    fn read(sent: &Sent) -> Self {
        let raw = String::from_utf8(sent.raw.clone()).unwrap();
        let message = mail_parser::MessageParser::new().parse(&sent.raw).expect("a mail");
        let subject = message.subject().expect("a subject").to_owned();
        let text = message.body_text(0).expect("plain text").replace("\r\n", "\n");
        Self { to: sent.to.to_string(), subject, text, raw }
    }

    /// The path of the only link that begins with this.
    pub fn link(&self, base: &str, path: &str) -> String {
        let begin = format!("{base}{path}");
        let found: Vec<&str> = self.text.split_whitespace().filter(|word| word.starts_with(&begin)).collect();
        assert_eq!(found.len(), 1, "links to {path} in {}", self.text);
        found[0].strip_prefix(base).unwrap().to_owned()
    }
}
