//! Making a call for somebody who never gets the credential: permission and row in one read, the record, the call, and
//! afterwards a second entry for what came of it.
//!
//! Invariant: nothing leaves before the record of it is durable, nobody waits for what is recorded afterwards, and no
//! connection to the database is held while the network is waited for.

mod outcome;
mod request;

use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method as Verb, StatusCode};

use crate::catalog::{Catalog, NodeType};
use crate::crypto::{Credential, Purpose};
use crate::domain::Hindrance;
use crate::domain::audit::{CallEvent, Event};
use crate::domain::usage::{Counted, Heard};
use crate::store::access::{AskToken, Proof, ProxyRight, Wanted};
use crate::store::{Fault, Refusal};
use crate::upstream::mask::Mask;
use crate::upstream::passing::End;
use crate::upstream::{Answer, Upstream, hops};

use super::Kit;
use super::health;
use super::probe;
use super::renewing::{CLIENT_ID, Renewer, TokensOf};
use super::using::{self, Ready, UsingRefusal};
pub use crate::upstream::hops::{takes_trailers, wants_websocket};
pub use crate::upstream::inject::PlaceError;
pub use crate::upstream::passing::Passing;
pub use crate::upstream::{Failure, Onward, Refused};
use outcome::Outcome;
pub use request::{Content, Counter, Load, Request};

/// The parts that a call needs.
#[derive(Clone)]
pub struct Means {
    pub renewer: Arc<Renewer>,
    pub catalog: Arc<Catalog>,
    /// With the time that calls for others may take.
    pub upstream: Upstream,
    /// How long the head of an answer is waited for.
    pub patience: Duration,
    pub kit: Kit,
}

impl Means {
    /// For testing what an upstream refuses.
    fn probing(&self) -> probe::Means {
        let (renewer, catalog, kit) = (self.renewer.clone(), self.catalog.clone(), self.kit.clone());
        probe::Means { renewer, catalog, kit }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallRefusal {
    #[error(transparent)]
    Using(#[from] UsingRefusal),
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error("the call came to nothing: {0}")]
    Failed(Failure),
}

impl Refusal for CallRefusal {}

/// What is passed back.
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As its head says.
    pub length: Option<u64>,
    pub body: Passing,
    /// The other half of a connection that goes on as a WebSocket.
    pub onward: Option<Onward>,
}

/// Tokens that are younger are not renewed because a call was refused.
const NEW: Duration = Duration::from_mins(1);

type Called<T> = Result<T, Fault<CallRefusal>>;

/// Makes the call. Tokens that the upstream refuses are renewed once, and what can be sent again is sent once more.
pub async fn call(
    means: &Means,
    ask: impl Fn() -> AskToken<ProxyRight>,
    wanted: Arc<Wanted>,
    (request, load): (Arc<Request>, Load),
) -> Called<Answered> {
    let again = load.again();
    let first = Attempt::make(means, &ask, &wanted, (&request, load)).await?;
    let Some((again, of)) = again.zip(first.renewable()) else { return first.pass(means).await };
    let renewed = means.renewer.renew(&of, true).await;
    if renewed.is_err() {
        return first.pass(means).await;
    }
    let Attempt { outcome, answer, .. } = first;
    outcome.over(End::Whole, 0);
    drop(answer);
    Attempt::make(means, &ask, &wanted, (&request, again)).await?.pass(means).await
}

/// One call that has been answered.
struct Attempt {
    ready: Ready,
    answer: Answer,
    mask: Mask,
    outcome: Outcome,
    websocket: bool,
    /// Whether only the head was asked for.
    head: bool,
}

impl Attempt {
    async fn make(
        means: &Means,
        ask: &impl Fn() -> AskToken<ProxyRight>,
        wanted: &Arc<Wanted>,
        (request, load): (&Arc<Request>, Load),
    ) -> Called<Self> {
        let asked = request.clone();
        let may =
            move |by: &Proof<'_, ProxyRight>| by.may_call((asked.method.as_str(), &asked.path), asked.host.is_some());
        let ready = using::fresh(&means.renewer, &means.kit, ask, wanted, may).await.map_err(refused)?;
        let entry = ready.origin.entry(ready.now, called(&ready, request));
        let first = ready.as_use(Counted::Nothing, entry);
        means.renewer.recorder.record(first.clone()).await?;
        let description = means.catalog.describe(ready.node_type.as_str(), ready.spec.as_deref());
        let (websocket, head) = (request.websocket, request.method == Verb::HEAD);
        let sent = load.sent.clone();
        let mut outcome = Outcome::new(means, (first, &ready), description.as_deref(), sent.clone());
        let credential = open(means, ask, &ready).await.inspect_err(|_| outcome.not_sent())?;
        let placed = request::placed(means, &credential, request, load);
        let (target, outgoing) = placed.map_err(|why| outcome.came_to_nothing(why.into()))?;
        let mask = masked(&credential, description.as_deref(), outgoing.headers());
        drop(credential);
        outcome.leaves();
        let answer = waited_for(means, means.upstream.send(&target, outgoing), &sent).await;
        let answer = answer.map_err(|why| outcome.came_to_nothing(CallRefusal::Failed(why)))?;
        outcome.answered(answer.status.as_u16());
        Ok(Self { ready, answer, mask, outcome, websocket, head })
    }

