//! Why a provider's word was not taken: nothing of its answers is repeated, because they hold codes and tokens.

use crate::upstream::{Failure, Refused};

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("it could not be asked: {0}")]
    Failed(#[from] Failure),
    #[error("it could not be asked a moment ago, and is not asked again yet")]
    Lately,
    #[error("it answered with an error")]
    Refused,
    #[error("its answer is not what it should be: {0}")]
    Answer(&'static str),
    #[error("its discovery document is not what it should be: {0}")]
    Document(&'static str),
    #[error("its id token is not good: {0}")]
    Token(&'static str),
}

impl From<Refused> for Trouble {
    fn from(refused: Refused) -> Self {
        Self::Failed(refused.into())
    }
}
