//! One delivery: what was sent, and what was answered; sent again; and the event by which somebody tries whether they arrive.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::actions::events;
use crate::actions::webhooks::{self, WebhookRefusal};
use crate::app::App;
use crate::domain::{DeliveryId, WebhookId};
use crate::store::access::Admin;
use crate::store::{self, Denied, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, delivery_of, page};

fn ids(webhook: &str, delivery: &str) -> Result<(WebhookId, DeliveryId), Error> {
    let webhook = webhook.parse().map_err(|_| Error::NotFound)?;
    Ok((webhook, delivery.parse().map_err(|_| Error::NotFound)?))
}

pub async fn show(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String, String)>,
    app: Data<App>,
) -> Reply {
    let (webhook, id) = ids(&path.1, &path.2)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::webhooks::find(tx, by, &webhook)?.ok_or(Denied::NotFound)?;
        let (delivery, event) = store::webhooks::find_delivery(tx, by, (&webhook, &id))?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, delivery, event, tx.now()))
    });
    let (frame, row, delivery, event, now) = found.await?;
    let template = page::ShowDelivery {
        chrome: frame::chrome(&visitor, Some(&frame), "A delivery", Place::Webhooks),
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        is_paused: row.paused_at.is_some(),
        body: serde_json::to_string_pretty(&events::wire(&event)).map_err(|_| Error::Internal)?,
        answer: delivery.answer.clone(),
        delivery: delivery_of(&delivery, now),
    };
    frame::page(&app, &visitor, &template)
}

/// What came of asking for something to be sent.
fn asked(app: &Data<App>, to: &str, sent: Result<Flash, Fault<WebhookRefusal>>) -> Result<HttpResponse, Error> {
    let flash = match sent {
        Ok(flash) => flash,
        Err(Fault::Refused(WebhookRefusal::Paused)) => Flash::WebhookIsPaused,
        Err(Fault::Refused(WebhookRefusal::TooOften(_))) => Flash::WebhookTooOften,
        Err(Fault::Refused(_)) => Flash::WebhookUnderWay,
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(app, to, Some(flash)))
}

pub async fn send_again(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let (webhook, id) = ids(&path.1, &path.2)?;
    let to = url::delivery(demand.ws(), webhook.as_str(), id.as_str());
    let kit = visitor.kit(&app);
    let sent = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| webhooks::send_again(tx, by, tools, (&webhook, &id)))
    });
    asked(&app, &to, sent.await.map(|()| Flash::WebhookSentAgain))
}

pub async fn test(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: WebhookId = path.1.parse().map_err(|_| Error::NotFound)?;
    let (to, kit) = (url::webhook(demand.ws(), id.as_str()), visitor.kit(&app));
    let sent = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| webhooks::test(tx, by, tools, &id)));
    asked(&app, &to, sent.await.map(|_| Flash::WebhookTested))
}
