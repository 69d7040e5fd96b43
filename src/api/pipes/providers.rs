//! What somebody can connect, and what they have connected.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde_json::{Value, json};

use crate::actions::clients::AskedFor;
use crate::actions::connections::ConnectionRefusal;
use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::keys::Hook;
use crate::domain::{Method, Moment, OrganizationId, PersonId};
use crate::store::access::{ConnectionOf, Proof, ReadRight, Whose};
use crate::store::connections::{ConnectionRow, Sought};
use crate::store::node_types::NodeTypeRow;
use crate::store::organization_settings::{Place, SettingsRow};
use crate::store::{self, Denied, Fault, ReadTx};

use super::integration::{credentials_type, scopes_of};
use super::read::Asked;
use super::shapes::{embedded_account, method_word};
use super::subject::external;

type Answer = Result<HttpResponse, Error>;

/// `GET /user_management/users/{user_id}/data_providers`
pub async fn of_user(caller: Caller, path: Path<String>, asked: Query<Asked>, app: Data<App>) -> Answer {
    let whose = if path.starts_with(PersonId::PREFIX) {
        path.parse().map(Whose::Person).map_err(|_| Error::NotFound)
    } else {
        let organization = asked.organization_id.as_deref().map(|id| external(id, "organization_id")).transpose();
        external(&path, "user_id")
            .and_then(|user| Ok(Whose::Connection(ConnectionOf { end_user: Some(user), organization: organization? })))
    };
    list((caller, app), (whose, &asked), Owner::User).await
}

/// `GET /organizations/{organization_id}/data_providers`
pub async fn of_organization(caller: Caller, path: Path<String>, asked: Query<Asked>, app: Data<App>) -> Answer {
    let whose = external(&path, "organization_id")
        .map(|id| Whose::Connection(ConnectionOf { end_user: None, organization: Some(id) }));
    list((caller, app), (whose, &asked), Owner::Organization).await
}

/// Who owns what is connected there.
#[derive(Clone, Copy)]
enum Owner {
    User,
    Organization,
}

impl Owner {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::User => ("user", "userland_user"),
            Self::Organization => ("organization", "organization"),
        }
    }
}

async fn list(
    (caller, app): (Caller, Data<App>),
    (whose, asked): (Result<Whose, Error>, &Asked),
    owner: Owner,
) -> Answer {
    let (whose, several) = match (whose, asked.several()) {
        (Ok(whose), Ok(several)) => (whose, several),
        (Err(wrong), _) | (_, Err(wrong)) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let shared = app.clone();
    let data = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let rows = match &whose {
            Whose::Connection(of) => {
                let sought = Sought { node_type: None, of, chosen: None, several };
                store::connections::list(tx, by, &sought)?
            }
            Whose::Person(person) if person == by.maker() => store::connections::usable_by_maker(tx, by, (None, None))?,
            Whose::Person(_) => return Err(Denied::NotFound.into()),
        };
        let mut data = Vec::new();
        let name = match &whose {
            Whose::Connection(of) => of.organization.as_deref(),
            Whose::Person(_) => None,
        };
        let organization = name.map(|name| store::connections::known_organization(tx, by, name)).transpose()?.flatten();
        for node_type in
            store::node_types::list(tx, by)?.into_iter().filter(|row| row.enabled && by.includes(&row.slug))
        {
            let own = settings(tx, by, (&node_type, organization.as_ref()))?;
            if own.as_ref().is_some_and(|own| !own.enabled) {
                continue;
            }
            let client = match node_type.method {
                Method::OAuth => shared.clients.find(tx, by, (&node_type, by.environment()), AskedFor::named(name))?,
                Method::Key | Method::ClientCredentials => None,
            };
            let scopes = scopes_of(&shared.clients, &node_type, (client.as_ref(), own.as_ref()));
            let of: Vec<&ConnectionRow> = rows.iter().filter(|row| row.secret.node_type == node_type.slug).collect();
            let words = (credentials_type(&node_type, client.as_ref()), scopes);
            data.push(provider(&node_type, words, owner, (&of, tx.now())));
        }
        Ok::<_, Fault<ConnectionRefusal>>(data)
    });
    Ok(HttpResponse::Ok().json(json!({ "object": "list", "data": data.await? })))
}

/// What the organization that is named has otherwise.
fn settings(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, ReadRight>,
    (row, organization): (&NodeTypeRow, Option<&OrganizationId>),
) -> Result<Option<SettingsRow>, store::Error> {
    let Some(organization) = organization else { return Ok(None) };
    let hook = Hook { node_type: row.id.clone(), environment: by.environment() };
    store::organization_settings::find(tx, by, Place { organization, hook: &hook })
}

fn provider(
    row: &NodeTypeRow,
    (credentials, scopes): (&str, Option<Vec<String>>),
    owner: Owner,
    (accounts, now): (&[&ConnectionRow], Moment),
) -> Value {
    let (connection_owner, ownership) = owner.words();
    let (created, updated) = (row.created_at.wire(), row.updated_at.wire());
    json!({
        "object": "data_provider",
        "id": row.id,
        "name": row.name.as_str(),
        "description": row.description,
        "slug": row.slug,
        "integration_type": row.slug,
        "integrationType": row.slug,
        "credentials_type": credentials,
        "credentialsType": credentials,
        "scopes": scopes,
        "auth_methods": [method_word(row.method)],
        "connection_owner": connection_owner,
        "ownership": ownership,
        "created_at": created,
        "createdAt": created,
        "updated_at": updated,
        "updatedAt": updated,
        "connected_account": accounts.first().map(|row| embedded_account(row, now)),
        "connected_accounts": accounts.iter().map(|row| embedded_account(row, now)).collect::<Vec<_>>(),
    })
}
