//! Accounts that come with the tokens which a provider gave elsewhere.

use std::collections::BTreeMap;
use std::convert::Infallible;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::actions::clients::{AskedFor, Client};
use crate::actions::connections::imported::{Given, brought};
use crate::actions::connections::{self, Put};
use crate::actions::entering::FieldFault;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::api::pipes::read::{Asked, read};
use crate::api::pipes::shapes::{connected_account, slug_of};
use crate::api::pipes::stored::{Labels, once_of};
use crate::api::pipes::subject::end_user;
use crate::app::App;
use crate::crypto::Entered;
use crate::domain::errand::Intent;
use crate::domain::{Method, Moment, Scopes, Slug};
use crate::store::access::{ConnectRight, ConnectionOf};
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};

use super::{Answer, At};

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    access_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    connection_intent: Option<String>,
    /// Who makes it, where an organization owns it.
    #[serde(default)]
    user_id: Option<String>,
    /// Keyrack's own: the parts of the provider's address.
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(flatten)]
    labels: Labels,
}

/// What a request brings, and for whom.
pub(super) struct Import {
    of: ConnectionOf,
    user: String,
    meant: Intent,
    body: Body,
    /// Whether it makes an account.
    creates: bool,
}

impl Import {
    pub fn create((at, asked): (&At, &Asked), sent: &Sent) -> Result<Self, Error> {
        let body: Body = read(sent)?;
        let meant = match body.connection_intent.as_deref() {
            None => Intent::New,
            Some("add") => Intent::Another,
            Some(_) => return Err(Error::invalid("connection_intent is add here.")),
        };
        Self::of((at, asked), (body, meant, true))
    }

    pub fn update((at, asked): (&At, &Asked), sent: &Sent) -> Result<Self, Error> {
        let body: Body = read(sent)?;
        match asked.intent() {
            None | Some("reauthorize") => {}
            Some(_) => return Err(Error::invalid("connection_intent is reauthorize here.")),
        }
        let meant = Intent::Known(asked.account()?);
        Self::of((at, asked), (body, meant, false))
    }

    fn of((at, asked): (&At, &Asked), (body, meant, creates): (Body, Intent, bool)) -> Result<Self, Error> {
        let of = at.connection(asked)?;
        let user = match (&at.user, &body.user_id) {
            (Some(user), _) => user.clone(),
            (None, Some(user)) => end_user(user)?,
            (None, None) => return Err(Error::invalid("The field user_id is required.")),
        };
        Ok(Self { of, user, meant, body, creates })
    }
}

impl Body {
    fn given(&mut self, now: Moment) -> Result<Given, Error> {
        let lost = match self.state.as_deref() {
            None | Some("connected") => false,
            Some("needs_reauthorization") => true,
            Some(_) => return Err(Error::invalid("state is connected or needs_reauthorization.")),
        };
        let token = |text: Option<String>, field: &str| match text {
            Some(text) if text.is_empty() || text.len() > LONGEST || !text.bytes().all(|b| b.is_ascii_graphic()) => {
                Err(Error::Invalid(format!("{field}: this is no token.")))
            }
            text => Ok(text.map(Entered::exact)),
        };
        let access = token(self.access_token.take(), "access_token")?;
        if access.is_none() && !lost {
            return Err(Error::invalid("The field access_token is required."));
        }
        let ends_at = self.expires_at.as_deref().map(|text| {
            Moment::of_rfc3339(text)
                .ok_or_else(|| Error::invalid("expires_at is a time such as 2026-10-01T12:00:00.000Z."))
        });
        let scopes = self.scopes.as_ref().map(|names| {
            let all: Result<Scopes, _> = names.join(" ").parse();
            all.map_err(|_| Error::invalid("scopes is a list of the names of permissions."))
        });
        Ok(Given {
            access: access.filter(|_| !lost),
            refresh: token(self.refresh_token.take(), "refresh_token")?,
            ends_at: ends_at.transpose()?,
            scopes: scopes.transpose()?,
            parts: self.config.take().unwrap_or_default(),
            now,
        })
    }
}

/// Longer than tokens are.
const LONGEST: usize = 16 * 1_024;

/// The node type that is meant, and with what accounts of it are connected.
async fn ground(
    app: &App,
    caller: &Caller,
    (slug, of): (Result<Slug, Error>, &ConnectionOf),
) -> Result<(NodeTypeRow, Option<Client>), Error> {
    let slug = match slug {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(app, wrong).await),
    };
    let (clients, organization) = (app.clients.clone(), of.organization.clone());
    let found = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        by.covers(&slug)?;
        let Some(row) = store::node_types::find(tx, by, &slug)? else { return Ok(None) };
        let whom = AskedFor::named(organization.as_deref());
        let client = clients.find(tx, by, (&row, by.environment()), whom)?;
        Ok::<_, Fault<Infallible>>(Some((row, client)))
    });
    found.await?.ok_or(Error::NotFound)
}

pub(super) async fn store(
    (caller, app): (Caller, Data<App>),
    (slug, ask, sent): (&str, &HttpRequest, &Sent),
    import: Result<Import, Error>,
) -> Answer {
    let mut import = match import {
        Ok(import) => import,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(&app, wrong).await),
    };
    let (row, client) = ground(&app, &caller, (slug_of(slug), &import.of)).await?;
    if row.method != Method::OAuth {
        let (slug, is) = (&row.slug, row.method);
        return Err(Error::Invalid(format!("The node type {slug} holds no tokens of accounts: its method is {is}.")));
    }
    let node = app.clients.describe(&row).ok_or(Error::NotFound)?;
    let given = import.body.given(app.clock.now())?;
    let told = |faults: Vec<FieldFault>| {
        let first = faults.into_iter().next();
        let own = ["refresh_token", "config"];
        Error::Invalid(first.map_or_else(String::new, |fault| {
            let at = if own.contains(&fault.field.as_str()) { "" } else { "config." };
            format!("{at}{}: {}", fault.field, fault.message)
        }))
    };
    let brought = brought(&node, client.as_ref(), given).map_err(told)?;
    let (account_name, account_identifier) = import.body.labels.read()?;
    let put = Put {
        node_type: row.slug,
        revision: row.revision,
        name: row.name,
        of: import.of,
        user: Some(import.user),
        meant: import.meant,
        brought,
        account_name,
        account_identifier,
        drawn: None,
        once: if import.creates { once_of(&app, ask, sent)? } else { None },
    };
    let kit = app.kit(caller.address);
    let stored = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        kit.by_token(by, |tools| connections::put(tx, by, tools, &put))
    });
    let account = connected_account(&stored.await?, app.clock.now());
    let mut answer = if import.creates { HttpResponse::Created() } else { HttpResponse::Ok() };
    Ok(answer.json(account))
}
