//! To a provider and back.
//!
//! Invariant: what comes back counts once, in the browser that went, for the provider that it went to; and no transaction
//! is open while the provider is asked.

use actix_session::Session;
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::flows;
use crate::actions::identities::{self, Answered, Arrival, Begun, Coming, JoinRefusal};
use crate::app::App;
use crate::config::{Provider, SignUp};
use crate::crypto::StateToken;
use crate::domain::audit::Actor;
use crate::domain::errand::{Purpose, SignIn};
use crate::domain::{Email, Errand, Moment, Seen};
use crate::store::access::{AskMyself, AskNothing, AskOffered};
use crate::store::{Error as StoreError, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Reply, safe_return, see_other};
use crate::web::visitor::Visitor;
use crate::web::{forms, links, url};

use super::{enter, page};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    return_to: String,
    invitation: String,
}

pub(in crate::web) fn provider<'a>(app: &'a App, slug: &str) -> Result<&'a Provider, Error> {
    app.desk.find(slug).ok_or(Error::NotFound)
}

pub async fn begin(visitor: Visitor, slug: Path<String>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let provider = provider(&app, &slug)?;
    let form = form.into_inner();
    let purpose = if form.invitation.is_empty() {
        Purpose::Enter { return_to: safe_return(&form.return_to).map(ToOwned::to_owned) }
    } else {
        Purpose::Join { link: form.invitation }
    };
    depart(&visitor, &app, provider, purpose).await
}

fn redirect(app: &App, provider: &Provider) -> String {
    format!("{}{}", app.config.server.base(), url::callback(&provider.slug))
}

/// Keeps what it is for, and sends the browser off by a page of ours: a redirect would fall under `form-action`.
pub(in crate::web) async fn depart(visitor: &Visitor, app: &Data<App>, provider: &Provider, purpose: Purpose) -> Reply {
    let anew = matches!(purpose, Purpose::Confirm { .. });
    let random = || app.keyring.random_text();
    let (nonce, verifier) = (random(), format!("{}{}", random(), random()));
    let errand = SignIn { provider: provider.slug.clone(), nonce: nonce.clone(), verifier: verifier.clone(), purpose };
    let state = match keep(visitor, app, errand).await? {
        Ok(state) => state,
        Err(until) => {
            let (sentence, _) = forms::wait(until, app.clock.now());
            return links::tell((app, visitor), "One moment", &[&sentence], ("Sign in", url::sign_in()));
        }
    };
    let redirect = redirect(app, provider);
    let begun = Begun { state: state.as_str(), nonce: &nonce, verifier: &verifier, redirect: &redirect, anew };
    match app.desk.way_to(provider, &begun, app.asking()).await {
        Ok(way) => {
            let chrome = frame::chrome(visitor, None, &format!("On to {}", provider.label), Place::Elsewhere);
            let page = page::Leaving { chrome, label: provider.label.clone(), way: way.into() };
            frame::page(app, visitor, &page)
        }
        Err(trouble) => {
            tracing::warn!(provider = provider.slug, %trouble, "a provider to sign in with could not be used");
            out_of_order(app, visitor, provider)
        }
    }
}

async fn keep(visitor: &Visitor, app: &App, errand: SignIn) -> Result<Result<StateToken, Moment>, Error> {
    let (kit, mark) = (visitor.kit(app), visitor.context.browser.clone());
    let address = visitor.address().ok_or(Error::Internal)?;
    let errand = Errand::SignIn(Box::new(errand));
    let kept = app.db.write(AskNothing, move |tx, by| {
        kit.by(Actor::Unknown, |tools| flows::begin_from(tx, by, tools, (&mark, &errand), address))
    });
    Ok(kept.await?)
}

fn out_of_order(app: &Data<App>, visitor: &Visitor, provider: &Provider) -> Reply {
    let words = [
        format!("{} could not be asked, or did not answer as it should. Nothing was changed.", provider.label),
        "Try again in a moment. If it stays so, tell whoever runs this Keyrack, and sign in in another way.".to_owned(),
    ];
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    links::tell((app, visitor), "That did not work", &words, ("Back to signing in", url::sign_in()))
}

