//! End users' connections, as backends put them on the rack and take them off.

pub mod imported;

use crate::crypto::Credential;
use crate::domain::audit::{Event, SecretFacts};
use crate::domain::errand::Intent;
use crate::domain::keys::Hook;
use crate::domain::secret::ConnectionRole;
use crate::domain::{Delivery, Environment, Kind, Moment, Name, Scopes, SecretId, Sharing, Slug};
use crate::store::access::{ConnectRight, ConnectionOf, InEnvironment, Proof, TokenRight};
use crate::store::connections::{ConnectionRow, Sought};
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{Dates, NewOwner, NewSecret, Replaced};
use crate::store::token_sets::Given;
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, WriteTx};

use super::once::{self, KeyReused, Once};
use super::sealing::{Numbered, Shown};
use super::{Tools, audit, renewing, sealing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    #[error("the node type is disabled")]
    Disabled,
    #[error("the node type was described anew in the meantime")]
    ChangedSince,
    #[error("there is no such connection")]
    NoSuchAccount,
    #[error("there is a connection already")]
    Exists,
    #[error("several connections could be meant")]
    SelectionRequired,
    #[error("secret: this looks like a {says} key, and the token is for {token}.")]
    OtherEnvironment { says: Environment, token: Environment },
    #[error("the key of this request stood for another one")]
    KeyReused,
}

impl Refusal for ConnectionRefusal {}

impl From<KeyReused> for ConnectionRefusal {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// What is stored beside the credential itself.
pub enum Holding {
    Key,
    /// A client that fetches its tokens itself, and what it asks for.
    Client(Scopes),
    Tokens(Tokens),
}

/// Tokens that were given to somebody else before.
pub struct Tokens {
    pub client_id: String,
    pub asked: Scopes,
    pub granted: Scopes,
    pub ends_at: Option<Moment>,
    pub renew_at: Option<Moment>,
    /// Whether they are known not to work any more.
    pub lost: bool,
}

/// A credential as a backend brought it, checked against the description of its node type.
pub struct Brought {
    pub kind: Kind,
    /// The environment that the value's prefix tells.
    pub prefix_says: Option<Environment>,
    pub last_four: Option<String>,
    pub facts: String,
    pub credential: Credential,
    pub holding: Holding,
}

pub struct Put {
    pub node_type: Slug,
    /// Of the description that the value was checked against.
    pub revision: i64,
    pub name: Name,
    pub of: ConnectionOf,
    /// Whose request it is.
    pub user: Option<String>,
    pub meant: Intent,
    /// The id of what is made, where it was drawn before.
    pub drawn: Option<SecretId>,
    pub brought: Brought,
    /// Absent keeps, present sets or clears.
    pub account_name: Option<Option<String>>,
    pub account_identifier: Option<Option<String>>,
    /// By what the same request is known when it comes again.
    pub once: Option<Once>,
}

/// Puts the credential that a backend sends into the connection that is meant. Safe to repeat.
pub fn put(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    ask: &Put,
) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    let row = place(tx, by, tools, ask)?;
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    Ok(row)
}

/// The same on an errand of the token's, on which somebody else is.
pub(super) fn place(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    ask: &Put,
) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    let node_type = usable(tx, by, ask)?;
    let found = |tx: &mut ReadTx<'_>, id: &SecretId| store::connections::find(tx, by, (&node_type.id, &ask.of, id));
    if let Some(made) = once::made::<SecretId, ConnectionRefusal>(tx, by, ask.once.as_ref())?
        && let Some(row) = found(tx, &made)?
    {
        tx.unrecorded(store::Unrecorded::Nothing);
        return Ok(row);
    }
    let first = store::connections::list(tx, by, &first_of(&node_type, ask))?.pop();
    let id = match (&ask.meant, first) {
        (Intent::New, Some(_)) => return Err(ConnectionRefusal::Exists.into()),
        (Intent::First | Intent::Known(None), Some(known)) => replace(tx, by, tools, (&node_type, &known), ask)?,
        (Intent::Known(Some(id)), _) => {
            let known = found(tx, id)?.ok_or(ConnectionRefusal::NoSuchAccount)?;
            replace(tx, by, tools, (&node_type, &known), ask)?
        }
        (Intent::Known(None), None) => return Err(ConnectionRefusal::NoSuchAccount.into()),
        (Intent::First | Intent::New | Intent::Another, None) => {
            create(tx, by, tools, (&node_type, ConnectionRole::Compatibility), ask)?
        }
        (Intent::Another, Some(_)) => create(tx, by, tools, (&node_type, ConnectionRole::Standard), ask)?,
    };
    once::note(tx, by, ask.once.as_ref(), id.as_str())?;
    Ok(found(tx, &id)?.ok_or(Denied::NotFound)?)
}

