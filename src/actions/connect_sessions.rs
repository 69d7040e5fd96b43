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
    if let Some(id) = once::made::<ConnectSessionId, SessionRefusal>(tx, by, offer.once.as_ref())? {
        store::connect_sessions::end(tx, by, &id)?;
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

pub fn show(tx: &mut ReadTx<'_>, by: &Proof<'_, ConnectRight>, id: &ConnectSessionId) -> Result<Shown, Error> {
    let session = found(tx, by, id)?;
    let (of, results) = (session.of(), session.results());
    let mut items = Vec::new();
    for slug in session.node_types.iter() {
        // What was removed meanwhile, or disabled, is not there to be connected.
        let row = for_whom(tx, by, (slug, &of))?.filter(|row| row.enabled);
        let Some(node_type) = row.filter(|_| by.covers(slug).is_ok()) else { continue };
        let sought = Sought { node_type: Some(&node_type.id), of: &of, chosen: None, several: false };
        let connection = store::connections::list(tx, by, &sought)?.pop();
        items.push(Item { came: results.of(&node_type.slug).cloned(), node_type, connection });
    }
    let (workspace, (_, brand)) = (store::workspaces::current(tx, by)?, store::connect_pages::find(tx, by)?);
    Ok(Shown { session, workspace, brand, environment: by.environment(), items })
}

impl Shown {
    pub fn item(&self, slug: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.node_type.slug.as_str() == slug)
    }

    /// What is asked of a provider for one of them.
    pub fn ask(&self, by: &Proof<'_, ConnectRight>, node_type: &Slug, parts: Parts) -> Ask {
        let ConnectionOf { end_user, organization } = self.session.of();
        Ask {
            token: by.token().clone(),
            node_type: node_type.clone(),
            user: self.session.user.clone(),
            end_user,
            organization,
            intent: Intent::First,
            parts,
            account_name: None,
            return_to: None,
            state: String::new(),
            challenge: None,
            session: Some(self.session.id.clone()),
        }
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
    let shown = show(tx, by, id)?;
    let item = shown.item(node_type).ok_or(Denied::NotFound)?;
    let ask = shown.ask(by, &item.node_type.slug, given);
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
    let row = connections::place(tx, by, tools, put)?;
    note(tx, by, id, (&put.node_type, Came::Connected, Some(&row.secret.id)))?;
    Ok(row)
}

/// The connection of this session's end user that is to be disconnected, and the note of it.
pub fn disconnecting(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ConnectRight>,
    (id, node_type): (&ConnectSessionId, &str),
) -> Result<SecretId, Error> {
    let shown = show(tx, by, id)?;
    let item = shown.item(node_type).ok_or(Denied::NotFound)?;
    let connection = item.connection.as_ref().ok_or(Denied::NotFound)?;
    let secret = connection.secret.id.clone();
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