    /// Tokens that are refused, in whose place others might do: not those that are quite new, whatever a caller calls.
    fn renewable(&self) -> Option<TokensOf> {
        let tokens = self.ready.tokens.as_ref().filter(|_| self.answer.status == StatusCode::UNAUTHORIZED)?;
        let is_new = tokens.set.renewed_at.plus(NEW) > self.ready.now;
        (!is_new).then(|| self.ready.tokens_of())
    }

    async fn pass(self, means: &Means) -> Called<Answered> {
        self.tell(means);
        let Self { answer, mask, mut outcome, websocket, head, .. } = self;
        let status = answer.status;
        let mut headers = hops::back(&answer.headers);
        mask.cover_headers(&mut headers);
        let said = || answer.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok();
        let length = if head { said() } else { answer.length() };
        if status == StatusCode::SWITCHING_PROTOCOLS {
            if !websocket || !wants_websocket(&answer.headers) {
                return Err(outcome.came_to_nothing(CallRefusal::Failed(Failure::Broken)).into());
            }
            hops::ask_for_websocket(&mut headers);
            let told = outcome.teller();
            // Where it breaks off before it begins, the teller says so as it goes.
            let (body, onward) = answer.switched(mask, told).await.map_err(CallRefusal::Failed)?;
            return Ok(Answered { status, headers, length: None, body, onward: Some(onward) });
        }
        let body = answer.passing(mask, outcome.teller());
        Ok(Answered { status, headers, length, body, onward: None })
    }

    /// What the answer says about the credential, to whoever keeps watch over it.
    fn tell(&self, means: &Means) {
        let accepted = match self.outcome.heard() {
            Heard::Refused => false,
            Heard::Accepted if self.ready.in_doubt => true,
            _ => return,
        };
        let (workspace, secret, number) = (self.ready.workspace.clone(), self.ready.secret.clone(), self.ready.number);
        let (probing, of) = (means.probing(), health::Heard { workspace, secret, number, accepted });
        tokio::spawn(async move {
            if let Err(fault) = health::heard(&probing, of).await {
                tracing::warn!(error = %fault, "what an upstream made of a credential could not be noted");
            }
        });
    }
}

/// The head of the answer. While a body is on its way there, the wait has not begun.
async fn waited_for(
    means: &Means,
    answering: impl Future<Output = Result<Answer, Failure>>,
    sent: &Counter,
) -> Result<Answer, Failure> {
    let mut answering = std::pin::pin!(answering);
    loop {
        let before = sent.so_far();
        match tokio::time::timeout(means.patience, &mut answering).await {
            Ok(answered) => return answered,
            Err(_) if sent.so_far() == before => return Err(Failure::NoAnswer),
            Err(_) => {}
        }
    }
}

async fn open(means: &Means, ask: &impl Fn() -> AskToken<ProxyRight>, ready: &Ready) -> Called<Credential> {
    let keyring = &means.kit.keyring;
    let opened = ready.sealed.as_ref().and_then(|sealed| keyring.open_value(Purpose::Proxy, sealed).ok());
    let Some(credential) = opened else {
        using::note_unreadable(&means.renewer, &means.kit, ask(), ready).await.map_err(refused)?;
        return Err(CallRefusal::Using(UsingRefusal::Unreadable(ready.name.clone())).into());
    };
    if ready.has_ended(means.renewer.now()) {
        // Another process could not read it, and so nobody has renewed it.
        return Err(CallRefusal::Using(UsingRefusal::NotRenewed(Hindrance::Unreadable)).into());
    }
    Ok(credential)
}

fn refused(fault: Fault<UsingRefusal>) -> Fault<CallRefusal> {
    match fault {
        Fault::Refused(refusal) => Fault::Refused(CallRefusal::Using(refusal)),
        Fault::Store(error) => Fault::Store(error),
    }
}

/// What no answer shows: the value, the other fields that are secret, and what they are sent as.
fn masked(credential: &Credential, description: Option<&NodeType>, sent: &HeaderMap) -> Mask {
    let plain = |name: &str| {
        let of = description.is_some_and(|of| {
            let fields = of.all_kinds().flat_map(|kind| &kind.fields);
            of.parts.iter().any(|part| part.name == name)
                || fields.into_iter().any(|field| field.name == name && !field.secret)
        });
        of || name == CLIENT_ID
    };
    let others = credential.others(Purpose::Proxy).filter(|(name, _)| !plain(name)).map(|(_, text)| text);
    let placed = sent.values().filter(|value| value.is_sensitive()).filter_map(|value| value.to_str().ok());
    let placed = placed.filter_map(|line| line.strip_prefix("Basic "));
    Mask::of(std::iter::once(credential.value(Purpose::Proxy)).chain(others).chain(placed))
}

fn called(of: &Ready, request: &Request) -> Event {
    Event::Call(CallEvent::Called {
        secret: of.secret.clone(),
        name: of.name.to_string(),
        node_type: of.node_type.to_string(),
        environment: of.environment,
        value: of.number,
        method: request.method.to_string(),
        host: request.host.clone(),
        path: request.shown_path(),
        end_user: of.end_user.clone(),
        organization: of.organization.clone(),
        workflow: of.of_node.as_ref().map(|node| node.workflow.clone()),
        node: of.of_node.as_ref().map(|node| node.key.clone()),
    })
}
