//! OAuth outwards: the libraries' requests, sent by the one client.

mod http;

pub use http::Asking;
