//! The first Owner and their workspace: by the set-up link in a browser, or at the command line.

use crate::domain::audit::{AccountEvent, ChainKind, Event, PeopleEvent};
use crate::domain::{ChainId, Email, Name, PersonId, Role, Slug, WorkspaceId};
use crate::store::access::{CommandLine, Oneself, Owner, Proof, Right, SetUp};
use crate::store::people::{Person, Proven};
use crate::store::workspaces::WorkspaceRow;
use crate::store::{self, Error, Fault, Refusal, WriteTx};

use super::{Tools, audit};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoundingError {
    #[error("{0} is a member of this workspace already")]
    AlreadyMember(Email),
    #[error("a workspace of this name cannot be made")]
    Name,
    #[error("{0} has no account yet, so it takes --name and a password on standard input")]
    NewPerson(Email),
}

impl Refusal for FoundingError {}

pub struct Founding {
    pub email: Email,
    pub name: Name,
    pub workspace: Name,
    pub password_hash: String,
}

/// Who becomes the Owner of which workspace, at the command line.
pub struct Ownership {
    pub email: Email,
    /// Needed for a new person; somebody known keeps the account as it is.
    pub account: Option<NewAccount>,
    pub workspace: Name,
}

pub struct NewAccount {
    pub name: Name,
    /// None where a provider says who comes.
    pub password_hash: Option<String>,
}

pub struct Founded {
    pub person: PersonId,
    pub workspace: Slug,
    /// Whether the workspace is new, too.
    pub made: bool,
}

/// Spends the set-up link on a first Owner and workspace.
pub fn set_up<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, SetUp>,
    tools: Tools<'_>,
    ask: &Founding,
) -> Result<Founded, Fault<FoundingError>> {
    store::links::spend(tx, by)?;
    let account = NewAccount { name: ask.name.clone(), password_hash: Some(ask.password_hash.clone()) };
    let person = new_person(tx, by, tools, (&ask.email, Proven::Yes), &account)?;
    let workspace = new_workspace(tx, by, tools, &ask.workspace, &person)?;
    audit::installation(tx, tools, Event::Account(AccountEvent::SetUpDone { person: person.id.clone() }))?;
    Ok(Founded { person: person.id, workspace, made: true })
}

/// Makes an Owner at the command line, and the workspace when it is new.
pub fn create_owner<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, CommandLine>,
    tools: Tools<'_>,
    ask: &Ownership,
) -> Result<Founded, Fault<FoundingError>> {
    let person = match (store::people::find_to_join(tx, by, &ask.email)?, &ask.account) {
        (Some(person), _) => person,
        (None, Some(account)) => new_person(tx, by, tools, (&ask.email, Proven::Yes), account)?,
        (None, None) => return Err(FoundingError::NewPerson(ask.email.clone()).into()),
    };
    let Some(row) = store::workspaces::find_named(tx, by, &ask.workspace)? else {
        let workspace = new_workspace(tx, by, tools, &ask.workspace, &person)?;
        return Ok(Founded { person: person.id, workspace, made: true });
    };
    if store::workspaces::of_person(tx, &person.id)?.iter().any(|(of, _)| of.id == row.id) {
        return Err(FoundingError::AlreadyMember(ask.email.clone()).into());
    }
    let owner: Proof<'tx, Owner> = store::workspaces::act_as_operator(tx, by, &row, &person.id);
    store::workspaces::insert_member(tx, &owner, &person.id, Role::Owner)?;
    let joined = Event::People(PeopleEvent::MemberJoined {
        person: person.id.clone(),
        name: person.name.to_string(),
        role: Role::Owner,
        invited_by: None,
        domain: None,
    });
    audit::change(tx, &owner, tools, joined)?;
    Ok(Founded { person: person.id, workspace: row.slug, made: false })
}

pub(super) fn new_person<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (email, proven): (&Email, Proven),
    account: &NewAccount,
) -> Result<Person, Error> {
    let id = PersonId::draw(tx.now(), tools.chance);
    let person = Person { id, email: email.clone(), name: account.name.clone() };
    store::people::insert(tx, by, (&person, proven), account.password_hash.as_deref())?;
    audit::installation(tx, tools, Event::Account(AccountEvent::PersonCreated { person: person.id.clone() }))?;
    Ok(person)
}

fn new_workspace<'tx, R: Right>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, R>,
    tools: Tools<'_>,
    name: &Name,
    owner: &Person,
) -> Result<Slug, Fault<FoundingError>> {
    let id = WorkspaceId::draw(tx.now(), tools.chance);
    let slug = take_slug(tx, by, tools, (name, &id))?;
    let key = tools.keyring.new_workspace_key(&id).map_err(|_| FoundingError::Name)?;
    let row = WorkspaceRow { id: id.clone(), slug: slug.clone(), name: name.clone() };
    let proof = store::workspaces::found(tx, by, &row, &key, &owner.id)?;
    for kind in [ChainKind::Changes, ChainKind::Uses] {
        let chain = ChainId::draw(tx.now(), tools.chance);
        store::audit::open_chain(tx, &chain, kind, id.as_str())?;
    }
    let created = Event::People(PeopleEvent::WorkspaceCreated { workspace: id, name: name.to_string() });
    audit::installation(tx, tools, created.clone())?;
    audit::change(tx, &proof, tools, created)?;
    Ok(slug)
}

/// One's own further workspace, with oneself as its Owner.
pub fn create_workspace<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Oneself>,
    tools: Tools<'_>,
    name: &Name,
) -> Result<Slug, Fault<FoundingError>> {
    let (owner, _) = store::people::myself(tx, by)?;
    new_workspace(tx, by, tools, name, &owner)
}

/// Takes the slug that reads like the name, or one with a random ending where that was ever another workspace's.
pub(super) fn take_slug<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (name, of): (&Name, &WorkspaceId),
) -> Result<Slug, Fault<FoundingError>> {
    const TRIES: usize = 8;
    let wanted = Slug::from_name(name.as_str());
    if let Some(slug) = &wanted
        && store::workspaces::claim_slug(tx, by, (slug, of))?
    {
        return Ok(slug.clone());
    }
    let base = wanted.or_else(|| "workspace".parse().ok()).ok_or(FoundingError::Name)?;
    for _ in 0..TRIES {
        let drawn = WorkspaceId::draw(tx.now(), tools.chance);
        let ending: String = drawn.as_str().chars().rev().take(5).collect();
        let slug = base.with_suffix(&ending);
        if store::workspaces::claim_slug(tx, by, (&slug, of))? {
            return Ok(slug);
        }
    }
    Err(FoundingError::Name.into())
}
