//! Permission to use one secret: the one function that knows which secrets a token may use.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::policy::{self, SecretFacts, Standing, Test};
use crate::domain::secret::{ConnectionRole, Slot, StateFacts};
use crate::domain::{
    Called, Delivery, Environment, Handle, Moment, Name, NodeTypeId, PersonId, SecretId, SecretState, Sharing, Slug,
    Unready, WorkflowId,
};
use crate::store::error::{Denied, Error, Fault, Refusal};
use crate::store::node_types::{self, NodeTypeRow};
use crate::store::schema::{end_users, organizations, secret_shares, secret_values, secrets};
use crate::store::secrets as secret_rows;
use crate::store::tx::ReadTx;

use super::{AtLeast, Member, Proof, VendRight, node_uses};

/// Whose connection a machine names, outside the workspace's own people.
#[derive(Clone, Debug)]
pub struct ConnectionOf {
    /// Absent when the organization itself owns the connection.
    pub end_user: Option<String>,
    pub organization: Option<String>,
}

/// Whose secrets are meant.
#[derive(Clone, Debug)]
pub enum Whose {
    /// A member's: only the token's maker may be named.
    Person(PersonId),
    Connection(ConnectionOf),
}

/// What is asked for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// A secret of a node type.
    Secret {
        node_type: Slug,
        whose: Whose,
        chosen: Option<SecretId>,
        /// Whether connections beside the first one count.
        several: bool,
    },
    /// What a node of a workflow is bound to.
    Node { workflow: Called, key: Handle },
}

/// The node that a secret is used for.
#[derive(Clone, Debug)]
pub struct NodeUse {
    pub workflow: WorkflowId,
    pub key: String,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UseRefusal {
    #[error("the node type is disabled")]
    Disabled,
    #[error("there is no usable connection")]
    NotInstalled,
    #[error("the connection needs to be authorized again")]
    NeedsReauthorization,
    #[error("several connections could be meant")]
    SelectionRequired,
    #[error("the secret is used through the proxy only")]
    ProxyOnly,
    #[error("the workflow does not name the token among those that may run it")]
    Unlisted,
    #[error("the node “{key}” needs reconfiguration: {why}")]
    NeedsReconfiguration { key: String, why: Unready },
}

impl Refusal for UseRefusal {}

/// What a use is for. A proof for one is none for the other.
pub struct Vending;
pub struct Probing;

/// Permission to open one value of this very secret, in this transaction, for this.
pub struct UseProof<'tx, For = Vending> {
    secret: SecretId,
    name: Name,
    node_type: Slug,
    node_type_id: NodeTypeId,
    environment: Environment,
    slot: Slot,
    /// The number of the value that the row stands for; an older value put back has another.
    number: i64,
    of_node: Option<NodeUse>,
    brand: PhantomData<fn(&'tx For) -> &'tx For>,
}

impl<For> UseProof<'_, For> {
    pub fn secret(&self) -> &SecretId {
        &self.secret
    }

    pub fn name(&self) -> &Name {
        &self.name
    }

    pub fn node_type(&self) -> &Slug {
        &self.node_type
    }

    pub fn node_type_id(&self) -> &NodeTypeId {
        &self.node_type_id
    }

    pub fn number(&self) -> i64 {
        self.number
    }

    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// Which node it is for, where one asked.
    pub fn of_node(&self) -> Option<&NodeUse> {
        self.of_node.as_ref()
    }
}

/// The one secret that is meant, before the rules that hold for every use.
pub(super) struct Meant {
    pub node_type: NodeTypeRow,
    pub candidate: Candidate,
    pub of_node: Option<NodeUse>,
}

#[derive(Queryable)]
pub(super) struct Candidate {
    id: SecretId,
    pub name: Name,
    node_type: NodeTypeId,
    environment: Environment,
    owner: Option<PersonId>,
    sharing: Sharing,
    shared_until: Option<Moment>,
    delivery: Delivery,
    expires_at: Option<Moment>,
    needs_reauthorization_at: Option<Moment>,
    rejected_at: Option<Moment>,
    value_entered_at: Option<Moment>,
    number: i64,
}

/// The share of the one whose right counts: with whom, and until when.
pub(super) type Share = Option<(PersonId, Option<Moment>)>;

impl Candidate {
    /// Whether this person may use it: said by the rule itself, whatever a query was told.
    pub fn is_usable(&self, share: &Share, person: &PersonId, now: Moment) -> bool {
        let facts = SecretFacts {
            owner: self.owner.as_ref(),
            sharing: self.sharing,
            shared_until: self.shared_until,
            chosen: share.as_ref().map(|(_, until)| *until),
        };
        facts.usable_by(person, now)
    }
}

