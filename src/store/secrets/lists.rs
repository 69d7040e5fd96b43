//! Which secrets a list holds: who may see them, what they are narrowed to, and how many there are.
//!
//! Invariant: every list, count and look-up for a person begins with [`visible`].

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::dsl::not;
use diesel::prelude::*;
use diesel::sql_types::Text;

use crate::domain::audit::Entry;
use crate::domain::policy::{self, Standing};
use crate::domain::{Environment, Method, Moment, OutsiderId, PersonId, SecretId, SecretState, Sharing, Slug};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::connection::Backend;
use crate::store::error::Error;
use crate::store::paging::{IDS_AT_ONCE, Page, Turn, page_of_keys};
use crate::store::schema::{
    end_users, members, node_types, organizations, people, reminders, secret_shares, secrets, token_sets,
};
use crate::store::tx::ReadTx;

use super::order::{self, Order, Spot};
use super::{ListedSecret, columns};

/// What a list of secrets is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sought {
    /// Part of a name's key.
    pub name: Option<String>,
    pub node_type: Option<Slug>,
    pub environment: Option<Environment>,
    pub state: Option<SecretState>,
    pub owner: Option<SoughtOwner>,
    pub sharing: Option<Sharing>,
    pub users: Option<SoughtUsers>,
    /// Those alone that a provider gave, or whose client fetches tokens.
    pub connections: bool,
}

/// Who may use what is sought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoughtUsers {
    /// This member: their own, and what others share with them.
    Member(PersonId),
    /// This member, of what others own.
    Besides(PersonId),
    /// The one who looks, of what others own.
    Me,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SoughtOwner {
    Person(PersonId),
    /// Any end user or organization.
    Outside,
    /// This one; an organization's are also those that end users have in it.
    Outsider(OutsiderId),
}

/// A selection of secrets' ids, still to be ordered, bounded or counted.
pub(in crate::store) type Ids<'a> = secrets::BoxedQuery<'a, Backend, Text>;

/// The secrets that this member may see: the SQL of `policy::SecretFacts::visible_to`.
pub(in crate::store) fn visible<'a>(by: &'a Proof<'_, impl AtLeast<Member>>, now: Moment) -> Ids<'a> {
    let of_workspace = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).select(secrets::id).into_boxed();
    if policy::sees_all_secrets(by.role()) { of_workspace } else { usable(of_workspace, by.person(), now) }
}

/// Of the secrets that these acts were done to, the ids of those that this member may see.
pub fn seen_among<'a>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    acts: impl Iterator<Item = &'a Entry>,
) -> Result<HashSet<String>, Error> {
    let subjects: BTreeSet<&str> = acts.map(|act| act.event.subject()).collect();
    let ids: Vec<String> = visible(by, tx.now()).filter(secrets::id.eq_any(subjects)).load(tx.conn)?;
    Ok(ids.into_iter().collect())
}

/// Whether the sharing with the whole workspace has come to its end.
macro_rules! is_over {
    ($now:expr) => {
        secrets::shared_until.is_not_null().and(secrets::shared_until.assume_not_null().le($now))
    };
}

/// Those that a person may use: the SQL of `policy::SecretFacts::usable_by`, and that they belong here.
pub fn usable<'a>(ids: Ids<'a>, person: &'a PersonId, now: Moment) -> Ids<'a> {
    let shared_with_them = secret_shares::table
        .filter(secret_shares::person_id.eq(person))
        .filter(secret_shares::ends_at.is_null().or(secret_shares::ends_at.gt(now)))
        .select(secret_shares::secret_id);
    let chosen = secrets::sharing.eq(Sharing::Members).and(secrets::id.eq_any(shared_with_them));
    let by_all = secrets::sharing.eq(Sharing::Workspace).and(not(is_over!(now)));
    let theirs = members::table.filter(members::person_id.eq(person)).select(members::workspace_id);
    let ids = ids.filter(secrets::workspace_id.eq_any(theirs));
    ids.filter(secrets::owner_id.is_not_null()).filter(secrets::owner_id.eq(person).or(by_all).or(chosen))
}

