//! Reading a request's body: not more than is allowed, and not for ever.

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpRequest};

use super::App;

/// Why there is no body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBody {
    TooLarge,
    TooSlow,
    Broken,
}

/// The whole body, when it is polled; the limit in bytes is the application's `PayloadConfig`. The server's own limit
/// in time covers the head alone.
pub fn read(request: &HttpRequest, payload: &mut Payload) -> impl Future<Output = Result<Bytes, NoBody>> + use<> {
    let patience = request.app_data::<Data<App>>().map(|app| app.config.server.body_patience);
    let whole = Bytes::from_request(request, payload);
    async move {
        match tokio::time::timeout(patience.unwrap_or_default(), whole).await {
            Ok(Ok(bytes)) => Ok(bytes),
            Ok(Err(error)) if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE => {
                Err(NoBody::TooLarge)
            }
            Ok(Err(_)) => Err(NoBody::Broken),
            Err(_) => Err(NoBody::TooSlow),
        }
    }
}
