//! Testing a secret, and what its page says of the last test.

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::entering::Facts;
use crate::actions::probe::{self, ProbeRefusal};
use crate::app::App;
use crate::catalog::{Catalog, NodeType, Placement, Probe, put_in};
use crate::domain::policy::{Standing, Test};
use crate::domain::probe::Found;
use crate::domain::secret::Slot;
use crate::domain::{Finding, Kind, Moment, SecretId, SecretState, Step, Verdict};
use crate::store::access::{Member, Proof, UseRefusal};
use crate::store::secrets::{Held, ListedSecret, SecretRow};
use crate::store::trials::Tested;
use crate::store::{self, Error as StoreError, Fault, ReadTx};
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::url;
use crate::web::view::{Link, Shown, When};
use crate::web::visitor::{Demand, Visitor};

use super::page::FirstTest;

/// What a page needs to know of tests.
pub(super) struct Seen {
    /// None where the node type is not described any more.
    guide: Option<Advice>,
    enabled: bool,
    current: OfValue,
    next: OfValue,
}

/// Of one of its values.
struct OfValue {
    may: bool,
    last: Option<Tested>,
    /// The request that a test of it sends.
    sends: Option<String>,
}

struct Advice {
    name: String,
    testable: bool,
    rejected: String,
    rate_limited: String,
    /// The provider's own page about its keys.
    place: Option<String>,
    harmless: Harmless,
}

/// A call to try, which changes nothing: what a test asks for, as far as it is the same for everybody.
#[derive(Clone)]
pub(super) struct Harmless {
    pub path: String,
    pub headers: BTreeMap<String, String>,
}

impl Default for Harmless {
    fn default() -> Self {
        Self { path: "/".to_owned(), headers: BTreeMap::new() }
    }
}

impl Harmless {
    fn of(probe: &Probe) -> Option<Self> {
        let is_plain = |text: &String| !text.contains('{');
        let same = probe.method == "GET" && is_plain(&probe.path) && probe.headers.values().all(is_plain);
        same.then(|| Self { path: probe.path.clone(), headers: probe.headers.clone() })
    }
}

pub(super) fn look(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, Member>,
    catalog: &Catalog,
    row: &ListedSecret,
    held: &[Held],
) -> Result<Seen, StoreError> {
    let node_type = store::node_types::find(tx, by, &row.secret.node_type)?;
    let homemade = node_type.as_ref().is_some_and(|of| of.is_homemade());
    let described = node_type.as_ref().and_then(|of| catalog.describe(of.slug.as_str(), of.spec.as_deref()));
    let guide = described.as_ref().map(|of| Advice {
        name: of.name.clone(),
        testable: of.probe.is_some(),
        rejected: of.under(row.secret.kind.method()).guide.rejected.clone(),
        place: of.under(row.secret.kind.method()).place_of_keys().map(ToOwned::to_owned),
        rate_limited: of.guide.rate_limited.clone(),
        // What somebody wrote in the workspace is run in nobody else's terminal.
        harmless: of.probe.as_ref().filter(|_| !homemade).and_then(Harmless::of).unwrap_or_default(),
    });
    let (tested, now) = (store::trials::of(tx, by, row)?, tx.now());
    let standing = Standing { person: by.person(), role: by.role() };
    let of_value = |slot, value: Option<(Kind, &String)>| OfValue {
        may: row.facts().testable_by(standing, Test { slot, homemade }, now),
        last: tested.iter().find(|tested| tested.slot == slot).cloned(),
        sends: value.and_then(|(kind, facts)| request_of(described.as_deref()?, kind, &Facts::read(facts))),
    };
    let next = held.iter().find(|held| held.slot == Slot::Next).map(|held| (held.kind, &held.facts));
    let current = of_value(Slot::Current, Some((row.secret.kind, &row.secret.facts)));
    let next = of_value(Slot::Next, next);
    Ok(Seen { guide, enabled: node_type.is_some_and(|of| of.enabled), current, next })
}

