//! What is said of a secret beside its value: its name, its dates, and how it may leave.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::keeping;
use crate::app::App;
use crate::domain::SecretId;
use crate::store::Fault;
use crate::store::access::Member;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept, wrong};
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::pages_of_life::Edit;
use super::{Found, dates, find, mark};

type At = Path<(String, String)>;

fn page_of(visitor: &Visitor, ws: &str, found: &Found, (name, dates): (Input, dates::Draft)) -> Edit {
    let secret = &found.row.secret;
    Edit {
        chrome: frame::chrome(visitor, Some(&found.frame), "Change a secret", Place::Secrets),
        ws: ws.to_owned(),
        id: secret.id.to_string(),
        title: secret.name.to_string(),
        node_type: mark(secret),
        name: found.yours.then_some(name),
        dates: secret.value_entered_at.map(|_| dates),
        delivery: secret.delivery,
        yours: found.yours,
    }
}

/// The secret, for whoever may change something of it.
async fn changeable(app: &Data<App>, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let found = find(app, demand, id).await?;
    if found.may_rotate { Ok(found) } else { Err(Error::Forbidden) }
}

fn name_of(found: &Found) -> Input {
    kept(found.row.secret.name.as_str())
}

fn dates_of(found: &Found) -> dates::Draft {
    dates::Draft::standing(found.row.secret.dates())
}

pub async fn edit(visitor: Visitor, demand: Demand<Member>, path: At, app: Data<App>) -> Reply {
    let found = changeable(&app, &demand, &path.1).await?;
    let shown = (name_of(&found), dates_of(&found));
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, shown))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Named {
    name: String,
}

pub async fn rename(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    form: CsrfForm<Named>,
    app: Data<App>,
) -> Reply {
    let found = changeable(&app, &demand, &path.1).await?;
    let typed = form.into_inner().name;
    let again =
        |input| frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, (input, dates_of(&found))));
    let (Some(name), _) = forms::name(&typed) else { return again(forms::name(&typed).1) };
    let (kit, id) = (visitor.kit(&app), found.row.secret.id.clone());
    let renamed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| keeping::rename(tx, by, tools, (&id, &name)))
    });
    match renamed.await {
        Ok(()) => Ok(see_other(&app, &url::secret(demand.ws(), &path.1), Some(Flash::SecretRenamed))),
        Err(Fault::Refused(refusal)) => again(wrong(&typed, &refusal.to_string())),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

pub async fn set_dates(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let found = changeable(&app, &demand, &path.1).await?;
    let known = dates::Known { stay: found.row.secret.dates(), over: false };
    let (dates, draft) = dates::read(&form.into_inner().into_iter().collect(), known, found.now);
    let Some(dates) = dates else {
        return frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, (name_of(&found), draft)));
    };
    let (kit, id) = (visitor.kit(&app), found.row.secret.id.clone());
    let set = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| keeping::set_dates(tx, by, tools, (&id, dates)))
    });
    set.await?;
    Ok(see_other(&app, &url::secret(demand.ws(), &path.1), Some(Flash::DatesChanged)))
}

pub async fn narrow(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    _form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let (kit, of) = (visitor.kit(&app), id.clone());
    let narrowed = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| keeping::narrow(tx, by, tools, &of)));
    narrowed.await?;
    Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(Flash::DeliveryNarrowed)))
}
