//! Behaviour from outside: a real server on a free port, a fresh database, HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod pipes;
mod support;
