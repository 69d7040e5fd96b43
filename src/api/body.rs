//! A machine's request body, taken without judging it: who may hear what is wrong with it is found out first.

use std::convert::Infallible;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};

use crate::app::body::{self, NoBody};

use super::error::Error;

pub struct Sent(Result<Bytes, NoBody>);

impl Sent {
    pub fn bytes(&self) -> Result<&Bytes, Error> {
        self.0.as_ref().map_err(|why| match why {
            NoBody::TooLarge => Error::TooLarge,
            NoBody::TooSlow => Error::TooSlow,
            NoBody::Broken => Error::Body("it could not be read".to_owned()),
        })
    }
}

impl FromRequest for Sent {
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Infallible>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let whole = body::read(request, payload);
        Box::pin(async { Ok(Self(whole.await)) })
    }
}