/// What a test of a value that is still to be entered will send; what the person fills in stands in braces.
pub(super) fn offered(node_type: &NodeType, wanted: bool) -> Option<FirstTest> {
    let probe = node_type.probe.as_ref()?;
    let base = node_type.base_url.trim_end_matches('/');
    Some(FirstTest { request: format!("{} {base}{}", probe.method, probe.path), wanted })
}

/// What a test sends and where, without what of it is secret.
fn request_of(node_type: &NodeType, kind: Kind, facts: &Facts) -> Option<String> {
    let probe = node_type.probe.as_ref()?;
    let plain = |name: &str| facts.fields.get(name).map(String::as_str);
    let base = node_type.address(plain).ok()?.base_url;
    let chosen = facts.way.as_deref().and_then(|way| node_type.choice(way)).map(|choice| &choice.kind);
    let placements = &chosen.or_else(|| node_type.kind(kind))?.placements;
    let between = if placements.iter().any(|one| matches!(one, Placement::Path { .. })) { "/…" } else { "" };
    Some(format!("{} {}{between}{}", probe.method, base.trim_end_matches('/'), put_in(&probe.path, plain)))
}

pub(super) fn to_try(seen: &Seen) -> Harmless {
    seen.guide.as_ref().map(|guide| guide.harmless.clone()).unwrap_or_default()
}

/// What stands on the page.
pub struct Trial {
    pub offer: Offer,
    pub action: String,
    /// Set where it is not the current value that is tested.
    pub slot: Option<Slot>,
    /// Its method, host and path: nobody sends a key without having been told where.
    pub sends: Option<String>,
    pub last: Option<Last>,
}

impl Trial {
    pub fn button(&self) -> &'static str {
        match (self.slot.is_some(), self.last.is_some()) {
            (false, false) => "Test it now",
            (false, true) => "Test it again",
            (true, false) => "Test the next value",
            (true, true) => "Test the next value again",
        }
    }
}

pub enum Offer {
    Button,
    Cannot(String),
    /// There is no value.
    Nothing,
}

pub struct Last {
    pub verdict: Verdict,
    pub when: When,
    pub account: Option<String>,
    pub steps: Vec<StepLine>,
    /// What the finding means, and the one thing to do about it.
    pub advice: String,
}

pub struct StepLine {
    pub words: String,
    went: Went,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    Well,
    Wrong,
    /// The test stopped before.
    Nowhere,
}

impl StepLine {
    pub fn icon(&self) -> &'static str {
        match self.went {
            Went::Well => "check",
            Went::Wrong => "x-circle",
            Went::Nowhere => "hourglass",
        }
    }

    pub fn class(&self) -> &'static str {
        match self.went {
            Went::Well => "good",
            Went::Wrong => "bad",
            Went::Nowhere => "muted",
        }
    }
}

impl Shown for Verdict {
    fn word(&self) -> &'static str {
        match self {
            Self::Verified => "Verified",
            Self::Rejected => "Rejected",
            Self::Unreachable => "Unreachable",
            Self::Untestable => "Could not be tested",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Verified => "check-circle",
            Self::Rejected => "x-circle",
            Self::Unreachable => "unplug",
            Self::Untestable => "info",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Verified => "good",
            Self::Rejected => "bad",
            Self::Unreachable => "warn",
            Self::Untestable => "info",
        }
    }
}

/// Of the value that is in use.
pub(super) fn shown(seen: &Seen, ws: &str, secret: &SecretRow, now: Moment) -> Trial {
    drawn(seen, (ws, secret), (Slot::Current, secret.state(now)), now)
}

/// Of the value that is to follow it.
pub(super) fn shown_next(seen: &Seen, ws: &str, secret: &SecretRow, now: Moment) -> Trial {
    drawn(seen, (ws, secret), (Slot::Next, SecretState::Connected), now)
}

