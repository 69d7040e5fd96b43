//! Connect sessions: made for a backend, opened by its end user, and what happens on their page.
//!
//! Invariant: what is connected is what the backend has named, for whom it has named; and the token that asked could still
//! ask at that moment.

use std::time::Duration;

use crate::crypto::{ConnectToken, PageToken};
use crate::domain::audit::{ConnectEvent, Event, SessionFacts};
use crate::domain::connect_session::{Noted, Outcome as Came, Shade};
use crate::domain::errand::{Ask, Intent};
use crate::domain::return_to::Fit;
use crate::domain::{ConnectSessionId, Environment, NodeTypes, SecretId, Slug};
use crate::store::access::{ConnectRight, ConnectionOf, Proof};
use crate::store::connect_pages::Brand;
use crate::store::connect_sessions::{NewSession, SessionRow};
use crate::store::connections::{ConnectionRow, Sought};
use crate::store::node_types::NodeTypeRow;
use crate::store::workspaces::WorkspaceRow;
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, WriteTx};

use super::authorizing::{self, AuthorizeRefusal};
use super::clients::Clients;
use super::connections::{self, ConnectionRefusal, Put};
use super::once::{self, KeyReused, Once};
use super::{Tools, audit};

/// How long a link may wait to be opened, and how long its page then lasts.
const LASTS: Duration = Duration::from_mins(30);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionRefusal {
    #[error("node_types: the workspace has no node type “{0}”.")]
    NoType(Slug),
    #[error("the node type is disabled")]
    Disabled,
    #[error("origin is not among those that an Admin has registered for the connect page.")]
    Origin,
    #[error("return_to is not among the addresses that an Admin has registered in the settings of the workspace.")]
    ReturnTo,
    #[error("the key of this request stood for another one")]
    KeyReused,
}

impl Refusal for SessionRefusal {}

