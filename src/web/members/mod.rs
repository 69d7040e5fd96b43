//! Members: who they are, and their roles.

pub mod end;
pub(super) mod ending;
mod page;
mod uses;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::members;
use crate::app::App;
use crate::domain::{Moment, PersonId, Role, policy};
use crate::store::access::Member;
use crate::store::members::MemberRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply, see_other};
use super::view::{Choice, When};
use super::visitor::{Demand, Visitor};
use super::{paging, url};
use uses::Uses;

type Never = std::convert::Infallible;

pub async fn index(visitor: Visitor, demand: Demand<Member>, asked: Query<paging::Asked>, app: Data<App>) -> Reply {
    let turn = asked.turn();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let (page, all) = (store::members::list(tx, by, &turn)?, store::members::count(tx, by)?);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, page, all, by.role(), tx.now()))
    });
    let (frame, page, all, role, now) = found.await?;
    let template = page::Index {
        ws: demand.ws().to_owned(),
        all,
        rows: page.rows.iter().map(|row| row_of(row, &frame.person.id, now)).collect(),
        pager: paging::pager(&url::members(demand.ws()), &[], &page, |row| row.person.to_string()),
        may_invite: policy::may_assign(role, Role::Member),
        chrome: frame::chrome(&visitor, Some(&frame), "Members", Place::Members),
    };
    frame::page(&app, &visitor, &template)
}

fn row_of(row: &MemberRow, reader: &PersonId, now: Moment) -> page::Row {
    page::Row {
        id: row.person.to_string(),
        name: row.name.to_string(),
        email: row.email.to_string(),
        role: row.role,
        you: row.person == *reader,
        joined: When::new(row.joined_at, now),
        last_seen: row.last_seen_at.map(|at| When::new(at, now)),
    }
}

/// A member of this workspace, and who looks at them.
struct Found {
    frame: Frame,
    row: MemberRow,
    /// Then they stay what they are, and stay.
    is_last_owner: bool,
    reader: Role,
    uses: Uses,
    now: Moment,
}

async fn find(app: &App, demand: &Demand<Member>, id: &PersonId) -> Result<Found, Error> {
    let (id, ws) = (id.clone(), demand.ws().to_owned());
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::members::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let is_last_owner = row.role == Role::Owner && store::members::other_owners(tx, by, &id)?.is_empty();
        let uses = Uses::read(tx, by, (&ws, &id))?;
        let (frame, reader, now) = (Frame::of_member(tx, by)?, by.role(), tx.now());
        Ok::<_, Fault<Never>>(Found { frame, row, is_last_owner, reader, uses, now })
    });
    Ok(found.await?)
}

fn show_page(visitor: &Visitor, ws: &str, found: Found, role_error: Option<String>) -> page::Show {
    let role = found.row.role;
    let gives = |to: &Role| policy::may_change_role(found.reader, role, *to);
    let choice = |to: &Role| Choice { value: to.to_string(), label: to.label().to_owned(), chosen: *to == role };
    let roles: Vec<Choice> = Role::ALL.iter().filter(|to| gives(to)).map(choice).collect();
    let row = row_of(&found.row, &found.frame.person.id, found.now);
    page::Show {
        chrome: frame::chrome(visitor, Some(&found.frame), &row.name, Place::Members),
        ws: ws.to_owned(),
        // One role to choose from is none.
        roles: if roles.len() > 1 && !found.is_last_owner { roles } else { Vec::new() },
        is_last_owner: found.is_last_owner,
        role_error,
        may_end: !found.is_last_owner && (row.you || policy::may_assign(found.reader, role)),
        may_see_all: policy::sees_all_secrets(found.reader),
        uses: found.uses,
        row,
    }
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let found = find(&app, &demand, &id).await?;
    frame::page(&app, &visitor, &show_page(&visitor, demand.ws(), found, None))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewRole {
    role: String,
}

pub async fn update_role(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<NewRole>,
    app: Data<App>,
) -> Reply {
    let id: PersonId = path.1.parse().map_err(|_| Error::NotFound)?;
    let found = find(&app, &demand, &id).await?;
    let role: Role = form.into_inner().role.parse().map_err(|_| Error::BadRequest)?;
    let (kit, person) = (visitor.kit(&app), id.clone());
    let changed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| members::change_role(tx, by, tools, (&person, role)))
    });
    match changed.await {
        Ok(()) => Ok(see_other(&app, &url::member(demand.ws(), id.as_str()), Some(Flash::RoleChanged))),
        Err(Fault::Refused(refusal)) => {
            frame::again(&app, &visitor, &show_page(&visitor, demand.ws(), found, Some(refusal.to_string())))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
