//! Going to a provider and coming back: begun in one browser, finished in the same, once.

use std::net::IpAddr;
use std::time::Duration;

use crate::crypto::{Keyring, StateToken};
use crate::domain::{Errand, FlowId, Moment};
use crate::store::access::{Nobody, Proof, Right};
use crate::store::flows::{FlowRow, NewFlow};
use crate::store::{self, Error, Outcome, ReadTx, Unrecorded, WriteTx};

use super::{Tools, sign_in};

/// How long a consent may take.
const LASTS: Duration = Duration::from_mins(10);

/// Keeps the errand until this browser comes back with the state that is returned.
pub fn begin<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (browser, errand): (&str, &Errand),
) -> Result<StateToken, Error> {
    keep(tx, by, tools, (browser, errand), LASTS)
}

fn keep<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (browser, errand): (&str, &Errand),
    lasts: Duration,
) -> Result<StateToken, Error> {
    let id = FlowId::draw(tx.now(), tools.chance);
    let payload = tools.keyring.seal_errand(&id, errand).map_err(|_| Error::Unsealed)?;
    let state = StateToken::draw(id.clone(), tools.chance);
    let mac = tools.keyring.flow_mac(&state, browser);
    let flow = NewFlow { id: &id, mac: mac.as_bytes(), payload: &payload, until: tx.now().plus(lasts) };
    store::flows::insert(tx, by, &flow)?;
    tx.unrecorded(Unrecorded::Draft);
    Ok(state)
}

/// How long somebody may take to open a link.
const OFFERED: Duration = Duration::from_mins(30);
/// The browser of a link that nobody has opened yet.
const ANY_BROWSER: &str = "whoever opens it first";

/// Keeps the errand for whoever opens its link first.
pub fn offer<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    errand: &Errand,
) -> Result<StateToken, Error> {
    keep(tx, by, tools, (ANY_BROWSER, errand), OFFERED)
}

/// What is offered by this link, which stays to be taken.
pub fn offered<R: Right>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    keyring: &Keyring,
    link: &StateToken,
) -> Outcome<Option<Errand>> {
    look(tx, by, keyring, (ANY_BROWSER, link))
}

/// What was offered by this link, which is spent by it.
pub fn take<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    link: &StateToken,
) -> Outcome<Option<Errand>> {
    finish(tx, by, tools, (ANY_BROWSER, link))
}

/// Ways to providers that one network may begin within a quarter of an hour: each is kept for a while.
const BEGUN_AT_MOST: i64 = 300;

/// The same for a stranger, counted; until when nothing more is begun from there where that was too much.
pub fn begin_from(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Nobody>,
    tools: Tools<'_>,
    (browser, errand): (&str, &Errand),
    address: IpAddr,
) -> Outcome<Result<StateToken, Moment>> {
    let network = sign_in::network_of(address);
    let name = tools.keyring.throttle_key(&[b"flows", network.as_bytes()]);
    if let Some(until) = sign_in::closed(tx, by, &[(name.as_bytes(), BEGUN_AT_MOST)])? {
        tx.unrecorded(Unrecorded::Throttle);
        return Ok(Err(until));
    }
    Ok(Ok(begin(tx, by, tools, (browser, errand))?))
}

/// The errand of this state, which stays to be finished.
pub fn look<R: Right>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    keyring: &Keyring,
    (browser, state): (&str, &StateToken),
) -> Outcome<Option<Errand>> {
    Ok(theirs(tx, by, keyring, (browser, state))?.and_then(|flow| keyring.open_errand(&state.id, &flow.payload).ok()))
}

/// The flow of this state, where this browser began it.
fn theirs<R: Right>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, R>,
    keyring: &Keyring,
    (browser, state): (&str, &StateToken),
) -> Result<Option<FlowRow>, Error> {
    let flow = store::flows::find(tx, by, &state.id)?;
    Ok(flow.filter(|flow| keyring.flow_mac(state, browser).matches(&flow.mac)))
}

/// The errand of this state, which is spent by it. None where it is over, was finished before, or was begun elsewhere:
/// then it stays for the browser that it belongs to.
pub fn finish<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (browser, state): (&str, &StateToken),
) -> Outcome<Option<Errand>> {
    tx.unrecorded(Unrecorded::Draft);
    let Some(flow) = theirs(tx, by, tools.keyring, (browser, state))? else { return Ok(None) };
    if !store::flows::take(tx, by, &state.id)? {
        return Ok(None);
    }
    Ok(tools.keyring.open_errand(&state.id, &flow.payload).ok())
}
