//! Whose connection a request names.

use serde::Deserialize;

use crate::api::error::Error;
use crate::domain::errand::Intent;
use crate::domain::name::is_hidden;
use crate::domain::{PersonId, SecretId};
use crate::store::access::{ConnectionOf, Whose};

/// The fields that every body shares.
#[derive(Deserialize)]
pub(in crate::api) struct Subject {
    pub user_id: String,
    #[serde(default)]
    pub organization_id: Option<String>,
    #[serde(default)]
    connection_owner: Option<String>,
    #[serde(default)]
    connected_account_id: Option<String>,
}

/// The name of an end user or of an organization, as the customer gave it.
pub(in crate::api) fn external(text: &str, field: &str) -> Result<String, Error> {
    let fits = (1..=255).contains(&text.chars().count()) && !text.chars().any(is_hidden);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Error::Invalid(format!("The field {field} must be 1 to 255 visible characters.")))
    }
}

/// Whose secret two names stand for; nobody's in particular where there are none.
pub(in crate::api) fn whose_of(user: Option<&str>, organization: Option<&str>) -> Result<Option<Whose>, Error> {
    let name = organization.map(|id| external(id, "organization")).transpose()?;
    match (user, name) {
        (Some(user), organization) => Subject::of(user, organization, None).whose().map(Some),
        (None, Some(name)) => Ok(Some(Whose::Connection(ConnectionOf { end_user: None, organization: Some(name) }))),
        (None, None) => Ok(None),
    }
}

/// The name of an end user, which is none of a member.
pub(super) fn end_user(text: &str) -> Result<String, Error> {
    if text.starts_with(PersonId::PREFIX) {
        return Err(Error::invalid("An end user's id may not begin with usr_."));
    }
    external(text, "user_id")
}

impl Subject {
    pub fn of(user: &str, organization_id: Option<String>, connection_owner: Option<String>) -> Self {
        Self { user_id: user.to_owned(), organization_id, connection_owner, connected_account_id: None }
    }

    /// What is stored for them is the organization's own.
    pub fn organizations(&mut self) {
        self.connection_owner = Some("organization".to_owned());
    }

    fn connection(&self, user: String) -> Result<ConnectionOf, Error> {
        let organization = self.organization_id.as_deref().map(|id| external(id, "organization_id")).transpose()?;
        match self.connection_owner.as_deref() {
            None | Some("user") => Ok(ConnectionOf { end_user: Some(user), organization }),
            Some("organization") if organization.is_some() => Ok(ConnectionOf { end_user: None, organization }),
            Some("organization") => Err(Error::invalid("A connection owned by an organization needs organization_id.")),
            Some(_) => Err(Error::invalid("connection_owner is user or organization.")),
        }
    }

    /// For reading: an end user's, or the maker's own.
    pub fn whose(&self) -> Result<Whose, Error> {
        if self.user_id.starts_with(PersonId::PREFIX) {
            return Ok(Whose::Person(self.user_id.parse().map_err(|_| Error::NotFound)?));
        }
        Ok(Whose::Connection(self.connection(external(&self.user_id, "user_id")?)?))
    }

    /// For writing: an end user's alone.
    pub fn end_users(&self) -> Result<ConnectionOf, Error> {
        self.connection(end_user(&self.user_id)?)
    }

    pub fn account(&self) -> Result<Option<SecretId>, Error> {
        self.connected_account_id.as_deref().map(|id| id.parse().map_err(|_| Error::NotFound)).transpose()
    }

    /// Which one an upsert is about.
    pub fn upserted(&self, intent: Option<&str>) -> Result<Intent, Error> {
        match (intent, self.account()?) {
            (None, None) => Ok(Intent::First),
            (None | Some("reauthorize"), account) => Ok(Intent::Known(account)),
            (Some(_), _) => Err(Error::invalid("connection_intent is reauthorize here.")),
        }
    }

    /// One more, as its sender has to say.
    pub fn added(&self, intent: Option<&str>) -> Result<Intent, Error> {
        if intent != Some("add") {
            return Err(Error::invalid("connection_intent must be add here."));
        }
        match self.connected_account_id {
            None => Ok(Intent::Another),
            Some(_) => Err(Error::invalid("connected_account_id names what is there; nothing is added to it.")),
        }
    }
}
