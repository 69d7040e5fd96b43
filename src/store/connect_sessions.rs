//! Pages on which one end user may connect what a backend has named.
//!
//! Invariant: a link is spent once, because opening it is one conditional UPDATE.

use diesel::prelude::*;

use crate::domain::connect_session::{Noted, Results, SessionState, Shade};
use crate::domain::{ConnectSessionId, Moment, NodeTypes, Slug};

use super::access::{AskSession, ConnectionOf, InWorkspace, Nobody, Proof, Runner, TokenRight};
use super::error::Error;
use super::schema::connect_sessions as rows;
use super::tx::{ReadTx, WriteTx};

pub struct NewSession<'a> {
    pub id: &'a ConnectSessionId,
    pub user: &'a str,
    pub of: &'a ConnectionOf,
    pub node_types: &'a NodeTypes,
    pub origin: Option<&'a str>,
    pub return_to: Option<&'a str>,
    pub shade: Option<Shade>,
    pub link_mac: &'a [u8],
    pub until: Moment,
}

#[derive(Queryable, Clone)]
pub struct SessionRow {
    pub id: ConnectSessionId,
    /// Who connects.
    pub user: String,
    end_user: Option<String>,
    organization: Option<String>,
    pub node_types: NodeTypes,
    pub origin: Option<String>,
    pub return_to: Option<String>,
    pub shade: Option<Shade>,
    opened_at: Option<Moment>,
    ended_at: Option<Moment>,
    results: String,
    pub created_at: Moment,
    pub expires_at: Moment,
}

impl SessionRow {
    /// Whose the connections are.
    pub fn of(&self) -> ConnectionOf {
        ConnectionOf { end_user: self.end_user.clone(), organization: self.organization.clone() }
    }

    pub fn state(&self, now: Moment) -> SessionState {
        match (self.ended_at, self.opened_at) {
            (Some(_), _) => SessionState::Ended,
            _ if self.expires_at <= now => SessionState::Ended,
            (None, Some(_)) => SessionState::Open,
            (None, None) => SessionState::Waiting,
        }
    }

    /// Before its time.
    pub fn was_ended(&self) -> bool {
        self.ended_at.is_some()
    }

    pub fn results(&self) -> Results {
        serde_json::from_str(&self.results).unwrap_or_default()
    }
}

macro_rules! session {
    ($by:expr, $id:expr) => {
        rows::table.filter(rows::workspace_id.eq($by.workspace())).filter(rows::id.eq($id))
    };
}

pub fn insert(tx: &mut WriteTx<'_>, by: &Proof<'_, impl TokenRight>, session: &NewSession<'_>) -> Result<(), Error> {
    let now = tx.now();
    diesel::insert_into(rows::table)
        .values((
            rows::id.eq(session.id),
            rows::workspace_id.eq(by.workspace()),
            rows::token_id.eq(by.token()),
            rows::user_name.eq(session.user),
            rows::end_user.eq(session.of.end_user.as_deref()),
            rows::organization.eq(session.of.organization.as_deref()),
            rows::node_types.eq(session.node_types.to_string()),
            rows::origin.eq(session.origin),
            rows::return_to.eq(session.return_to),
            rows::shade.eq(session.shade.map(Shade::as_str)),
            rows::link_mac.eq(session.link_mac),
            rows::results.eq("{}"),
            rows::acts.eq(0),
            rows::created_at.eq(now),
            rows::expires_at.eq(session.until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// One that this very token has asked for.
pub fn find(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    id: &ConnectSessionId,
) -> Result<Option<SessionRow>, Error> {
    let row = session!(by, id).filter(rows::token_id.eq(by.token())).select((
        rows::id,
        rows::user_name,
        rows::end_user,
        rows::organization,
        rows::node_types,
        rows::origin,
        rows::return_to,
        rows::shade,
        rows::opened_at,
        rows::ended_at,
        rows::results,
        rows::created_at,
        rows::expires_at,
    ));
    Ok(row.first(tx.conn).optional()?)
}

/// Whether the link was there to be opened. From now on the page counts, until then.
pub fn open(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl TokenRight>,
    id: &ConnectSessionId,
    (page_mac, until): (&[u8], Moment),
) -> Result<bool, Error> {
    let now = tx.now();
    let opened = diesel::update(session!(by, id).filter(rows::opened_at.is_null()))
        .set((rows::page_mac.eq(page_mac), rows::opened_at.eq(now), rows::expires_at.eq(until)))
        .execute(tx.conn)?;
    Ok(opened == 1)
}

/// Ends it before its time; whether there was something to end.
pub fn end(tx: &mut WriteTx<'_>, by: &Proof<'_, impl TokenRight>, id: &ConnectSessionId) -> Result<bool, Error> {
    let now = tx.now();
    let lasting = session!(by, id).filter(rows::ended_at.is_null()).filter(rows::expires_at.gt(now));
    Ok(diesel::update(lasting).set(rows::ended_at.eq(now)).execute(tx.conn)? == 1)
}

/// What may be done on one page, before it is over.
const MOST_ACTS: i32 = 200;

/// Counts what somebody does on the page; whether it is not too much.
pub fn count(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>, id: &ConnectSessionId) -> Result<bool, Error> {
    let going = session!(by, id).filter(rows::acts.lt(MOST_ACTS));
    Ok(diesel::update(going).set(rows::acts.eq(rows::acts + 1)).execute(tx.conn)? == 1)
}

/// Notes what came of it for this node type.
pub fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &ConnectSessionId,
    (node_type, result): (&Slug, Noted),
) -> Result<(), Error> {
    let Some(text) = session!(by, id).select(rows::results).first::<String>(tx.conn).optional()? else {
        return Ok(());
    };
    let mut results: Results = serde_json::from_str(&text).unwrap_or_default();
    results.note(node_type, result);
    let text = serde_json::to_string(&results).unwrap_or_default();
    diesel::update(session!(by, id)).set(rows::results.eq(text)).execute(tx.conn)?;
    Ok(())
}

/// Which site may hold the page of this session in a frame, for whoever brings what opened it once: what is over is told
/// where it was asked.
pub fn origin_of(tx: &mut ReadTx<'_>, _by: &Proof<'_, Nobody>, ask: &AskSession) -> Result<Option<String>, Error> {
    type Kept = (Vec<u8>, Option<Vec<u8>>, Option<String>);
    let row = rows::table.filter(rows::id.eq(ask.session())).select((rows::link_mac, rows::page_mac, rows::origin));
    let kept: Option<Kept> = row.first(tx.conn).optional()?;
    Ok(kept.filter(|(link, page, _)| ask.was_of(link, page.as_deref())).and_then(|(_, _, origin)| origin))
}

/// Removes those that ended before then.
pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, before: Moment) -> Result<(), Error> {
    diesel::delete(rows::table.filter(rows::expires_at.le(before))).execute(tx.conn)?;
    Ok(())
}
