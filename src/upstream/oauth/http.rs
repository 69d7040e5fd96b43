//! The HTTP function of the OAuth libraries: the guarded client, with an end to the answer.

use std::future::Future;
use std::pin::Pin;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use oauth2::AsyncHttpClient;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::catalog::BodyFormat;
use crate::upstream::{Failure, Upstream, full};

/// A token's answer, a discovery document or a set of keys is never longer.
const LONGEST: usize = 256 * 1_024;

type Answering<'c> = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Failure>> + Send + 'c>>;

/// For one errand. A redirect is an answer like any other, and no answer that the libraries accept.
pub struct Asking<'a>(pub &'a Upstream);

impl Asking<'_> {
    async fn ask(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Failure> {
        let target = self.0.guard().admit(&request.uri().to_string())?;
        let answer = self.0.send(&target, request.map(full)).await?;
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status;
        response.headers_mut().clone_from(&answer.headers);
        *response.body_mut() = answer.whole(LONGEST).await?.to_vec();
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Asking<'_> {
    type Error = Failure;
    type Future = Answering<'c>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.ask(request))
    }
}

/// The same for providers as they are: some take JSON, and some tell an error as if all were well.
pub(super) struct Lenient<'a> {
    pub asking: Asking<'a>,
    pub body: BodyFormat,
}

impl<'c> AsyncHttpClient<'c> for Lenient<'_> {
    type Error = Failure;
    type Future = Answering<'c>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let request = if self.body == BodyFormat::Json { as_json(request) } else { request };
            Ok(as_told(self.asking.ask(request).await?))
        })
    }
}

fn as_json(request: Request<Vec<u8>>) -> Request<Vec<u8>> {
    let mut request = request.map(|form| {
        let form = Zeroizing::new(form);
        let fields = url::form_urlencoded::parse(&form).map(|(name, text)| (name.into(), Value::String(text.into())));
        serde_json::to_vec(&fields.collect::<Map<String, Value>>()).unwrap_or_default()
    });
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}

/// An error is one by its status too, and JSON is JSON whatever it is called.
fn as_told(mut response: Response<Vec<u8>>) -> Response<Vec<u8>> {
    // Whatever stands in such an answer, it refuses nothing.
    if response.status().is_server_error() || response.status() == StatusCode::TOO_MANY_REQUESTS {
        *response.body_mut() = br#"{"error":"temporarily_unavailable"}"#.to_vec();
        return response;
    }
    let said = serde_json::from_slice::<Value>(response.body()).ok();
    if said.is_some() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    let tells = |said: &Value| said.get("error").is_some_and(Value::is_string) && said.get("access_token").is_none();
    if response.status().is_success() {
        // The library takes one of the ways to say yes.
        *response.status_mut() =
            if said.as_ref().is_some_and(tells) { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    }
    response
}
