//! End users' connections, as backends put them on the rack.

use crate::crypto::Credential;
use crate::domain::audit::{Event, SecretFacts};
use crate::domain::keys::Hook;
use crate::domain::secret::ConnectionRole;
use crate::domain::{Delivery, Environment, Kind, Name, SecretId, Sharing, Slug};
use crate::store::access::{ConnectRight, ConnectionOf, Proof};
use crate::store::connections::ConnectionRow;
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{Dates, NewOwner, NewSecret, Replaced};
use crate::store::{self, Denied, Error, Fault, Refusal, WriteTx};

use super::sealing::{Numbered, Shown};
use super::{Tools, audit, sealing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionRefusal {
    #[error("the node type is disabled")]
    Disabled,
    #[error("the node type was described anew in the meantime")]
    ChangedSince,
    #[error("there is no such connection to authorize again")]
    NoSuchAccount,
    #[error("secret: this looks like a {says} key, and the token is for {token}.")]
    OtherEnvironment { says: Environment, token: Environment },
}

impl Refusal for ConnectionRefusal {}

pub struct Upsert {
    pub node_type: Slug,
    /// Of the description that the value was checked against.
    pub revision: i64,
    pub of: ConnectionOf,
    /// The connection that is meant, where the backend names one.
    pub expected: Option<SecretId>,
    pub must_exist: bool,
    pub name: Name,
    pub kind: Kind,
    /// The environment that the value's prefix tells.
    pub prefix_says: Option<Environment>,
    pub last_four: Option<String>,
    pub facts: String,
    pub credential: Credential,
    /// Absent keeps, present sets or clears.
    pub account_name: Option<Option<String>>,
    pub account_identifier: Option<Option<String>>,
}

/// Puts the value into the first connection, which is made where there is none. Safe to repeat.
pub fn upsert(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    ask: &Upsert,
) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    let node_type = store::node_types::find(tx, by, &ask.node_type)?.ok_or(Denied::NotFound)?;
    if !node_type.enabled {
        return Err(ConnectionRefusal::Disabled.into());
    }
    if node_type.revision != ask.revision {
        return Err(ConnectionRefusal::ChangedSince.into());
    }
    let token = by.environment();
    if let Some(says) = ask.prefix_says.filter(|says| *says != token) {
        return Err(ConnectionRefusal::OtherEnvironment { says, token }.into());
    }
    match store::connections::first_connection(tx, by, &node_type.id, &ask.of)? {
        Some(known) if ask.expected.as_ref().is_some_and(|id| *id != known.secret.id) => {
            return Err(ConnectionRefusal::NoSuchAccount.into());
        }
        None if ask.must_exist || ask.expected.is_some() => return Err(ConnectionRefusal::NoSuchAccount.into()),
        Some(known) => replace(tx, by, tools, (&node_type, &known), ask)?,
        None => create(tx, by, tools, &node_type, ask)?,
    }
    Ok(store::connections::first_connection(tx, by, &node_type.id, &ask.of)?.ok_or(Denied::NotFound)?)
}

fn create(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    node_type: &NodeTypeRow,
    ask: &Upsert,
) -> Result<(), Error> {
    let end_user = match &ask.of.end_user {
        Some(external) => Some(store::connections::end_user(tx, by, external, tools.chance)?),
        None => None,
    };
    let organization = match &ask.of.organization {
        Some(external) => Some(store::connections::organization(tx, by, external, tools.chance)?),
        None => None,
    };
    let role = ConnectionRole::Compatibility;
    let id = SecretId::draw(tx.now(), tools.chance);
    let new = NewSecret {
        id: &id,
        node_type: &node_type.id,
        environment: by.environment(),
        name: &ask.name,
        kind: ask.kind,
        owner: NewOwner::Connection { end_user: end_user.as_ref(), organization: organization.as_ref(), role },
        sharing: Sharing::Private,
        delivery: Delivery::Vend,
        last_four: ask.last_four.as_deref(),
        facts: &ask.facts,
        expires_at: None,
        rotate_at: None,
        holds: true,
    };
    store::secrets::insert(tx, by, &new)?;
    let (name, identifier) = labels(ask);
    store::secrets::set_labels(tx, by, &id, name, identifier)?;
    let hook = Hook { node_type: node_type.id.clone(), environment: by.environment() };
    sealing::seal(tx, by, tools, &hook, Numbered::current(&id, 1), (&ask.credential, shown(ask)))?;
    let event = Event::SecretCreated { secret: describe(&id, by, Delivery::Vend, ask), value: 1 };
    audit::change(tx, by, tools, event)
}

fn replace(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (node_type, known): (&NodeTypeRow, &ConnectionRow),
    ask: &Upsert,
) -> Result<(), Error> {
    let id = &known.secret.id;
    let number = known.secret.newest_number + 1;
    store::secrets::destroy_values(tx, by, id)?;
    let hook = Hook { node_type: node_type.id.clone(), environment: by.environment() };
    sealing::seal(tx, by, tools, &hook, Numbered::current(id, number), (&ask.credential, shown(ask)))?;
    let (account_name, account_identifier) = labels(ask);
    let last_four = ask.last_four.as_deref();
    let new = Replaced { number, kind: ask.kind, last_four, facts: &ask.facts, account_name, account_identifier };
    store::secrets::note_new_value(tx, by, id, &new)?;
    // Days that are over were about the old value.
    store::secrets::set_dates(tx, by, id, known.secret.dates().to_come(tx.now()))?;
    let event = Event::ValueReplaced { secret: describe(id, by, known.secret.delivery, ask), value: number };
    audit::change(tx, by, tools, event)
}

/// Absent keeps; present sets, or clears with nothing.
type Label<'a> = Option<Option<&'a str>>;

fn labels(ask: &Upsert) -> (Label<'_>, Label<'_>) {
    (ask.account_name.as_ref().map(Option::as_deref), ask.account_identifier.as_ref().map(Option::as_deref))
}

fn describe(id: &SecretId, by: &Proof<'_, ConnectRight>, delivery: Delivery, ask: &Upsert) -> SecretFacts {
    SecretFacts {
        id: id.clone(),
        name: ask.name.to_string(),
        node_type: ask.node_type.to_string(),
        environment: by.environment(),
        kind: ask.kind,
        sharing: Sharing::Private,
        delivery,
        end_user: ask.of.end_user.clone(),
        organization: ask.of.organization.clone(),
    }
}

fn shown(ask: &Upsert) -> Shown<'_> {
    let dates = Dates::default();
    Shown { kind: ask.kind, last_four: ask.last_four.as_deref(), facts: &ask.facts, dates }
}
