//! What a credential that holds tokens is made of, and when its tokens are old.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::catalog::{NodeType, SCOPES};
use crate::crypto::{Credential, Entered, Purpose, Route};
use crate::domain::{Method, Moment, Scopes, SecretId};
use crate::store::access::{InWorkspace, Proof};
use crate::store::token_sets::{Given, TokenSet};
use crate::store::{self, Error, WriteTx};
use crate::upstream::oauth::Endpoints;
use crate::upstream::oauth::tokens::Fetched;

/// Tokens that end sooner than this are renewed before they are used.
const AHEAD: Duration = Duration::from_mins(1);
/// Tokens whose end nobody names are renewed so often, where they can be: the provider's own sessions end some time.
const UNKNOWN: Duration = Duration::from_hours(1);

/// Under these names a credential holds what belongs to its tokens and not to whoever uses it.
const ACCESS: &str = "access_token";
pub const REFRESH: &str = "refresh_token";
pub const CLIENT_ID: &str = "client_id";
pub const CLIENT_SECRET: &str = "client_secret";

/// Whether a field beside the value belongs to the tokens: nobody else is given it.
pub fn is_own(name: &str) -> bool {
    [REFRESH, CLIENT_ID, CLIENT_SECRET, SCOPES].contains(&name)
}

/// Whether tokens are to be renewed before they are used. Those that last for less than two minutes are used for half
/// of their time, because otherwise none of them ever would be; those that nothing can renew, to their end.
pub fn is_stale(set: &TokenSet, now: Moment) -> bool {
    match (set.ends_at, set.renew_at) {
        (Some(end), Some(_)) => end <= now.plus(AHEAD.min(end.since(set.renewed_at) / 2)),
        (Some(end), None) => end <= now,
        (None, again) => again.is_some_and(|again| again <= now),
    }
}

pub fn has_ended(set: &TokenSet, now: Moment) -> bool {
    set.ends_at.is_some_and(|end| end <= now)
}

/// The parts of the address that are sealed with a credential.
pub(in crate::actions) fn parts_of(of: &Credential, purpose: Purpose) -> BTreeMap<String, String> {
    let parts = of.others(purpose).filter(|(name, _)| !is_own(name));
    parts.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// A field of the credential, be it the value itself or one beside it.
pub(super) fn field<'a>(credential: &'a Credential, wanted: &str, purpose: Purpose) -> Option<&'a str> {
    if credential.value_name() == wanted {
        return Some(credential.value(purpose));
    }
    credential.others(purpose).find(|(name, _)| *name == wanted).map(|(_, text)| text)
}

/// Where tokens with these parts are asked for and given back. None where the client may go somewhere else: tokens go
/// where whoever connected them saw that they would, and a client's secret where its Admin said. Nor does what is held
/// already go to anybody that it was not sealed for, whatever the description says by now.
pub(in crate::actions) fn endpoints(
    (description, method): (&NodeType, Method),
    tokens: &BTreeMap<String, String>,
    (held, client): (Option<&Credential>, Option<(&Credential, Purpose)>),
) -> Option<Endpoints> {
    let agrees = |(name, text): (&str, &str)| tokens.get(name).map(String::as_str) == Some(text);
    if !client.is_none_or(|(client, purpose)| client.others(purpose).all(agrees)) {
        return None;
    }
    let endpoints = Endpoints::of(description, method, tokens)?;
    let origins = endpoints.origins()?;
    let may_go = |sealed: &Credential| origins.iter().all(|origin| sealed.route.providers.contains(origin));
    held.into_iter().chain(client.map(|(client, _)| client)).all(may_go).then_some(endpoints)
}

fn copy(text: &str) -> Entered {
    Entered::exact(text.to_owned())
}

/// What is sealed of a client that fetches its own tokens: its id and secret stand beside the place of the token, so that
/// nothing ever takes the secret for one.
pub(in crate::actions) fn of_client(entered: &Credential) -> Credential {
    let value = (entered.value_name(), entered.value(Purpose::Exchange));
    let all = std::iter::once(value).chain(entered.others(Purpose::Exchange));
    let others = all.map(|(name, text)| (name.to_owned(), copy(text)));
    Credential::new((ACCESS.to_owned(), copy("")), others, entered.route.clone())
}

/// Takes down that a client has still to fetch its first token: it ends now, so that the first use fetches it.
pub(in crate::actions) fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    id: &SecretId,
    (client, asks): (&Credential, &Scopes),
) -> Result<(), Error> {
    let now = Some(tx.now());
    let client_id = field(client, CLIENT_ID, Purpose::Exchange).unwrap_or_default();
    let given = Given { client_id, asked: asks, granted: &Scopes::default(), ends_at: now, renew_at: now };
    store::token_sets::put(tx, by, (id, &given))
}

/// The credential that holds new tokens, with what goes on of the one before.
pub(in crate::actions) fn holding(
    fetched: &Fetched,
    before: Option<&Credential>,
    (parts, route): (&BTreeMap<String, String>, Route),
) -> Credential {
    let kept = |name: &str| before.and_then(|before| field(before, name, Purpose::Refresh)).map(copy);
    let mut others: Vec<(String, Entered)> = parts.iter().map(|(name, text)| (name.clone(), copy(text))).collect();
    let refresh = fetched.refresh.as_ref().map(|token| copy(token.as_str())).or_else(|| kept(REFRESH));
    others.extend(refresh.map(|token| (REFRESH.to_owned(), token)));
    for name in [CLIENT_ID, CLIENT_SECRET, SCOPES] {
        others.extend(kept(name).map(|text| (name.to_owned(), text)));
    }
    Credential::new((ACCESS.to_owned(), copy(fetched.access.as_str())), others, route)
}

/// With whom and for what tokens were asked.
pub(in crate::actions) struct Asked<'a> {
    pub client_id: &'a str,
    pub scopes: &'a Scopes,
    /// What counts as granted where the provider does not say.
    pub otherwise: &'a Scopes,
    /// Whether there is something to renew them with.
    pub renewable: bool,
}

impl<'a> Asked<'a> {
    pub fn given(&self, fetched: &'a Fetched, now: Moment) -> Given<'a> {
        let ends_at = fetched.ends(now);
        Given {
            client_id: self.client_id,
            asked: self.scopes,
            granted: fetched.scopes.as_ref().unwrap_or(self.otherwise),
            ends_at,
            renew_at: self.renewable.then(|| renewal_of(ends_at, now)),
        }
    }
}

/// When Keyrack renews tokens by itself: with a fifth of their time left, and not later than five minutes before.
pub(in crate::actions) fn renewal_of(ends_at: Option<Moment>, now: Moment) -> Moment {
    let Some(end) = ends_at else { return now.plus(UNKNOWN) };
    let lasts = end.since(now);
    end.minus((lasts / 5).max(Duration::from_mins(5)).min(lasts / 2))
}