/// The node type as it was described when the credential was looked at.
fn usable(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    ask: &Put,
) -> Result<NodeTypeRow, Fault<ConnectionRefusal>> {
    by.covers(&ask.node_type)?;
    let whom = (&ask.node_type, by.environment(), ask.of.organization.as_deref());
    let node_type = store::node_types::find_for(tx, by, whom)?.ok_or(Denied::NotFound)?;
    if !node_type.enabled {
        return Err(ConnectionRefusal::Disabled.into());
    }
    if node_type.revision != ask.revision || node_type.method != ask.brought.kind.method() {
        return Err(ConnectionRefusal::ChangedSince.into());
    }
    let token = by.environment();
    match ask.brought.prefix_says {
        Some(says) if says != token => Err(ConnectionRefusal::OtherEnvironment { says, token }.into()),
        _ => Ok(node_type),
    }
}

fn first_of<'a>(node_type: &'a NodeTypeRow, ask: &'a Put) -> Sought<'a> {
    Sought { node_type: Some(&node_type.id), of: &ask.of, chosen: None, several: false }
}

/// The one connection that is meant: the first, or with several in mind the one that was named or is alone.
pub fn one(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InEnvironment>,
    sought: &Sought<'_>,
) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    only(store::connections::list(tx, by, sought)?)
}

/// The only one of these; whoever sees several has to choose.
pub fn only(mut found: Vec<ConnectionRow>) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    match (found.pop(), found.is_empty()) {
        (None, _) => Err(ConnectionRefusal::NoSuchAccount.into()),
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(ConnectionRefusal::SelectionRequired.into()),
    }
}

/// Takes a connection off the rack, with its value.
pub fn remove(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    sought: &Sought<'_>,
) -> Result<(), Fault<ConnectionRefusal>> {
    let row = one(tx, by, sought)?;
    Ok(taken(tx, by, tools, &row)?)
}

/// The same, by its own id.
pub fn remove_named(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Outcome<()> {
    let row = named(tx, by, id)?;
    Ok(taken(tx, by, tools, &row)?)
}

/// A connection by its id, for a token that may be told of its node type.
pub fn named(tx: &mut ReadTx<'_>, by: &Proof<'_, impl TokenRight>, id: &SecretId) -> Result<ConnectionRow, Error> {
    let row = store::connections::of_anybody(tx, by, id)?.ok_or(Denied::NotFound)?;
    by.covers(&row.secret.node_type)?;
    Ok(row)
}

fn taken(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    row: &ConnectionRow,
) -> Result<(), Error> {
    let secret = facts_of(row);
    store::secrets::delete(tx, by, std::slice::from_ref(&row.secret.id))?;
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    audit::change(tx, by, tools, Event::SecretDeleted { secret })
}

fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (node_type, role): (&NodeTypeRow, ConnectionRole),
    ask: &Put,
) -> Result<SecretId, Error> {
    let end_user = match &ask.of.end_user {
        Some(external) => Some(store::connections::end_user(tx, by, external, tools.chance)?),
        None => None,
    };
    let organization = match &ask.of.organization {
        Some(external) => Some(store::connections::organization(tx, by, external, tools.chance)?),
        None => None,
    };
    let drawn = || SecretId::draw(tx.now(), tools.chance);
    let (id, brought) = (ask.drawn.clone().unwrap_or_else(drawn), &ask.brought);
    let new = NewSecret {
        id: &id,
        node_type: &node_type.id,
        environment: by.environment(),
        name: &ask.name,
        kind: brought.kind,
        owner: NewOwner::Connection { end_user: end_user.as_ref(), organization: organization.as_ref(), role },
        sharing: Sharing::Private,
        delivery: Delivery::Vend,
        last_four: brought.last_four.as_deref(),
        facts: &brought.facts,
        expires_at: None,
        rotate_at: None,
        holds: true,
    };
    store::secrets::insert(tx, by, &new)?;
    let (name, identifier) = labels(ask);
    store::secrets::set_labels(tx, by, &id, name, identifier)?;
    if let Some(user) = &ask.user {
        store::connections::set_establisher(tx, by, (&id, user))?;
    }
    hold(tx, by, tools, (node_type, &id, 1), brought)?;
    let event = Event::SecretCreated { secret: describe(&id, by, Delivery::Vend, ask), value: 1 };
    audit::change(tx, by, tools, event)?;
    Ok(id)
}

