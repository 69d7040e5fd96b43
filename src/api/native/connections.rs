//! End users' and organizations' connections, taken away one by one.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::actions::{connections, revoking, tokens};
use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::audit::Actor;
use crate::store::access::{ConnectRight, Member};
use crate::store::{Denied, Fault};

use super::read::{Expected, tag, tagged};
use super::secrets::{Disconnected, Secret, id_of, seen};
use super::{Answer, Problem, worded};

/// Delete a connection
///
/// An end user's or an organization's connection of the token's environment, with its value, at once. The provider is not
/// asked to forget it; disconnecting does that.
#[utoipa::path(delete, path = "/api/v1/connections/{connection}", operation_id = "delete_connection", tag = "End users",
    params(("connection" = String, Path, description = "The id of a connection."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 204, description = "It is gone."),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn destroy(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let id = caller.judged::<ConnectRight, _>(&app, id_of(&path)).await?;
    let kit = app.kit(caller.address);
    let gone = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        let row = connections::named(tx, by, &id)?;
        expected.meets(&tag(row.secret.revision))?;
        worded(kit.by_token(by, |tools| connections::remove_named(tx, by, tools, &id)))
    });
    gone.await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Disconnect a connection
///
/// Destroys its value at once, and asks the provider to forget what it had given where it takes such requests. Its place
/// stays for being connected again.
#[utoipa::path(post, path = "/api/v1/connections/{connection}/disconnect", operation_id = "disconnect_connection",
    tag = "End users",
    params(("connection" = String, Path, description = "The id of a connection."),
        ("If-Match" = Option<String>, Header, description = "The state that the change begins from.")),
    responses((status = 200, description = "It holds no value any more.", body = Disconnected,
            headers(("ETag" = String, description = "Its new state."))),
        (status = 412, description = "It has changed meanwhile.", body = Problem)))]
pub async fn disconnect(caller: Caller, path: Path<String>, expected: Expected, app: Data<App>) -> Answer {
    let id = caller.judged::<ConnectRight, _>(&app, id_of(&path)).await?;
    let (means, of, from) = (app.connecting(app.kit(caller.address)), id.clone(), caller.address);
    let forgetting = revoking::disconnect_as(&means, caller.ask::<ConnectRight>(), id.clone(), move |tx, by| {
        let row = connections::named(tx, by, &of)?;
        expected.meets(&tag(row.secret.revision))?;
        tokens::used(tx, by, from)?;
        let maker = by.makers::<Member>().ok_or(Denied::NotFound)?;
        Ok::<_, Fault<Error>>((maker, Actor::Token { id: by.token().clone(), maker: by.maker().clone() }))
    });
    let forgetting = forgetting.await?;
    let found = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        let (_, row) = seen(tx, by, &id)?;
        Ok::<_, Fault<Error>>((tag(row.secret.revision), Secret::of(&row, tx.now())))
    });
    let (tag, secret) = found.await?;
    Ok(tagged(&tag, &Disconnected::of(secret, forgetting)))
}
