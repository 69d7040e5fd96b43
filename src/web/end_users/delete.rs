//! Deleting an end user or an organization: first what goes with them, then their name typed out.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::deleting::Seen;
use crate::actions::outsiders;
use crate::actions::revoking::Forgetting;
use crate::app::App;
use crate::store::Fault;
use crate::store::access::Admin;
use crate::store::outsiders::Outsider;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::wrong;
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{At, CHANGED, Ending, ending, id_of, page};

fn page_of<I: Outsider>(visitor: &Visitor, ws: &str, found: &Ending<I>, confirm: Input) -> page::Delete {
    page::Delete {
        chrome: frame::chrome(visitor, Some(&found.frame), "Delete everything", Place::EndUsers),
        ends: super::ends(ws, found),
        confirm,
    }
}

pub async fn new<I: Outsider>(visitor: Visitor, demand: Demand<Admin>, path: At, app: Data<App>) -> Reply {
    let found = ending::<I>(&app, &demand, id_of(&path)?).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, Input::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    seen: String,
    name: String,
}

pub async fn create<I: Outsider>(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: At,
    form: CsrfForm<Confirm>,
    app: Data<App>,
) -> Reply {
    let (id, form) = (id_of::<I>(&path)?, form.into_inner());
    let seen: Seen = form.seen.parse().map_err(|_| Error::BadRequest)?;
    let page = page_of(&visitor, demand.ws(), &ending(&app, &demand, id.clone()).await?, Input::default());
    if form.name.trim() != page.ends.typed_word() {
        let confirm = wrong(&form.name, "This is not it. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &page::Delete { confirm, ..page });
    }
    let means = app.connecting(visitor.kit(&app));
    let flash = match outsiders::delete(&means, demand.ask(), (id.clone(), seen)).await {
        Ok(Forgetting::Nothing) => Flash::OutsiderDeleted,
        Ok(Forgetting::Done) => Flash::OutsiderForgotten,
        Ok(Forgetting::Unsure) => Flash::OutsiderKept,
        Err(Fault::Store(error)) => return Err(error.into()),
        Err(Fault::Refused(_)) => {
            let found = ending(&app, &demand, id).await?;
            let mut page = page_of(&visitor, demand.ws(), &found, Input::default());
            page.ends.notice = Some(CHANGED);
            return frame::again(&app, &visitor, &page);
        }
    };
    Ok(see_other(&app, &url::outsiders(demand.ws(), I::KIND), Some(flash)))
}
