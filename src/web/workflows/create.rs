//! A new workflow: its name, its environment, and what another system calls it.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::workflows::{self, Ask, WorkflowRefusal};
use crate::app::App;
use crate::domain::workflow::HANDLE_RULE;
use crate::domain::{Called, Environment, Handle, WorkflowId};
use crate::store::access::Member;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    id: String,
    name: String,
    environment: String,
    external_id: String,
}

async fn frame_of(app: &Data<App>, demand: &Demand<Member>) -> Result<Frame, Error> {
    Ok(app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_member(tx, by)?)).await?)
}

struct Filled {
    id: WorkflowId,
    name: Input,
    environment: Environment,
    external_id: Input,
}

fn form_page(visitor: &Visitor, frame: &Frame, ws: &str, filled: Filled) -> page::New {
    page::New {
        chrome: frame::chrome(visitor, Some(frame), "New workflow", Place::Workflows),
        ws: ws.to_owned(),
        id: filled.id.to_string(),
        name: filled.name,
        environment: filled.environment,
        external_id: filled.external_id,
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let filled = Filled {
        id: WorkflowId::draw(app.clock.now(), &*app.chance),
        name: Input::default(),
        environment: Environment::Test,
        external_id: Input::default(),
    };
    frame::page(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled))
}

/// An external id that may be left out; nothing where what stands there is none.
fn external(text: &str) -> (Option<Option<Handle>>, Input) {
    let text = text.trim();
    match text.parse() {
        _ if text.is_empty() => (Some(None), kept(text)),
        Ok(_) if Called::looks_like_an_id(text) => (None, wrong(text, "An external id may not begin with wfl_.")),
        Ok(handle) => (Some(Some(handle)), kept(text)),
        Err(_) => (None, wrong(text, HANDLE_RULE)),
    }
}

pub async fn create(visitor: Visitor, demand: Demand<Member>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let frame = frame_of(&app, &demand).await?;
    let (name, name_input) = forms::name(&form.name);
    let (external_id, external_input) = external(&form.external_id);
    let environment: Environment = form.environment.parse().map_err(|_| Error::BadRequest)?;
    let id: WorkflowId = form.id.parse().map_err(|_| Error::BadRequest)?;
    let filled = |external_id| Filled { id: id.clone(), name: name_input.clone(), environment, external_id };
    let (Some(name), Some(external_id)) = (name, external_id) else {
        return frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled(external_input)));
    };
    let kit = visitor.kit(&app);
    let ask = Ask { id: id.clone(), name, environment, external_id };
    let made = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| workflows::create(tx, by, tools, &ask)));
    let there = url::workflow(demand.ws(), id.as_str());
    match made.await {
        Ok(()) => Ok(see_other(&app, &there, Some(Flash::WorkflowMade))),
        Err(Fault::Refused(refusal)) => {
            if refusal == WorkflowRefusal::Taken && is_there(&app, &demand, &id).await? {
                // The form was sent before, by a second press or by loading the answer again.
                return Ok(see_other(&app, &there, None));
            }
            let external_id = wrong(&external_input.value, &refusal.to_string());
            frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled(external_id)))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

async fn is_there(app: &Data<App>, demand: &Demand<Member>, id: &WorkflowId) -> Result<bool, Error> {
    let id = id.clone();
    let found = app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(store::workflows::find(tx, by, &id)?));
    Ok(found.await?.is_some())
}
