//! Sessions in the database: the cookie library's view of rows that signing in has made.

use std::collections::HashMap;
use std::time::Duration;

use actix_session::Session;
use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time;

use crate::actions::sign_in::Opened;
use crate::app::App;
use crate::domain::SessionId;
use crate::store::access::AskNothing;
use crate::store::{self, Fault, Unrecorded};

/// Under which the state names its session's row.
pub const SESSION: &str = "session";
/// Under which the state of a session that has just begun holds the text of its cookie.
const COOKIE: &str = "cookie";
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
}

/// Gives a session that has begun to the browser, in place of any that it had.
pub fn hand_out(to: &Session, opened: &Opened) -> Result<(), super::error::Error> {
    to.renew();
    to.insert(SESSION, &opened.session).map_err(|_| super::error::Error::Internal)?;
    to.insert(COOKIE, &opened.cookie).map_err(|_| super::error::Error::Internal)
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

    /// The row is there already, with the HMAC of this text: there is nothing left that could fail.
    async fn save(&self, state: State, _ttl: &time::Duration) -> Result<SessionKey, SaveError> {
        let cookie = state.get(COOKIE).and_then(|text| serde_json::from_str::<String>(text).ok()).unwrap_or_default();
        cookie.try_into().map_err(|_| SaveError::Other(anyhow::anyhow!("a session without a row cannot be kept")))
    }

    async fn update(&self, key: SessionKey, _: State, _: &time::Duration) -> Result<SessionKey, UpdateError> {
        Ok(key)
    }

    async fn update_ttl(&self, _key: &SessionKey, _ttl: &time::Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    /// The action that ended the session has removed its row.
    async fn delete(&self, _key: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(())
    }
}
