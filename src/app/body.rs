//! Reading a request's body: not more than is allowed, and not for ever.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

/// The longest that a body may take to arrive. The server's own limit covers the head alone.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBody {
    TooLarge,
    TooSlow,
    Broken,
}

/// The whole body, when it is polled; the limit in bytes is the application's `PayloadConfig`.
pub fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, NoBody>> + use<> {
    let whole = Bytes::from_request(request, payload);
    async {
        match tokio::time::timeout(PATIENCE, whole).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(NoBody::TooLarge)
            }
            Ok(Err(_)) => Err(NoBody::Broken),
            Err(_) => Err(NoBody::TooSlow),
        }
    }
}
