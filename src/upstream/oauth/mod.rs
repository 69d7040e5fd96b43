//! OAuth outwards: the libraries' requests, sent by the one client.

mod answer;
mod claims;
mod desk;
mod discovery;
mod endpoints;
mod exchange;
mod github;
mod http;
mod oidc;
pub mod tokens;
mod trouble;

pub use desk::{Answered, Begun, Desk};
pub use discovery::Means;
pub use endpoints::Endpoints;
pub use http::Asking;
pub use trouble::Trouble;
