//! A new webhook: the form, and the one page that its signing key is on.

use actix_web::web::Data;

use crate::actions::webhooks::{self, Ask};
use crate::app::App;
use crate::domain::{Environment, WebhookId};
use crate::store::access::Admin;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::form::{Filled, Typed, understand};
use super::{Never, key, page};

async fn frame_of(app: &Data<App>, demand: &Demand<Admin>) -> Result<Frame, Error> {
    Ok(app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_member(tx, by)?)).await?)
}

fn form_page(visitor: &Visitor, frame: &Frame, ws: &str, filled: Filled) -> page::Form {
    filled.page(frame::chrome(visitor, Some(frame), "New webhook", Place::Webhooks), ws)
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let filled = Filled {
        id: WebhookId::draw(app.clock.now(), &*app.chance).to_string(),
        known: None,
        refusal: None,
        name: Input::default(),
        address: Input::default(),
        environment: Environment::Test,
        kinds: None,
        kinds_error: None,
    };
    frame::page(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled))
}

pub async fn create(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Typed>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let typed = form.into_inner();
    let environment: Environment = typed.environment.parse().map_err(|_| Error::BadRequest)?;
    let id: WebhookId = typed.id.parse().map_err(|_| Error::BadRequest)?;
    let (entry, filled) = understand(&typed, environment, &app)?;
    let Some(entry) = entry else {
        return frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled));
    };
    let (kit, name) = (visitor.kit(&app), entry.name.to_string());
    let ask = Ask { id: id.clone(), environment, entry };
    let made = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| webhooks::create(tx, by, tools, &ask)));
    let made = match made.await {
        Ok(made) => made,
        Err(Fault::Store(store::Error::Taken)) => return made_before(&app, &demand, id).await,
        Err(Fault::Refused(refusal)) => {
            let filled = Filled { refusal: Some(refusal.to_string()), ..filled };
            return frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled));
        }
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    let template = page::KeyShown {
        chrome: frame::chrome(&visitor, Some(&frame), "Your new webhook", Place::Webhooks),
        ws: demand.ws().to_owned(),
        id: id.to_string(),
        name,
        environment,
        key: made.as_str().to_owned(),
        is_first: true,
        from: None,
        snippets: key::snippets(),
    };
    frame::page(&app, &visitor, &template)
}

/// The form was sent before: by a second press, or by loading the answer again. An id that nobody drew here is none.
async fn made_before(app: &Data<App>, demand: &Demand<Admin>, id: WebhookId) -> Reply {
    let to = url::webhook(demand.ws(), id.as_str());
    let found = app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(store::webhooks::find(tx, by, &id)?));
    if found.await?.is_none() {
        return Err(Error::BadRequest);
    }
    Ok(see_other(app, &to, Some(Flash::WebhookShown)))
}
