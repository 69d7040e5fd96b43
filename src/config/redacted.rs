//! A configured text that must not be printed.
//!
//! Invariant: only `expose` gives the text; `Debug` never does, and there is no `Display` or `Serialize`.

use std::fmt;

use zeroize::Zeroizing;

#[derive(Clone)]
pub struct Redacted(Zeroizing<String>);

impl Redacted {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
