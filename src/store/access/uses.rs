//! Permission to use one secret: the one function that knows which secrets a token may use.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::keys::SealedValue;
use crate::domain::policy::{self, Standing, Test};
use crate::domain::secret::{Slot, StateFacts};
use crate::domain::{
    Called, Delivery, Environment, Handle, Method, Moment, Name, NodeTypeId, PersonId, SecretId, SecretState, Slug,
    Unready, WorkflowId,
};
use crate::store::error::{Denied, Error, Fault, Refusal};
use crate::store::node_types::{self, NodeTypeRow};
use crate::store::organization_settings::organizations_own;
use crate::store::schema::{node_types as node_type_rows, organization_settings, secret_values, secrets};
use crate::store::secrets as secret_rows;
use crate::store::tx::ReadTx;

use super::candidates::{Candidate, Found, candidate_columns, of_connection, of_member};
use super::{AtLeast, Member, Proof, RunnerIn, VendRight, node_uses};

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
        /// Whether only what is connected will do, and no key.
        only_tokens: bool,
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
    #[error("the node type holds keys, and no tokens")]
    NoTokens,
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
/// Another value of the same kind is asked for with this one, by Keyrack itself.
pub struct Renewing;
/// The provider is asked to forget it.
pub struct Revoking;

/// Permission to open one value of this very secret, in this transaction, for this.
pub struct UseProof<'tx, For = Vending> {
    secret: SecretId,
    name: Name,
    node_type: Slug,
    node_type_id: NodeTypeId,
    method: Method,
    environment: Environment,
    slot: Slot,
    /// The number of the value that the row stands for; an older value put back has another.
    number: i64,
    of_node: Option<NodeUse>,
    /// The value itself, where it was read together with the row.
    held: Option<SealedValue>,
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

    pub fn method(&self) -> Method {
        self.method
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

    /// The value that it is for, where it was read with the row that was judged.
    pub(in crate::store) fn held(&self) -> Option<&SealedValue> {
        self.held.as_ref()
    }
}

/// The one secret that is meant, before the rules that hold for every use.
pub(super) struct Meant {
    pub node_type: NodeTypeRow,
    pub found: Found,
    pub of_node: Option<NodeUse>,
}

/// Grants the use of the one secret that is meant, or says why not.
pub fn prove_vend<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, VendRight>,
    wanted: &Wanted,
) -> Result<UseProof<'tx>, Fault<UseRefusal>> {
    let Meant { node_type, found: Found { candidate, held }, of_node } = match wanted {
        Wanted::Secret { node_type, whose, chosen, several, only_tokens } => {
            by.covers(node_type)?;
            let organization = match whose {
                Whose::Connection(of) => of.organization.as_deref(),
                Whose::Person(_) => None,
            };
            let node_type = node_types::find_for(tx, by, (node_type, by.environment(), organization))?;
            let node_type = node_type.ok_or(Denied::NotFound)?;
            if *only_tokens && node_type.method == Method::Key {
                return Err(UseRefusal::NoTokens.into());
            }
            if !node_type.enabled {
                return Err(UseRefusal::Disabled.into());
            }
            let found = match whose {
                Whose::Person(person) if person == by.maker() => of_member(tx, by, &node_type.id, chosen.as_ref())?,
                Whose::Person(_) => return Err(Denied::NotFound.into()),
                Whose::Connection(of) => of_connection(tx, by, (&node_type.id, of, *several), chosen.as_ref())?,
            };
            Meant { node_type, found: choose(found, chosen.as_ref())?, of_node: None }
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
        method: node_type.method,
        environment: candidate.environment,
        slot: Slot::Current,
        number: candidate.number,
        of_node,
        held,
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
        method: node_type.method,
        environment: row.secret.environment,
        slot,
        number,
        of_node: None,
        held: None,
        brand: PhantomData,
    })
}

/// Grants a person who may take the value of a secret away that its provider is asked to forget it; none where there is
/// none. The state it is in is no reason to keep it.
pub fn prove_revocation<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    id: &SecretId,
) -> Result<Option<UseProof<'tx, Revoking>>, Error> {
    let row = secret_rows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let node_type = node_types::find(tx, by, &row.secret.node_type)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    if node_type.method != Method::OAuth || row.secret.value_entered_at.is_none() {
        return Ok(None);
    }
    Ok(Some(UseProof {
        secret: row.secret.id,
        name: row.secret.name,
        node_type: row.secret.node_type,
        node_type_id: node_type.id,
        method: node_type.method,
        environment: row.secret.environment,
        slot: Slot::Current,
        number: row.secret.value_number,
        of_node: None,
        held: None,
        brand: PhantomData,
    }))
}

/// Grants Keyrack the renewal of the tokens that a secret holds; none where it holds none that can be used.
pub fn prove_renewal<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    id: &SecretId,
) -> Result<Option<UseProof<'tx, Renewing>>, Error> {
    // Whether it is enabled, and whether it is for the organization that the secret belongs to.
    type OfType = (Slug, Method, bool, Option<bool>);
    let found: Option<(Candidate, OfType)> = secrets::table
        .inner_join(node_type_rows::table)
        .left_join(organization_settings::table.on(organizations_own!()))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .select((
            candidate_columns!(),
            (
                node_type_rows::slug,
                node_type_rows::method,
                node_type_rows::enabled,
                organization_settings::enabled.nullable(),
            ),
        ))
        .first(tx.conn)
        .optional()?;
    let now = tx.now();
    let Some((candidate, (slug, method, enabled, open))) = found else { return Ok(None) };
    if !enabled || open == Some(false) || method == Method::Key || check_state(&candidate, now).is_err() {
        return Ok(None);
    }
    Ok(Some(UseProof {
        secret: candidate.id,
        name: candidate.name,
        node_type: slug,
        node_type_id: candidate.node_type,
        method,
        environment: candidate.environment,
        slot: Slot::Current,
        number: candidate.number,
        of_node: None,
        held: None,
        brand: PhantomData,
    }))
}

fn choose(mut found: Vec<Found>, chosen: Option<&SecretId>) -> Result<Found, Fault<UseRefusal>> {
    if let Some(chosen) = chosen {
        return Ok(found.into_iter().find(|one| one.candidate.id == *chosen).ok_or(Denied::NotFound)?);
    }
    // A place without a value is in nobody's way.
    found.retain(|one| one.candidate.value_entered_at.is_some());
    match (found.pop(), found.is_empty()) {
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
