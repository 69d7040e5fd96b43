//! Making a service token: the form, and the one page that its text is on.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::tokens::{self, Ask};
use crate::app::App;
use crate::domain::{Abilities, Ability, Calls, Environment, Networks, NodeTypes, Slug, TokenId, policy};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::{Choice, Input};
use crate::web::visitor::{Demand, Visitor};

use super::form::{New, Preset};
use super::{Never, page, snippets};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    id: String,
    name: String,
    environment: String,
    preset: String,
    allow: Vec<String>,
    node_type: Vec<String>,
    networks: String,
    calls: String,
    expires_on: String,
}

/// What the form is drawn from besides what was typed.
struct Ground {
    frame: Frame,
    node_types: Vec<NodeTypeRow>,
    /// Whether they may give more than an agent's ability.
    every: bool,
}

async fn ground(app: &Data<App>, demand: &Demand<Member>) -> Result<Ground, Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        let every = policy::may_make_every_token(by.role());
        let (frame, node_types) = (Frame::of_member(tx, by)?, store::node_types::list(tx, by)?);
        Ok::<_, Fault<Never>>(Ground { frame, node_types, every })
    });
    Ok(found.await?)
}

struct Filled {
    id: TokenId,
    name: Input,
    environment: Environment,
    preset: Preset,
    abilities: Vec<Ability>,
    abilities_error: Option<String>,
    node_types: Vec<Slug>,
    node_types_error: Option<String>,
    networks: Input,
    calls: Input,
    expires_on: Input,
}

fn form_page(visitor: &Visitor, ground: &Ground, ws: &str, filled: Filled) -> New {
    let choice = |row: &NodeTypeRow| Choice {
        value: row.slug.to_string(),
        label: row.name.to_string(),
        chosen: filled.node_types.contains(&row.slug),
    };
    let mut node_types: Vec<Choice> = ground.node_types.iter().map(choice).collect();
    node_types.sort_by_key(|choice| choice.label.to_lowercase());
    New {
        chrome: frame::chrome(visitor, Some(&ground.frame), "New service token", Place::Tokens),
        ws: ws.to_owned(),
        every: ground.every,
        name: filled.name,
        environment: filled.environment,
        id: filled.id.to_string(),
        preset: filled.preset,
        abilities: filled.abilities,
        abilities_error: filled.abilities_error,
        node_types,
        node_types_error: filled.node_types_error,
        networks: filled.networks,
        calls: filled.calls,
        expires_on: filled.expires_on,
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand).await?;
    let filled = Filled {
        id: TokenId::draw(app.clock.now(), &*app.chance),
        name: Input::default(),
        environment: Environment::Test,
        preset: if ground.every { Preset::Backend } else { Preset::Agent },
        abilities: Vec::new(),
        abilities_error: None,
        node_types: Vec::new(),
        node_types_error: None,
        networks: Input::default(),
        calls: Input::default(),
        expires_on: Input::default(),
    };
    frame::page(&app, &visitor, &form_page(&visitor, &ground, demand.ws(), filled))
}

/// The node types to which it is limited; each must be one of the workspace's.
fn limit(chosen: &[Slug], ground: &Ground) -> Result<Option<NodeTypes>, String> {
    match chosen.iter().find(|slug| !ground.node_types.iter().any(|row| row.slug == **slug)) {
        Some(gone) => Err(format!("The workspace does not have the node type {gone} any more. Choose again.")),
        None => Ok(NodeTypes::new(chosen.iter().cloned())),
    }
}

/// What was typed, read: all that is needed to make a token, or the form with what is wrong.
fn understand(form: &Form, ground: &Ground, app: &App) -> Result<Result<Ask, Filled>, Error> {
    let (name, name_input) = forms::name(&form.name);
    let (expires_at, expires_on) = forms::last_day(&form.expires_on, app.clock.now());
    let environment: Environment = form.environment.parse().map_err(|_| Error::BadRequest)?;
    let id: TokenId = form.id.parse().map_err(|_| Error::BadRequest)?;
    let preset = Preset::parse(&form.preset).ok_or(Error::BadRequest)?;
    let ticked: Result<Vec<Ability>, _> = form.allow.iter().map(|word| word.parse()).collect();
    let ticked = ticked.map_err(|_| Error::BadRequest)?;
    let slugs: Result<Vec<Slug>, _> = form.node_type.iter().map(|slug| slug.parse()).collect();
    let slugs = slugs.map_err(|_| Error::BadRequest)?;
    let chosen = if preset == Preset::Custom { ticked.as_slice() } else { preset.abilities() };
    let abilities = Abilities::new(chosen.iter().copied());
    let (networks, calls) = (Networks::parse(&form.networks), Calls::parse(&form.calls));
    match (name, expires_at, abilities, limit(&slugs, ground), (networks, calls)) {
        (Some(name), Some(expires_at), Some(abilities), Ok(node_types), (Ok(networks), Ok(calls))) => {
            Ok(Ok(Ask { id, name, environment, abilities, node_types, networks, calls, expires_at }))
        }
        (_, _, abilities, node_types, (networks, calls)) => Ok(Err(Filled {
            id,
            name: name_input,
            environment,
            preset,
            abilities: ticked,
            abilities_error: abilities.is_none().then(|| "Choose at least one ability.".to_owned()),
            node_types: slugs,
            node_types_error: node_types.err(),
            networks: Input { value: form.networks.clone(), error: networks.err().map(|error| error.to_string()) },
            calls: Input { value: form.calls.clone(), error: calls.err().map(|error| error.to_string()) },
            expires_on,
        })),
    }
}

pub async fn create(visitor: Visitor, demand: Demand<Member>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand).await?;
    let ask = match understand(&form.into_inner(), &ground, &app)? {
        Ok(ask) => ask,
        Err(filled) => return frame::again(&app, &visitor, &form_page(&visitor, &ground, demand.ws(), filled)),
    };
    let (kit, id) = (visitor.kit(&app), ask.id.clone());
    let made = app.db.write(demand.ask(), move |tx, by| {
        let made = kit.by_person(by.person(), |tools| tokens::create(tx, by, tools, &ask))?;
        Ok::<_, Fault<Never>>((made, ask.clone()))
    });
    let (made, ask) = match made.await {
        Ok(made) => made,
        Err(Fault::Store(store::Error::Taken)) => return made_before(&app, &demand, id).await,
        Err(fault) => return Err(fault.into()),
    };
    let frame = &ground.frame;
    let template = page::Created {
        chrome: frame::chrome(&visitor, Some(frame), "Your new token", Place::Tokens),
        ws: demand.ws().to_owned(),
        id: made.id.to_string(),
        name: ask.name.to_string(),
        environment: ask.environment,
        token: made.token.as_str().to_owned(),
        old: page::Old::None,
        snippets: snippets::of(&app.config.server, &ask.abilities, ask.node_types.as_ref(), &frame.person.id),
    };
    frame::page(&app, &visitor, &template)
}

/// The form was sent before: by a second press, or by loading the answer again. An id that nobody drew here is none.
async fn made_before(app: &Data<App>, demand: &Demand<Member>, id: TokenId) -> Reply {
    let to = url::token(demand.ws(), id.as_str());
    let found = app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(store::tokens::find(tx, by, &id)?));
    if found.await?.is_none() {
        return Err(Error::BadRequest);
    }
    Ok(see_other(app, &to, Some(Flash::TokenShown)))
}
