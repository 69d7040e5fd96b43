//! Why a call came to nothing: a closed set, so that nothing of an address or an answer is told by accident.

use super::guard::Refused;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("no connection could be made")]
    NotConnected,
    #[error("no connection could be made in time")]
    ConnectTimeout,
    #[error("the host did not prove who it is")]
    NotTrusted,
    #[error("there was no answer in time")]
    NoAnswer,
    #[error("the answer was not HTTP, or broke off")]
    Broken,
    #[error("the answer did not end in time")]
    SlowBody,
    #[error("the answer is too large")]
    TooLarge,
}
