//! The current password once more, before something that an open session alone may not do.

use zeroize::Zeroizing;

use crate::actions::identities;
use crate::actions::sign_in::{self, Attempt};
use crate::app::App;
use crate::domain::{PersonId, SessionId};
use crate::store::access::AskNothing;
use crate::store::{self, Fault};
use crate::web::attempts::{self, Judged};
use crate::web::error::Error;
use crate::web::forms;
use crate::web::visitor::{Myself, Visitor};

type Never = std::convert::Infallible;

pub const WRONG: &str = "This is not your current password.";

pub const NOT_SHOWN: &str = "Show once more who you are: sign in anew below, then do it within ten minutes.";

/// What is told to somebody who has, or has not, a password.
pub fn wrong(has_password: bool) -> &'static str {
    if has_password { WRONG } else { NOT_SHOWN }
}

/// What came of it.
pub enum Asked<T> {
    Right(Confirmed<T>),
    Wrong,
    /// What is said, and the seconds to wait.
    TooOften(String, u64),
}

/// A password that was right.
pub struct Confirmed<T> {
    /// The hash that it was compared with; what follows must find it unchanged.
    /// None where somebody who has no password has shown at a provider that it is them.
    pub stored: Option<String>,
    pub attempt: Attempt,
    pub then: T,
}

/// Counts the attempt, compares, and where it was right does what belongs to the judging.
pub async fn ask<T>(
    app: &App,
    (visitor, myself): (&Visitor, &Myself),
    typed: Zeroizing<String>,
    then: impl Future<Output = Result<T, Error>>,
) -> Result<Asked<T>, Error> {
    let found = app.db.read(myself.ask(), |tx, by| {
        Ok::<_, Fault<Never>>((store::people::myself(tx, by)?, identities::is_fresh(tx, by)?))
    });
    let ((person, stored), is_fresh) = found.await?;
    let attempt = attempt(visitor, app, person.email.as_str())?;
    if stored.is_none() {
        return Ok(if is_fresh {
            Asked::Right(Confirmed { stored, attempt, then: then.await? })
        } else {
            Asked::Wrong
        });
    }
    let compared = stored.clone();
    let judging =
        async { if app.hasher.check(typed, compared).await?.right { then.await.map(Some) } else { Ok(None) } };
    match (attempts::judge(app, &attempt, judging).await?, stored) {
        (Judged::Yes(Some(then)), Some(stored)) => Ok(Asked::Right(Confirmed { stored: Some(stored), attempt, then })),
        (Judged::Yes(_), _) => {
            note_refusal(app, visitor, person.id).await?;
            Ok(Asked::Wrong)
        }
        (Judged::TooOften(until), _) => {
            let (sentence, seconds) = forms::wait(until, app.clock.now());
            Ok(Asked::TooOften(sentence, seconds))
        }
    }
}

async fn note_refusal(app: &App, visitor: &Visitor, person: PersonId) -> Result<(), Error> {
    let kit = visitor.kit(app);
    let noted = app.db.write(AskNothing, move |tx, by| {
        kit.by_person(&person, |tools| sign_in::refuse(tx, by, tools, Some(person.clone())))
    });
    Ok(noted.await?)
}

/// Whoever sits at somebody else's open session has no more tries than at the door.
fn attempt(visitor: &Visitor, app: &App, email: &str) -> Result<Attempt, Error> {
    let address = visitor.address().ok_or(Error::Internal)?;
    Ok(Attempt::new(&app.keyring, email, address, visitor.session.as_ref().map(SessionId::as_str)))
}
