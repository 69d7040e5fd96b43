//! Of which domains people join by themselves.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::domains;
use crate::app::App;
use crate::store::Fault;
use crate::store::access::Owner;
use crate::web::csrf::CsrfForm;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

pub async fn open(visitor: Visitor, demand: Demand<Owner>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    let kit = visitor.kit(&app);
    let opened =
        app.db.write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| domains::open(tx, by, tools)));
    let told = match opened.await {
        Ok(()) => Flash::DomainOpened,
        Err(Fault::Refused(_)) => Flash::DomainRefused,
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&app, &url::settings(demand.ws()), Some(told)))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    domain: String,
}

pub async fn close(visitor: Visitor, demand: Demand<Owner>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let (kit, domain) = (visitor.kit(&app), form.into_inner().domain);
    let closed = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| domains::close(tx, by, tools, &domain)));
    closed.await?;
    Ok(see_other(&app, &url::settings(demand.ws()), Some(Flash::DomainClosed)))
}
