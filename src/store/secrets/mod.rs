//! Secrets' rows: everything about them except how to open them.

mod choosing;
mod lists;
mod many;
mod names;
mod of_type;
mod order;
mod parts;
mod values;

use diesel::prelude::*;

use crate::domain::policy::SecretFacts;
use crate::domain::secret::{ConnectionRole, StateFacts};
use crate::domain::{
    Delivery, EndUserId, Environment, Kind, Moment, Name, NodeTypeId, OrganizationId, PersonId, SecretId, SecretState,
    Sharing, Slug,
};

use super::access::{InWorkspace, Proof};
use super::error::Error;
use super::schema::{secret_shares, secrets};
use super::tx::WriteTx;

pub use choosing::{Choice, choice};
pub(super) use lists::anywhere;
pub(super) use lists::usable as usable_ids;
pub(super) use lists::visible as visible_ids;
pub use lists::{
    Sought, SoughtOwner, SoughtUsers, Troubles, any_used, count, counts, find, is_usable, list, newest_to_use,
    owned_by, seen_among, stuck, troubles,
};
pub use many::{Parted, among, delete, parted};
pub use names::names_among;
pub use of_type::{count_by_type, disconnect_type, of_type};
pub use order::{Order, Spot};
pub use parts::{Narrow, part};
pub use values::{
    EndedPrevious, Held, NewValue, Replaced, destroy_slot, destroy_values, ended_previous, held, insert_value,
    note_new_value, note_staged, promote, roll_back, with_ended_previous,
};

/// A secret as lists and pages show it.
#[derive(Queryable, Clone)]
pub struct SecretRow {
    pub id: SecretId,
    pub node_type: Slug,
    pub node_type_name: Name,
    pub node_type_enabled: bool,
    pub environment: Environment,
    pub name: Name,
    pub kind: Kind,
    pub owner: Option<PersonId>,
    pub sharing: Sharing,
    pub shared_until: Option<Moment>,
    pub delivery: Delivery,
    pub revision: i64,
    pub value_number: i64,
    pub newest_number: i64,
    pub last_four: Option<String>,
    pub facts: String,
    pub value_entered_at: Option<Moment>,
    pub expires_at: Option<Moment>,
    pub rotate_at: Option<Moment>,
    pub rejected_at: Option<Moment>,
    pub needs_reauthorization_at: Option<Moment>,
    pub unreadable_at: Option<Moment>,
    pub last_used_at: Option<Moment>,
    pub created_at: Moment,
    pub updated_at: Moment,
}

/// A row with the names around it.
#[derive(Queryable, Clone)]
pub struct ListedSecret {
    pub secret: SecretRow,
    pub owner_name: Option<Name>,
    pub end_user: Option<String>,
    pub organization: Option<String>,
    /// The share of the one who looks: with whom, and until when.
    share: Option<(PersonId, Option<Moment>)>,
}

pub struct NewSecret<'a> {
    pub id: &'a SecretId,
    pub node_type: &'a NodeTypeId,
    pub environment: Environment,
    pub name: &'a Name,
    pub kind: Kind,
    pub owner: NewOwner<'a>,
    pub sharing: Sharing,
    pub delivery: Delivery,
    pub last_four: Option<&'a str>,
    pub facts: &'a str,
    pub expires_at: Option<Moment>,
    pub rotate_at: Option<Moment>,
    /// Whether its first value is there; otherwise it is a place for one.
    pub holds: bool,
}

pub enum NewOwner<'a> {
    Person(&'a PersonId),
    Connection { end_user: Option<&'a EndUserId>, organization: Option<&'a OrganizationId>, role: ConnectionRole },
}

/// One row of the workspace.
macro_rules! row {
    ($by:expr, $id:expr) => {
        secrets::table.filter(secrets::workspace_id.eq($by.workspace())).filter(secrets::id.eq($id))
    };
}

pub(super) use row;

/// The columns of a `SecretRow`, in its order.
macro_rules! columns {
    () => {
        (
            secrets::id,
            node_types::slug,
            node_types::name,
            node_types::enabled,
            secrets::environment,
            secrets::name,
            secrets::kind,
            secrets::owner_id,
            secrets::sharing,
            secrets::shared_until,
            secrets::delivery,
            secrets::revision,
            secrets::value_number,
            secrets::newest_number,
            secrets::last_four,
            secrets::facts,
            secrets::value_entered_at,
            secrets::expires_at,
            secrets::rotate_at,
            secrets::rejected_at,
            secrets::needs_reauthorization_at,
            secrets::unreadable_at,
            secrets::last_used_at,
            secrets::created_at,
            secrets::updated_at,
        )
    };
}

pub(super) use columns;

impl SecretRow {
    pub fn state(&self, now: Moment) -> SecretState {
        let facts = StateFacts {
            has_value: self.value_entered_at.is_some(),
            expires_at: self.expires_at,
            needs_reauthorization: self.needs_reauthorization_at.is_some(),
            rejected: self.rejected_at.is_some(),
        };
        SecretState::derive(facts, now)
    }
}

impl SecretRow {
    pub fn dates(&self) -> Dates {
        Dates { expires_at: self.expires_at, rotate_at: self.rotate_at }
    }
}

