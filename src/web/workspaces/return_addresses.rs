//! To where end users may be sent back who have connected an account.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::workspaces;
use crate::app::App;
use crate::domain::return_to::ReturnAddresses;
use crate::store::access::Admin;
use crate::web::csrf::CsrfForm;
use crate::web::flash::Flash;
use crate::web::forms::wrong;
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, Typed, edit_page, find};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    addresses: String,
}

pub async fn update(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    let text = form.into_inner().addresses;
    let addresses = match ReturnAddresses::parse(&text) {
        Ok(addresses) => addresses,
        Err(error) => {
            let typed = Typed { addresses: Some(wrong(&text, &error.to_string())), ..Typed::default() };
            return frame::again(&app, &visitor, &edit_page(&visitor, &app, demand.ws(), &found, typed));
        }
    };
    let kit = visitor.kit(&app);
    let changed = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| workspaces::register_return_addresses(tx, by, tools, &addresses))
    });
    changed.await?;
    Ok(see_other(&app, &url::settings(demand.ws()), Some(Flash::ReturnAddressesChanged)))
}
