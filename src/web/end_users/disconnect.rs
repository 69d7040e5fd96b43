//! Disconnecting all that somebody has: first what stops, then one button.

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
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{At, CHANGED, Ending, ending, id_of, page};

/// What ends here: the places that hold something.
fn page_of<I: Outsider>(visitor: &Visitor, ws: &str, found: &Ending<I>) -> page::Disconnect {
    let ends = super::ends(ws, found);
    let holding = found.outlook.chosen.going.iter().zip(ends.going);
    let going = holding.filter(|(row, _)| row.secret.value_entered_at.is_some()).map(|(_, going)| going).collect();
    page::Disconnect {
        chrome: frame::chrome(visitor, Some(&found.frame), "Disconnect everything", Place::EndUsers),
        ends: page::Ends { going, ..ends },
    }
}

pub async fn new<I: Outsider>(visitor: Visitor, demand: Demand<Admin>, path: At, app: Data<App>) -> Reply {
    let found = ending::<I>(&app, &demand, id_of(&path)?).await?;
    let page = page_of(&visitor, demand.ws(), &found);
    if page.ends.going.is_empty() && page.ends.too_many.is_none() {
        let to = url::outsider(demand.ws(), &page.ends.id);
        return Ok(see_other(&app, &to, Some(Flash::NothingConnected)));
    }
    frame::page(&app, &visitor, &page)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    seen: String,
}

pub async fn create<I: Outsider>(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: At,
    form: CsrfForm<Confirm>,
    app: Data<App>,
) -> Reply {
    let id: I = id_of(&path)?;
    let seen: Seen = form.into_inner().seen.parse().map_err(|_| Error::BadRequest)?;
    let means = app.connecting(visitor.kit(&app));
    let flash = match outsiders::disconnect(&means, demand.ask(), (id.clone(), seen)).await {
        Ok(Forgetting::Nothing) => Flash::AllDisconnected,
        Ok(Forgetting::Done) => Flash::AllForgotten,
        Ok(Forgetting::Unsure) => Flash::AllKept,
        Err(Fault::Store(error)) => return Err(error.into()),
        Err(Fault::Refused(_)) => {
            let mut page = page_of(&visitor, demand.ws(), &ending(&app, &demand, id).await?);
            page.ends.notice = Some(CHANGED);
            return frame::again(&app, &visitor, &page);
        }
    };
    Ok(see_other(&app, &url::outsider(demand.ws(), &id.into()), Some(flash)))
}
