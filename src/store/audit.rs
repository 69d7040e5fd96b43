//! Audit chains: append, and read back.

use diesel::prelude::*;

use crate::domain::audit::{ChainKind, Entry};
use crate::domain::{ChainId, Moment, Name, PersonId, TokenId, policy};

use super::access::{Admin, AtLeast, InWorkspace, Member, Owner, Proof};
use super::connection::Conn;
use super::error::Error;
use super::paging::{Page, Turn, page_of_keys, turned};
use super::schema::{audit_chains, audit_entries, members, people, tokens};
use super::secrets::ListedSecret;
use super::tx::{ReadTx, WriteTx};
use super::webhooks;

/// The next place in a chain.
pub struct Place {
    pub chain: ChainId,
    pub seq: i64,
    pub previous: Vec<u8>,
}

pub fn open_chain(tx: &mut WriteTx<'_>, id: &ChainId, kind: ChainKind, workspace: &str) -> Result<(), Error> {
    diesel::insert_into(audit_chains::table)
        .values((
            audit_chains::id.eq(id),
            audit_chains::kind.eq(kind),
            audit_chains::workspace_id.eq(workspace),
            audit_chains::seq.eq(0_i64),
            audit_chains::head.eq(Vec::<u8>::new()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Takes the head rows of chains: whoever comes second waits here. In SQLite they wait before, for the one writer's turn, so
/// that a look is enough there; and SQLite knows a look again, where it plans each UPDATE anew.
macro_rules! taken {
    ($tx:expr, $heads:expr, $load:ident) => {
        match &mut *$tx.conn {
            Conn::Pg(conn) => $heads.for_no_key_update().$load(conn),
            Conn::Sqlite(conn) => $heads.$load(conn),
        }
    };
}

/// By what an entry is found: none of it is sealed.
pub struct Marks<'a> {
    pub subject: Option<&'a str>,
    /// Empty where a group has several.
    pub actor: &'a str,
    pub topic: &'a str,
}

/// Appends an entry to the chain, with what `seal` makes of its place.
pub fn append(
    tx: &mut WriteTx<'_>,
    (kind, workspace): (ChainKind, &str),
    marks: &Marks<'_>,
    entry: &str,
    seal: impl FnOnce(&Place, Moment) -> Vec<u8>,
) -> Result<(), Error> {
    let head = audit_chains::table
        .filter(audit_chains::workspace_id.eq(workspace))
        .filter(audit_chains::kind.eq(kind))
        .select((audit_chains::id, audit_chains::seq, audit_chains::head));
    let (chain, last, previous): (_, i64, _) = taken!(tx, head, first)?;
    let (place, now) = (Place { chain, seq: last + 1, previous }, tx.now());
    let mac = seal(&place, now);
    diesel::insert_into(audit_entries::table)
        .values((
            audit_entries::chain_id.eq(&place.chain),
            audit_entries::seq.eq(place.seq),
            audit_entries::at.eq(now),
            audit_entries::subject.eq(marks.subject),
            audit_entries::actor.eq(marks.actor),
            audit_entries::topic.eq(marks.topic),
            audit_entries::entry.eq(entry),
            audit_entries::mac.eq(&mac),
        ))
        .execute(tx.conn)?;
    diesel::update(audit_chains::table.filter(audit_chains::id.eq(&place.chain)))
        .set((audit_chains::seq.eq(place.seq), audit_chains::head.eq(&mac)))
        .execute(tx.conn)?;
    tx.mark_recorded();
    Ok(())
}

/// Where a chain ends.
#[derive(Queryable)]
pub struct Head {
    id: ChainId,
    pub kind: ChainKind,
    pub seq: i64,
    pub mac: Vec<u8>,
}

/// Removes a workspace's chains, and says where they ended. Their heads are taken first, as every writer takes them, so
/// that nobody appends to what is being removed.
pub fn close_chains(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Owner>>) -> Result<Vec<Head>, Error> {
    let chains = || audit_chains::table.filter(audit_chains::workspace_id.eq(by.workspace().as_str()));
    let heads = chains().select((audit_chains::id, audit_chains::kind, audit_chains::seq, audit_chains::head));
    let heads: Vec<Head> = taken!(tx, heads, load)?;
    let ids: Vec<&ChainId> = heads.iter().map(|head| &head.id).collect();
    diesel::delete(audit_entries::table.filter(audit_entries::chain_id.eq_any(ids))).execute(tx.conn)?;
    diesel::delete(chains()).execute(tx.conn)?;
    Ok(heads)
}

/// One stored entry: where it stands, and its exact text.
#[derive(Queryable)]
pub struct StoredEntry {
    pub seq: i64,
    pub at: Moment,
    pub entry: String,
    pub mac: Vec<u8>,
}

/// A chain of the workspace. Asked for by itself: joined to its entries, PostgreSQL sorts them all.
pub(super) fn chain_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    kind: ChainKind,
) -> Result<Option<ChainId>, Error> {
    let chain = audit_chains::table
        .filter(audit_chains::workspace_id.eq(by.workspace().as_str()))
        .filter(audit_chains::kind.eq(kind))
        .select(audit_chains::id)
        .first(tx.conn)
        .optional()?;
    Ok(chain)
}

/// A page of the changes of a secret, for whoever has been shown it.
pub fn history(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    of: &ListedSecret,
    turn: &Turn<i64>,
) -> Result<Page<StoredEntry>, Error> {
    let none = Page { rows: Vec::new(), has_newer: false, has_older: false };
    let Some(chain) = chain_of(tx, by, ChainKind::Changes)? else { return Ok(none) };
    let of_it = || {
        let entries = audit_entries::table.filter(audit_entries::chain_id.eq(&chain));
        entries.filter(audit_entries::subject.eq(of.secret.id.as_str())).into_boxed()
    };
    let page = page_of_keys(turn, &mut |turn, limit| {
        Ok(turned!(of_it().select(audit_entries::seq), audit_entries::seq, turn, limit).load(tx.conn)?)
    })?;
    let rows = of_it()
        .filter(audit_entries::seq.eq_any(&page.rows))
        .order(audit_entries::seq.desc())
        .select((audit_entries::seq, audit_entries::at, audit_entries::entry, audit_entries::mac))
        .load(tx.conn)?;
    Ok(Page { rows, has_newer: page.has_newer, has_older: page.has_older })
}

/// What was done last to any of these things of the workspace, the newest first.
pub fn lately(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    subjects: &[&str],
    most: i64,
) -> Result<Vec<StoredEntry>, Error> {
    let Some(chain) = chain_of(tx, by, ChainKind::Changes)? else { return Ok(Vec::new()) };
    let rows = audit_entries::table
        .filter(audit_entries::chain_id.eq(&chain))
        .filter(audit_entries::subject.eq_any(subjects))
        .order(audit_entries::seq.desc())
        .limit(most)
        .select((audit_entries::seq, audit_entries::at, audit_entries::entry, audit_entries::mac))
        .load(tx.conn)?;
    Ok(rows)
}

impl StoredEntry {
    /// What the entry says: one act, or a group of uses in their order.
    pub fn acts(&self) -> Vec<Entry> {
        serde_json::from_str(&self.entry).unwrap_or_default()
    }
}

/// The names of the workspace's people.
pub fn names(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Vec<(PersonId, Name)>, Error> {
    let rows = members::table
        .inner_join(people::table)
        .filter(members::workspace_id.eq(by.workspace()))
        .select((people::id, people::name))
        .load(tx.conn)?;
    Ok(rows)
}

/// Ids of people, tokens and webhooks with their names.
pub type Names = Vec<(String, Name)>;

/// The names of the workspace's people, and of the tokens and webhooks that the caller may open, for pages that show who
/// acted.
pub fn actors(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Names, Error> {
    type Row = (PersonId, Name, Option<(TokenId, Name)>);
    let made_here = tokens::maker_id.eq(people::id).and(tokens::workspace_id.eq(members::workspace_id));
    let rows: Vec<Row> = members::table
        .inner_join(people::table)
        .left_join(tokens::table.on(made_here))
        .filter(members::workspace_id.eq(by.workspace()))
        .select((people::id, people::name, (tokens::id, tokens::name).nullable()))
        .load(tx.conn)?;
    let every = policy::sees_all_tokens(by.role());
    let mut names = Names::new();
    for (person, name, token) in rows {
        let shown = token.filter(|_| every || person == *by.person());
        names.extend(shown.map(|(id, name)| (id.to_string(), name)));
        names.push((person.to_string(), name));
    }
    if let Some(admin) = by.raised::<Admin>() {
        let webhooks = webhooks::list(tx, &admin)?.into_iter();
        names.extend(webhooks.map(|row| (row.id.to_string(), row.name)));
    }
    Ok(names)
}
