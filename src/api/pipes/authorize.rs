//! End users who are to connect an account: the link that leads them there, and the word that it is done.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::json;

use crate::actions::authorizing::{self, AuthorizeRefusal};
use crate::actions::connecting::ConnectRefusal;
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::crypto::StateToken;
use crate::domain::errand::{Ask, Intent};
use crate::store::access::ConnectRight;
use crate::store::{self, Denied, Fault};

use super::read::read;
use super::shapes::{connected_account, slug_of};
use super::subject::{Subject, external};

type Answer = Result<HttpResponse, Error>;

#[derive(Deserialize)]
struct Body {
    #[serde(flatten)]
    subject: Subject,
    #[serde(default)]
    return_to: Option<String>,
    #[serde(default)]
    config: Option<BTreeMap<String, String>>,
    #[serde(default)]
    account_display_name: Option<String>,
    #[serde(default)]
    connection_intent: Option<String>,
    #[serde(default)]
    code_challenge: Option<String>,
    #[serde(default)]
    code_challenge_method: Option<String>,
}

/// As verifiers and what is made of them are: RFC 7636.
fn is_challenge(text: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

impl Body {
    fn challenge(&self) -> Result<Option<String>, Error> {
        match (self.code_challenge.as_deref(), self.code_challenge_method.as_deref()) {
            (None, None) => Ok(None),
            (Some(text), None | Some("S256")) if is_challenge(text, 43..=43) => {
                if self.return_to.is_none() {
                    return Err(Error::invalid("A code_challenge needs return_to: the code is brought there."));
                }
                Ok(Some(text.to_owned()))
            }
            (Some(_), None | Some("S256")) => {
                Err(Error::invalid("code_challenge is the S256 of a code_verifier: 43 characters."))
            }
            _ => Err(Error::invalid("code_challenge_method is S256, with a code_challenge.")),
        }
    }

    fn intent(&self) -> Result<Intent, Error> {
        match (self.connection_intent.as_deref(), self.subject.account()?) {
            (None, None) => Ok(Intent::First),
            (None | Some("reauthorize"), account) => Ok(Intent::Known(account)),
            (Some("add"), None) => Ok(Intent::Another),
            (Some("add"), Some(_)) => {
                Err(Error::invalid("connected_account_id names what is there; nothing is added to it."))
            }
            _ => Err(Error::invalid("connection_intent is add or reauthorize.")),
        }
    }

    fn ask(self, caller: &Caller, slug: &str, state: String) -> Result<Ask, Error> {
        let (of, intent, challenge) = (self.subject.end_users()?, self.intent()?, self.challenge()?);
        let label = |text: String| external(&text, "account_display_name");
        Ok(Ask {
            token: caller.token().clone(),
            node_type: slug_of(slug)?,
            user: self.subject.user_id,
            end_user: of.end_user,
            organization: of.organization,
            intent,
            parts: self.config.unwrap_or_default(),
            account_name: self.account_display_name.map(label).transpose()?,
            return_to: self.return_to,
            state,
            challenge,
            session: None,
        })
    }
}

/// `POST /data-integrations/{slug}/authorize`
pub async fn create(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Answer {
    let state = app.keyring.random_text();
    let ask = match read::<Body>(&sent).and_then(|body| body.ask(&caller, &path, state.clone())) {
        Ok(ask) => ask,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(&app, wrong).await),
    };
    let finish = ask.challenge.is_some();
    let (kit, clients) = (app.kit(caller.address), app.clients.clone());
    let link = app.db.write(caller.ask::<ConnectRight>(), move |tx, by| {
        kit.by_token(by, |tools| authorizing::ask(tx, by, tools, (&clients, &ask)))
    });
    let url = app.start_connecting(link.await?.as_str());
    Ok(HttpResponse::Ok().json(match finish {
        true => json!({ "url": url, "state": state, "completion": "finish_required" }),
        false => json!({ "url": url, "state": state }),
    }))
}

#[derive(Deserialize)]
struct FinishBody {
    connect_code: String,
    code_verifier: String,
    #[serde(default)]
    state: Option<String>,
}

/// `POST /data-integrations/finish`
pub async fn finish(caller: Caller, sent: Sent, app: Data<App>) -> Answer {
    let understood = read::<FinishBody>(&sent).and_then(|body| {
        let code: StateToken = body.connect_code.parse().map_err(|_| Error::ConnectCode)?;
        if !is_challenge(&body.code_verifier, 43..=128) {
            return Err(Error::invalid("code_verifier is a text of 43 to 128 unreserved characters."));
        }
        Ok((code, body.code_verifier, body.state))
    });
    let (code, verifier, state) = match understood {
        Ok(understood) => understood,
        Err(wrong) => return Err(caller.hears::<ConnectRight>(&app, wrong).await),
    };
    let (keyring, code) = (app.keyring.clone(), Arc::new(code));
    let asked = code.clone();
    let looked = app.db.read(caller.ask::<ConnectRight>(), move |tx, by| {
        authorizing::look(tx, by, &keyring, (&asked, &verifier, state.as_deref()))
    });
    let finish = looked.await?;
    let redirect = app.way_back(&finish.consent.callback);
    let means = app.connecting(app.kit(caller.address));
    let done = authorizing::finish(means, (finish.consent, finish.code, redirect), Some(code)).await;
    let row = match done {
        Ok(row) => row,
        // Of the token that asked, not of the one that asks now.
        Err(Fault::Store(store::Error::Denied(Denied::UnknownToken | Denied::Lacks(_)))) => {
            return Err(Error::AuthorizationOver);
        }
        Err(fault) => return Err(fault.into()),
    };
    Ok(HttpResponse::Ok().json(json!({ "connected_account": connected_account(&row, app.clock.now()) })))
}

impl From<AuthorizeRefusal> for Error {
    fn from(refusal: AuthorizeRefusal) -> Self {
        match refusal {
            AuthorizeRefusal::Connect(ConnectRefusal::Disabled) => Self::Disabled,
            AuthorizeRefusal::Connect(ConnectRefusal::Entered) => {
                Self::invalid("The accounts of this node type are not connected: its keys are stored.")
            }
            AuthorizeRefusal::Connect(why @ (ConnectRefusal::OfOrganizations | ConnectRefusal::NotBrought)) => {
                Self::Invalid(why.to_string())
            }
            AuthorizeRefusal::Connect(ConnectRefusal::Hindered(why)) => Self::Invalid(why.told().to_owned()),
            AuthorizeRefusal::Connection(refusal) => refusal.into(),
            AuthorizeRefusal::ReturnTo => Self::ReturnTo(refusal.to_string()),
            AuthorizeRefusal::ReturnToExactly => Self::ReturnToExactly(refusal.to_string()),
            AuthorizeRefusal::Over => Self::AuthorizationOver,
            AuthorizeRefusal::Part(_) => Self::Invalid(refusal.to_string()),
            AuthorizeRefusal::Code => Self::ConnectCode,
        }
    }
}
