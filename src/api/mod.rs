//! What machines speak: the Pipes-compatible routes.
//!
//! Invariant: every error is a JSON object `{code, message}`, and a token's text goes no further than
//! `authenticate`.

mod authenticate;
mod body;
pub mod error;
pub mod pipes;
