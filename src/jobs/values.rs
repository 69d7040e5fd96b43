//! Destroys the earlier values that were kept to go back to, workspace by workspace.

use std::convert::Infallible;

use crate::actions::upkeep;
use crate::app::App;
use crate::domain::audit::Actor;
use crate::store::access::{AskRunner, AskRunnerIn};
use crate::store::{self, Error, Fault};

use super::stood_still;

pub(super) async fn end(app: &App) -> Result<(), Fault<Infallible>> {
    let due = app.db.read(AskRunner, |tx, by| Ok(store::secrets::with_ended_previous(tx, by)?)).await?;
    let mut first = Ok(());
    for workspace in due {
        let (kit, of) = (app.kit(None), workspace.clone());
        let ended = app.db.write(AskRunnerIn { workspace: of }, move |tx, by| {
            kit.by(Actor::Keyrack, |tools| upkeep::destroy_previous(tx, by, tools))
        });
        match ended.await {
            // Deleted since it was found.
            Ok(()) | Err(Fault::Store(Error::Denied(_))) => {}
            Err(fault) => first = first.and(stood_still(&workspace, fault)),
        }
    }
    first
}