/// Those that are shared so: the SQL of `policy::SecretFacts::sharing_at`.
fn shared(ids: Ids<'_>, sharing: Sharing, now: Moment) -> Ids<'_> {
    let by_all = || secrets::sharing.eq(Sharing::Workspace);
    match sharing {
        Sharing::Workspace => ids.filter(by_all().and(not(is_over!(now)))),
        Sharing::Private => ids.filter(secrets::sharing.eq(sharing).or(by_all().and(is_over!(now)))),
        Sharing::Members => ids.filter(secrets::sharing.eq(sharing)),
    }
}

/// Whether this person may use the secret now.
pub fn is_usable(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    person: &PersonId,
) -> Result<bool, Error> {
    let own = secrets::table.filter(secrets::workspace_id.eq(by.workspace())).filter(secrets::id.eq(id));
    let found = usable(own.select(secrets::id).into_boxed(), person, tx.now());
    Ok(found.first::<SecretId>(tx.conn).optional()?.is_some())
}

/// Those in a state: the SQL of `SecretState::derive`, in its order.
fn in_state(ids: Ids<'_>, state: SecretState, now: Moment) -> Ids<'_> {
    if state == SecretState::Disconnected {
        return ids.filter(secrets::value_entered_at.is_null());
    }
    let ids = ids.filter(secrets::value_entered_at.is_not_null());
    if state == SecretState::Expired {
        return ids.filter(secrets::expires_at.le(now));
    }
    let ids = ids.filter(secrets::expires_at.is_null().or(secrets::expires_at.gt(now)));
    if state == SecretState::NeedsReauthorization {
        return ids.filter(secrets::needs_reauthorization_at.is_not_null());
    }
    let ids = ids.filter(secrets::needs_reauthorization_at.is_null());
    if state == SecretState::Rejected {
        return ids.filter(secrets::rejected_at.is_not_null());
    }
    ids.filter(secrets::rejected_at.is_null())
}

/// A text as a pattern that finds it anywhere, each of its characters standing for itself.
pub(in crate::store) fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

pub(super) fn matching<'a>(by: &'a Proof<'_, impl AtLeast<Member>>, sought: &'a Sought, now: Moment) -> Ids<'a> {
    let mut ids = visible(by, now);
    if let Some(part) = &sought.name {
        ids = ids.filter(secrets::name_key.like(anywhere(part)).escape('\\'));
    }
    if let Some(slug) = &sought.node_type {
        let of_type = node_types::table
            .filter(node_types::workspace_id.eq(by.workspace()))
            .filter(node_types::slug.eq(slug))
            .select(node_types::id);
        ids = ids.filter(secrets::node_type_id.eq_any(of_type));
    }
    if sought.connections {
        let connecting = node_types::table
            .filter(node_types::workspace_id.eq(by.workspace()))
            .filter(node_types::method.ne(Method::Key))
            .select(node_types::id);
        ids = ids.filter(secrets::node_type_id.eq_any(connecting));
    }
    if let Some(environment) = sought.environment {
        ids = ids.filter(secrets::environment.eq(environment));
    }
    if let Some(sharing) = sought.sharing {
        ids = shared(ids, sharing, now);
    }
    let besides = |ids, person| usable(ids, person, now).filter(secrets::owner_id.ne(person));
    match &sought.users {
        Some(SoughtUsers::Member(person)) => ids = usable(ids, person, now),
        Some(SoughtUsers::Besides(person)) => ids = besides(ids, person),
        Some(SoughtUsers::Me) => ids = besides(ids, by.person()),
        None => {}
    }
    match &sought.owner {
        Some(SoughtOwner::Person(person)) => ids = ids.filter(secrets::owner_id.eq(person)),
        Some(SoughtOwner::Outside) => ids = ids.filter(secrets::owner_id.is_null()),
        Some(SoughtOwner::Outsider(OutsiderId::EndUser(id))) => ids = ids.filter(secrets::end_user_id.eq(id)),
        Some(SoughtOwner::Outsider(OutsiderId::Organization(id))) => ids = ids.filter(secrets::organization_id.eq(id)),
        None => {}
    }
    match sought.state {
        Some(state) => in_state(ids, state, now),
        None => ids,
    }
}

