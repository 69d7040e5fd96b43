//! Data integrations, which are the node types of the workspace: listed, added, changed, removed.

mod listing;
mod sent;

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use serde_json::json;

use crate::actions::integrations::{self, Changes, IntegrationRefusal};
use crate::actions::{Kit, connections};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::{Error, worded};
use crate::app::App;
use crate::domain::{Ability, Slug};
use crate::store::access::{Admin, ConnectRight, Demand, ManageRight, Proof, ReadRight};
use crate::store::{self, Denied, Fault, WriteTx};

use super::integration::{Ownership, Told};
use super::read::read;
use super::shapes::slug_of;

use listing::Listed;
use sent::{ChangeBody, New, What};
pub(super) use sent::{scopes, sent_client};

type Answer = Result<HttpResponse, Error>;

/// `GET /data-integrations`
pub async fn index(caller: Caller, listed: Query<Listed>, app: Data<App>) -> Answer {
    let page = match listed.page() {
        Ok(page) => page,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let (clients, ownership) = (app.clients.clone(), page.ownership);
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        let mut rows = store::node_types::list(tx, by)?;
        rows.retain(|row| by.includes(&row.slug));
        let (rows, has_before, has_after) = page.cut(rows);
        let told: Result<Vec<Told>, _> = rows.into_iter().map(|row| Told::of(tx, by, (&clients, row))).collect();
        Ok::<_, Fault<Infallible>>((told?, has_before, has_after))
    });
    let (told, has_before, has_after) = found.await?;
    let edge = |told: Option<&Told>, more: bool| told.filter(|_| more).map(|told| told.row.id.to_string());
    Ok(HttpResponse::Ok().json(json!({
        "object": "list",
        "data": told.iter().map(|told| told.json(&app, ownership)).collect::<Vec<_>>(),
        "list_metadata": { "before": edge(told.first(), has_before), "after": edge(told.last(), has_after) },
    })))
}

/// `GET /data-integrations/{slug}`
pub async fn show(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    shown((caller, app), &path, Ownership::User).await
}

/// `GET /data-integrations/{slug}/organization`
pub async fn show_of_organizations(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    shown((caller, app), &path, Ownership::Organization).await
}

async fn shown((caller, app): (Caller, Data<App>), path: &str, ownership: Ownership) -> Answer {
    let slug = match slug_of(path) {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let clients = app.clients.clone();
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        by.covers(&slug)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Infallible>>(Told::of(tx, by, (&clients, row))?)
    });
    Ok(HttpResponse::Ok().json(found.await?.json(&app, ownership)))
}

/// The right of the Admin who made the token.
fn admin<'tx>(by: &Proof<'tx, ManageRight>) -> Result<Proof<'tx, Admin>, Denied> {
    by.makers().ok_or(Denied::Lacks(Ability::Manage))
}

/// The same to what the token's limits name.
pub(super) fn admins<'tx>(by: &Proof<'tx, ManageRight>, slug: &Slug) -> Result<Proof<'tx, Admin>, Denied> {
    by.covers(slug)?;
    admin(by)
}

/// `POST /data-integrations`
pub async fn create(caller: Caller, sent: Sent, app: Data<App>) -> Answer {
    let new = caller.judged::<ManageRight, _>(&app, New::read(&app, &sent)).await?;
    let (kit, shared, storing) = (app.kit(caller.address), app.clone(), caller.ask::<ConnectRight>());
    let New { what, ownership, changes, mut key } = new;
    let made = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let slug = worded(added(tx, by, (&shared, &kit), (&what, &changes)))?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        let installed = match &mut key {
            None => {
                store::tokens::mark_used(tx, by, kit.from)?;
                None
            }
            Some(put) => {
                put.revision = row.revision;
                let by = storing.prove(tx)?;
                Some(worded(kit.by_token(&by, |tools| connections::put(tx, &by, tools, put)))?)
            }
        };
        Ok::<_, Fault<Error>>(Told::of(tx, by, (&shared.clients, row))?.with(installed))
    });
    Ok(HttpResponse::Created().json(made.await?.json(&app, ownership)))
}

fn added(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, ManageRight>,
    (app, kit): (&App, &Kit),
    (what, changes): (&What, &Changes),
) -> Result<Slug, Fault<IntegrationRefusal>> {
    let at = (&app.clients, by.environment());
    match what {
        What::Custom(draft) => {
            let admin = admin(by)?;
            let made =
                kit.by_token(by, |tools| integrations::create_custom(tx, &admin, tools, at, (draft, changes)))?;
            // Its slug is Keyrack's to give: only now it is known whether the token's limits name it.
            by.covers(&made)?;
            Ok(made)
        }
        What::BuiltIn(slug, method) => {
            let admin = admins(by, slug)?;
            let node = app.catalog.get(slug.as_str()).ok_or(Denied::NotFound)?;
            if !node.methods.contains(method) {
                return Err(IntegrationRefusal::NoSuchMethod.into());
            }
            kit.by_token(by, |tools| integrations::create(tx, &admin, tools, at, (node, *method, changes)))
        }
    }
}

/// `PUT /data-integrations/{slug}`
pub async fn update(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Answer {
    updated((caller, app), (&path, &sent), Ownership::User).await
}

/// `PUT /data-integrations/{slug}/organization`
pub async fn update_of_organizations(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Answer {
    updated((caller, app), (&path, &sent), Ownership::Organization).await
}

async fn updated((caller, app): (Caller, Data<App>), (path, sent): (&str, &Sent), ownership: Ownership) -> Answer {
    let understood = slug_of(path).and_then(|slug| Ok((slug, read::<ChangeBody>(sent)?.changes()?)));
    let (slug, (provider, changes)) = match understood {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let (kit, clients) = (app.kit(caller.address), app.clients.clone());
    let changed = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let admin = admins(by, &slug)?;
        let at = (&clients, by.environment());
        kit.by_token(by, |tools| {
            if let Some(provider) = &provider {
                let over = |draft| provider.over(draft).map_err(|e| IntegrationRefusal::Unreadable(e.to_string()));
                integrations::describe_custom(tx, &admin, tools, &clients, (&slug, over))?;
            }
            integrations::change(tx, &admin, tools, at, (&slug, &changes))
        })?;
        store::tokens::mark_used(tx, by, kit.from)?;
        let row = store::node_types::find(tx, by, &slug)?.ok_or(Denied::NotFound)?;
        Ok::<_, Fault<IntegrationRefusal>>(Told::of(tx, by, (&clients, row))?)
    });
    Ok(HttpResponse::Ok().json(changed.await?.json(&app, ownership)))
}

/// `DELETE /data-integrations/{slug}`
pub async fn destroy(caller: Caller, path: Path<String>, app: Data<App>) -> Answer {
    let slug = match slug_of(&path) {
        Ok(slug) => slug,
        Err(wrong) => return Err(caller.hears::<ManageRight>(&app, wrong).await),
    };
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ManageRight>(), move |tx, by| {
        let admin = admins(by, &slug)?;
        kit.by_token(by, |tools| integrations::remove(tx, &admin, tools, (by.environment(), &slug)))?;
        Ok::<_, Fault<IntegrationRefusal>>(store::tokens::mark_used(tx, by, kit.from)?)
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}
