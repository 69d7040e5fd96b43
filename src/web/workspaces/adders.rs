//! Who may add node types of the catalogue.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::node_types;
use crate::app::App;
use crate::domain::Adders;
use crate::store::Unrecorded;
use crate::store::access::Admin;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    adders: String,
}

pub async fn update(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let adders: Option<Adders> = form.into_inner().adders.parse().ok();
    let kit = visitor.kit(&app);
    let changed = app.db.write(demand.ask(), move |tx, by| {
        // A page of ours always sends one of the two; somebody without the right hears that first.
        let Some(adders) = adders else {
            tx.unrecorded(Unrecorded::Nothing);
            return Ok(false);
        };
        kit.by_person(by.person(), |tools| node_types::set_adders(tx, by, tools, adders)).map(|()| true)
    });
    if !changed.await? {
        return Err(Error::BadRequest);
    }
    Ok(see_other(&app, &url::settings(demand.ws()), Some(Flash::AddersChanged)))
}
