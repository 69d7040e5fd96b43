//! Light, dark, or as the system says: kept in a cookie, so that it needs no account.

use actix_web::HttpResponse;
use actix_web::cookie::time::Duration;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Deserialize;

use crate::app::App;
use crate::app::context::Cookies;

use super::chrome::Theme;
use super::csrf::CsrfForm;
use super::frame::{Reply, safe_return};
use super::url;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Choice {
    theme: String,
    return_to: String,
}

pub async fn update(form: CsrfForm<Choice>, app: Data<App>) -> Reply {
    let choice = form.into_inner();
    let theme = Theme::parse(&choice.theme);
    let cookie = Cookies::new(&app.config.server).make("theme", theme.value(), Some(Duration::days(365)));
    let back = safe_return(&choice.return_to).map_or_else(url::home, ToOwned::to_owned);
    Ok(HttpResponse::SeeOther().cookie(cookie).insert_header((header::LOCATION, back)).finish())
}
