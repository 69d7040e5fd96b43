//! The secrets that a use may mean: found here, judged where every use is.

use diesel::prelude::*;

use crate::domain::policy::SecretFacts;
use crate::domain::secret::ConnectionRole;
use crate::domain::{Delivery, Environment, Moment, Name, NodeTypeId, PersonId, SecretId, Sharing};
use crate::store::error::Error;
use crate::store::schema::{end_users, organizations, secret_shares, secrets};
use crate::store::tx::ReadTx;

use super::uses::ConnectionOf;
use super::{Proof, VendRight};

#[derive(Queryable)]
pub(super) struct Candidate {
    pub id: SecretId,
    pub name: Name,
    pub node_type: NodeTypeId,
    pub environment: Environment,
    pub owner: Option<PersonId>,
    pub sharing: Sharing,
    pub shared_until: Option<Moment>,
    pub delivery: Delivery,
    pub expires_at: Option<Moment>,
    pub needs_reauthorization_at: Option<Moment>,
    pub rejected_at: Option<Moment>,
    pub value_entered_at: Option<Moment>,
    pub number: i64,
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

pub(super) fn of_member(
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

pub(super) fn of_connection(
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
