//! Names that people give to things.

use std::fmt;

/// Why a name was not taken, as a sentence for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("Enter a name.")]
    Empty,
    #[error("Use at most {MOST} characters.")]
    Long,
    #[error("Use visible characters only: line breaks, control and direction marks are not allowed.")]
    Hidden,
}

const MOST: usize = 80;
/// A character becomes three at most when it loses its case.
const LONGEST_KEY: usize = 3 * MOST;

/// One line of 1 to 80 visible characters, without spaces at its ends.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.chars().any(is_hidden) {
            return Err(NameError::Hidden);
        }
        // One space between words, as pages draw them: what is read can be typed.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.chars().count() > MOST {
            return Err(NameError::Long);
        }
        Ok(Self(text))
    }

    /// What stands before the @ of an address, for somebody who has told no name.
    pub fn of_address(email: &super::Email) -> Self {
        let local = email.as_str().split('@').next().unwrap_or_default();
        let short: String = local.chars().take(MOST).collect();
        Self::parse(&short).unwrap_or_else(|_| Self("Somebody".to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What two names are compared by: the same whatever the letter case.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// What to look for among the keys of names; none where nothing that a name could hold was typed.
    pub fn part_of_key(typed: &str) -> Option<String> {
        let visible = typed.chars().filter(|c| !is_hidden(*c)).collect::<String>();
        // One more than the longest key finds nothing, as it should, whatever length was typed.
        let part: String = visible.trim().to_lowercase().chars().take(LONGEST_KEY + 1).collect();
        (!part.is_empty()).then_some(part)
    }

    pub(crate) fn trusted(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Characters that change how the text around them looks, or cannot be seen at all.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_one_visible_line() {
        assert_eq!(Name::parse("  Stripe live ").map(|n| n.to_string()), Ok("Stripe live".to_owned()));
        assert_eq!(Name::parse("Stripe \u{a0}  live").map(|n| n.to_string()), Ok("Stripe live".to_owned()));
        assert_eq!(Name::parse(" \t"), Err(NameError::Empty));
        assert_eq!(Name::parse("a\0b"), Err(NameError::Hidden));
        assert_eq!(Name::parse("a\u{202e}b"), Err(NameError::Hidden));
        assert_eq!(Name::parse(&"x".repeat(10_000)), Err(NameError::Long));
        assert!(Name::parse(&"ü".repeat(80)).is_ok());
    }
}
