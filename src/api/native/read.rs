//! What every route reads alike: the query, pages, and the state that a change begins from.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::str::FromStr;

use actix_web::dev::Payload;
use actix_web::http::header::{ETAG, HeaderValue, IF_MATCH};
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::api::error::Error;
use crate::store::paging::Stretch;

/// Rows of a page where nobody says how many, and at most.
const USUAL: u64 = 50;
const MOST: u64 = 100;

/// The query as its type takes it. What is wrong with it is told to those alone who may hear it.
pub struct Asked<T>(Result<T, Error>);

impl<T> Asked<T> {
    pub fn into_inner(self) -> Result<T, Error> {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Asked<T> {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let read = serde_html_form::from_str(request.query_string());
        ready(Ok(Self(read.map_err(|error| Error::Invalid(format!("The query cannot be read: {error}."))))))
    }
}

/// So many, after the last of the page before.
pub fn stretch<K: FromStr>(limit: Option<u64>, after: Option<&str>) -> Result<Stretch<K>, Error> {
    let limit = limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Error::Invalid(format!("limit is a number from 1 to {MOST}.")));
    }
    let wrong = |_| Error::invalid("after is what next said of the page before.");
    let after = after.map(|text| text.parse().map_err(wrong)).transpose()?;
    Ok(Stretch { after, limit: usize::try_from(limit).unwrap_or(1) })
}

/// A page of a list. It may hold fewer than were asked for; the list goes on as long as `next` says so.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    /// Goes into `after` for the next page; null on the last one.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub fn of(data: Vec<T>, has_more: bool, last: impl FnOnce(&T) -> String) -> Self {
        let next = data.last().filter(|_| has_more).map(last);
        Self { data, next }
    }
}

/// The states that a change may begin from, as `If-Match` names them.
#[derive(Clone)]
pub struct Expected(Named);

#[derive(Clone)]
enum Named {
    Any,
    These(Vec<String>),
}

impl Expected {
    /// Whatever is there.
    pub fn any() -> Self {
        Self(Named::Any)
    }

    /// Compared where the change is made, in its own transaction.
    pub fn meets(&self, tag: &str) -> Result<(), Error> {
        match &self.0 {
            Named::Any => Ok(()),
            Named::These(tags) if tags.iter().any(|named| named == tag) => Ok(()),
            Named::These(_) => Err(Error::Changed),
        }
    }
}

impl FromRequest for Expected {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let lines: Vec<&HeaderValue> = request.headers().get_all(IF_MATCH).collect();
        // What cannot be read names no state that there is.
        let text = lines.iter().map(|line| line.to_str().unwrap_or_default()).collect::<Vec<_>>().join(",");
        let any = lines.is_empty() || text.trim() == "*";
        let tags = || text.split(',').map(|tag| tag.trim().to_owned()).collect();
        ready(Ok(Self(if any { Named::Any } else { Named::These(tags()) })))
    }
}

/// The tag of a row that counts its changes.
pub fn tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// An answer with the state that it shows.
pub fn tagged(tag: &str, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    if let Ok(tag) = HeaderValue::from_str(tag) {
        response.insert_header((ETAG, tag));
    }
    response.json(body)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn expected(lines: &[&str]) -> Expected {
        let request =
            lines.iter().fold(TestRequest::default(), |request, line| request.append_header((IF_MATCH, *line)));
        let mut payload = Payload::None;
        Expected::from_request(&request.to_http_request(), &mut payload).into_inner().unwrap()
    }

    #[test]
    fn a_change_begins_from_what_was_named() {
        let meets = |lines: &[&str]| expected(lines).meets("\"7\"").is_ok();
        assert!(
            meets(&[]) && meets(&["*"]) && meets(&["\"7\""]) && meets(&["\"6\", \"7\""]) && meets(&["\"6\"", "\"7\""])
        );
        assert!(!meets(&["\"6\""]) && !meets(&["7"]) && !meets(&["W/\"7\""]) && !meets(&[""]));
    }

    #[test]
    fn a_page_has_its_bounds() {
        assert_eq!(stretch::<u8>(None, None).unwrap().limit, 50);
        assert_eq!(stretch::<u8>(Some(100), Some("7")).unwrap().after, Some(7));
        assert!(stretch::<u8>(Some(0), None).is_err() && stretch::<u8>(Some(101), None).is_err());
        assert!(stretch::<u8>(None, Some("x")).is_err());
    }
}