fn drawn(seen: &Seen, (ws, secret): (&str, &SecretRow), (slot, state): (Slot, SecretState), now: Moment) -> Trial {
    let of = if slot == Slot::Next { &seen.next } else { &seen.current };
    let last = of.last.as_ref().map(|tested| Last {
        verdict: tested.found.finding.verdict(),
        when: When::new(tested.at, now),
        account: tested.found.account.clone(),
        steps: steps(&tested.found, of.sends.as_ref().is_none_or(|request| request.contains(" https://"))),
        advice: advice(&tested.found, seen.guide.as_ref()),
    });
    let action = url::probe_secret(ws, secret.id.as_str());
    let slot = (slot != Slot::Current).then_some(slot);
    Trial { offer: offer(seen, of.may, state), action, slot, sends: of.sends.clone(), last }
}

fn offer(seen: &Seen, may: bool, state: SecretState) -> Offer {
    match (&seen.guide, state) {
        (_, SecretState::Disconnected) => Offer::Nothing,
        (None, _) => Offer::Cannot("Its node type is not described any more.".to_owned()),
        (Some(guide), _) if !guide.testable => Offer::Cannot(format!(
            "No harmless request is known that tells whether a key for {} works. The first real call will tell.",
            guide.name
        )),
        _ if !may => Offer::Cannot(
            "What a test sends is written in this workspace, so only those who may use the key send it.".to_owned(),
        ),
        _ if !seen.enabled => Offer::Cannot("Its node type is disabled in this workspace.".to_owned()),
        (_, SecretState::Expired) => Offer::Cannot("Its last day is over.".to_owned()),
        (_, SecretState::NeedsReauthorization) => Offer::Cannot("The account has to be connected again.".to_owned()),
        _ => Offer::Button,
    }
}

/// One line for each step: done up to where the test stopped, that one failed, the others not reached.
fn steps(found: &Found, is_encrypted: bool) -> Vec<StepLine> {
    if !found.finding.began() {
        return Vec::new();
    }
    let stopped = found.finding.stopped_at();
    let line = |step: Step| {
        let went = match stopped {
            Some(at) if step == at => Went::Wrong,
            Some(at) if step > at => Went::Nowhere,
            _ => Went::Well,
        };
        StepLine { words: step_words((step, went), found.status, is_encrypted), went }
    };
    Step::ALL.iter().copied().map(line).collect()
}

fn step_words(went: (Step, Went), status: Option<u16>, is_encrypted: bool) -> String {
    let status = status.map(|code| format!(" with status {code}")).unwrap_or_default();
    let words = match went {
        (Step::Resolved, Went::Well) => "Its address was found",
        (Step::Resolved, Went::Wrong) => "Its address could not be used",
        (Step::Resolved, Went::Nowhere) => "Its address was not looked for",
        (Step::Connected, Went::Well) if is_encrypted => "An encrypted connection was made",
        (Step::Connected, Went::Well) => "A connection was made",
        (Step::Connected, Went::Wrong) => "No connection that can be trusted could be made",
        (Step::Connected, Went::Nowhere) => "Not reached: a connection",
        (Step::Answered, Went::Well) => return format!("It answered{status}"),
        (Step::Answered, Went::Wrong) => "It did not answer",
        (Step::Answered, Went::Nowhere) => "Not reached: an answer",
        (Step::Understood, Went::Well) => "The answer was understood",
        (Step::Understood, Went::Wrong) => "The answer does not say whether the key works",
        (Step::Understood, Went::Nowhere) => "Not reached: what the answer says",
    };
    words.to_owned()
}

