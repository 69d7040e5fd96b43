//! The Pipes-compatible routes: what backends that speak to the hosted product ask, answered by Keyrack.
//!
//! Invariant: every object has every field of its kind, and no error has a field `error`: the official clients raise on
//! the one, and lose the message on the other.

pub mod accounts;
pub mod authorize;
pub mod configurations;
pub mod custom_provider;
pub mod events;
mod integration;
pub mod integrations;
pub mod providers;
mod read;
mod shapes;
pub mod stored;
mod subject;
pub mod vend;

pub(super) use read::{present, read};
pub(super) use stored::once_of;
pub(super) use subject::{Subject, external, whose_of};
pub(super) use vend::vend_answer;
