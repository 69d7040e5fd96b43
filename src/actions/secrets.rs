//! A secret's life: hung on its hook, taken off it.

use std::collections::BTreeSet;

use crate::crypto::Credential;
use crate::domain::audit::{Event, SecretFacts};
use crate::domain::keys::Hook;
use crate::domain::letter::SecretDeed;
use crate::domain::policy::Standing;
use crate::domain::{Delivery, Environment, Kind, Name, PersonId, Scopes, SecretId, Sharing, Slug, TroubleWhy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::secrets::{Dates, ListedSecret, NewOwner, NewSecret};
use crate::store::{self, Denied, Error, Fault, Outcome, Refusal, WriteTx};

use super::node_types::{self, BuiltIn};
use super::nodes::{self, Because};
use super::sealing::{Numbered, Shown};
use super::{Tools, audit, letters, renewing, sealing, sharing};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretRefusal {
    #[error("This workspace does not have that node type.")]
    NoNodeType,
    #[error("This node type is disabled.")]
    Disabled,
    #[error("Choose at least one member.")]
    NobodyChosen,
    #[error("Somebody whom you chose is not a member any more. Look once more whom you share it with.")]
    NotAMember,
    #[error("This node type was changed since you opened this form. Look at it again, and enter the key once more.")]
    ChangedSince,
    #[error("Another secret of this node type and environment has that name.")]
    NameTaken,
}

impl Refusal for SecretRefusal {}

/// What the form knew of the node type that it was filled in for.
pub enum Hung {
    /// The workspace has it, described for the so-many-eth time.
    Known(i64),
    /// The catalogue has it alone: the first secret brings it in.
    New(BuiltIn),
}

/// A secret as a member entered it, checked against the catalogue.
pub struct Entry {
    pub node_type: Slug,
    pub hook: Hung,
    pub environment: Environment,
    pub name: Name,
    pub kind: Kind,
    pub delivery: Delivery,
    /// The workspace's default where nothing is said.
    pub sharing: Option<Sharing>,
    /// The chosen members, where it is shared with some.
    pub people: BTreeSet<PersonId>,
    pub dates: Dates,
    pub last_four: Option<String>,
    /// Plain facts to show, as JSON.
    pub facts: String,
    /// None for an account that is still to be connected.
    pub credential: Option<Credential>,
    /// What a client that fetches its own tokens asks for.
    pub asks: Scopes,
}

/// Stores a secret of one's own. Whoever it is shared with may use it; nobody sees its value.
pub fn create<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    tools: Tools<'_>,
    entry: &Entry,
) -> Result<SecretId, Fault<SecretRefusal>> {
    let node_type = hook_of(tx, by, tools, entry)?;
    let sharing = match entry.sharing {
        Some(sharing) => sharing,
        None => store::workspaces::default_sharing(tx, by)?,
    };
    let people = chosen(tx, by, (sharing, &entry.people))?;
    let id = SecretId::draw(tx.now(), tools.chance);
    let new = NewSecret {
        id: &id,
        node_type: &node_type.id,
        environment: entry.environment,
        name: &entry.name,
        kind: entry.kind,
        owner: NewOwner::Person(by.person()),
        sharing,
        delivery: entry.delivery,
        last_four: entry.last_four.as_deref(),
        facts: &entry.facts,
        expires_at: entry.dates.expires_at,
        rotate_at: entry.dates.rotate_at,
        holds: entry.credential.is_some(),
    };
    store::secrets::insert(tx, by, &new).map_err(|error| match error {
        Error::Taken => Fault::Refused(SecretRefusal::NameTaken),
        other => other.into(),
    })?;
    let hook = Hook { node_type: node_type.id.clone(), environment: entry.environment };
    hold(tx, by, tools, (&id, &hook), entry)?;
    let secret = SecretFacts {
        id: id.clone(),
        name: entry.name.to_string(),
        node_type: entry.node_type.to_string(),
        environment: entry.environment,
        kind: entry.kind,
        sharing,
        delivery: entry.delivery,
        end_user: None,
        organization: None,
    };
    let value = i64::from(entry.credential.is_some());
    audit::change(tx, by, tools, Event::SecretCreated { secret: secret.clone(), value })?;
    sharing::begin(tx, by, tools, (&secret, &people))?;
    Ok(id)
}

/// Seals the first value, where there is one.
fn hold(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (id, hook): (&SecretId, &Hook),
    entry: &Entry,
) -> Result<(), Error> {
    let Some(credential) = &entry.credential else { return Ok(()) };
    let (kind, last_four, facts) = (entry.kind, entry.last_four.as_deref(), entry.facts.as_str());
    let shown = Shown { kind, last_four, facts, dates: entry.dates };
    let numbered = Numbered::current(id, 1);
    if kind != Kind::ClientCredentials {
        return sealing::seal(tx, by, tools, hook, numbered, (credential, shown));
    }
    sealing::seal(tx, by, tools, hook, numbered, (&renewing::of_client(credential), shown))?;
    renewing::begin(tx, by, id, (credential, &entry.asks))
}

/// Whom a new secret is shared with by name: members of the workspace, besides the owner.
fn chosen(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (sharing, people): (Sharing, &BTreeSet<PersonId>),
) -> Result<BTreeSet<PersonId>, Fault<SecretRefusal>> {
    if sharing != Sharing::Members {
        return Ok(BTreeSet::new());
    }
    let others: BTreeSet<PersonId> = people.iter().filter(|person| *person != by.person()).cloned().collect();
    if others.is_empty() {
        return Err(SecretRefusal::NobodyChosen.into());
    }
    if !store::shares::are_members(tx, by, others.iter())? {
        return Err(SecretRefusal::NotAMember.into());
    }
    Ok(others)
}

/// The node type that the secret is for, as it was described when the form was filled in.
fn hook_of(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    entry: &Entry,
) -> Result<NodeTypeRow, Fault<SecretRefusal>> {
    match (store::node_types::find(tx, by, &entry.node_type)?, &entry.hook) {
        (Some(row), _) if !row.enabled => Err(SecretRefusal::Disabled.into()),
        (Some(row), Hung::Known(revision)) if row.revision != *revision => Err(SecretRefusal::ChangedSince.into()),
        // Somebody else has added it meanwhile, under another method.
        (Some(row), _) if row.method != entry.kind.method() => Err(SecretRefusal::ChangedSince.into()),
        (Some(row), _) => Ok(row),
        (None, Hung::New(built_in)) => Ok(node_types::hang(tx, by, tools, built_in)?),
        (None, Hung::Known(_)) => Err(SecretRefusal::NoNodeType.into()),
    }
}

/// Deletes a secret and destroys its values, at once.
pub fn delete(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    id: &SecretId,
) -> Outcome<()> {
    let row = store::secrets::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    if !row.facts().deletable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    let who = nodes::done_by(by, row.secret.owner.as_ref());
    nodes::secret_goes(tx, by, tools, (id, Because { why: TroubleWhy::Deleted, by: who }))?;
    store::secrets::delete(tx, by, std::slice::from_ref(id))?;
    letters::tell_owner(tx, by, tools, (&row, SecretDeed::Deleted))?;
    Ok(audit::change(tx, by, tools, Event::SecretDeleted { secret: describe(&row) })?)
}

pub(super) fn describe(row: &ListedSecret) -> SecretFacts {
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