/// Why a secret is rejected, what its guide says about it, and the provider's own page on which it is mended.
pub(super) fn rejection(seen: &Seen, secret: &SecretRow, now: Moment) -> Option<(String, Option<Link>)> {
    let since = secret.rejected_at.filter(|_| secret.state(now) == SecretState::Rejected)?;
    let of = seen.guide.as_ref();
    let provider = of.map_or("The provider", |guide| guide.name.as_str());
    let tested = seen.current.last.as_ref().filter(|last| last.found.finding.verdict() == Verdict::Rejected);
    let cause = match tested {
        Some(last) => {
            let status = last.found.status.map(|code| format!(" with status {code}")).unwrap_or_default();
            format!("{provider} refused it{status} when it was tested {}.", When::new(last.at, now).relative)
        }
        None => format!("{provider} refused the calls that were made with it, since {}.", since.readable()),
    };
    let advice = of.map_or("Make another key there, and enter it here.", |guide| guide.rejected.as_str());
    let label = format!("Open {provider}");
    let place = of.and_then(|guide| guide.place.clone()).map(|url| Link { label, url });
    Some((format!("{cause} {advice}"), place))
}

fn advice(found: &Found, guide: Option<&Advice>) -> String {
    let of_guide =
        |pick: fn(&Advice) -> &String, else_: &str| guide.map_or_else(|| else_.to_owned(), |of| pick(of).clone());
    let words = match found.finding {
        Finding::Accepted => "The provider took the key.",
        Finding::Refused | Finding::RefusedInBody => {
            return of_guide(|of| &of.rejected, "The provider did not take the key. Enter another one.");
        }
        Finding::RateLimited => {
            return of_guide(|of| &of.rate_limited, "Requests come too fast. Wait, then test it again.");
        }
        Finding::AddressNotUsable => {
            "The host has no address that keys may go to. Check the one that was entered with the key. Whoever runs Keyrack finds the reason in its log, and can name a host of a private network in KEYRACK_UPSTREAM_ALLOW."
        }
        Finding::NotConnected | Finding::ConnectTimeout => {
            "The host takes no connection. Look whether the service is up, then test it again."
        }
        Finding::NotTrusted => {
            "The host could not prove who it is, so nothing was sent. Whoever runs Keyrack can add its certificate authority in KEYRACK_UPSTREAM_CA_FILE."
        }
        Finding::NoAnswer | Finding::SlowBody => "The service took too long. Wait a little, then test it again.",
        Finding::Broken => "What came back was no whole answer. Wait a little, then test it again.",
        Finding::TooLarge | Finding::NotUnderstood | Finding::Unexpected => {
            "The answer is another one than the provider documents. Check what the key may do, and the address that was entered with it."
        }
        Finding::ServerTrouble => "The service has trouble of its own. Wait a little, then test it again.",
        Finding::Redirected => {
            "The service points to another address, and a key does not follow there. Check the address that was entered with it."
        }
        Finding::NotPlaced => "The key cannot be sent as its node type says. Enter it again.",
        Finding::Unreadable => "Its stored value cannot be read. Enter it again.",
    };
    words.to_owned()
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    /// `next` tests the value that waits to take over.
    slot: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let slot = match form.into_inner().slot.as_str() {
        "" => Slot::Current,
        word => word.parse().map_err(|_| Error::BadRequest)?,
    };
    let back = url::secret(demand.ws(), id.as_str());
    let flash = match probe::probe(app.means(visitor.kit(&app)), move || demand.ask(), id, slot).await {
        Ok(Verdict::Verified) => Flash::ProbeVerified,
        Ok(Verdict::Rejected) => Flash::ProbeRejected,
        Ok(Verdict::Unreachable) => Flash::ProbeUnreachable,
        Ok(Verdict::Untestable) => Flash::ProbeUntestable,
        Err(Fault::Refused(ProbeRefusal::TooOften(_))) => Flash::ProbeTooOften,
        Err(Fault::Refused(ProbeRefusal::NoProbe | ProbeRefusal::Use(UseRefusal::Disabled))) => Flash::ProbeUntestable,
        Err(Fault::Refused(ProbeRefusal::Use(_))) => Flash::ProbeNothing,
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&app, &back, Some(flash)))
}
