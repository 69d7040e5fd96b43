//! Connected accounts by whose they are: read, taken away, and brought along with their tokens.

mod imported;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::actions::connections;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::{NodeTypeId, PersonId, SecretId, Slug};
use crate::store::access::{ConnectRight, ConnectionOf, ReadRight, Whose};
use crate::store::connections::Sought;
use crate::store::{self, Denied};

use super::read::Asked;
use super::shapes::{connected_account, slug_of};
use super::subject::{end_user, external};
use imported::Import;

type Answer = Result<HttpResponse, Error>;
/// Whose accounts of which node type: an end user's or an organization's, as the route has it.
#[derive(Deserialize)]
pub struct At {
    user: Option<String>,
    organization: Option<String>,
    slug: String,
}

impl At {
    fn connection(&self, asked: &Asked) -> Result<ConnectionOf, Error> {
        match (&self.user, &self.organization) {
            (Some(user), _) => {
                let organization = asked.organization_id.as_deref().map(|id| external(id, "organization_id"));
                Ok(ConnectionOf { end_user: Some(end_user(user)?), organization: organization.transpose()? })
            }
            (None, Some(id)) => {
                Ok(ConnectionOf { end_user: None, organization: Some(external(id, "organization_id")?) })
            }
            (None, None) => Err(Error::NotFound),
        }
    }

    /// For reading, the maker of the token counts too.
    fn whose(&self, asked: &Asked) -> Result<Whose, Error> {
        match &self.user {
            Some(user) if user.starts_with(PersonId::PREFIX) => {
                Ok(Whose::Person(user.parse().map_err(|_| Error::NotFound)?))
            }
            _ => self.connection(asked).map(Whose::Connection),
        }
    }
}

/// Which account is meant, as far as the address says it.
struct Named<W> {
    slug: Slug,
    whose: W,
    several: bool,
    chosen: Option<SecretId>,
}

impl<W> Named<W> {
    fn read(at: &At, asked: &Asked, whose: Result<W, Error>) -> Result<Self, Error> {
        let (several, chosen) = (asked.several()?, asked.account()?);
        Ok(Self { slug: slug_of(&at.slug)?, whose: whose?, several, chosen })
    }

    fn of<'a>(&'a self, of: &'a ConnectionOf, node_type: &'a NodeTypeId) -> Sought<'a> {
        Sought { node_type: Some(node_type), of, chosen: self.chosen.as_ref(), several: self.several }
    }
}

/// `GET …/connected_accounts/{slug}`
pub async fn show(caller: Caller, at: Path<At>, asked: Query<Asked>, app: Data<App>) -> Answer {
    let named = match Named::read(&at, &asked, at.whose(&asked)) {
        Ok(named) => named,
        Err(wrong) => return Err(caller.hears::<ReadRight>(&app, wrong).await),
    };
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        by.covers(&named.slug)?;
        let node_type = store::node_types::find(tx, by, &named.slug)?.ok_or(Denied::NotFound)?;
        match &named.whose {
            Whose::Connection(of) => connections::one(tx, by, &named.of(of, &node_type.id)),
            Whose::Person(person) if person == by.maker() => {
                let which = (Some(&node_type.id), named.chosen.as_ref());
                connections::only(store::connections::usable_by_maker(tx, by, which)?)
            }
            Whose::Person(_) => Err(Denied::NotFound.into()),
        }
    });
    Ok(HttpResponse::Ok().json(connected_account(&found.await?, app.clock.now())))
}

/// `DELETE …/connected_accounts/{slug}`
pub async fn destroy(caller: Caller, at: Path<At>, asked: Query<Asked>, app: Data<App>) -> Answer {
    let named = match Named::read(&at, &asked, at.connection(&asked)) {
        Ok(named) => named,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(&app, wrong).await),
    };
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        by.covers(&named.slug)?;
        let node_type = store::node_types::find(tx, by, &named.slug)?.ok_or(Denied::NotFound)?;
        let sought = named.of(&named.whose, &node_type.id);
        kit.by_token(by, |tools| connections::remove(tx, by, tools, &sought))
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// `POST …/connected_accounts/{slug}`
pub async fn create(
    caller: Caller,
    at: Path<At>,
    asked: Query<Asked>,
    ask: HttpRequest,
    sent: Sent,
    app: Data<App>,
) -> Answer {
    let import = Import::create((&at, &asked), &sent);
    imported::store((caller, app), (&at.slug, &ask, &sent), import).await
}

/// `PUT …/connected_accounts/{slug}`
pub async fn update(
    caller: Caller,
    at: Path<At>,
    asked: Query<Asked>,
    ask: HttpRequest,
    sent: Sent,
    app: Data<App>,
) -> Answer {
    let import = Import::update((&at, &asked), &sent);
    imported::store((caller, app), (&at.slug, &ask, &sent), import).await
}
