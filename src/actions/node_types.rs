//! Which node types a workspace has: added, enabled, disabled, described to end users, removed.
//!
//! Invariant: a node type comes in with one method, which never changes, and leaves with all its secrets.

use crate::catalog::NodeType;
use crate::domain::audit::{Event, NodeTypeEvent, NodeTypeFacts};
use crate::domain::letter::SecretsEnd;
use crate::domain::message::Message;
use crate::domain::{Adders, Method, Name, NodeTypeId, Slug, policy};
use crate::store::access::{Admin, AtLeast, Member, Proof};
use crate::store::node_types::{NodeTypeRow, Setting};
use crate::store::nodes::BoundNode;
use crate::store::secrets::ListedSecret;
use crate::store::tokens::UserRow;
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, Unrecorded, WriteTx};

use super::{Tools, audit, deleting, fingerprint, letters, nodes};

/// What a page showed is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("What would go has changed since you opened this page. Look once more.")]
pub struct ChangedSince;

impl Refusal for ChangedSince {}

/// A node type of the catalogue under one of its methods, as a workspace takes it over.
#[derive(Clone, Debug)]
pub struct BuiltIn {
    slug: Slug,
    name: Name,
    method: Method,
}

impl BuiltIn {
    /// None where it does not authenticate in this way.
    pub fn of(node: &NodeType, method: Method) -> Option<Self> {
        let (slug, name) = (node.slug.parse().ok()?, Name::parse(&node.name).ok()?);
        node.methods.contains(&method).then_some(Self { slug, name, method })
    }
}

