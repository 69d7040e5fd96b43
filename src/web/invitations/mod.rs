//! Inviting people: who is invited, one more, once again, no more.

pub mod accept;
pub mod mine;
mod page;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::invitations::{self, Ask, InviteRefusal, Made};
use crate::app::App;
use crate::domain::message::Message;
use crate::domain::{Email, InvitationId, Moment, Role, policy};
use crate::store::access::Admin;
use crate::store::invitations::InvitationRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms::{kept, wrong};
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::view::{Input, When};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

pub use page::Offered;

type Never = std::convert::Infallible;

pub async fn index(visitor: Visitor, demand: Demand<Admin>, asked: Query<paging::Asked>, app: Data<App>) -> Reply {
    list(&visitor, &demand, asked.into_inner(), &app, None).await
}

async fn list(
    visitor: &Visitor,
    demand: &Demand<Admin>,
    asked: paging::Asked,
    app: &Data<App>,
    refusal: Option<InviteRefusal>,
) -> Reply {
    let turn = asked.turn();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let (page, all) = (store::invitations::list(tx, by, &turn)?, store::invitations::count(tx, by)?);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, page, all, by.role(), tx.now()))
    });
    let (frame, page, all, role, now) = found.await?;
    let template = page::Index {
        ws: demand.ws().to_owned(),
        all,
        rows: page.rows.iter().map(|row| row_of(row, role, now)).collect(),
        pager: paging::pager(&url::invitations(demand.ws()), &[], &page, |row| row.id.to_string()),
        refusal: refusal.map(|refusal| refusal.to_string()),
        chrome: frame::chrome(visitor, Some(&frame), "Invitations", Place::Members),
    };
    if refusal.is_some() { frame::again(app, visitor, &template) } else { frame::page(app, visitor, &template) }
}

fn row_of(row: &InvitationRow, reader: Role, now: Moment) -> page::Row {
    page::Row {
        id: row.id.to_string(),
        email: row.email.to_string(),
        role: row.role,
        inviter: row.inviter_name.to_string(),
        sent: When::new(row.sent_at, now),
        expires: When::new(row.expires_at, now),
        expired: row.expires_at <= now,
        may_change: policy::may_assign(reader, row.role),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    email: String,
    role: String,
    message: String,
}

/// What the fields of the form show.
#[derive(Default)]
struct Inputs {
    email: Input,
    message: Input,
}

async fn new_page(
    visitor: &Visitor,
    demand: &Demand<Admin>,
    app: &App,
    (sent, inputs): (&Form, Inputs),
) -> Result<page::New, Error> {
    let found = app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, by.role())));
    let (frame, reader) = found.await?;
    let chosen = sent.role.parse().unwrap_or(Role::Member);
    let roles = Role::ALL.iter().filter(|role| policy::may_assign(reader, **role));
    Ok(page::New {
        ws: demand.ws().to_owned(),
        delivers: app.mailer.delivers(),
        roles: roles.map(|role| (*role, *role == chosen)).collect(),
        email: inputs.email,
        message: inputs.message,
        chrome: frame::chrome(visitor, Some(&frame), "Invite somebody", Place::Members),
    })
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let page = new_page(&visitor, &demand, &app, (&Form::default(), Inputs::default())).await?;
    frame::page(&app, &visitor, &page)
}

pub async fn create(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let (email, message) = (Email::parse(&form.email), Message::parse(&form.message));
    let mut inputs = Inputs {
        email: email.as_ref().map_or_else(|e| wrong(&form.email, &e.to_string()), |_| kept(&form.email)),
        message: message.as_ref().map_or_else(|e| wrong(&form.message, &e.to_string()), |_| kept(&form.message)),
    };
    let (Ok(email), Ok(message)) = (email, message) else {
        return frame::again(&app, &visitor, &new_page(&visitor, &demand, &app, (&form, inputs)).await?);
    };
    let role: Role = form.role.parse().map_err(|_| Error::BadRequest)?;
    let ask = Ask { email: email.clone(), role, message, handed_on: !app.mailer.delivers() };
    let kit = visitor.kit(&app);
    let made = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| invitations::invite(tx, by, tools, &ask))
    });
    match made.await {
        Ok(made) => sent(&visitor, &demand, &app, email.as_str(), &made).await,
        Err(Fault::Refused(refusal)) => {
            inputs.email = wrong(&form.email, &refusal.to_string());
            frame::again(&app, &visitor, &new_page(&visitor, &demand, &app, (&form, inputs)).await?)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// On to the list; or, where no letter reaches anybody, to the link, for this once.
async fn sent(visitor: &Visitor, demand: &Demand<Admin>, app: &Data<App>, email: &str, made: &Made) -> Reply {
    if app.mailer.delivers() {
        return Ok(see_other(app, &url::invitations(demand.ws()), Some(Flash::InvitationSent)));
    }
    let found = app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, tx.now())));
    let (frame, now) = found.await?;
    let base = app.config.server.base();
    let template = page::Made {
        ws: demand.ws().to_owned(),
        email: email.to_owned(),
        link: format!("{base}{}", url::invitation(made.link.as_str())),
        until: When::new(made.until, now),
        chrome: frame::chrome(visitor, Some(&frame), "The invitation is ready", Place::Members),
    };
    frame::page(app, visitor, &template)
}

pub async fn send_again(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: InvitationId = path.1.parse().map_err(|_| Error::NotFound)?;
    let (kit, handed_on) = (visitor.kit(&app), !app.mailer.delivers());
    let made = app.db.write(demand.ask(), move |tx, by| {
        let row = store::invitations::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let made = kit.by_person(by.person(), |tools| invitations::send_again(tx, by, tools, (&id, handed_on)))?;
        Ok((row.email, made))
    });
    match made.await {
        Ok((email, made)) => sent(&visitor, &demand, &app, email.as_str(), &made).await,
        Err(Fault::Refused(refusal)) => list(&visitor, &demand, paging::Asked::default(), &app, Some(refusal)).await,
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

pub async fn revoke(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: InvitationId = path.1.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(&app);
    let revoked = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| invitations::revoke(tx, by, tools, &id)));
    revoked.await?;
    Ok(see_other(&app, &url::invitations(demand.ws()), Some(Flash::InvitationRevoked)))
}
