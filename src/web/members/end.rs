//! Ending a membership: what it will do, and what it did.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::members::{self, Keeping, Leaving, MemberRefusal};
use crate::app::App;
use crate::domain::{Moment, PersonId};
use crate::store::Fault;
use crate::store::access::Member;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::forms::{is_typed, wrong};
use crate::web::frame::{self, Frame, Reply};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::ending::{Chosen, Ending, Gone, kept_secrets};
use super::{page, row_of, show_page};

/// What the preview shows.
struct Seen {
    frame: Frame,
    leaving: Leaving,
    now: Moment,
}

enum Looked {
    Seen(Box<Seen>),
    Refused(MemberRefusal),
}

async fn look(app: &App, demand: &Demand<Member>, id: &PersonId) -> Result<Looked, Error> {
    let id = id.clone();
    let seen = app.db.read(demand.ask(), move |tx, by| {
        let leaving = members::leaving(tx, by, &id)?;
        Ok(Box::new(Seen { frame: Frame::of_member(tx, by)?, leaving, now: tx.now() }))
    });
    match seen.await {
        Ok(seen) => Ok(Looked::Seen(seen)),
        Err(Fault::Refused(refusal)) => Ok(Looked::Refused(refusal)),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn page_of(
    visitor: &Visitor,
    ws: &str,
    seen: &Seen,
    sent: &Form,
    (confirm, heir_error): (Input, Option<String>),
) -> page::End {
    let leaving = &seen.leaving;
    let chosen = Chosen { keep: &sent.keep, heirs: std::slice::from_ref(&sent.heir) };
    let mut ending = Ending::of(leaving, "", chosen, seen.now);
    ending.heir_error = heir_error;
    let title = if leaving.by_themselves { "Leave the workspace" } else { "Remove a member" };
    page::End {
        chrome: frame::chrome(visitor, Some(&seen.frame), title, Place::Members),
        ws: ws.to_owned(),
        row: row_of(&leaving.member, &seen.frame.person.id, seen.now),
        ending,
        confirm,
    }
}

async fn refused(
    visitor: &Visitor,
    demand: &Demand<Member>,
    app: &Data<App>,
    id: &PersonId,
    refusal: MemberRefusal,
) -> Reply {
    let found = super::find(app, demand, id).await?;
    frame::again(app, visitor, &show_page(visitor, demand.ws(), found, Some(refusal.to_string())))
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let seen = match look(&app, &demand, &id).await? {
        Looked::Seen(seen) => seen,
        Looked::Refused(refusal) => return refused(&visitor, &demand, &app, &id, refusal).await,
    };
    let nothing = (Input::default(), None);
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &seen, &Form::default(), nothing))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    keep: Vec<String>,
    heir: String,
    seen: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let form = form.into_inner();
    let seen = match look(&app, &demand, &id).await? {
        Looked::Seen(seen) => seen,
        Looked::Refused(refusal) => return refused(&visitor, &demand, &app, &id, refusal).await,
    };
    let again = |confirm, heir_error| page_of(&visitor, demand.ws(), &seen, &form, (confirm, heir_error));
    if !is_typed(&form.name, &seen.leaving.member.name) {
        let confirm = wrong(&form.name, "This is not the name. Type it exactly as it stands above.");
        return frame::again(&app, &visitor, &again(confirm, None));
    }
    let keeping = Keeping { secrets: kept_secrets(&form.keep)?, heir: form.heir.parse().ok(), seen: form.seen.clone() };
    let kit = visitor.kit(&app);
    let ended = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| members::end(tx, by, tools, (&id, &keeping)))
    });
    match ended.await {
        Ok(ended) => frame::page(&app, &visitor, &ended_page(&visitor, demand.ws(), &seen.frame, &ended)),
        Err(Fault::Refused(refusal)) => frame::again(
            &app,
            &visitor,
            &again(Input { value: form.name.clone(), error: None }, Some(refusal.to_string())),
        ),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

fn ended_page(visitor: &Visitor, ws: &str, frame: &Frame, ended: &members::Ended) -> page::Ended {
    let gone = Gone::of(ended);
    // Whoever has left sees the frame of somebody without this workspace.
    let frame = (!gone.by_themselves).then_some(frame);
    page::Ended {
        chrome: frame::chrome(visitor, frame, "The membership has ended", Place::Members),
        on: if gone.by_themselves { url::home() } else { url::members(ws) },
        gone,
    }
}