/// For whoever comes back twice, too late, in another browser, or by another provider's way.
fn over(app: &Data<App>, visitor: &Visitor) -> Reply {
    let words =
        ["It was used already, took longer than ten minutes, or began in another browser. Nothing was changed."];
    links::tell((app, visitor), "This sign-in is over", &words, ("Begin again", url::sign_in()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Came {
    state: String,
    code: String,
    iss: Option<String>,
    error: Option<String>,
}

pub async fn callback(
    visitor: Visitor,
    slug: Path<String>,
    came: Query<Came>,
    session: Session,
    app: Data<App>,
) -> Reply {
    let provider = provider(&app, &slug)?;
    let came = came.into_inner();
    // No page repeats the address that brought the code here, to be gone back to.
    let visitor = Visitor { path: url::sign_in(), ..visitor };
    let Some(errand) = spend(&visitor, &app, &came.state).await?.filter(|errand| errand.provider == provider.slug)
    else {
        return over(&app, &visitor);
    };
    if came.error.is_some() || came.code.is_empty() {
        let words =
            [format!("{} did not say who you are: you stopped, or it refused. Nothing was changed.", provider.label)];
        let back = way_back(&errand.purpose);
        return links::tell((&app, &visitor), "You did not sign in", &[&words[0]], back);
    }
    let redirect = redirect(&app, provider);
    let answered = Answered {
        code: &came.code,
        iss: came.iss.as_deref(),
        nonce: &errand.nonce,
        verifier: &errand.verifier,
        redirect: &redirect,
    };
    match app.desk.identify(provider, &answered, app.asking()).await {
        Ok(seen) => arrive(&visitor, &app, &session, provider, (seen, errand.purpose)).await,
        Err(trouble) => {
            tracing::warn!(provider = provider.slug, %trouble, "a provider's word was not taken");
            out_of_order(&app, &visitor, provider)
        }
    }
}

fn way_back(purpose: &Purpose) -> (&'static str, String) {
    match purpose {
        Purpose::Enter { .. } => ("Back to signing in", url::sign_in()),
        Purpose::Join { link } => ("Back to the invitation", url::invitation(link)),
        Purpose::Link { .. } | Purpose::Confirm { .. } => ("Back to your account", url::account()),
    }
}

async fn spend(visitor: &Visitor, app: &App, state: &str) -> Result<Option<SignIn>, Error> {
    let Ok(state) = state.parse::<StateToken>() else { return Ok(None) };
    let (kit, mark) = (visitor.kit(app), visitor.context.browser.clone());
    let finished = app
        .db
        .write(AskNothing, move |tx, by| kit.by(Actor::Unknown, |tools| flows::finish(tx, by, tools, (&mark, &state))));
    Ok(finished.await?.and_then(|errand| match errand {
        Errand::SignIn(errand) => Some(*errand),
        Errand::Connect(_) | Errand::Ask(_) | Errand::Consent(_) | Errand::Finish(_) | Errand::Link(_) => None,
    }))
}

async fn arrive(
    visitor: &Visitor,
    app: &Data<App>,
    session: &Session,
    provider: &Provider,
    (seen, purpose): (Seen, Purpose),
) -> Reply {
    match purpose {
        Purpose::Enter { return_to } => {
            let may = seen.proven_email().is_some_and(|email| may_sign_up(app, provider, email));
            match come(visitor, app, provider, (&seen, may)).await? {
                Arrival::In { opened, email, made } => {
                    let to = return_to.unwrap_or_else(url::home);
                    let response = see_other(app, &to, made.then_some(Flash::AccountMade));
                    enter(app, session, (&opened, email.as_str()), response)
                }
                other => stopped(visitor, app, provider, (&seen, other)),
            }
        }
        Purpose::Join { link } => join(visitor, app, session, provider, (seen, link)).await,
        Purpose::Link { person } => {
            let Some(id) = visitor.session.clone() else { return over(app, visitor) };
            let (kit, mark) = (visitor.kit(app), visitor.context.browser.clone());
            let offered = app.db.write(AskMyself { session: id }, move |tx, by| {
                if by.holder().person != person {
                    tx.unrecorded(crate::store::Unrecorded::Nothing);
                    return Ok(None);
                }
                kit.by_person(&person, |tools| identities::offer_link(tx, by, tools, (&mark, &seen))).map(Some)
            });
            match offered.await? {
                Some(state) => Ok(see_other(app, &url::link_sign_in(state.as_str()), None)),
                None => over(app, visitor),
            }
        }
        Purpose::Confirm { person: _, session: of, return_to } => {
            if visitor.session.as_ref() != Some(&of) {
                return over(app, visitor);
            }
            let (kit, label) = (visitor.kit(app), provider.label.clone());
            let confirmed = app.db.write(AskMyself { session: of }, move |tx, by| {
                kit.by_person(&by.holder().person, |tools| identities::confirm(tx, by, tools, (&seen, &label)))
            });
            match confirmed.await {
                Ok(()) => {
                    let to = return_to.unwrap_or_else(url::account);
                    Ok(see_other(app, &to, Some(Flash::Confirmed)))
                }
                Err(Fault::Refused(_)) => {
                    let words = ["That account there is not linked to yours here. Take the one that you sign in with."];
                    links::tell(
                        (app, visitor),
                        "This is somebody else",
                        &words,
                        ("Back to your account", url::account()),
                    )
                }
                Err(Fault::Store(error)) => Err(error.into()),
            }
        }
    }
}

/// The provider's own rule where it has one, or that of the installation.
fn may_sign_up(app: &App, provider: &Provider, email: &Email) -> bool {
    if provider.domains.is_empty() {
        app.config.accounts.sign_up.allows(email)
    } else {
        SignUp::Domains(provider.domains.clone()).allows(email)
    }
}

async fn come(
    visitor: &Visitor,
    app: &App,
    provider: &Provider,
    (seen, may_sign_up): (&Seen, bool),
) -> Result<Arrival, Error> {
    let (kit, browser, mark) = (visitor.kit(app), visitor.browser(), visitor.context.browser.clone());
    let (seen, label) = (seen.clone(), provider.label.clone());
    let arrived = app.db.write::<_, _, std::convert::Infallible, _>(AskNothing, move |tx, by| {
        let coming = Coming { seen: &seen, label: &label, browser: &browser, mark: &mark, may_sign_up };
        identities::arrive(tx, by, &kit, &coming)
    });
    Ok(arrived.await?)
}

/// Accepts the invitation as somebody new; whoever is known comes in, and accepts it there.
async fn join(
    visitor: &Visitor,
    app: &Data<App>,
    session: &Session,
    provider: &Provider,
    (seen, link): (Seen, String),
) -> Reply {
    match come(visitor, app, provider, (&seen, false)).await? {
        Arrival::In { opened, email, .. } => {
            let response = see_other(app, &url::invitation(&link), None);
            return enter(app, session, (&opened, email.as_str()), response);
        }
        Arrival::NoAccount => {}
        other => return stopped(visitor, app, provider, (&seen, other)),
    }
    let found = links::look(app, &link, AskOffered, |_, by| Ok(by.holder().email.clone())).await?;
    let Some((ask, email)) = found else {
        return links::over(app, visitor, ("Sign in", url::sign_in()));
    };
    let (kit, browser, mark) = (visitor.kit(app), visitor.browser(), visitor.context.browser.clone());
    let label = provider.label.clone();
    let joined = app.db.write(ask, move |tx, by| {
        let coming = Coming { seen: &seen, label: &label, browser: &browser, mark: &mark, may_sign_up: true };
        identities::join(tx, by, &kit, &coming)
    });
    match joined.await {
        Ok((slug, opened)) => {
            let response = see_other(app, &url::workspace(slug.as_str()), Some(Flash::Joined));
            enter(app, session, (&opened, email.as_str()), response)
        }
        Err(Fault::Refused(JoinRefusal)) => {
            let words = [
                "The address that it says is yours is not the one that was invited.",
                "Take the account there that has the invited address, or make an account here with a password.",
            ];
            links::tell(
                (app, visitor),
                "This invitation is for another address",
                &words,
                ("Back to the invitation", url::invitation(&link)),
            )
        }
        Err(Fault::Store(StoreError::Taken)) => over(app, visitor),
        Err(fault) if links::is_spent(&fault) => links::over(app, visitor, ("Sign in", url::sign_in())),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// Why nobody came in, told to somebody who has shown the provider who they are.
fn stopped(visitor: &Visitor, app: &Data<App>, provider: &Provider, (seen, why): (&Seen, Arrival)) -> Reply {
    let label = &provider.label;
    let address = seen.email.as_ref().map_or("your address", Email::as_str);
    let sign_in = ("Sign in", url::sign_in());
    let (heading, words, way_on) = match why {
        Arrival::In { .. } => return Err(Error::Internal),
        Arrival::HasAccount(state) => {
            let to = url::link_sign_in(state.as_str());
            let words = vec![
                format!("There is an account with {address} here, and {label} does not open it yet."),
                "Sign in in the way you know. Then you are asked whether the two belong together.".to_owned(),
            ];
            let to =
                if visitor.session.is_some() { to } else { url::with_query(&url::sign_in(), &[("return_to", &to)]) };
            ("You have an account already", words, ("Sign in and go on", to))
        }
        Arrival::Unproven => {
            let words = vec![
                format!(
                    "There is an account with {address} here, but nobody has shown yet that the address is theirs."
                ),
                "If the account is yours, sign in to it, or have a new password sent to the address: that shows it."
                    .to_owned(),
                format!("After that {label} can be linked to it."),
            ];
            ("This account is not proven yet", words, ("Have a link sent", url::forgotten()))
        }
        Arrival::NotProven => {
            let words = vec![
                format!(
                    "{label} does not say that {address} is proven to be yours, so nothing can be made or opened by it."
                ),
                format!("Prove your address there first. Or sign in in another way and link {label} in your account."),
            ];
            ("Your address is not proven", words, sign_in)
        }
        Arrival::NoAccount => {
            let words = vec![
                format!("No account here has {address}, and not everybody can make one."),
                "If somebody has invited you, open the link of that letter and choose the provider there.".to_owned(),
            ];
            ("There is no account for you yet", words, sign_in)
        }
    };
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    links::tell((app, visitor), heading, &words, way_on)
}
