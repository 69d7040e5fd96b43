//! The reference of `/api/v1`, drawn from the very description that clients are made of. Anyone may read it.

mod page;
mod read;

use actix_web::web::Data;

use crate::app::App;
use crate::web::chrome::Place;
use crate::web::frame::{self, Reply};
use crate::web::visitor::Visitor;

pub async fn show(visitor: Visitor, app: Data<App>) -> Reply {
    let reader = read::Reader { whole: &app.description, base: app.config.server.base() };
    let template = page::Show {
        chrome: frame::chrome(&visitor, None, "API reference", Place::Elsewhere),
        about: read::pieces(reader.about()),
        groups: reader.groups(),
        shapes: reader.shapes(),
        errors: reader.errors(),
    };
    frame::page(&app, &visitor, &template)
}
