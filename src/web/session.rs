//! Sessions in the database: the cookie library's view of rows that signing in has made.

use std::collections::HashMap;
use std::time::Duration;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time;

use crate::app::App;
use crate::domain::SessionId;
use crate::store::access::AskNothing;
use crate::store::{self, Error, Fault, Unrecorded};

/// Under which the state names its session's row.
pub const SESSION: &str = "session";
/// Set instead when the database could not be asked, so that pages say so rather than "signed out".
pub const UNAVAILABLE: &str = "unavailable";

const TOUCH_AFTER: Duration = Duration::from_mins(1);

type State = HashMap<String, String>;
type Never = std::convert::Infallible;

pub struct Store {
    app: App,
}

impl Store {
    pub fn new(app: App) -> Self {
        Self { app }
    }

    fn mac(&self, key: &SessionKey) -> Vec<u8> {
        self.app.keyring.session_mac(key.as_ref()).as_bytes().to_vec()
    }

    async fn find(&self, key: &SessionKey) -> Result<Option<SessionId>, Fault<Never>> {
        let (mac, now) = (self.mac(key), self.app.clock.now());
        let found =
            self.app.db.read(AskNothing, move |tx, by| Ok(store::sessions::find_by_cookie(tx, by, &mac)?)).await?;
        let Some((id, seen)) = found else { return Ok(None) };
        if now.since(seen) >= TOUCH_AFTER {
            let touched = id.clone();
            let touch = self.app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| {
                tx.unrecorded(Unrecorded::SessionUpkeep);
                Ok(store::sessions::touch(tx, by, &touched)?)
            });
            // The next request notes it as well; a busy writer is no reason to show no page.
            if let Err(fault) = touch.await {
                tracing::warn!(error = %fault, "a session could not be marked as seen");
            }
        }
        Ok(Some(id))
    }

    async fn attach(&self, state: &State) -> Result<SessionKey, Fault<Never>> {
        const NONE: Error = Error::Unavailable("a session without a row cannot be kept");
        let key: SessionKey = self.app.keyring.random_text().try_into().map_err(|_| NONE)?;
        let id = state.get(SESSION).and_then(|text| serde_json::from_str::<SessionId>(text).ok()).ok_or(NONE)?;
        let mac = self.mac(&key);
        let attached = self.app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| {
            tx.unrecorded(Unrecorded::SessionUpkeep);
            Ok(store::sessions::attach_cookie(tx, by, &id, &mac)?)
        });
        if attached.await? { Ok(key) } else { Err(NONE.into()) }
    }
}

fn flat(fault: &Fault<Never>) -> std::io::Error {
    std::io::Error::other(fault.to_string())
}

impl SessionStore for Store {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        match self.find(key).await {
            Ok(found) => Ok(found.map(|id| State::from([(SESSION.to_owned(), format!("\"{id}\""))]))),
            Err(fault) => {
                tracing::warn!(error = %fault, "a session could not be looked up");
                Ok(Some(State::from([(UNAVAILABLE.to_owned(), "true".to_owned())])))
            }
        }
    }

    async fn save(&self, state: State, _ttl: &time::Duration) -> Result<SessionKey, SaveError> {
        self.attach(&state).await.map_err(|fault| SaveError::Other(flat(&fault).into()))
    }

    async fn update(&self, _: SessionKey, state: State, _: &time::Duration) -> Result<SessionKey, UpdateError> {
        self.attach(&state).await.map_err(|fault| UpdateError::Other(flat(&fault).into()))
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &time::Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let mac = self.mac(key);
        let deleted = self.app.db.write::<_, _, Never, _>(AskNothing, move |tx, by| {
            tx.unrecorded(Unrecorded::SessionUpkeep);
            Ok(store::sessions::delete_by_cookie(tx, by, &mac)?)
        });
        deleted.await.map_err(|fault| flat(&fault).into())
    }
}
