//! The secrets that a use may mean: found here with what they hold, judged where every use is.

use diesel::prelude::*;
use diesel::sql_types::Bool;

use crate::domain::keys::{Hook, SealedValue, WrappedDataKey, WrappedWorkspaceKey};
use crate::domain::policy::SecretFacts;
use crate::domain::secret::{ConnectionRole, Slot};
use crate::domain::{
    DataKeyId, Delivery, Environment, Moment, Name, NodeTypeId, PersonId, SecretId, Sharing, WorkspaceId,
};
use crate::store::connection::straight;
use crate::store::error::Error;
use crate::store::schema::{data_keys, secret_shares, secret_values, secrets, workspaces};
use crate::store::tx::ReadTx;

use super::uses::ConnectionOf;
use super::{Proof, UseRight};

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
    pub refusals: i32,
}

/// A secret that may be meant, with the value that it stands for: read in one look, handed out for a proof of use alone.
pub(super) struct Found {
    pub candidate: Candidate,
    pub held: Option<SealedValue>,
}

/// A sealed value, its data key, and the key of its workspace.
type HeldRow = (Option<(Vec<u8>, DataKeyId, NodeTypeId, Environment, i32, Vec<u8>)>, (WorkspaceId, String, Vec<u8>));

impl Found {
    fn new(candidate: Candidate, (value, (workspace, master, key)): HeldRow) -> Self {
        let held = value.map(|(blob, id, node_type, environment, generation, data_key)| SealedValue {
            secret: candidate.id.clone(),
            hook: Hook { node_type: candidate.node_type.clone(), environment: candidate.environment },
            number: candidate.number,
            blob,
            key: WrappedDataKey {
                id,
                hook: Hook { node_type, environment },
                generation,
                blob: data_key,
                workspace_key: WrappedWorkspaceKey { workspace, master, blob: key },
            },
        });
        Self { candidate, held }
    }
}

/// The share of the one whose right counts: with whom, and until when.
pub(super) type Share = Option<(PersonId, Option<Moment>)>;

impl Candidate {
    /// Whether anything is said against its value that a call which works would clear.
    pub fn is_in_doubt(&self) -> bool {
        self.rejected_at.is_some() || self.refusals > 0
    }

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
            secrets::refusals,
        )
    };
}

pub(super) use candidate_columns;

/// The secrets of the workspace that a token asks for, each with the value it stands for and the keys around it.
macro_rules! with_values {
    ($by:expr, $node_type:expr) => {{
        let current = secret_values::secret_id
            .eq(secrets::id)
            .and(secret_values::slot.eq(Slot::Current))
            .and(secret_values::number.eq(secrets::value_number));
        let its_key =
            data_keys::id.eq(secret_values::data_key_id).and(data_keys::workspace_id.eq(secrets::workspace_id));
        secrets::table
            .inner_join(workspaces::table)
            .left_join(secret_values::table.on(current))
            .left_join(data_keys::table.on(its_key))
            .filter(secrets::workspace_id.eq($by.workspace()))
            .filter(secrets::node_type_id.eq($node_type))
            .filter(secrets::environment.eq($by.environment()))
    }};
}

/// The end user of this name. Who that is, is looked up first: joined to the secrets, SQLite would ask each of them whose
/// it is.
macro_rules! user_of {
    ($by:expr, $name:expr) => {{
        use crate::store::schema::end_users;
        let user = diesel::alias!(end_users as meant_user);
        let here = user.filter(user.field(end_users::workspace_id).eq($by.workspace()));
        here.filter(user.field(end_users::external_id).eq($name)).select(user.field(end_users::id)).single_value()
    }};
}

/// The organization of this name.
macro_rules! organization_of {
    ($by:expr, $name:expr) => {{
        use crate::store::schema::organizations;
        let organization = diesel::alias!(organizations as meant_organization);
        let here = organization.filter(organization.field(organizations::workspace_id).eq($by.workspace()));
        let found = here.filter(organization.field(organizations::external_id).eq($name));
        found.select(organization.field(organizations::id)).single_value()
    }};
}

/// Narrows secrets to those of an end user, or an organization.
macro_rules! of_whom {
    ($query:expr, $by:expr, $of:expr) => {{
        use crate::store::access::{organization_of, user_of};
        use crate::store::schema::secrets;
        let query = match &$of.end_user {
            Some(name) => $query.filter(secrets::end_user_id.eq(user_of!($by, name))),
            None => $query.filter(secrets::end_user_id.is_null()),
        };
        match &$of.organization {
            Some(name) => query.filter(secrets::organization_id.eq(organization_of!($by, name))),
            None => query.filter(secrets::organization_id.is_null()),
        }
    }};
}

