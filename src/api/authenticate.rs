//! From the `Authorization` header to a demand.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use crate::app::App;
use crate::app::context::RequestContext;
use crate::crypto::{Bearer, Mac};
use crate::domain::TokenId;
use crate::store::access::{AskToken, TokenRight};

use super::error::Error;

/// A well-formed token as the request brought it; whether it is anybody's, the transaction says.
pub struct Caller {
    token: TokenId,
    mac: Mac,
    pub address: Option<IpAddr>,
}

impl Caller {
    pub fn token(&self) -> &TokenId {
        &self.token
    }

    pub fn ask<A>(&self) -> AskToken<A> {
        AskToken::new(self.token.clone(), self.mac.as_bytes(), self.address)
    }
}

impl Caller {
    /// What was understood of a request, for whoever holds the right; others hear what they lack.
    pub async fn judged<A: TokenRight, T>(&self, app: &App, understood: Result<T, Error>) -> Result<T, Error> {
        match understood {
            Ok(understood) => Ok(understood),
            Err(wrong) => Err(self.hears::<A>(app, wrong).await),
        }
    }

    /// What is wrong with a request is told to whoever holds the right alone; others hear what they lack.
    pub async fn hears<A: TokenRight>(&self, app: &App, wrong: Error) -> Error {
        match app.db.read::<_, _, Infallible, _>(self.ask::<A>(), |_, _| Ok(())).await {
            Ok(()) => wrong,
            Err(fault) => fault.into(),
        }
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(caller_of(request))
    }
}

fn caller_of(request: &HttpRequest) -> Result<Caller, Error> {
    let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
    let mut sent = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(Error::NoToken) };
    let text = value.to_str().map_err(|_| Error::UnknownToken)?;
    let (scheme, token) = text.split_once(' ').ok_or(Error::NoToken)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Error::NoToken);
    }
    let bearer: Bearer = token.parse().map_err(|_| Error::UnknownToken)?;
    let mac = app.keyring.bearer_mac(&bearer);
    in_time(request, app, &mac)?;
    let address = request.extensions().get::<RequestContext>().and_then(|context| context.address);
    Ok(Caller { token: bearer.id.clone(), mac, address })
}

/// Counts the request, for the answer to tell, before any database is asked.
fn in_time(request: &HttpRequest, app: &App, mac: &Mac) -> Result<(), Error> {
    let (Some(pace), Some(key)) = (&app.pace, mac.as_bytes().first_chunk()) else { return Ok(()) };
    let counted = pace.take(key, app.clock.now());
    request.extensions_mut().insert(counted);
    counted.wait.map_or(Ok(()), |seconds| Err(Error::TooMany(seconds)))
}
