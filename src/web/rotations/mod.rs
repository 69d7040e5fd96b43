//! Rounds of rotation: which there are, how far one is, and starting one.

mod page;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::rotations::{self, Ask, RotationRefusal};
use crate::app::App;
use crate::domain::rotation::Progress;
use crate::domain::{Environment, Moment, Name, PersonId, RotationId};
use crate::store::access::Admin;
use crate::store::node_types::NodeTypeRow;
use crate::store::rotations::{Item, Pick, RotationRow};
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms;
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::view::{Choice, Input, When};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

type Never = std::convert::Infallible;
type At = Path<(String, String)>;
type Button = CsrfForm<Nothing>;

pub async fn index(visitor: Visitor, demand: Demand<Admin>, asked: Query<paging::Asked>, app: Data<App>) -> Reply {
    let turn = asked.turn::<RotationId>();
    let found = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, store::rotations::list(tx, by, &turn)?, tx.now()))
    });
    let (frame, page, now) = found.await?;
    let template = page::Index {
        ws: demand.ws().to_owned(),
        rows: page.rows.iter().map(|(row, progress)| round(row, *progress, now)).collect(),
        pager: paging::pager(&url::rotations(demand.ws()), &[], &page, |(row, _)| row.id.to_string()),
        chrome: frame::chrome(&visitor, Some(&frame), "Rotation rounds", Place::Secrets),
    };
    frame::page(&app, &visitor, &template)
}

fn round(row: &RotationRow, progress: Progress, now: Moment) -> page::Round {
    page::Round {
        id: row.id.to_string(),
        name: row.name.to_string(),
        by: row.started_by.as_ref().map_or_else(|| "a former member".to_owned(), ToString::to_string),
        started: When::new(row.created_at, now),
        due: row.due_at.map(|end| When::new(end, now)),
        overdue: row.due_at.is_some_and(|end| end <= now) && row.closed_at.is_none() && !progress.is_complete(),
        closed: row.closed_at.map(|at| When::new(at, now)),
        progress,
    }
}

/// Which of the secrets of a round are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    show: String,
    before: String,
    after: String,
}

pub async fn show(visitor: Visitor, demand: Demand<Admin>, path: At, asked: Query<Asked>, app: Data<App>) -> Reply {
    show_with(&visitor, &demand, &app, (&path.1, &asked), None).await
}

async fn show_with(
    visitor: &Visitor,
    demand: &Demand<Admin>,
    app: &Data<App>,
    (id, asked): (&str, &Asked),
    refusal: Option<RotationRefusal>,
) -> Reply {
    let id: RotationId = id.parse().map_err(|_| Error::NotFound)?;
    let (done, turn) = (asked.show == "done", paging::turn(&asked.before, &asked.after));
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::rotations::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let progress = store::rotations::progress(tx, by, &id)?;
        let items = store::rotations::items(tx, by, (&id, done), &turn)?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, progress, items, tx.now()))
    });
    let (frame, row, progress, items, now) = found.await?;
    let filters: &[(&str, &str)] = if done { &[("show", "done")] } else { &[] };
    let base = url::rotation(demand.ws(), row.id.as_str());
    let template = page::Show {
        ws: demand.ws().to_owned(),
        done,
        rows: items.rows.iter().map(|item| item_of(item, now)).collect(),
        pager: paging::pager(&base, filters, &items, |item| item.secret.to_string()),
        round: round(&row, progress, now),
        refusal: refusal.as_ref().map(ToString::to_string),
        chrome: frame::chrome(visitor, Some(&frame), row.name.as_str(), Place::Secrets),
    };
    if refusal.is_some() { frame::again(app, visitor, &template) } else { frame::page(app, visitor, &template) }
}

fn item_of(item: &Item, now: Moment) -> page::Item {
    page::Item {
        id: item.secret.to_string(),
        name: item.name.clone(),
        node_type: item.node_type.clone(),
        owner: item.owner.clone(),
        done: item.done,
        when: item.done_at.map(|at| When::new(at, now)),
    }
}

/// What is picked: the query of the preview and the form that starts a round are read alike.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    pick: String,
    node_type: String,
    person: String,
    environment: String,
    due_on: String,
    /// Only to be told how many there are.
    count: String,
}

impl Form {
    fn pick(&self) -> Result<Pick, Error> {
        match self.pick.as_str() {
            "" | "all" => Ok(Pick::All),
            "node_type" => Ok(Pick::NodeType(self.node_type.parse().map_err(|_| Error::BadRequest)?)),
            "person" => Ok(Pick::UsableBy(self.person.parse().map_err(|_| Error::BadRequest)?)),
            _ => Err(Error::BadRequest),
        }
    }

    fn environment(&self) -> Result<Option<Environment>, Error> {
        match self.environment.as_str() {
            "" => Ok(None),
            word => word.parse().map(Some).map_err(|_| Error::BadRequest),
        }
    }
}

/// What the form offers, and what is picked at the moment.
struct Offer {
    frame: Frame,
    node_types: Vec<NodeTypeRow>,
    members: Vec<(PersonId, Name)>,
    counted: (u64, u64),
    now: Moment,
}

