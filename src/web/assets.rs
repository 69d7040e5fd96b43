//! The files of `static/`, embedded, and those that are drawn from the catalogue: addressed by the hash of their content, kept for a year.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::Write as _;
use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::Path;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use crate::app::context::Embedded;

use super::error::Error;
use super::marks;

#[derive(rust_embed::RustEmbed)]
#[folder = "static/"]
struct Files;

struct Asset {
    hash: String,
    kind: &'static str,
    plain: Cow<'static, [u8]>,
    packed: Vec<u8>,
}

static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let files = Files::iter().filter_map(|path| Some((path.to_string(), Files::get(&path)?.data)));
    let drawn = marks::files().into_iter().map(|(path, text)| (path.to_owned(), Cow::Owned(text.into_bytes())));
    files.chain(drawn).filter_map(|(path, data)| Some((path.clone(), pack(&path, data)?))).collect()
});

fn pack(path: &str, plain: Cow<'static, [u8]>) -> Option<Asset> {
    let hash = data_encoding::HEXLOWER.encode(Sha256::digest(&plain).get(..8)?);
    let kind = match path.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&plain).ok()?;
    Some(Asset { hash, kind, plain, packed: packer.finish().ok()? })
}

/// The address of a file; of none, an address that answers 404.
pub fn url(path: &str) -> String {
    let hash = ASSETS.get(path).map_or("missing", |asset| asset.hash.as_str());
    format!("/assets/{hash}/{path}")
}

pub async fn show(path: Path<(String, String)>, request: HttpRequest) -> Result<HttpResponse, Error> {
    let (hash, path) = path.into_inner();
    let asset = ASSETS.get(&path).filter(|asset| asset.hash == hash).ok_or(Error::NotFound)?;
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, asset.kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"));
    if accepted.split(',').any(|one| one.trim().split(';').next() == Some("gzip")) {
        return Ok(response.insert_header((header::CONTENT_ENCODING, "gzip")).body(asset.packed.clone()));
    }
    Ok(response.body(asset.plain.clone().into_owned()))
}

/// The script by which other sites open the connect page: at an address that stays, so it is asked for again after an hour.
pub async fn connect_script(request: HttpRequest) -> Result<HttpResponse, Error> {
    request.extensions_mut().insert(Embedded::default());
    let asset = ASSETS.get("connect/keyrack-connect.js").ok_or(Error::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.kind))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::ETAG, format!("\"{}\"", asset.hash)))
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
        .body(asset.plain.clone().into_owned()))
}

/// Browsers that ask without reading the page are sent to the real one.
pub async fn favicon() -> HttpResponse {
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, url("favicon.svg"))).finish()
}
