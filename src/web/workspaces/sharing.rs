//! Who may use new secrets where nobody says otherwise.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::workspaces::{self, SharingError};
use crate::app::App;
use crate::domain::Sharing;
use crate::store::Fault;
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
    sharing: String,
}

pub async fn update(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let sharing: Option<Sharing> = form.into_inner().sharing.parse().ok();
    let kit = visitor.kit(&app);
    let changed = app.db.write(demand.ask(), move |tx, by| {
        let sharing = sharing.ok_or(SharingError)?;
        kit.by_person(by.person(), |tools| workspaces::share_by_default(tx, by, tools, sharing))
    });
    match changed.await {
        Ok(()) => Ok(see_other(&app, &url::settings(demand.ws()), Some(Flash::SharingChanged))),
        // A page of ours always sends one of the two.
        Err(Fault::Refused(_)) => Err(Error::BadRequest),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
