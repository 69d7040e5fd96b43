//! Going to a provider and coming back: begun in one browser, finished in the same, once.

use std::time::Duration;

use crate::crypto::StateToken;
use crate::domain::{Errand, FlowId};
use crate::store::access::{Nobody, Proof, Right};
use crate::store::flows::NewFlow;
use crate::store::{self, Error, Outcome, Unrecorded, WriteTx};

use super::Tools;

/// How long a consent may take.
const LASTS: Duration = Duration::from_mins(10);

/// Keeps the errand until this browser comes back with the state that is returned.
pub fn begin<R: Right>(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, R>,
    tools: Tools<'_>,
    (browser, errand): (&str, &Errand),
) -> Result<StateToken, Error> {
    let id = FlowId::draw(tx.now(), tools.chance);
    let payload = tools.keyring.seal_errand(&id, errand).map_err(|_| Error::Unsealed)?;
    let state = StateToken::draw(id.clone(), tools.chance);
    let mac = tools.keyring.flow_mac(&state, browser);
    let flow = NewFlow { id: &id, mac: mac.as_bytes(), payload: &payload, until: tx.now().plus(LASTS) };
    store::flows::insert(tx, by, &flow)?;
    tx.unrecorded(Unrecorded::Draft);
    Ok(state)
}

/// The errand of this state, which is spent by it. None where it is over, was finished before, or was begun elsewhere:
/// then it stays for the browser that it belongs to.
pub fn finish(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, Nobody>,
    tools: Tools<'_>,
    (browser, state): (&str, &StateToken),
) -> Outcome<Option<Errand>> {
    tx.unrecorded(Unrecorded::Draft);
    let Some(flow) = store::flows::find(tx, by, &state.id)? else { return Ok(None) };
    let theirs = tools.keyring.flow_mac(state, browser).matches(&flow.mac);
    if !theirs || !store::flows::take(tx, by, &state.id)? {
        return Ok(None);
    }
    Ok(tools.keyring.open_errand(&state.id, &flow.payload).ok())
}