/// Grants the use of the one secret that is meant, or says why not.
pub fn prove_vend<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, VendRight>,
    wanted: &Wanted,
) -> Result<UseProof<'tx>, Fault<UseRefusal>> {
    let Meant { node_type, candidate, of_node } = match wanted {
        Wanted::Secret { node_type, whose, chosen, several } => {
            let node_type = node_types::find(tx, by, node_type)?.ok_or(Denied::NotFound)?;
            if !node_type.enabled {
                return Err(UseRefusal::Disabled.into());
            }
            let candidates = match whose {
                Whose::Person(person) if person == by.maker() => of_member(tx, by, &node_type.id, chosen.as_ref())?,
                Whose::Person(_) => return Err(Denied::NotFound.into()),
                Whose::Connection(of) => of_connection(tx, by, (&node_type.id, of, *several), chosen.as_ref())?,
            };
            Meant { node_type, candidate: choose(candidates, chosen.as_ref())?, of_node: None }
        }
        Wanted::Node { workflow, key } => node_uses::meant(tx, by, (workflow, key))?,
    };
    // Said once more where it counts, whatever the queries above were told.
    if !policy::fits((&candidate.node_type, candidate.environment), (&node_type.id, by.environment())) {
        return Err(UseRefusal::NotInstalled.into());
    }
    check_state(&candidate, tx.now())?;
    if candidate.delivery == Delivery::Proxy {
        return Err(UseRefusal::ProxyOnly.into());
    }
    Ok(UseProof {
        secret: candidate.id,
        name: candidate.name,
        node_type: node_type.slug,
        node_type_id: candidate.node_type,
        environment: candidate.environment,
        slot: Slot::Current,
        number: candidate.number,
        of_node,
        brand: PhantomData,
    })
}

/// Grants a person the test of a value of a secret that they see: the current one, or the next one before it counts.
pub fn prove_probe<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    id: &SecretId,
    slot: Slot,
) -> Result<UseProof<'tx, Probing>, Fault<UseRefusal>> {
    let row = secret_rows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let node_type = node_types::find(tx, by, &row.secret.node_type)?.ok_or(Denied::NotFound)?;
    let test = Test { slot, homemade: node_type.is_homemade() };
    if !row.facts().testable_by(Standing { person: by.person(), role: by.role() }, test, tx.now()) {
        return Err(Denied::Forbidden.into());
    }
    if !node_type.enabled {
        return Err(UseRefusal::Disabled.into());
    }
    let number = match slot {
        Slot::Current => {
            usable_state(row.secret.state(tx.now()))?;
            row.secret.value_number
        }
        Slot::Next => {
            let next = secret_values::table
                .filter(secret_values::secret_id.eq(id))
                .filter(secret_values::slot.eq(Slot::Next))
                .select(secret_values::number);
            next.first(tx.conn).optional().map_err(Error::from)?.ok_or(UseRefusal::NotInstalled)?
        }
        // It has been replaced: nobody wants to know any more.
        Slot::Previous => return Err(UseRefusal::NotInstalled.into()),
    };
    Ok(UseProof {
        secret: row.secret.id,
        name: row.secret.name,
        node_type: row.secret.node_type,
        node_type_id: node_type.id,
        environment: row.secret.environment,
        slot,
        of_node: None,
        number,
        brand: PhantomData,
    })
}

fn choose(mut candidates: Vec<Candidate>, chosen: Option<&SecretId>) -> Result<Candidate, Fault<UseRefusal>> {
    if let Some(chosen) = chosen {
        return Ok(candidates.into_iter().find(|c| c.id == *chosen).ok_or(Denied::NotFound)?);
    }
    // A place without a value is in nobody's way.
    candidates.retain(|candidate| candidate.value_entered_at.is_some());
    match (candidates.pop(), candidates.is_empty()) {
        (None, _) => Err(UseRefusal::NotInstalled.into()),
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(UseRefusal::SelectionRequired.into()),
    }
}

fn check_state(candidate: &Candidate, now: Moment) -> Result<(), UseRefusal> {
    let facts = StateFacts {
        has_value: candidate.value_entered_at.is_some(),
        expires_at: candidate.expires_at,
        needs_reauthorization: candidate.needs_reauthorization_at.is_some(),
        rejected: candidate.rejected_at.is_some(),
    };
    usable_state(SecretState::derive(facts, now))
}