impl ListedSecret {
    pub fn facts(&self) -> SecretFacts<'_> {
        SecretFacts {
            owner: self.secret.owner.as_ref(),
            sharing: self.secret.sharing,
            shared_until: self.secret.shared_until,
            chosen: self.share.as_ref().map(|(_, until)| *until),
        }
    }
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, new: &NewSecret<'_>) -> Result<(), Error> {
    let now = tx.now();
    let number = i64::from(new.holds);
    let (owner, end_user, organization, role) = match new.owner {
        NewOwner::Person(person) => (Some(person), None, None, None),
        NewOwner::Connection { end_user, organization, role } => (None, end_user, organization, Some(role)),
    };
    diesel::insert_into(secrets::table)
        .values((
            (
                secrets::id.eq(new.id),
                secrets::workspace_id.eq(by.workspace()),
                secrets::node_type_id.eq(new.node_type),
                secrets::environment.eq(new.environment),
                secrets::name.eq(new.name),
                secrets::name_key.eq(new.name.key()),
                secrets::kind.eq(new.kind),
                secrets::owner_id.eq(owner),
                secrets::end_user_id.eq(end_user),
                secrets::organization_id.eq(organization),
                secrets::connection_role.eq(role),
            ),
            (
                secrets::sharing.eq(new.sharing),
                secrets::delivery.eq(new.delivery),
                secrets::revision.eq(1_i64),
                secrets::value_number.eq(number),
                secrets::newest_number.eq(number),
                secrets::last_four.eq(new.last_four),
                secrets::facts.eq(new.facts),
                secrets::value_entered_at.eq(new.holds.then_some(now)),
                secrets::expires_at.eq(new.expires_at),
                secrets::rotate_at.eq(new.rotate_at),
                secrets::created_at.eq(now),
                secrets::updated_at.eq(now),
            ),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Passes the slot on without its value: id, name and who may use it stay.
pub fn hand_over(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    heir: &PersonId,
) -> Result<(), Error> {
    diesel::delete(
        secret_shares::table.filter(secret_shares::secret_id.eq(id)).filter(secret_shares::person_id.eq(heir)),
    )
    .execute(tx.conn)?;
    diesel::update(row!(by, id)).set(secrets::owner_id.eq(heir)).execute(tx.conn)?;
    empty(tx, by, id)
}

/// Destroys the values, and what the row says about them. The slot stays, with where its values may travel.
pub fn empty(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId) -> Result<(), Error> {
    destroy_values(tx, by, id)?;
    super::token_sets::forget(tx, by, id)?;
    super::reminders::forget(tx, by, id)?;
    let (now, none) = (tx.now(), None::<Moment>);
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::value_entered_at.eq(none),
            secrets::last_four.eq(None::<String>),
            secrets::expires_at.eq(none),
            secrets::rotate_at.eq(none),
            secrets::rejected_at.eq(none),
            secrets::refusals.eq(0),
            secrets::needs_reauthorization_at.eq(none),
            secrets::unreadable_at.eq(none),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Gives it another name; [`Error::Taken`] where another one of its node type and environment has it.
pub fn rename(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &SecretId, name: &Name) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::name.eq(name),
            secrets::name_key.eq(name.key()),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_delivery(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    delivery: Delivery,
) -> Result<(), Error> {
    let now = tx.now();
    diesel::update(row!(by, id))
        .set((secrets::revision.eq(secrets::revision + 1), secrets::delivery.eq(delivery), secrets::updated_at.eq(now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Its last day, and when another value is meant to be entered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    pub expires_at: Option<Moment>,
    pub rotate_at: Option<Moment>,
}

impl Dates {
    /// Those that are not over.
    pub fn to_come(self, now: Moment) -> Self {
        let coming = |at: Option<Moment>| at.filter(|at| *at > now);
        Self { expires_at: coming(self.expires_at), rotate_at: coming(self.rotate_at) }
    }
}

pub fn set_dates(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    dates: Dates,
) -> Result<(), Error> {
    super::reminders::forget(tx, by, id)?;
    let now = tx.now();
    diesel::update(row!(by, id))
        .set((
            secrets::revision.eq(secrets::revision + 1),
            secrets::expires_at.eq(dates.expires_at),
            secrets::rotate_at.eq(dates.rotate_at),
            secrets::updated_at.eq(now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_labels(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    name: Option<Option<&str>>,
    identifier: Option<Option<&str>>,
) -> Result<(), Error> {
    let row = || secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    if let Some(name) = name {
        diesel::update(row()).set(secrets::account_name.eq(name)).execute(tx.conn)?;
    }
    if let Some(identifier) = identifier {
        diesel::update(row()).set(secrets::account_identifier.eq(identifier)).execute(tx.conn)?;
    }
    Ok(())
}

/// Says on the row that its value of this number does not open; false where it says so already, or has a newer value.
pub fn mark_unreadable(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    (id, number): (&SecretId, i64),
) -> Result<bool, Error> {
    let now = tx.now();
    let row = secrets::table
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .filter(secrets::value_number.eq(number))
        .filter(secrets::unreadable_at.is_null());
    Ok(diesel::update(row).set(secrets::unreadable_at.eq(now)).execute(tx.conn)? == 1)
}