pub(in crate::store) use {of_whom, organization_of, user_of};

macro_rules! held_columns {
    () => {
        (
            (
                secret_values::blob,
                data_keys::id,
                data_keys::node_type_id,
                data_keys::environment,
                data_keys::generation,
                data_keys::blob,
            )
                .nullable(),
            (workspaces::id, workspaces::master, workspaces::key_blob),
        )
    };
}

/// That a secret holds a value, and is the one that was named: the same words whether one was or not, so that the database
/// and diesel know the statement again.
macro_rules! fitting {
    ($chosen:expr) => {{
        let chosen: Option<&SecretId> = $chosen;
        let any = chosen.is_none().into_sql::<Bool>().and(secrets::value_entered_at.is_not_null());
        any.or(secrets::id.nullable().eq(chosen))
    }};
}

/// As many as it takes to tell that there are several. Whichever they are: an order by id would have SQLite walk all the
/// secrets of the workspace in that order.
pub(super) const ENOUGH: i64 = 2;

pub(super) fn of_member<R: UseRight>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    node_type: &NodeTypeId,
    (chosen, most): (Option<&SecretId>, i64),
) -> Result<Vec<Found>, Error> {
    let now = tx.now();
    // The SQL of `policy::SecretFacts::usable_by`, exactly: what it let through in vain would count as one of the two.
    let by_all =
        secrets::sharing.eq(Sharing::Workspace).and(secrets::shared_until.is_null().or(secrets::shared_until.gt(now)));
    let among_chosen = secrets::sharing
        .eq(Sharing::Members)
        .and(secret_shares::person_id.is_not_null())
        .and(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)));
    let query = with_values!(by, node_type)
        .left_join(
            secret_shares::table
                .on(secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(by.maker()))),
        )
        .filter(secrets::owner_id.is_not_null())
        .filter(secrets::owner_id.eq(by.maker()).or(by_all).or(among_chosen))
        .select((candidate_columns!(), held_columns!(), (secret_shares::person_id, secret_shares::ends_at).nullable()));
    let rows: Vec<(Candidate, HeldRow, Share)> = match chosen {
        // By its id alone: there may be many besides.
        Some(id) => straight!(tx.conn, |conn| query.filter(secrets::id.eq(id)).load(conn))?,
        None => {
            let any = query.filter(secrets::value_entered_at.is_not_null()).limit(most);
            straight!(tx.conn, |conn| any.load(conn))?
        }
    };
    let usable = |(candidate, _, share): &(Candidate, HeldRow, Share)| candidate.is_usable(share, by.maker(), now);
    Ok(rows.into_iter().filter(usable).map(|(candidate, held, _)| Found::new(candidate, held)).collect())
}

/// Each sort of owner has a statement of its own, which is known again: putting its words together anew for each vend would
/// take longer than the look itself.
pub(super) fn of_connection<R: UseRight>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    (node_type, of, several): (&NodeTypeId, &ConnectionOf, bool),
    (chosen, most): (Option<&SecretId>, i64),
) -> Result<Vec<Found>, Error> {
    let counts = secrets::connection_role.eq(ConnectionRole::Compatibility).or(several.into_sql::<Bool>());
    let all = with_values!(by, node_type)
        .filter(secrets::owner_id.is_null())
        .filter(counts)
        .filter(fitting!(chosen))
        .select((candidate_columns!(), held_columns!()))
        .limit(most);
    let rows: Vec<(Candidate, HeldRow)> = match (&of.end_user, &of.organization) {
        (Some(user), None) => {
            let theirs = secrets::end_user_id.eq(user_of!(by, user)).and(secrets::organization_id.is_null());
            straight!(tx.conn, |conn| all.filter(theirs).load(conn))?
        }
        (Some(user), Some(organization)) => {
            let within = secrets::organization_id.eq(organization_of!(by, organization));
            let theirs = secrets::end_user_id.eq(user_of!(by, user)).and(within);
            straight!(tx.conn, |conn| all.filter(theirs).load(conn))?
        }
        (None, Some(organization)) => {
            let its = secrets::organization_id.eq(organization_of!(by, organization));
            straight!(tx.conn, |conn| all.filter(secrets::end_user_id.is_null().and(its)).load(conn))?
        }
        (None, None) => Vec::new(),
    };
    Ok(rows.into_iter().map(|(candidate, held)| Found::new(candidate, held)).collect())
}
