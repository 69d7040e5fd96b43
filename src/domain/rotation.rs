//! What a round of rotation asks for, and what has become of it.

use super::word::words;

words! {
    /// Why nothing is asked of a secret any more.
    Done { Replaced = "replaced", Deleted = "deleted" }
}

/// How far a round is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    pub all: u64,
    pub done: u64,
}

impl Progress {
    pub fn left(self) -> u64 {
        self.all.saturating_sub(self.done)
    }

    pub fn is_complete(self) -> bool {
        self.left() == 0
    }
}
