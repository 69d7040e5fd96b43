//! Permission to use one secret: the one function that knows which secrets a token may use.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::keys::SealedValue;
use crate::domain::policy;
use crate::domain::secret::{Slot, StateFacts};
use crate::domain::{
    Called, Environment, Handle, Method, Moment, Name, NodeTypeId, PersonId, SecretId, SecretState, Slug, Unready,
    WorkflowId,
};
use crate::store::error::{Denied, Error, Fault, Refusal};
use crate::store::node_types::{self, NodeTypeRow};
use crate::store::schema::secret_values;
use crate::store::tx::ReadTx;

use super::candidates::{Candidate, ENOUGH, Found, of_connection, of_member};
use super::{Proof, UseRight, node_uses};

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
        /// The maker's of the token, where nobody is named.
        whose: Option<Whose>,
        chosen: Option<SecretId>,
        /// Whether connections beside the first one count.
        several: bool,
        /// Whether only what is connected will do, and no key.
        only_tokens: bool,
    },
    /// What a node of a workflow is bound to.
    Node {
        workflow: Called,
        key: Handle,
        /// Of which node type it has to be, where the asker says so.
        node_type: Option<Slug>,
    },
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
    #[error("a Member's token does not use what belongs to end users")]
    OfOutsiders,
    #[error("the workflow does not name the token among those that may run it")]
    Unlisted,
    #[error("the node “{key}” needs reconfiguration: {why}")]
    NeedsReconfiguration { key: String, why: Unready },
}

impl Refusal for UseRefusal {}

/// What a use is for. A proof for one is none for the other.
pub struct Vending;
/// Keyrack makes the call.
pub struct Proxying;
pub struct Probing;
/// Another value of the same kind is asked for with this one, by Keyrack itself.
pub struct Renewing;
/// The provider is asked to forget it.
pub struct Revoking;

/// Permission to open one value of this very secret, in this transaction, for this.
pub struct UseProof<'tx, For = Vending> {
    pub(super) secret: SecretId,
    pub(super) name: Name,
    pub(super) node_type: Slug,
    pub(super) node_type_id: NodeTypeId,
    pub(super) method: Method,
    pub(super) environment: Environment,
    pub(super) slot: Slot,
    /// The number of the value that the row stands for; an older value put back has another.
    pub(super) number: i64,
    /// Whether the row says anything against the value that a call which works would clear.
    pub(super) in_doubt: bool,
    /// How a custom API is described, where it is one.
    pub(super) spec: Option<String>,
    pub(super) of_node: Option<NodeUse>,
    /// The value itself, where it was read together with the row.
    pub(super) held: Option<SealedValue>,
    pub(super) brand: PhantomData<fn(&'tx For) -> &'tx For>,
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

    /// Whether a call that works is worth telling: something is said against the value, which that clears.
    pub fn is_in_doubt(&self) -> bool {
        self.in_doubt
    }

    pub fn environment(&self) -> Environment {
        self.environment
    }

    /// How a custom API is described, where it is one.
    pub fn spec(&self) -> Option<&str> {
        self.spec.as_deref()
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
pub fn prove_use<'tx, R: UseRight>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, R>,
    wanted: &Wanted,
) -> Result<UseProof<'tx, R::For>, Fault<UseRefusal>> {
    let Meant { node_type, found: Found { candidate, held }, of_node } = match wanted {
        Wanted::Secret { node_type, whose, chosen, several, only_tokens } => {
            by.covers(node_type)?;
            let organization = match whose {
                Some(Whose::Connection(of)) => of.organization.as_deref(),
                Some(Whose::Person(_)) | None => None,
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
                Some(Whose::Person(person)) if person != by.maker() => return Err(Denied::NotFound.into()),
                Some(Whose::Person(_)) | None => of_member(tx, by, &node_type.id, (chosen.as_ref(), ENOUGH))?,
                Some(Whose::Connection(_)) if !policy::may_use_outsiders(by.role_of_maker()) => {
                    return Err(UseRefusal::OfOutsiders.into());
                }
                Some(Whose::Connection(of)) => {
                    of_connection(tx, by, (&node_type.id, of, *several), (chosen.as_ref(), ENOUGH))?
                }
            };
            Meant { node_type, found: choose(found, chosen.as_ref())?, of_node: None }
        }
        Wanted::Node { workflow, key, node_type } => node_uses::meant(tx, by, (workflow, key), node_type.as_ref())?,
    };
    // Said once more where it counts, whatever the queries above were told.
    if !policy::fits((&candidate.node_type, candidate.environment), (&node_type.id, by.environment())) {
        return Err(UseRefusal::NotInstalled.into());
    }
    check_state(&candidate, tx.now())?;
    if !R::suits(candidate.delivery) {
        return Err(UseRefusal::ProxyOnly.into());
    }
    Ok(UseProof {
        in_doubt: candidate.is_in_doubt(),
        secret: candidate.id,
        name: candidate.name,
        node_type: node_type.slug,
        spec: node_type.spec,
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

pub(super) fn check_state(candidate: &Candidate, now: Moment) -> Result<(), UseRefusal> {
    let facts = StateFacts {
        has_value: candidate.value_entered_at.is_some(),
        expires_at: candidate.expires_at,
        needs_reauthorization: candidate.needs_reauthorization_at.is_some(),
        rejected: candidate.rejected_at.is_some(),
    };
    usable_state(SecretState::derive(facts, now))
}

/// The first three states stop use; a rejected value may work again.
pub(super) fn usable_state(state: SecretState) -> Result<(), UseRefusal> {
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
