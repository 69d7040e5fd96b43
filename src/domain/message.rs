//! A few lines that somebody writes to somebody else.

use super::name::is_hidden;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    #[error("Use at most {MOST} characters.")]
    Long,
    #[error("Use visible characters and line breaks only: control and direction marks are not allowed.")]
    Hidden,
}

const MOST: usize = 1_000;

/// Visible text with single line breaks between its lines; at most one empty line in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message(String);

impl Message {
    /// None where nothing was written.
    pub fn parse(text: &str) -> Result<Option<Self>, MessageError> {
        let text = text.replace("\r\n", "\n");
        if text.chars().any(|c| is_hidden(c) && c != '\n' && c != '\t') {
            return Err(MessageError::Hidden);
        }
        let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        lines.dedup_by(|next, before| next.is_empty() && before.is_empty());
        let text = lines.join("\n").trim().to_owned();
        if text.chars().count() > MOST {
            return Err(MessageError::Long);
        }
        Ok((!text.is_empty()).then_some(Self(text)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_lines_and_nothing_that_hides() {
        let read = |text: &str| Message::parse(text).map(|message| message.map(|m| m.0));
        assert_eq!(read(" \r\n "), Ok(None));
        assert_eq!(read("Hello\r\n\r\n\r\n\nAda  \n"), Ok(Some("Hello\n\nAda".to_owned())));
        assert_eq!(read("a\u{202e}b"), Err(MessageError::Hidden));
        assert_eq!(read("a\rBcc: x"), Err(MessageError::Hidden));
        assert_eq!(read(&"x".repeat(1_001)), Err(MessageError::Long));
        assert!(read(&"ü".repeat(1_000)).is_ok());
    }
}