impl From<KeyReused> for SessionRefusal {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

/// What a backend wants its end user to be able to connect.
pub struct Offer {
    pub user: String,
    pub of: ConnectionOf,
    pub node_types: NodeTypes,
    pub origin: Option<String>,
    pub return_to: Option<String>,
    pub shade: Option<Shade>,
    pub once: Option<Once>,
}

/// Makes a session; the link that opens it is never told again.
pub fn make(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    offer: &Offer,
) -> Result<(SessionRow, ConnectToken), Fault<SessionRefusal>> {
    for slug in offer.node_types.iter() {
        by.covers(slug)?;
        match for_whom(tx, by, (slug, &offer.of))? {
            None => return Err(SessionRefusal::NoType(slug.clone()).into()),
            Some(row) if !row.enabled => return Err(SessionRefusal::Disabled.into()),
            Some(_) => {}
        }
    }
    if let Some(origin) = &offer.origin
        && !store::connect_pages::find(tx, by)?.0.hold(origin)
    {
        return Err(SessionRefusal::Origin.into());
    }
    if let Some(address) = &offer.return_to
        && store::workspaces::return_addresses(tx, by)?.fit(address) == Fit::None
    {
        return Err(SessionRefusal::ReturnTo.into());
    }
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    // A request that comes again has not heard of the link: that one is over, and there is another.
    if let Some(id) = once::made::<ConnectSessionId, SessionRefusal>(tx, by, offer.once.as_ref())?
        && store::connect_sessions::end(tx, by, &id)?
    {
        let row = found(tx, by, &id)?;
        audit::change(tx, by, tools, Event::Connect(ConnectEvent::Ended { session: facts(&row) }))?;
    }
    let id = ConnectSessionId::draw(tx.now(), tools.chance);
    let link = ConnectToken::draw(id.clone(), tools.chance);
    let mac = tools.keyring.connect_mac(&link);
    let session = NewSession {
        id: &id,
        user: &offer.user,
        of: &offer.of,
        node_types: &offer.node_types,
        origin: offer.origin.as_deref(),
        return_to: offer.return_to.as_deref(),
        shade: offer.shade,
        link_mac: mac.as_bytes(),
        until: tx.now().plus(LASTS),
    };
    store::connect_sessions::insert(tx, by, &session)?;
    once::note(tx, by, offer.once.as_ref(), id.as_str())?;
    let row = found(tx, by, &id)?;
    audit::change(tx, by, tools, Event::Connect(ConnectEvent::Made { session: facts(&row) }))?;
    Ok((row, link))
}

fn facts(row: &SessionRow) -> SessionFacts {
    let ConnectionOf { end_user, organization } = row.of();
    SessionFacts { id: row.id.clone(), node_types: row.node_types.to_string(), end_user, organization }
}

/// The node type as it is for those who own the connections.
fn for_whom(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (slug, of): (&Slug, &ConnectionOf),
) -> Result<Option<NodeTypeRow>, Error> {
    store::node_types::find_for(tx, by, (slug, by.environment(), of.organization.as_deref()))
}

fn found(tx: &mut ReadTx<'_>, by: &Proof<'_, ConnectRight>, id: &ConnectSessionId) -> Result<SessionRow, Error> {
    store::connect_sessions::find(tx, by, id)?.ok_or_else(|| Denied::NotFound.into())
}

/// Ends a session before its time. One that is over stays so.
pub fn end(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    id: &ConnectSessionId,
) -> Result<(), Error> {
    let row = found(tx, by, id)?;
    store::tokens::mark_used(tx, by, tools.origin.from)?;
    if !store::connect_sessions::end(tx, by, id)? {
        tx.unrecorded(store::Unrecorded::Nothing);
        return Ok(());
    }
    audit::change(tx, by, tools, Event::Connect(ConnectEvent::Ended { session: facts(&row) }))
}

/// Opens the page, which spends the link: what the page carries from form to form.
pub fn open(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    id: &ConnectSessionId,
) -> Result<PageToken, Error> {
    let row = found(tx, by, id)?;
    let page = PageToken::draw(id.clone(), tools.chance);
    let mac = tools.keyring.page_mac(&page);
    let until = tx.now().plus(LASTS);
    if !store::connect_sessions::open(tx, by, id, (mac.as_bytes(), until))? {
        return Err(Denied::SpentLink.into());
    }
    audit::change(tx, by, tools, Event::Connect(ConnectEvent::Opened { session: facts(&row) }))?;
    Ok(page)
}

/// One of the node types on the page, with what is connected.
pub struct Item {
    /// Whether something may be connected; what is there already may be taken away in any case.
    pub open: bool,
    pub node_type: NodeTypeRow,
    pub connection: Option<ConnectionRow>,
    pub came: Option<Noted>,
}

/// What the page is drawn from.
pub struct Shown {
    pub session: SessionRow,
    pub workspace: WorkspaceRow,
    pub brand: Brand,
    pub environment: Environment,
    pub items: Vec<Item>,
}

impl Item {
    pub fn holds(&self) -> bool {
        self.connection.as_ref().is_some_and(|row| row.secret.value_entered_at.is_some())
    }
}

/// The session, as long as the site that it names is registered.
pub fn current(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ConnectRight>,
    id: &ConnectSessionId,
) -> Result<(SessionRow, Brand), Error> {
    let session = found(tx, by, id)?;
    let (origins, brand) = store::connect_pages::find(tx, by)?;
    match &session.origin {
        Some(origin) if !origins.hold(origin) => Err(Denied::SpentLink.into()),
        _ => Ok((session, brand)),
    }
}

pub fn show(tx: &mut ReadTx<'_>, by: &Proof<'_, ConnectRight>, id: &ConnectSessionId) -> Result<Shown, Error> {
    let (session, brand) = current(tx, by, id)?;
    let (of, results) = (session.of(), session.results());
    let mut items = Vec::new();
    for slug in session.node_types.iter() {
        let row = for_whom(tx, by, (slug, &of))?;
        let Some(node_type) = row.filter(|_| by.covers(slug).is_ok()) else { continue };
        let sought = Sought { node_type: Some(&node_type.id), of: &of, chosen: None, several: false };
        let connection = store::connections::list(tx, by, &sought)?.pop();
        let came = results.of(&node_type.slug).cloned();
        let item = Item { open: node_type.enabled, node_type, connection, came };
        // What was disabled meanwhile is not there to be connected.
        if item.open || item.holds() {
            items.push(item);
        }
    }
    let workspace = store::workspaces::current(tx, by)?;
    Ok(Shown { session, workspace, brand, environment: by.environment(), items })
}

impl Shown {
    pub fn item(&self, slug: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.node_type.slug.as_str() == slug)
    }