/// The first three states stop use; a rejected value may work again.
fn usable_state(state: SecretState) -> Result<(), UseRefusal> {
    match state {
        SecretState::Disconnected => Err(UseRefusal::NotInstalled),
        SecretState::Expired | SecretState::NeedsReauthorization => Err(UseRefusal::NeedsReauthorization),
        SecretState::Rejected | SecretState::Connected => Ok(()),
    }
}

macro_rules! candidate_columns {
    () => {
        (
            secrets::id,
            secrets::name,
            secrets::node_type_id,
            secrets::environment,
            secrets::owner_id,
            secrets::sharing,
            secrets::shared_until,
            secrets::delivery,
            secrets::expires_at,
            secrets::needs_reauthorization_at,
            secrets::rejected_at,
            secrets::value_entered_at,
            secrets::value_number,
        )
    };
}

pub(super) use candidate_columns;

/// As many as it takes to choose: the one that was named, or of those that hold a value two, which tell that there are
/// several.
macro_rules! enough {
    ($query:expr, $chosen:expr) => {
        match $chosen {
            Some(id) => $query.filter(secrets::id.eq(id)),
            None => $query.filter(secrets::value_entered_at.is_not_null()).order(secrets::id).limit(2),
        }
    };
}

fn of_member(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, VendRight>,
    node_type: &NodeTypeId,
    chosen: Option<&SecretId>,
) -> Result<Vec<Candidate>, Error> {
    let now = tx.now();
    // The SQL of `policy::SecretFacts::usable_by`, exactly: what it let through in vain would count as one of the two.
    let by_all =
        secrets::sharing.eq(Sharing::Workspace).and(secrets::shared_until.is_null().or(secrets::shared_until.gt(now)));
    let among_chosen = secrets::sharing
        .eq(Sharing::Members)
        .and(secret_shares::person_id.is_not_null())
        .and(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)));
    let query = secrets::table
        .left_join(
            secret_shares::table
                .on(secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(by.maker()))),
        )
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::node_type_id.eq(node_type))
        .filter(secrets::environment.eq(by.environment()))
        .filter(secrets::owner_id.is_not_null())
        .filter(secrets::owner_id.eq(by.maker()).or(by_all).or(among_chosen))
        .select((candidate_columns!(), (secret_shares::person_id, secret_shares::ends_at).nullable()))
        .into_boxed();
    let rows: Vec<(Candidate, Share)> = enough!(query, chosen).load(tx.conn)?;
    let usable = |(candidate, share): &(Candidate, Share)| candidate.is_usable(share, by.maker(), now);
    Ok(rows.into_iter().filter(usable).map(|(candidate, _)| candidate).collect())
}

fn of_connection(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, VendRight>,
    (node_type, of, several): (&NodeTypeId, &ConnectionOf, bool),
    chosen: Option<&SecretId>,
) -> Result<Vec<Candidate>, Error> {
    let mut query = secrets::table
        .left_join(end_users::table)
        .left_join(organizations::table)
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::node_type_id.eq(node_type))
        .filter(secrets::environment.eq(by.environment()))
        .filter(secrets::owner_id.is_null())
        .into_boxed();
    query = match &of.end_user {
        Some(id) => query.filter(end_users::external_id.eq(id)),
        None => query.filter(secrets::end_user_id.is_null()),
    };
    query = match &of.organization {
        Some(id) => query.filter(organizations::external_id.eq(id)),
        None => query.filter(secrets::organization_id.is_null()),
    };
    if !several {
        query = query.filter(secrets::connection_role.eq(ConnectionRole::Compatibility));
    }
    Ok(enough!(query.select(candidate_columns!()), chosen).load(tx.conn)?)
}

/// The sealed value to open: handed out for a proof of use and nothing else.
#[derive(Queryable)]
pub(in crate::store) struct ValueRow {
    pub blob: Vec<u8>,
    pub data_key: crate::domain::DataKeyId,
}

pub(in crate::store) fn value_row<For>(tx: &mut ReadTx<'_>, of: &UseProof<'_, For>) -> Result<Option<ValueRow>, Error> {
    let row = secret_values::table
        .filter(secret_values::secret_id.eq(&of.secret))
        .filter(secret_values::slot.eq(of.slot))
        .filter(secret_values::number.eq(of.number))
        .select((secret_values::blob, secret_values::data_key_id))
        .first(tx.conn)
        .optional()?;
    Ok(row)
}
