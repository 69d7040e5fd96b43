//! What is sent to be read: fields, and one text that was pasted or lies in a file.
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

use crate::app::App;
use crate::app::body::{self, NoBody};

use super::csrf;
use super::error::Error;

/// A form with a text of so many bytes at most.
pub struct Upload<const MOST: usize> {
    pub fields: HashMap<String, String>,
    /// Erased when it is let go.
    pub text: Result<Text, NoText>,
}

pub struct Text {
    pub bytes: Zeroizing<Vec<u8>>,
    /// Whether it was pasted, and not chosen as a file.
    pub pasted: bool,
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoText {
    Empty,
    TooLarge,
    /// One was pasted and one was chosen.
    Two,
}

/// A form that is larger than what is taken is read on for so long, so that the browser hears why it is refused.
const READ_ON: usize = 8 * 1_024 * 1_024;
const LONGEST_FIELD: usize = 4 * 1_024;
/// Parts of the form, of which there are six; and how long the name of one can be.
const MOST_PARTS: usize = 16;
const LONGEST_NAME: usize = 64;
const GUARD: &str = "csrf";
const TEXT: &str = "text";
const FILE: &str = "file";

impl<const MOST: usize> FromRequest for Upload<MOST> {
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
            let bytes = Zeroizing::new(fields.remove(TEXT).unwrap_or_default().into_bytes());
            let bytes = (bytes.len() <= MOST).then_some(bytes);
            Ok(Self { fields, text: one_of(vec![(true, bytes)]) })
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

/// How much of one part is kept, and how much of the whole form has been read and may be.
struct Room {
    most: usize,
    read: usize,
    most_read: usize,
}

async fn read_parts<const MOST: usize>(
    app: &App,
    request: &HttpRequest,
    mut parts: Multipart,
) -> Result<Upload<MOST>, Error> {
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
        let most = if is_text { MOST } else { LONGEST_FIELD };
        let mut room = Room { most, read, most_read: MOST + READ_ON };
        let bytes = read_part(&mut part, &mut room).await?;
        read = room.read;
        if is_text {
            texts.push((name == TEXT, bytes));
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
fn one_of(texts: Vec<(bool, Option<Zeroizing<Vec<u8>>>)>) -> Result<Text, NoText> {
    let blank = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_whitespace);
    let mut given: Vec<_> =
        texts.into_iter().filter(|(_, text)| text.as_ref().is_none_or(|text| !blank(text))).collect();
    match (given.pop(), given.is_empty()) {
        (None, _) => Err(NoText::Empty),
        (Some((_, None)), _) => Err(NoText::TooLarge),
        (Some((pasted, Some(bytes))), true) => Ok(Text { bytes, pasted }),
        (Some(_), false) => Err(NoText::Two),
    }
}

/// The bytes of a part; nothing where there are more than are kept.
async fn read_part(part: &mut Field, room: &mut Room) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut fits = true;
    while let Some(chunk) = part.next().await {
        let chunk = chunk.map_err(|_| Error::BadRequest)?;
        room.read += chunk.len();
        if room.read > room.most_read {
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
