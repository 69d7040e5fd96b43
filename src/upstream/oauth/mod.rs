//! OAuth outwards: the libraries' requests, sent by the one client.

mod answer;
mod endpoints;
mod http;
pub mod tokens;

pub use endpoints::Endpoints;
pub use http::Asking;
