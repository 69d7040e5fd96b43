//! Service tokens: listed, made, shown once, revoked.

mod page;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::tokens::{self, Ask};
use crate::app::App;
use crate::domain::{Abilities, Ability, Environment, Moment, TokenId, policy};
use crate::store::access::Admin;
use crate::store::tokens::TokenRow;
use crate::store::{self, Fault};

use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::forms;
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::view::{Input, Snippet, TokenState, When};
use super::visitor::{Demand, Visitor};
use super::{paging, url};

type Never = std::convert::Infallible;

pub async fn index(visitor: Visitor, demand: Demand<Admin>, asked: Query<paging::Asked>, app: Data<App>) -> Reply {
    let turn = asked.turn();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let (page, all) = (store::tokens::list(tx, by, &turn)?, store::tokens::count(tx, by)?);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, page, all, tx.now()))
    });
    let (frame, page, all, now) = found.await?;
    let template = page::Index {
        ws: demand.ws().to_owned(),
        all,
        rows: page.rows.iter().map(|row| row_of(row, now)).collect(),
        pager: paging::pager(&url::tokens(demand.ws()), &[], &page, |row| row.id.to_string()),
        chrome: frame::chrome(&visitor, Some(&frame), "Service tokens", Place::Tokens),
    };
    frame::page(&app, &visitor, &template)
}

fn abilities_of(row: &TokenRow) -> Vec<Ability> {
    row.abilities.parse::<Abilities>().map(|set| set.iter().collect()).unwrap_or_default()
}

fn state_of(row: &TokenRow, now: Moment) -> TokenState {
    if row.revoked_at.is_some() {
        TokenState::Revoked
    } else if row.expires_at.is_some_and(|end| end <= now) {
        TokenState::Expired
    } else {
        TokenState::Active
    }
}

fn row_of(row: &TokenRow, now: Moment) -> page::Row {
    page::Row {
        id: row.id.to_string(),
        name: row.name.to_string(),
        maker: row.maker_name.to_string(),
        environment: row.environment,
        abilities: abilities_of(row),
        last_use: row.last_used_at.map(|at| When::new(at, now)),
        expires: row.expires_at.map(|at| When::new(at, now)),
        state: state_of(row, now),
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    id: String,
    name: String,
    environment: String,
    preset: String,
    allow: Vec<String>,
    expires_on: String,
}

struct Filled {
    id: TokenId,
    name: Input,
    environment: Environment,
    preset: page::Preset,
    abilities: Vec<Ability>,
    abilities_error: Option<String>,
    expires_on: Input,
}

fn form_page(visitor: &Visitor, frame: &Frame, ws: &str, filled: Filled) -> page::New {
    page::New {
        chrome: frame::chrome(visitor, Some(frame), "New service token", Place::Tokens),
        ws: ws.to_owned(),
        name: filled.name,
        environment: filled.environment,
        id: filled.id.to_string(),
        preset: filled.preset,
        abilities: filled.abilities,
        abilities_error: filled.abilities_error,
        expires_on: filled.expires_on,
    }
}

async fn frame_of(app: &Data<App>, demand: &Demand<Admin>) -> Result<Frame, Error> {
    Ok(app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_member(tx, by)?)).await?)
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let filled = Filled {
        id: TokenId::draw(app.clock.now(), &*app.chance),
        name: Input::default(),
        environment: Environment::Test,
        preset: page::Preset::Backend,
        abilities: Vec::new(),
        abilities_error: None,
        expires_on: Input::default(),
    };
    frame::page(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled))
}