/// A page of those secrets that this member may see and that match, in an order.
pub fn list(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    sought: &Sought,
    (order, turn): (Order, &Turn<Spot>),
) -> Result<Page<ListedSecret>, Error> {
    let now = tx.now();
    let page =
        page_of_keys(turn, &mut |turn, limit| order::fetch(tx, matching(by, sought, now), (order, turn, limit)))?;
    let ids: Vec<SecretId> = page.rows.into_iter().map(Spot::into_id).collect();
    Ok(Page { rows: rows_of(tx, by, &ids)?, has_newer: page.has_newer, has_older: page.has_older })
}

/// How many secrets this member may see that match.
pub fn count(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<u64, Error> {
    counted(tx, matching(by, sought, tx.now()))
}

/// How many of those that this member may see match, and how many there are.
pub fn counts(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, sought: &Sought) -> Result<(u64, u64), Error> {
    let everything = Sought::default();
    let all = count(tx, by, &everything)?;
    let matching = if *sought == everything { all } else { count(tx, by, sought)? };
    Ok((matching, all))
}

pub(super) fn counted(tx: &mut ReadTx<'_>, ids: Ids<'_>) -> Result<u64, Error> {
    let number: i64 = ids.select(diesel::dsl::count_star()).get_result(tx.conn)?;
    Ok(u64::try_from(number).unwrap_or_default())
}

pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    id: &SecretId,
) -> Result<Option<ListedSecret>, Error> {
    let seen: Option<SecretId> = visible(by, tx.now()).filter(secrets::id.eq(id)).first(tx.conn).optional()?;
    Ok(rows_of(tx, by, seen.as_slice())?.pop())
}

/// The rows of ids that were found visible, in the order of the ids, however many they are.
pub(super) fn rows_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    ids: &[SecretId],
) -> Result<Vec<ListedSecret>, Error> {
    let mut rows = Vec::with_capacity(ids.len());
    for some in ids.chunks(IDS_AT_ONCE) {
        let mut found: HashMap<SecretId, ListedSecret> =
            load(tx, by, some)?.into_iter().map(|row| (row.secret.id.clone(), row)).collect();
        rows.extend(some.iter().filter_map(|id| found.remove(id)));
    }
    // The policy has the last word. It never takes anything away unless the SQL above tells another story, and then
    // loudly: the counts would be wrong.
    let (who, now) = (Standing { person: by.person(), role: by.role() }, tx.now());
    rows.retain(|row| {
        let seen = row.facts().visible_to(who, now);
        if !seen {
            tracing::error!(secret = %row.secret.id, "a query found a secret that the policy hides");
        }
        debug_assert!(seen, "a query found a secret that the policy hides");
        seen
    });
    Ok(rows)
}

fn load(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    ids: &[SecretId],
) -> Result<Vec<ListedSecret>, Error> {
    let rows = secrets::table
        .inner_join(node_types::table)
        .left_join(people::table)
        .left_join(end_users::table)
        .left_join(organizations::table)
        .left_join(
            secret_shares::table
                .on(secret_shares::secret_id.eq(secrets::id).and(secret_shares::person_id.eq(by.person()))),
        )
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq_any(ids))
        .select((
            columns!(),
            people::name.nullable(),
            end_users::external_id.nullable(),
            organizations::external_id.nullable(),
            (secret_shares::person_id, secret_shares::ends_at).nullable(),
        ))
        .load(tx.conn)?;
    Ok(rows)
}

/// What somebody should look at: the first so many, and how many there are in all.
pub struct Troubles {
    pub rows: Vec<ListedSecret>,
    pub all: u64,
}

