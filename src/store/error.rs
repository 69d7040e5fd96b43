//! What can go wrong between an action and its database.

use diesel::result::{DatabaseErrorKind, Error as Diesel};

use crate::domain::{Ability, Slug};

/// Why a demand was not turned into a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("nobody is signed in")]
    SignedOut,
    #[error("there is no such thing for the one who asks")]
    NotFound,
    #[error("the role is not enough")]
    Forbidden,
    #[error("the token is not known, not whole, expired or revoked")]
    UnknownToken,
    #[error("the token lacks the ability {0}")]
    Lacks(Ability),
    #[error("the token may not be used from there")]
    OutOfNetworks,
    #[error("the token is not for this node type")]
    OtherNodeType,
    #[error("the token is limited to other calls")]
    OtherCall,
    #[error("several workspaces have this name; say which by its slug, the part of its address after /w/")]
    Ambiguous,
    #[error("the link has been used, has expired or never was")]
    SpentLink,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection became free in time, or the database does not answer.
    #[error("the database is busy or away: {0}")]
    Unavailable(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The workspace has another slug by now; told to its members alone.
    #[error("the workspace has moved to {0}")]
    Moved(Slug),
    /// A value that must be unique stands there already.
    #[error("it is taken")]
    Taken,
    /// Lost a race that is worth another try.
    #[error("the transaction collided with another")]
    Collided,
    #[error("a change was about to be kept without a record")]
    Unrecorded,
    /// The keys could not do their work on what is about to be stored.
    #[error("the value could not be sealed")]
    Unsealed,
    #[error("database: {0}")]
    Database(Diesel),
}

impl From<Diesel> for Error {
    fn from(error: Diesel) -> Self {
        match &error {
            Diesel::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::UniqueViolation => Self::Taken,
                DatabaseErrorKind::SerializationFailure => Self::Collided,
                DatabaseErrorKind::ClosedConnection => Self::Unavailable("the connection was closed"),
                _ if is_collision(info.message()) => Self::Collided,
                _ if info.message().contains("lock timeout") => Self::Unavailable("a row was held for too long"),
                _ if is_goodbye(info.message()) => Self::Unavailable("the server is stopping"),
                _ => Self::Database(error),
            },
            Diesel::BrokenTransactionManager => Self::Unavailable("the connection is broken"),
            _ => Self::Database(error),
        }
    }
}

/// SQLite's busy and locked, PostgreSQL's deadlock: the drivers have no kinds for them.
fn is_collision(message: &str) -> bool {
    message.contains("database is locked")
        || message.contains("database table is locked")
        || message.contains("deadlock detected")
}

fn is_goodbye(message: &str) -> bool {
    message.contains("terminating connection")
        || message.contains("server closed the connection")
        || message.contains("connection to server")
        || message.contains("no connection to the server")
        || message.contains("SSL connection has been closed")
}

/// Marks the small enums by which an action refuses.
pub trait Refusal: std::error::Error + Send + 'static {}

impl Refusal for std::convert::Infallible {}

/// What an action ends with when it does not succeed: its own refusal, or the store's trouble.
#[derive(Debug, thiserror::Error)]
pub enum Fault<E> {
    #[error("{0}")]
    Refused(E),
    #[error(transparent)]
    Store(Error),
}

/// Of work that has nothing of its own to refuse, only the store's trouble is left.
impl From<Fault<std::convert::Infallible>> for Error {
    fn from(fault: Fault<std::convert::Infallible>) -> Self {
        match fault {
            Fault::Refused(never) => match never {},
            Fault::Store(error) => error,
        }
    }
}

impl<E> From<Error> for Fault<E> {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl<E> From<Denied> for Fault<E> {
    fn from(denied: Denied) -> Self {
        Self::Store(Error::Denied(denied))
    }
}

impl<E: Refusal> From<E> for Fault<E> {
    fn from(refusal: E) -> Self {
        Self::Refused(refusal)
    }
}

/// The result of work inside a transaction; most of it has nothing of its own to refuse.
pub type Outcome<T, E = std::convert::Infallible> = Result<T, Fault<E>>;
