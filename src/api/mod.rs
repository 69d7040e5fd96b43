//! What machines speak: the Pipes-compatible routes, and Keyrack's own under `/api/v1`.
//!
//! Invariant: every error is a JSON object `{code, message}`, and a token's text goes no further than
//! `authenticate`.

mod authenticate;
mod body;
pub mod codes;
pub mod error;
pub mod native;
pub mod pipes;
pub mod proxy;
