//! A body in pieces with fields behind it, written here: the framework, which writes such bodies too, ends them bare.

use std::fmt::Write as _;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, TRANSFER_ENCODING};
use actix_web::web::{Bytes, BytesMut};
use http::HeaderMap;

const END: &[u8] = b"\r\n";

/// Says of an answer that its body is in pieces already.
pub fn announce(response: &mut HttpResponse<impl Sized>) {
    response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    response.head_mut().no_chunking(true);
}

/// One piece, which holds something: an empty one would be the end.
pub fn piece(bytes: &Bytes) -> Bytes {
    let mut written = BytesMut::with_capacity(bytes.len() + 20);
    // Writing to memory does not fail.
    let _written = write!(written, "{:x}\r\n", bytes.len());
    written.extend_from_slice(bytes);
    written.extend_from_slice(END);
    written.freeze()
}

/// The end, with what stands behind it.
pub fn last(trailers: &HeaderMap) -> Bytes {
    let mut written = BytesMut::from(&b"0\r\n"[..]);
    for (name, value) in trailers {
        written.extend_from_slice(name.as_str().as_bytes());
        written.extend_from_slice(b": ");
        written.extend_from_slice(value.as_bytes());
        written.extend_from_slice(END);
    }
    written.extend_from_slice(END);
    written.freeze()
}