pub async fn create(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let form = form.into_inner();
    let frame = frame_of(&app, &demand).await?;
    let (name, name_input) = forms::name(&form.name);
    let (expires_at, expires_on) = forms::last_day(&form.expires_on, app.clock.now());
    let environment: Environment = form.environment.parse().map_err(|_| Error::BadRequest)?;
    let id: TokenId = form.id.parse().map_err(|_| Error::BadRequest)?;
    let preset = page::Preset::parse(&form.preset).ok_or(Error::BadRequest)?;
    let ticked: Result<Vec<Ability>, _> = form.allow.iter().map(|word| word.parse()).collect();
    let ticked = ticked.map_err(|_| Error::BadRequest)?;
    let chosen = if preset == page::Preset::Custom { ticked.as_slice() } else { preset.abilities() };
    let abilities = Abilities::new(chosen.iter().copied());
    let (Some(name), Some(expires_at), Some(abilities)) = (name, expires_at, abilities.clone()) else {
        let abilities_error = abilities.is_none().then(|| "Choose at least one ability.".to_owned());
        let filled =
            Filled { id, name: name_input, environment, preset, abilities: ticked, abilities_error, expires_on };
        return frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), filled));
    };
    let kit = visitor.kit(&app);
    let ask = Ask { id: id.clone(), name, environment, abilities, expires_at };
    let made = app.db.write(demand.ask(), move |tx, by| {
        let made = kit.by_person(by.person(), |tools| tokens::create(tx, by, tools, &ask))?;
        Ok::<_, Fault<Never>>((made, ask.name.to_string()))
    });
    let (made, name) = match made.await {
        Ok(made) => made,
        Err(Fault::Store(store::Error::Taken)) => return made_before(&app, &demand, id).await,
        Err(fault) => return Err(fault.into()),
    };
    let template = page::Created {
        chrome: frame::chrome(&visitor, Some(&frame), "Your new token", Place::Tokens),
        ws: demand.ws().to_owned(),
        id: made.id.to_string(),
        name,
        environment,
        token: made.token.as_str().to_owned(),
        snippets: snippets(&app, frame.person.id.as_str()),
    };
    frame::page(&app, &visitor, &template)
}

/// The form was sent before: by a second press, or by loading the answer again. An id that nobody drew here is none.
async fn made_before(app: &Data<App>, demand: &Demand<Admin>, id: TokenId) -> Reply {
    let to = url::token(demand.ws(), id.as_str());
    let found = app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(store::tokens::find(tx, by, &id)?));
    if found.await?.is_none() {
        return Err(Error::BadRequest);
    }
    Ok(see_other(app, &to, Some(Flash::TokenShown)))
}

fn snippets(app: &App, person: &str) -> Vec<Snippet> {
    let base = app.config.server.base();
    vec![
        Snippet::vend("own", "Fetch a key of your own", base, "stripe", person),
        Snippet::put_api_key("put", "Store an end user's key", base, "stripe", "customer-42"),
        Snippet::vend("end", "Fetch that end user's key", base, "stripe", "customer-42"),
    ]
}

pub async fn show(visitor: Visitor, demand: Demand<Admin>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::tokens::find(tx, by, &id)?.ok_or(store::Denied::NotFound)?;
        let uses = store::tokens::uses_of(tx, &row.id)?;
        let standing = policy::Standing { person: by.person(), role: by.role() };
        let may_revoke = row.revoked_at.is_none() && policy::may_revoke_token(standing, &row.maker);
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, uses, may_revoke, tx.now()))
    });
    let (frame, row, uses, may_revoke, now) = found.await?;
    let template = page::Show {
        chrome: frame::chrome(&visitor, Some(&frame), row.name.as_str(), Place::Tokens),
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        maker: row.maker_name.to_string(),
        environment: row.environment,
        abilities: abilities_of(&row),
        state: state_of(&row, now),
        created: When::new(row.created_at, now),
        expires: row.expires_at.map(|at| When::new(at, now)),
        last_use: row.last_used_at.map(|at| When::new(at, now)),
        uses: u64::try_from(uses).unwrap_or_default(),
        revoked: row.revoked_at.map(|at| When::new(at, now)),
        may_revoke,
    };
    frame::page(&app, &visitor, &template)
}

pub async fn revoke(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(&app);
    let revoked = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| tokens::revoke(tx, by, tools, &id)));
    revoked.await?;
    Ok(see_other(&app, &url::tokens(demand.ws()), Some(Flash::TokenRevoked)))
}