async fn offer(demand: &Demand<Admin>, app: &App, form: &Form) -> Result<Offer, Error> {
    let (pick, environment) = (form.pick()?, form.environment()?);
    let found = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>(Offer {
            frame: Frame::of_member(tx, by)?,
            node_types: store::node_types::list(tx, by)?,
            members: store::audit::names(tx, by)?,
            counted: store::rotations::count(tx, by, (&pick, environment))?,
            now: tx.now(),
        })
    });
    Ok(found.await?)
}

fn new_page(
    visitor: &Visitor,
    ws: &str,
    (offer, form): (&Offer, &Form),
    (name, due_on, refusal): (Input, Input, Option<String>),
) -> page::New {
    let choice =
        |value: &str, label: &str, chosen: bool| Choice { value: value.to_owned(), label: label.to_owned(), chosen };
    let of_type = |row: &NodeTypeRow| choice(row.slug.as_str(), row.name.as_str(), row.slug.as_str() == form.node_type);
    let of_person = |(id, name): &(PersonId, Name)| choice(id.as_str(), name.as_str(), id.as_str() == form.person);
    page::New {
        ws: ws.to_owned(),
        name,
        due_on,
        pick: if form.pick.is_empty() { "all".to_owned() } else { form.pick.clone() },
        node_types: offer.node_types.iter().map(of_type).collect(),
        members: offer.members.iter().map(of_person).collect(),
        environment: form.environment.clone(),
        secrets: offer.counted.0,
        owners: offer.counted.1,
        refusal,
        chrome: frame::chrome(visitor, Some(&offer.frame), "Start a rotation round", Place::Secrets),
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, form: Query<Form>, app: Data<App>) -> Reply {
    let offer = offer(&demand, &app, &form).await?;
    let usual = format!("Rotation of {}", offer.now.readable().split(',').next().unwrap_or_default());
    let name = if form.name.is_empty() { forms::kept(&usual) } else { forms::kept(&form.name) };
    let page = new_page(&visitor, demand.ws(), (&offer, &form), (name, forms::kept(&form.due_on), None));
    frame::page(&app, &visitor, &page)
}

pub async fn create(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let (pick, environment) = (form.pick()?, form.environment()?);
    let (name, name_input) = forms::name(&form.name);
    let (due_at, due_input) = forms::last_day(&form.due_on, app.clock.now());
    if !form.count.is_empty() {
        let offer = offer(&demand, &app, &form).await?;
        let inputs = (forms::kept(&form.name), forms::kept(&form.due_on), None);
        return frame::page(&app, &visitor, &new_page(&visitor, demand.ws(), (&offer, &form), inputs));
    }
    let (Some(name), Some(due_at)) = (name, due_at) else {
        let offer = offer(&demand, &app, &form).await?;
        let page = new_page(&visitor, demand.ws(), (&offer, &form), (name_input, due_input, None));
        return frame::again(&app, &visitor, &page);
    };
    let (kit, ask) = (visitor.kit(&app), Ask { name, pick, environment, due_at });
    let started = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| rotations::start(tx, by, tools, &ask)));
    match started.await {
        Ok(id) => Ok(see_other(&app, &url::rotation(demand.ws(), id.as_str()), Some(Flash::RotationStarted))),
        Err(Fault::Refused(refusal)) => {
            let offer = offer(&demand, &app, &form).await?;
            let inputs = (name_input, due_input, Some(refusal.to_string()));
            frame::again(&app, &visitor, &new_page(&visitor, demand.ws(), (&offer, &form), inputs))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// What is done to a round by a button of its page.
#[derive(Clone, Copy)]
enum Turn {
    Remind,
    Close,
}

pub async fn remind(visitor: Visitor, demand: Demand<Admin>, path: At, _form: Button, app: Data<App>) -> Reply {
    turn(&visitor, &demand, &app, (&path.1, Turn::Remind)).await
}

pub async fn close(visitor: Visitor, demand: Demand<Admin>, path: At, _form: Button, app: Data<App>) -> Reply {
    turn(&visitor, &demand, &app, (&path.1, Turn::Close)).await
}

async fn turn(visitor: &Visitor, demand: &Demand<Admin>, app: &Data<App>, (text, turn): (&str, Turn)) -> Reply {
    let id: RotationId = text.parse().map_err(|_| Error::NotFound)?;
    let (kit, to) = (visitor.kit(app), url::rotation(demand.ws(), id.as_str()));
    let done = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| match turn {
            Turn::Remind => rotations::remind(tx, by, tools, &id),
            Turn::Close => rotations::close(tx, by, tools, &id),
        })
    });
    let flash = match turn {
        Turn::Remind => Flash::RotationReminded,
        Turn::Close => Flash::RotationClosed,
    };
    match done.await {
        Ok(()) => Ok(see_other(app, &to, Some(flash))),
        Err(Fault::Refused(refusal)) => show_with(visitor, demand, app, (text, &Asked::default()), Some(refusal)).await,
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
