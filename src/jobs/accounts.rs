//! What was asked about an address, by whoever may have been anybody: looked up here, where nobody can time it.

use std::convert::Infallible;

use crate::actions::accounts::{self, Wish};
use crate::app::App;
use crate::domain::Work;
use crate::domain::audit::Actor;
use crate::store::access::AskRunner;
use crate::store::jobs::Taken;
use crate::store::{self, Unrecorded};

use super::{Outcome, troubled};

pub(super) async fn run(app: &App, job: &Taken, work: Work) -> Outcome {
    let Some((wish, email)) = Wish::of(work) else { return Outcome::Done };
    let (kit, job) = (app.kit(None), job.clone());
    let answered = app.db.write::<_, _, Infallible, _>(AskRunner, move |tx, by| {
        tx.unrecorded(Unrecorded::Work);
        // Together with what comes of it, so that a crash in between does not send a second letter.
        if !store::jobs::finish(tx, by, &job)? {
            return Ok(());
        }
        Ok(kit.by(Actor::Unknown, |tools| accounts::answer(tx, by, tools, (&wish, &email)))?)
    });
    match answered.await {
        Ok(()) => Outcome::Settled,
        Err(fault) => troubled(&fault),
    }
}