    /// The one of these, where something may be connected.
    pub fn open_item(&self, slug: &str) -> Option<&Item> {
        self.item(slug).filter(|item| item.open)
    }
}

/// Counts an act of the page's.
fn count(tx: &mut WriteTx<'_>, by: &Proof<'_, ConnectRight>, id: &ConnectSessionId) -> Result<(), Error> {
    if store::connect_sessions::count(tx, by, id)? { Ok(()) } else { Err(Denied::SpentLink.into()) }
}

/// What is asked of a provider for this session.
pub fn ask_of(session: &SessionRow, by: &Proof<'_, ConnectRight>, node_type: &Slug, parts: Parts) -> Ask {
    let ConnectionOf { end_user, organization } = session.of();
    Ask {
        token: by.token().clone(),
        node_type: node_type.clone(),
        user: session.user.clone(),
        end_user,
        organization,
        intent: Intent::First,
        parts,
        account_name: None,
        return_to: None,
        state: String::new(),
        challenge: None,
        session: Some(session.id.clone()),
    }
}

/// Where the browser of the end user is sent to agree at the provider.
pub fn leave(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (clients, id): (&Clients, &ConnectSessionId),
    (node_type, given): (&str, Parts),
    (browser, redirect): (&str, impl FnOnce(&str) -> String),
) -> Result<(String, NodeTypeRow), Fault<AuthorizeRefusal>> {
    let (session, _) = current(tx, by, id)?;
    let slug = session.node_types.iter().find(|slug| slug.as_str() == node_type).ok_or(Denied::NotFound)?;
    count(tx, by, id)?;
    let ask = ask_of(&session, by, slug, given);
    let ask = Ask { parts: authorizing::parts(tx, by, (clients, &ask))?, ..ask };
    authorizing::leave(tx, by, tools, (clients, &ask), (browser, redirect))
}

pub type Parts = std::collections::BTreeMap<String, String>;

/// Stores what the end user has entered.
pub fn enter(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    tools: Tools<'_>,
    (id, put): (&ConnectSessionId, &Put),
) -> Result<ConnectionRow, Fault<ConnectionRefusal>> {
    count(tx, by, id)?;
    let row = connections::place(tx, by, tools, put)?;
    note(tx, by, id, (&put.node_type, Came::Connected, Some(&row.secret.id)))?;
    Ok(row)
}

/// The connection of this session's end user that is to be disconnected, and the note of it: while it holds the value that
/// they were shown.
pub fn disconnecting(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (id, node_type, value): (&ConnectSessionId, &str, i64),
) -> Result<SecretId, Error> {
    let shown = show(tx, by, id)?;
    let item = shown.item(node_type).filter(|item| item.holds()).ok_or(Denied::NotFound)?;
    let row = item.connection.as_ref().filter(|row| row.secret.value_number == value).ok_or(Denied::NotFound)?;
    let secret = row.secret.id.clone();
    count(tx, by, id)?;
    note(tx, by, id, (&item.node_type.slug, Came::Disconnected, Some(&secret)))?;
    Ok(secret)
}

/// Notes what came of it, for the page that waits and for the backend that asks.
pub(super) fn note(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    id: &ConnectSessionId,
    (node_type, outcome, account): (&Slug, Came, Option<&SecretId>),
) -> Result<(), Error> {
    let noted = Noted { outcome, account: account.cloned(), at: tx.now() };
    store::connect_sessions::note(tx, by, id, (node_type, noted))
}
