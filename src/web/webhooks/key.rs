//! Another signing key for a webhook, while the old one signs on for a while.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::webhooks::{self, Follows, WebhookRefusal};
use crate::app::App;
use crate::domain::WebhookId;
use crate::domain::webhook::TakeOver;
use crate::store::access::Admin;
use crate::store::{self, Denied, Fault, Unrecorded};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::When;
use crate::web::visitor::{Demand, Visitor};

use super::{act, find, page};

/// How a receiver tells that an event comes from here.
pub(super) fn snippets() -> Vec<Snippet> {
    let node = "import { WorkOS } from \"@workos-inc/node\";\n\n\
                const workos = new WorkOS(\"unused\");\n\
                const event = await workos.webhooks.constructEvent({\n  \
                payload: rawBody,\n  \
                sigHeader: request.headers[\"workos-signature\"],\n  \
                secret: process.env.KEYRACK_WEBHOOK_KEY,\n});";
    let python = "import hashlib, hmac, os\n\n\
                  key = os.environ[\"KEYRACK_WEBHOOK_KEY\"].encode()\n\
                  parts = dict(part.strip().split(\"=\") for part in header.split(\",\"))\n\
                  sent = parts[\"t\"].encode() + b\".\" + raw_body\n\
                  own = hmac.new(key, sent, hashlib.sha256).hexdigest()\n\
                  is_genuine = hmac.compare_digest(own, parts[\"v1\"])";
    let snippet = |id, title: &str, code: &str| Snippet { id, title: title.to_owned(), code: code.to_owned() };
    vec![snippet("verify-node", "Verify it in Node", node), snippet("verify-python", "Verify it in Python", python)]
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let (frame, row, now) = find(&app, &demand, &path.1).await?;
    let template = page::NewKey {
        chrome: frame::chrome(&visitor, Some(&frame), "A new signing key", Place::Webhooks),
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        number: row.key_number(now),
        waiting: row.waiting_key(now).map(|(end, from)| (end.to_owned(), When::new(from, now))),
    };
    frame::page(&app, &visitor, &template)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    number: String,
    waiting: String,
    when: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: WebhookId = path.1.parse().map_err(|_| Error::NotFound)?;
    let to = url::webhook(demand.ws(), id.as_str());
    let (form, kit) = (form.into_inner(), visitor.kit(&app));
    let made = app.db.write(demand.ask(), move |tx, by| {
        // Whether it is theirs is told before what is wrong with the form.
        let row = store::webhooks::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        let (Ok(number), Ok(when)) = (form.number.parse(), form.when.parse::<TakeOver>()) else {
            tx.unrecorded(Unrecorded::Nothing);
            return Ok(None);
        };
        let follows = Follows { number, waiting: Some(form.waiting.clone()).filter(|end| !end.is_empty()) };
        let frame = Frame::of_member(tx, by)?;
        let made = kit.by_person(by.person(), |tools| webhooks::make_key(tx, by, tools, (&id, &follows), when))?;
        Ok::<_, Fault<WebhookRefusal>>(Some((frame, row, made)))
    });
    let (frame, row, made) = match made.await {
        Ok(made) => made.ok_or(Error::BadRequest)?,
        Err(Fault::Refused(_)) => return Ok(see_other(&app, &to, Some(Flash::KeyChanged))),
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    let template = page::KeyShown {
        chrome: frame::chrome(&visitor, Some(&frame), "Your new signing key", Place::Webhooks),
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        environment: row.environment,
        key: made.key.as_str().to_owned(),
        is_first: false,
        from: (made.signs_from > made.now).then(|| When::new(made.signs_from, made.now)),
        snippets: Vec::new(),
    };
    frame::page(&app, &visitor, &template)
}

pub async fn take_over(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    act(&visitor, &demand, &app, &path.1, webhooks::take_over).await?;
    Ok(see_other(&app, &url::webhook(demand.ws(), &path.1), Some(Flash::KeyTookOver)))
}
