//! Everything outwards over HTTP: which addresses may be spoken to, the client, and how a credential is put into a request.
//!
//! Invariant: a byte leaves only for an address that [`guard`] has let pass, on a connection to the very one that it looked
//! at. No error and no log of this folder holds more of an address than its host.

mod body;
mod client;
mod connect;
mod failure;
pub mod guard;
mod handing;
pub mod hops;
pub mod inject;
pub mod mask;
pub mod oauth;
pub mod passing;
mod path;
pub mod probe;
mod ranges;
mod resolve;
pub mod webhook;

pub use body::{Body, empty, full};
pub use client::{Answer, Limits, Upstream, UpstreamError};
pub use failure::Failure;
pub use guard::{Guard, Refused, Target};
pub use handing::{Hand, handed};
pub use passing::Onward;
pub use resolve::{Resolve, Resolved, SystemResolver};
