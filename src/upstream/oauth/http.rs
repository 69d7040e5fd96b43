//! The HTTP function of the OAuth libraries: the guarded client, with an end to the answer.

use std::future::Future;
use std::pin::Pin;

use http::{Request, Response};
use oauth2::AsyncHttpClient;

use crate::upstream::{Failure, Upstream, full};

/// A token's answer, a discovery document or a set of keys is never longer.
const LONGEST: usize = 256 * 1_024;

/// For one errand. A redirect is an answer like any other, and no answer that the libraries accept.
pub struct Asking<'a>(pub &'a Upstream);

impl<'c> AsyncHttpClient<'c> for Asking<'_> {
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Failure>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(async move {
            let target = self.0.guard().admit(&request.uri().to_string())?;
            let answer = self.0.send(&target, request.map(full)).await?;
            let mut response = Response::new(Vec::new());
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers.clone();
            *response.body_mut() = answer.whole(LONGEST).await?.to_vec();
            Ok(response)
        })
    }
}
