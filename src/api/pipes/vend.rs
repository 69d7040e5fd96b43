//! Values on their way to backends.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::actions::renewing;
use crate::actions::vend::{self, Tokens, UsingRefusal, Vended};
use crate::api::authenticate::Caller;
use crate::api::body::Sent;
use crate::api::error::Error;
use crate::app::App;
use crate::crypto::Purpose;
use crate::domain::Moment;
use crate::store::Fault;
use crate::store::access::{UseRefusal, VendRight, Wanted};

use super::read::read;
use super::shapes::{method_word, slug_of};
use super::subject::Subject;

#[derive(Deserialize)]
struct Body {
    #[serde(flatten)]
    subject: Subject,
    #[serde(default)]
    supports_multiple_connections: Option<bool>,
}

fn wanted(path: &str, sent: &Sent, only_tokens: bool) -> Result<Wanted, Error> {
    let body: Body = read(sent)?;
    Ok(Wanted::Secret {
        node_type: slug_of(path)?,
        whose: Some(body.subject.whose()?),
        chosen: body.subject.account()?,
        several: body.supports_multiple_connections.unwrap_or(false),
        only_tokens,
    })
}

type Answered = Result<Vended, Fault<UsingRefusal>>;

async fn vended(app: &App, caller: &Caller, wanted: Result<Wanted, Error>) -> Result<Answered, Error> {
    match wanted {
        Ok(wanted) => Ok(vend::vend(&app.renewer, &app.kit(caller.address), || caller.ask(), wanted).await),
        Err(wrong) => Err(caller.hears::<VendRight>(app, wrong).await),
    }
}

/// `POST /data-integrations/{slug}/credentials`
pub async fn credentials(
    caller: Caller,
    path: Path<String>,
    sent: Sent,
    app: Data<App>,
) -> Result<HttpResponse, Error> {
    vend_answer(vended(&app, &caller, wanted(&path, &sent, false)).await?)
}

/// `POST /data-integrations/{slug}/token`
pub async fn token(caller: Caller, path: Path<String>, sent: Sent, app: Data<App>) -> Result<HttpResponse, Error> {
    answer(vended(&app, &caller, wanted(&path, &sent, true)).await?, access_token)
}

/// What every vend answers: the value, that there is none to have now, or an error.
pub(in crate::api) fn vend_answer(vended: Answered) -> Result<HttpResponse, Error> {
    answer(vended, credential)
}

fn answer(vended: Answered, shape: fn(&Vended) -> Value) -> Result<HttpResponse, Error> {
    match vended {
        Ok(vended) => Ok(HttpResponse::Ok().json(shape(&vended))),
        Err(Fault::Refused(UsingRefusal::Use(UseRefusal::NotInstalled))) => Ok(inactive("not_installed")),
        Err(Fault::Refused(UsingRefusal::Use(UseRefusal::NeedsReauthorization))) => {
            Ok(inactive("needs_reauthorization"))
        }
        Err(fault) => Err(fault.into()),
    }
}

fn inactive(error: &str) -> HttpResponse {
    HttpResponse::Ok().json(json!({ "active": false, "error": error }))
}

/// Until when it counts, and what it allows.
fn of_tokens(tokens: Option<&Tokens>) -> (Option<String>, Vec<&str>, Vec<String>) {
    let Some(Tokens { set, .. }) = tokens else { return (None, Vec::new(), Vec::new()) };
    let missing = set.granted.missing(&set.asked).names().map(ToOwned::to_owned).collect();
    (set.ends_at.map(Moment::wire), set.granted.names().collect(), missing)
}

/// One of the two answers that hold a value.
fn credential(vended: &Vended) -> Value {
    let Vended { credential: of, tokens } = vended;
    let shown = |name: &str| tokens.is_none() || !renewing::is_own(name);
    let config: Map<String, Value> = of
        .others(Purpose::Vend)
        .filter(|(name, _)| shown(name))
        .map(|(name, text)| (name.to_owned(), json!(text)))
        .collect();
    let value = of.value(Purpose::Vend);
    let credential = match tokens {
        None => json!({ "object": "credential", "auth_method": "api_key", "value": value, "config": config }),
        Some(Tokens { method, .. }) => {
            let (ends, scopes, missing) = of_tokens(tokens.as_ref());
            json!({
                "object": "credential",
                "auth_method": method_word(*method),
                "value": value,
                "expires_at": ends,
                "scopes": scopes,
                "missing_scopes": missing,
                "metadata": {},
                "config": config,
            })
        }
    };
    json!({ "active": true, "credential": credential })
}

/// The other one.
fn access_token(vended: &Vended) -> Value {
    let (ends, scopes, missing) = of_tokens(vended.tokens.as_ref());
    json!({
        "active": true,
        "access_token": {
            "object": "access_token",
            "access_token": vended.credential.value(Purpose::Vend),
            "expires_at": ends,
            "scopes": scopes,
            "missing_scopes": missing,
        },
    })
}
