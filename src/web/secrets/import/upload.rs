//! What is sent to be imported: fields, and one text that was pasted or lies in a file.
//!
//! Invariant: the guard of the form comes first in the body, and is checked before anything else is read.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use actix_multipart::{Field, Multipart};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::StreamExt as _;
use zeroize::Zeroizing;

use crate::actions::imports::{FileFault, MOST_BYTES, text_of};
use crate::app::App;
use crate::app::body::{self, NoBody};
use crate::crypto::Entered;
use crate::web::csrf;
use crate::web::error::Error;

pub struct Upload {
    pub fields: HashMap<String, String>,
    pub text: Result<Entered, FileFault>,
}

/// A form that is larger than what is taken is read on for so long, so that the browser hears why it is refused.
const MOST_READ: usize = 8 * MOST_BYTES;
const LONGEST_FIELD: usize = 4 * 1_024;
/// Parts of the form, of which there are six; and how long the name of one can be.
const MOST_PARTS: usize = 16;
const LONGEST_NAME: usize = 64;
const GUARD: &str = "csrf";
const TEXT: &str = "text";
const FILE: &str = "file";

impl FromRequest for Upload {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        if is_multipart(&request) {
            let parts = Multipart::from_request(&request, payload);
            return Box::pin(async move {
                let app = ours(&request)?;
                let reading = read_parts(&app, &request, parts.await.map_err(|_| Error::BadRequest)?);
                let patience = app.config.server.body_patience;
                tokio::time::timeout(patience, reading).await.map_err(|_| Error::TooSlow)?
            });
        }
        let body = body::read(&request, payload);
        Box::pin(async move {
            let app = ours(&request)?;
            let body = body.await.map_err(|why| match why {
                NoBody::TooLarge => Error::TooLarge,
                NoBody::TooSlow => Error::TooSlow,
                NoBody::Broken => Error::BadRequest,
            })?;
            let mut fields: HashMap<String, String> = serde_html_form::from_bytes::<Vec<(String, String)>>(&body)
                .map_err(|_| Error::BadRequest)?
                .into_iter()
                .collect();
            csrf::check_guard(&app, &request, fields.get(GUARD).map_or("", String::as_str))?;
            let pasted = fields.remove(TEXT).unwrap_or_default().into_bytes();
            Ok(Self { fields, text: text_of(pasted) })
        })
    }
}

fn is_multipart(request: &HttpRequest) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("multipart/form-data"))
}

fn ours(request: &HttpRequest) -> Result<Data<App>, Error> {
    let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
    if csrf::comes_from_here(app, request) { Ok(app.clone()) } else { Err(Error::ForeignForm) }
}

/// How much of one part is kept, and how much of the whole form has been read.
struct Room {
    most: usize,
    read: usize,
}

async fn read_parts(app: &App, request: &HttpRequest, mut parts: Multipart) -> Result<Upload, Error> {
    let (mut fields, mut texts, mut read) = (HashMap::new(), Vec::new(), 0);
    let (mut guarded, mut count) = (false, 0);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| Error::BadRequest)?;
        let name = part.name().unwrap_or_default().to_owned();
        if !guarded && name != GUARD {
            return Err(Error::ForeignForm);
        }
        count += 1;
        if count > MOST_PARTS || name.len() > LONGEST_NAME {
            return Err(Error::TooLarge);
        }
        let is_text = name == TEXT || name == FILE;
        let mut room = Room { most: if is_text { MOST_BYTES } else { LONGEST_FIELD }, read };
        let bytes = read_part(&mut part, &mut room).await?;
        read = room.read;
        if is_text {
            texts.push(bytes);
            continue;
        }
        let bytes = bytes.ok_or(Error::TooLarge)?;
        let value = std::str::from_utf8(&bytes).map_err(|_| Error::BadRequest)?.to_owned();
        if name == GUARD {
            csrf::check_guard(app, request, &value)?;
            guarded = true;
        }
        fields.insert(name, value);
    }
    if guarded { Ok(Upload { fields, text: one_of(texts) }) } else { Err(Error::ForeignForm) }
}

/// The one text that there is; `None` among them is one that was too large.
fn one_of(texts: Vec<Option<Zeroizing<Vec<u8>>>>) -> Result<Entered, FileFault> {
    let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    let mut given: Vec<_> = texts.into_iter().filter(|text| text.as_ref().is_none_or(|text| !blank(text))).collect();
    match (given.pop(), given.is_empty()) {
        (None, _) => Err(FileFault::Empty),
        (Some(None), _) => Err(FileFault::TooLarge),
        (Some(Some(mut only)), true) => text_of(std::mem::take(&mut *only)),
        (Some(Some(_)), false) => Err(FileFault::Two),
    }
}

/// The bytes of a part; nothing where there are more than are kept.
async fn read_part(part: &mut Field, room: &mut Room) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut fits = true;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|_| Error::BadRequest)?;
        room.read += chunk.len();
        if room.read > MOST_READ {
            return Err(Error::TooLarge);
        }
        fits = fits && bytes.len() + chunk.len() <= room.most;
        if fits {
            if bytes.capacity() < bytes.len() + chunk.len() {
                // Grown by hand, so that what is left behind is erased.
                let mut larger = Zeroizing::new(Vec::with_capacity((2 * (bytes.len() + chunk.len())).min(room.most)));
                larger.extend_from_slice(&bytes);
                bytes = larger;
            }
            bytes.extend_from_slice(&chunk);
        }
    }
    Ok(fits.then_some(bytes))
}