fn replace(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (node_type, known): (&NodeTypeRow, &ConnectionRow),
    ask: &Put,
) -> Result<SecretId, Error> {
    let (id, brought) = (&known.secret.id, &ask.brought);
    let number = known.secret.newest_number + 1;
    store::secrets::destroy_values(tx, by, id)?;
    let (account_name, account_identifier) = labels(ask);
    let (last_four, facts) = (brought.last_four.as_deref(), brought.facts.as_str());
    let new = Replaced { number, kind: brought.kind, last_four, facts, account_name, account_identifier };
    store::secrets::note_new_value(tx, by, id, &new)?;
    // Days that are over were about the old value.
    store::secrets::set_dates(tx, by, id, known.secret.dates().to_come(tx.now()))?;
    hold(tx, by, tools, (node_type, id, number), brought)?;
    let event = Event::ValueReplaced { secret: describe(id, by, known.secret.delivery, ask), value: number };
    audit::change(tx, by, tools, event)?;
    Ok(id.clone())
}

/// Seals the credential as the value of this number, and takes down what goes with it.
fn hold(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (node_type, id, number): (&NodeTypeRow, &SecretId, i64),
    brought: &Brought,
) -> Result<(), Error> {
    let hook = Hook { node_type: node_type.id.clone(), environment: by.environment() };
    let (kind, last_four, facts) = (brought.kind, brought.last_four.as_deref(), brought.facts.as_str());
    let shown = Shown { kind, last_four, facts, dates: Dates::default() };
    let place = Numbered::current(id, number);
    match &brought.holding {
        Holding::Key => sealing::seal(tx, by, tools, &hook, place, (&brought.credential, shown)),
        Holding::Client(asks) => {
            let client = renewing::of_client(&brought.credential);
            sealing::seal(tx, by, tools, &hook, place, (&client, shown))?;
            renewing::begin(tx, by, id, (&brought.credential, asks))
        }
        Holding::Tokens(tokens) => {
            sealing::seal(tx, by, tools, &hook, place, (&brought.credential, shown))?;
            let Tokens { client_id, asked, granted, ends_at, renew_at, lost } = tokens;
            let (ends_at, renew_at) = if *lost { (None, None) } else { (*ends_at, *renew_at) };
            store::token_sets::put(tx, by, (id, &Given { client_id, asked, granted, ends_at, renew_at }))?;
            if *lost { store::connections::set_lost(tx, by, id) } else { Ok(()) }
        }
    }
}

/// Absent keeps; present sets, or clears with nothing.
type Label<'a> = Option<Option<&'a str>>;

fn labels(ask: &Put) -> (Label<'_>, Label<'_>) {
    (ask.account_name.as_ref().map(Option::as_deref), ask.account_identifier.as_ref().map(Option::as_deref))
}

fn describe(id: &SecretId, by: &Proof<'_, ConnectRight>, delivery: Delivery, ask: &Put) -> SecretFacts {
    SecretFacts {
        id: id.clone(),
        name: ask.name.to_string(),
        node_type: ask.node_type.to_string(),
        environment: by.environment(),
        kind: ask.brought.kind,
        sharing: Sharing::Private,
        delivery,
        end_user: ask.of.end_user.clone(),
        organization: ask.of.organization.clone(),
    }
}

fn facts_of(row: &ConnectionRow) -> SecretFacts {
    SecretFacts {
        id: row.secret.id.clone(),
        name: row.secret.name.to_string(),
        node_type: row.secret.node_type.to_string(),
        environment: row.secret.environment,
        kind: row.secret.kind,
        sharing: row.secret.sharing,
        delivery: row.secret.delivery,
        end_user: row.end_user.clone(),
        organization: row.organization.clone(),
    }
}