/// Secrets that do not work any more, and after them those that stop before `soon` or are due for another value, the
/// next one first.
pub fn troubles(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    soon: Moment,
    limit: usize,
) -> Result<Troubles, Error> {
    let now = tx.now();
    let entered = || secrets::value_entered_at.is_not_null();
    let broken = || {
        let refused = secrets::rejected_at.is_not_null().or(secrets::needs_reauthorization_at.is_not_null());
        let over = secrets::expires_at.is_not_null().and(secrets::expires_at.assume_not_null().le(now));
        secrets::unreadable_at.is_not_null().or(entered().and(refused.or(over)))
    };
    let ends_soon = || secrets::expires_at.is_not_null().and(secrets::expires_at.assume_not_null().le(soon));
    let due = || secrets::rotate_at.is_not_null().and(secrets::rotate_at.assume_not_null().le(now));
    // What somebody wants to hear no more of for a while; that it does not work, they hear all the same.
    let snoozed = || {
        reminders::table
            .filter(reminders::person_id.eq(by.person()))
            .filter(reminders::snoozed_until.gt(now))
            .select(reminders::secret_id)
    };
    let awake = || secrets::id.ne_all(snoozed());
    let ending =
        || visible(by, now).filter(entered()).filter(not(broken())).filter(due().or(ends_soon())).filter(awake());
    let any = broken().or(entered().and(due().or(ends_soon())).and(awake()));
    let all = counted(tx, visible(by, now).filter(any))?;
    if all == 0 {
        return Ok(Troubles { rows: Vec::new(), all });
    }
    let room = |taken: usize| i64::try_from(limit.saturating_sub(taken)).unwrap_or(i64::MAX);
    let mut ids: Vec<SecretId> =
        visible(by, now).filter(broken()).order(secrets::id.desc()).limit(room(0)).load(tx.conn)?;
    let next: Vec<SecretId> = ending()
        .order((secrets::expires_at.is_null(), secrets::expires_at.asc(), secrets::id.asc()))
        .limit(room(ids.len()))
        .load(tx.conn)?;
    ids.extend(next);
    Ok(Troubles { rows: rows_of(tx, by, &ids)?, all })
}

/// How many connections that this member may see have ended, because they cannot be renewed although nobody has to
/// connect them again.
pub fn stuck(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<u64, Error> {
    let now = tx.now();
    let ended = token_sets::table
        .filter(token_sets::hindrance.is_not_null())
        .filter(token_sets::ends_at.le(now))
        .select(token_sets::secret_id);
    let ids = in_state(visible(by, now), SecretState::Connected, now);
    // Of what is disabled nothing is renewed, because it is to be so.
    let enabled = node_types::table
        .filter(node_types::workspace_id.eq(by.workspace()))
        .filter(node_types::enabled.eq(true))
        .select(node_types::id);
    counted(tx, ids.filter(secrets::node_type_id.eq_any(enabled)).filter(secrets::id.eq_any(ended)))
}

/// Whether any secret that this member may see was ever used.
pub fn any_used(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<bool, Error> {
    let used = order::used(visible(by, tx.now()));
    Ok(used.first::<SecretId>(tx.conn).optional()?.is_some())
}

/// The newest secret that holds a value and may be used by a token of this member.
pub fn newest_to_use(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Option<SecretId>, Error> {
    let now = tx.now();
    let own = usable(visible(by, now), by.person(), now).filter(secrets::value_entered_at.is_not_null());
    Ok(own.order(secrets::id.desc()).first(tx.conn).optional()?)
}

/// Everything that a member owns here, for whoever may end their membership.
pub fn owned_by(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    owner: &PersonId,
) -> Result<Vec<ListedSecret>, Error> {
    let owned: Vec<SecretId> =
        visible(by, tx.now()).filter(secrets::owner_id.eq(owner)).order(secrets::id.desc()).load(tx.conn)?;
    rows_of(tx, by, &owned)
}
