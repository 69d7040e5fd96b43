//! Comparing a password: counted before, and taken back when nobody could judge it.

use crate::actions::sign_in::{self, Attempt, Gate};
use crate::app::App;
use crate::domain::Moment;
use crate::store::access::AskNothing;

use super::error::Error;

type Never = std::convert::Infallible;

/// What came of an attempt.
pub enum Judged<T> {
    Yes(T),
    /// Not looked at before then.
    TooOften(Moment),
}

/// Counts the attempt, waits as long as it must, and judges it.
pub async fn judge<T>(
    app: &App,
    attempt: &Attempt,
    judging: impl Future<Output = Result<T, Error>>,
) -> Result<Judged<T>, Error> {
    let counted = attempt.clone();
    match app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| sign_in::count(tx, by, &counted)).await? {
        Gate::Closed(until) => return Ok(Judged::TooOften(until)),
        Gate::After(delay) if !delay.is_zero() => app.clock.sleep(delay).await,
        Gate::After(_) => {}
    }
    match judging.await {
        Ok(judged) => Ok(Judged::Yes(judged)),
        Err(error) => {
            take_back(app, attempt).await?;
            Err(error)
        }
    }
}

/// For an attempt that could not be judged, or was right and led to nothing.
pub async fn take_back(app: &App, attempt: &Attempt) -> Result<(), Error> {
    let attempt = attempt.clone();
    let taken = app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| sign_in::take_back(tx, by, &attempt));
    Ok(taken.await?)
}
