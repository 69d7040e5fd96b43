//! Tells of secrets whose last day is near, and lets signing keys take over whose time has come, workspace by workspace.

use std::convert::Infallible;

use crate::actions::{events, webhooks};
use crate::app::App;
use crate::domain::WorkspaceId;
use crate::domain::audit::Actor;
use crate::domain::webhook::EXPIRING;
use crate::store::access::{AskRunner, AskRunnerIn, Proof, RunnerIn};
use crate::store::{self, Error, Fault, Outcome, WriteTx};

use super::stood_still;

pub(super) async fn look(app: &App) -> Result<(), Fault<Infallible>> {
    let (ends, keys) = (ends(app).await, keys(app).await);
    ends.and(keys)
}

async fn ends(app: &App) -> Result<(), Fault<Infallible>> {
    let until = app.clock.now().plus(EXPIRING);
    let near = app.db.read(AskRunner, move |tx, by| Ok(store::events::with_expiring(tx, by, until)?)).await?;
    let kit = app.kit(None);
    in_each(app, near, move |tx, by| kit.by(Actor::Keyrack, |tools| events::expiring(tx, by, tools, until))).await
}

async fn keys(app: &App) -> Result<(), Fault<Infallible>> {
    let over = app.db.read(AskRunner, |tx, by| Ok(store::webhooks::with_ended_keys(tx, by)?)).await?;
    in_each(app, over, webhooks::end_old_keys).await
}

async fn in_each<F>(app: &App, workspaces: Vec<WorkspaceId>, act: F) -> Result<(), Fault<Infallible>>
where
    F: Fn(&mut WriteTx<'_>, &Proof<'_, RunnerIn>) -> Outcome<()> + Clone + Send + 'static,
{
    let mut first = Ok(());
    for workspace in workspaces {
        let (act, of) = (act.clone(), workspace.clone());
        match app.db.write(AskRunnerIn { workspace: of }, move |tx, by| act(tx, by)).await {
            // Deleted since it was found.
            Ok(()) | Err(Fault::Store(Error::Denied(_))) => {}
            Err(fault) => first = first.and(stood_still(&workspace, fault)),
        }
    }
    first
}
