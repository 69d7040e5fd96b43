//! Another name, address or choice of events for a webhook.

use actix_web::web::{Data, Path};

use crate::actions::webhooks;
use crate::app::App;
use crate::domain::Moment;
use crate::store::Fault;
use crate::store::access::Admin;
use crate::store::webhooks::WebhookRow;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::flash::Flash;
use crate::web::forms::kept;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::form::{Filled, Typed, understand};
use super::page::Known;
use super::{Never, find, page};

fn form_page(visitor: &Visitor, (frame, row): (&Frame, &WebhookRow), ws: &str, filled: Filled) -> page::Form {
    let filled = Filled { id: row.id.to_string(), known: Some(Known { name: row.name.to_string() }), ..filled };
    filled.page(frame::chrome(visitor, Some(frame), "Change a webhook", Place::Webhooks), ws)
}

pub async fn edit(visitor: Visitor, demand: Demand<Admin>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let (frame, row, _): (Frame, WebhookRow, Moment) = find(&app, &demand, &path.1).await?;
    let filled = Filled {
        id: String::new(),
        known: None,
        refusal: None,
        name: kept(row.name.as_str()),
        address: kept(&row.address),
        environment: row.environment,
        kinds: row.kinds.as_ref().map(|kinds| kinds.iter().collect()),
        kinds_error: None,
    };
    frame::page(&app, &visitor, &form_page(&visitor, (&frame, &row), demand.ws(), filled))
}

pub async fn update(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    form: CsrfForm<Typed>,
    app: Data<App>,
) -> Reply {
    let (frame, row, _) = find(&app, &demand, &path.1).await?;
    let (entry, filled) = understand(&form.into_inner(), row.environment, &app)?;
    let Some(entry) = entry else {
        return frame::again(&app, &visitor, &form_page(&visitor, (&frame, &row), demand.ws(), filled));
    };
    let (kit, id) = (visitor.kit(&app), row.id.clone());
    let changed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| webhooks::change(tx, by, tools, (&id, &entry)))
    });
    changed.await.map_err(|fault: Fault<Never>| fault)?;
    Ok(see_other(&app, &url::webhook(demand.ws(), row.id.as_str()), Some(Flash::WebhookChanged)))
}
