//! Keyrack's own API, `/api/v1`: for backends and editors of workflows that speak to Keyrack directly.
//!
//! Invariant: nothing here answers a value but the vend by node; every shape is a type, and the description that is served
//! is made of these very types.

pub mod audit;
pub mod connect_sessions;
pub mod connections;
mod described;
pub mod members;
pub mod node_types;
pub mod openapi;
pub mod outsiders;
pub mod pickers;
mod read;
mod schemas;
pub mod secrets;
pub mod shares;
pub mod token;
pub mod usage;
pub mod workflows;

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Moment;
use crate::store::access::{Admin, Proof, TokenRight};
use crate::store::{self, Denied};

use super::error::{Error, worded};

pub use described::document;

/// What every error says.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// The one word that tells it from other errors.
    #[schema(examples("not_found"))]
    code: String,
    /// The same for people.
    message: String,
    /// Where the code is explained: a path of this very server.
    #[schema(examples("/api/reference#error-not_found"))]
    docs: String,
}

type Answer = Result<HttpResponse, Error>;

/// Whether a path is one of this API's.
pub fn is_under(path: &str) -> bool {
    path.strip_prefix("/api/v1").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A token acts for its maker. Each ability that leads here is an Admin's to give, so its maker is one at this moment.
fn admin<'tx>(by: &Proof<'tx, impl TokenRight>) -> Result<Proof<'tx, Admin>, store::Error> {
    by.makers::<Admin>().ok_or_else(|| Denied::NotFound.into())
}

fn wire(at: Option<Moment>) -> Option<String> {
    at.map(Moment::wire)
}
