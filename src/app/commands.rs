//! What the command line does, besides serving.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::actions::clients::Clients;
use crate::actions::founding::{self, Founded, FoundingError, NewAccount, Ownership};
use crate::actions::node_types::{self, BuiltIn};
use crate::actions::{installation, tokens};
use crate::catalog::Catalog;
use crate::cli::{NodeTypeAdd, OwnerCreate, TokenCreate};
use crate::config::Config;
use crate::crypto::HashError;
use crate::domain::audit::Actor;
use crate::domain::{Email, Method, TokenId, password};
use crate::store::access::{Admin, AskCommandLine};
use crate::store::people::Person;
use crate::store::{self, Denied, Error, Fault};

use super::{App, StartError};

/// What of the settings only the catalogue can tell.
pub fn check(config: &Config) -> Result<(), StartError> {
    let catalog = Arc::new(Catalog::load()?);
    Ok(Clients::new(catalog, config.oauth_clients.clone()).map(drop)?)
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error("password: {0}")]
    Password(#[from] password::PasswordError),
    #[error(transparent)]
    Founding(#[from] FoundingError),
    #[error(transparent)]
    Hash(#[from] HashError),
    #[error("there is no such workspace, or nobody in it who can do this; name an Owner or Admin with --as")]
    NoMaker,
    #[error("the catalogue has no node type of that slug that holds keys; docs/node-types.md says where they stand")]
    NoNodeType,
    /// In the words of the form.
    #[error("--expires: That day is over. Choose a later one.")]
    DayOver,
    #[error(transparent)]
    Store(Error),
}

impl<E: Into<CommandError>> From<Fault<E>> for CommandError {
    fn from(fault: Fault<E>) -> Self {
        match fault {
            Fault::Refused(refusal) => refusal.into(),
            Fault::Store(Error::Denied(Denied::NotFound | Denied::Forbidden)) => Self::NoMaker,
            Fault::Store(error) => Self::Store(error),
        }
    }
}

impl From<std::convert::Infallible> for CommandError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// Whoever has an account under this address already.
pub async fn find_person(app: &App, email: &Email) -> Result<Option<Person>, CommandError> {
    let email = email.clone();
    let found = app.db.read::<_, _, std::convert::Infallible, _>(AskCommandLine, move |tx, _| {
        Ok(store::people::find_by_email(tx, &email)?.map(|(person, _)| person))
    });
    Ok(found.await?)
}

/// Makes an Owner, and the workspace when it is new. Somebody `known` keeps name and password.
pub async fn create_owner(
    app: &App,
    ask: &OwnerCreate,
    known: Option<&Person>,
    password: String,
) -> Result<Founded, CommandError> {
    let account = match (known, &ask.name) {
        (Some(_), _) => None,
        (None, None) => return Err(FoundingError::NewPerson(ask.email.clone()).into()),
        (None, Some(name)) => {
            password::check(&password)?;
            let password_hash = app.hasher.hash(Zeroizing::new(password)).await?;
            Some(NewAccount { name: name.clone(), password_hash: Some(password_hash) })
        }
    };
    let ownership = Ownership { email: ask.email.clone(), account, workspace: ask.workspace.clone() };
    let kit = app.kit(None);
    let founded = app.db.write(AskCommandLine, move |tx, by| {
        kit.by(Actor::CommandLine, |tools| founding::create_owner(tx, by, tools, &ownership))
    });
    Ok(founded.await?)
}

/// What was given for a person who keeps another, in words for the terminal.
pub fn left_aside(ask: &OwnerCreate, known: &Person, password: &str) -> Vec<String> {
    let mut words = Vec::new();
    if !password.is_empty() {
        words.push(format!("{} has an account already and keeps its password; the one given is not used", ask.email));
    }
    if ask.name.as_ref().is_some_and(|name| name.as_str() != known.name.as_str()) {
        words.push(format!("{} has an account already and keeps its name, {}", ask.email, known.name));
    }
    words
}

/// Makes a service token; its text, for the only time.
pub async fn create_token(app: &App, ask: &TokenCreate) -> Result<String, CommandError> {
    if ask.expires.is_some_and(|end| end <= app.clock.now()) {
        return Err(CommandError::DayOver);
    }
    let (kit, workspace, maker) = (app.kit(None), ask.workspace.clone(), ask.maker.clone());
    let token = tokens::Ask {
        id: TokenId::draw(app.clock.now(), &*app.chance),
        name: ask.name.clone(),
        environment: ask.environment,
        abilities: ask.allow.clone(),
        node_types: None,
        networks: None,
        calls: None,
        expires_at: ask.expires,
    };
    let made = app.db.write::<_, _, std::convert::Infallible, _>(AskCommandLine, move |tx, by| {
        let row = store::workspaces::find_named(tx, by, &workspace)?.ok_or(Denied::NotFound)?;
        let admin = store::workspaces::act_as::<Admin>(tx, by, &row, maker.as_ref())?;
        kit.by(Actor::CommandLine, |tools| tokens::create(tx, &admin, tools, &token))
    });
    Ok(made.await?.token.as_str().to_owned())
}

/// The address of a fresh set-up link, as long as there is nobody.
pub async fn offer_set_up(app: &App) -> Option<String> {
    let link = installation::offer_set_up(&app.db, app.keyring.clone(), Arc::clone(&app.chance)).await.ok()??;
    let path = crate::web::url::set_up(link.as_str());
    Some(format!("{}{path}", app.config.server.base()))
}

/// Adds a node type of the catalogue to a workspace; one that is there already stays as it is.
pub async fn add_node_type(app: &App, ask: &NodeTypeAdd) -> Result<(), CommandError> {
    let known = app.catalog.get(ask.slug.as_str()).ok_or(CommandError::NoNodeType)?;
    let usual = known.methods.first().copied().ok_or(CommandError::NoNodeType)?;
    // A key needs no setting-up; what takes none is added as it usually is.
    let method = if known.methods.contains(&Method::Key) { Method::Key } else { usual };
    let built_in = BuiltIn::of(known, method).ok_or(CommandError::NoNodeType)?;
    let (kit, workspace, maker) = (app.kit(None), ask.workspace.clone(), ask.maker.clone());
    let added = app.db.write::<_, _, std::convert::Infallible, _>(AskCommandLine, move |tx, by| {
        let row = store::workspaces::find_named(tx, by, &workspace)?.ok_or(Denied::NotFound)?;
        let admin = store::workspaces::act_as::<Admin>(tx, by, &row, maker.as_ref())?;
        kit.by(Actor::CommandLine, |tools| node_types::add(tx, &admin, tools, &built_in))
    });
    Ok(added.await?)
}