/// Adds a node type of the catalogue; one that is there already stays as it is.
pub fn add(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    built_in: &BuiltIn,
) -> Outcome<()> {
    if store::node_types::find(tx, by, &built_in.slug)?.is_some() {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    hang(tx, by, tools, built_in)?;
    Ok(())
}

/// Adds a node type of the catalogue that is not there yet.
pub(super) fn hang(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    built_in: &BuiltIn,
) -> Result<NodeTypeRow, Error> {
    if !policy::may_add_node_types(by.role(), store::workspaces::adders(tx, by)?) {
        return Err(Denied::Forbidden.into());
    }
    insert(tx, by, tools, (built_in.slug.clone(), built_in.name.clone(), built_in.method), (None, None))
}

/// Writes the row and its entry: with a description for end users, and for a custom API with one of its own.
pub(super) fn insert(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (slug, name, method): (Slug, Name, Method),
    (description, spec): (Option<&Message>, Option<String>),
) -> Result<NodeTypeRow, Error> {
    let row = NodeTypeRow {
        id: NodeTypeId::draw(tx.now(), tools.chance),
        slug,
        name,
        method,
        enabled: true,
        description: description.map(|text| text.as_str().to_owned()),
        spec,
        // Another one under the same slug is never taken for this one by a form that was drawn before.
        revision: tx.now().micros(),
        organizations_bring_clients: false,
        created_at: tx.now(),
        updated_at: tx.now(),
    };
    store::node_types::insert(tx, by, &row)?;
    let node_type = facts(&row);
    audit::change(tx, by, tools, Event::NodeType(NodeTypeEvent::Added { node_type }))?;
    Ok(row)
}

pub(super) fn facts(row: &NodeTypeRow) -> NodeTypeFacts {
    let (slug, name) = (row.slug.to_string(), row.name.to_string());
    NodeTypeFacts { id: row.id.clone(), slug, name, method: row.method }
}

pub(super) fn get(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Admin>>, slug: &Slug) -> Result<NodeTypeRow, Error> {
    Ok(store::node_types::find(tx, by, slug)?.ok_or(Denied::NotFound)?)
}

/// Opens a node type for use again; nodes that stood still only because it was disabled go on.
pub fn enable(tx: &mut WriteTx<'_>, by: &Proof<'_, Admin>, tools: Tools<'_>, slug: &Slug) -> Outcome<()> {
    let row = get(tx, by, slug)?;
    if row.enabled {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::node_types::set(tx, by, &row.id, Setting::Enabled(true))?;
    store::nodes::settle(tx, by, slug)?;
    Ok(audit::change(tx, by, tools, Event::NodeType(NodeTypeEvent::Enabled { node_type: facts(&row) }))?)
}

/// Stops every use of a node type. Its secrets keep their values, and its nodes their bindings.
pub fn disable(tx: &mut WriteTx<'_>, by: &Proof<'_, Admin>, tools: Tools<'_>, slug: &Slug) -> Outcome<()> {
    let row = get(tx, by, slug)?;
    if !row.enabled {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::node_types::set(tx, by, &row.id, Setting::Enabled(false))?;
    nodes::type_disabled(tx, by, tools, (slug, nodes::done_by(by, None)))?;
    Ok(audit::change(tx, by, tools, Event::NodeType(NodeTypeEvent::Disabled { node_type: facts(&row) }))?)
}

/// What end users read about it; nothing where nothing is written.
pub fn describe(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (slug, text): (&Slug, Option<&Message>),
) -> Outcome<()> {
    let row = get(tx, by, slug)?;
    let text = text.map(Message::as_str);
    if row.description.as_deref() == text {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::node_types::set(tx, by, &row.id, Setting::Description(text))?;
    Ok(audit::change(tx, by, tools, Event::NodeType(NodeTypeEvent::Described { node_type: facts(&row) }))?)
}

/// What hangs on a node type: what stops when it is disabled, and what goes when it is removed.
pub struct Hanging {
    pub row: NodeTypeRow,
    pub secrets: Vec<ListedSecret>,
    pub nodes: Vec<BoundNode>,
    pub users: Vec<UserRow>,
}

impl Hanging {
    /// By which an act tells whether it takes what its page showed. End users come and go while somebody reads, so
    /// theirs do not count.
    pub fn fingerprint(&self) -> String {
        let own = self.secrets.iter().filter(|row| row.secret.owner.is_some()).map(|row| row.secret.id.as_str());
        fingerprint(own.chain(self.nodes.iter().map(|node| node.id.as_str())))
    }
}

pub fn hanging(tx: &mut ReadTx<'_>, by: &Proof<'_, Admin>, slug: &Slug) -> Result<Hanging, Error> {
    let row = get(tx, by, slug)?;
    Ok(Hanging {
        secrets: store::secrets::of_type(tx, by, &row.id)?,
        nodes: store::nodes::of_type(tx, by, slug)?,
        users: store::tokens::users_of_type(tx, by, &row.id)?,
        row,
    })
}

/// Removes a node type with every secret of it, members' and end users'. `seen` is the fingerprint of the preview.
pub fn remove(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Admin>,
    tools: Tools<'_>,
    (slug, seen): (&Slug, &str),
) -> Result<(), Fault<ChangedSince>> {
    let hanging = hanging(tx, by, slug)?;
    if hanging.fingerprint() != seen {
        return Err(ChangedSince.into());
    }
    let loosened = nodes::type_goes(tx, by, tools, (slug, nodes::done_by(by, None)))?;
    deleting::end(tx, by, tools, &hanging.secrets)?;
    letters::tell_owners(tx, by, tools, (&hanging.secrets, SecretsEnd::Deleted))?;
    store::node_types::delete(tx, by, &hanging.row.id)?;
    let (node_type, secrets, nodes) = (facts(&hanging.row), hanging.secrets.len(), loosened.len());
    Ok(audit::change(tx, by, tools, Event::NodeType(NodeTypeEvent::Removed { node_type, secrets, nodes }))?)
}

/// Who may add node types of the catalogue from now on.
pub fn set_adders(tx: &mut WriteTx<'_>, by: &Proof<'_, Admin>, tools: Tools<'_>, after: Adders) -> Outcome<()> {
    let before = store::workspaces::adders(tx, by)?;
    if before == after {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    store::workspaces::set_adders(tx, by, after)?;
    let event = NodeTypeEvent::AddersChanged { workspace: by.workspace().clone(), before, after };
    Ok(audit::change(tx, by, tools, Event::NodeType(event))?)
}
