//! The root address, and the home of a workspace.

mod page;
mod usage;
mod workflows;

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::app::App;
use crate::catalog::Catalog;
use crate::domain::audit::{Line, folded};
use crate::domain::reminder::SOON;
use crate::domain::{Method, Moment, SecretId, SecretState};
use crate::store::access::{Admin, AskNothing, AtLeast, Member, Owner, Proof};
use crate::store::audit::Names;
use crate::store::paging::Turn;
use crate::store::rotations::Due;
use crate::store::secrets::{ListedSecret, Sought, Troubles};
use crate::store::trail::{Look, Narrow, Size, Which};
use crate::store::{self, Fault, ReadTx};

use super::chrome::Place;
use super::frame::{self, Frame, Reply, see_other};
use super::story::Teller;
use super::view::{Link, Tone, When, counted};
use super::visitor::{Demand, Visitor};
use super::{set_up, url};

type Never = std::convert::Infallible;

/// What is told of what happened lately.
const LATELY: Size = Size { entries: 8, lines: 8 };
/// Secrets named under what needs attention; of more only the number is told.
const TROUBLES: usize = 8;
/// Secrets named that a round of rotation asks new values of.
const ASKED: i64 = 4;

/// Sends everybody to where they belong.
pub async fn root(visitor: Visitor, app: Data<App>) -> Reply {
    let Some(session) = visitor.session.clone() else {
        let someone = app.db.read(AskNothing, |tx, _| Ok::<_, Fault<Never>>(store::people::exist(tx)?)).await?;
        return if someone {
            Ok(see_other(&app, &url::sign_in(), visitor.flash))
        } else {
            set_up::closed(&visitor, &app, false)
        };
    };
    let ask = store::access::AskMyself { session };
    let all = app.db.read(ask, |tx, by| Ok::<_, Fault<Never>>(store::workspaces::mine(tx, by)?)).await?;
    let to = all.first().map_or_else(url::account, |(row, _)| url::workspace(row.slug.as_str()));
    Ok::<HttpResponse, _>(see_other(&app, &to, visitor.flash))
}

/// What the page shows, read in one moment.
struct Found {
    frame: Frame,
    secrets: u64,
    members: u64,
    tokens: u64,
    used: bool,
    to_use: Option<SecretId>,
    troubles: Troubles,
    /// Connections that have ended and cannot be renewed.
    stuck: u64,
    /// Secrets of one's own that a round asks new values of, and how many there are.
    asked: (Vec<Due>, u64),
    /// Their own that need reconfiguration, with the nodes that do, and how many there are in all.
    broken: workflows::Broken,
    usage: usage::Seen,
    /// Work that failed, for an Owner alone.
    failed: Option<u64>,
    /// Webhooks that Keyrack has paused, for Admins.
    given_up: u64,
    recent: Vec<Line>,
    names: Names,
    seen: HashSet<String>,
    now: Moment,
}

fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Found, store::Error> {
    let now = tx.now();
    let mut recent = Vec::new();
    let mut given_up = 0;
    if let Some(admin) = by.raised::<Admin>() {
        given_up = store::webhooks::given_up(tx, &admin)?;
        let look = Look { which: Which::Everything, narrow: Narrow::default(), size: LATELY };
        let entries = store::trail::page(tx, &admin, &look, &Turn::Newest)?.entries;
        recent = entries.into_iter().flat_map(|entry| folded(entry.acts)).collect();
        recent.truncate(LATELY.lines);
    }
    let failed = match by.raised::<Owner>() {
        Some(owner) => Some(store::jobs::counts(tx, &owner)?.1),
        None => None,
    };
    Ok(Found {
        failed,
        given_up,
        frame: Frame::of_member(tx, by)?,
        secrets: store::secrets::count(tx, by, &Sought::default())?,
        members: store::members::count(tx, by)?,
        tokens: store::tokens::count(tx, by)?,
        used: store::secrets::any_used(tx, by)?,
        to_use: store::secrets::newest_to_use(tx, by)?,
        troubles: store::secrets::troubles(tx, by, now.plus(SOON), TROUBLES)?,
        stuck: store::secrets::stuck(tx, by)?,
        asked: store::rotations::of_owner(tx, by, ASKED)?,
        broken: workflows::broken(tx, by)?,
        usage: usage::look(tx, by)?,
        seen: store::secrets::seen_among(tx, by, recent.iter().map(|line| &line.act))?,
        recent,
        names: store::audit::actors(tx, by)?,
        now,
    })
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let found = app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(find(tx, by)?)).await?;
    let (ws, now) = (demand.ws(), found.now);
    let chrome = frame::chrome(&visitor, Some(&found.frame), "Home", Place::Home);
    let start = page::Start {
        key: found.secrets > 0,
        makes_tokens: chrome.may.every_token,
        token: found.tokens > 0,
        used: found.used,
        use_it: found.to_use.map(|id| url::secret(ws, id.as_str())),
    };
    let teller = Teller { ws, names: found.names.into_iter().collect(), secrets: found.seen, now };
    let secrets: Vec<_> = found.troubles.rows.iter().filter_map(|row| attention(&app.catalog, ws, row, now)).collect();
    let further = found.troubles.all.saturating_sub(u64::try_from(secrets.len()).unwrap_or(u64::MAX));
    let mail = found.failed.map(|failed| about_mail(ws, failed, app.mailer.delivers())).unwrap_or_default();
    let broken = workflows::attention(ws, &found.broken, now);
    let stuck = about_connections(ws, found.stuck).into_iter().chain(about_webhooks(ws, found.given_up));
    let counts = vec![
        count(found.secrets, ("secret", "secrets"), url::secrets(ws)),
        count(found.tokens, ("service token", "service tokens"), url::tokens(ws)),
        count(found.members, ("member", "members"), url::members(ws)),
    ];
    let template = page::Show {
        ws: ws.to_owned(),
        workspace: found.frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        further,
        attention: mail
            .into_iter()
            .chain(broken)
            .chain(stuck)
            .chain(usage::attention(ws, &found.frame, &found.usage, now))
            .chain(secrets)
            .chain(about_rotation(ws, found.asked, now))
            .collect(),
        start: start.is_open().then_some(start),
        counts,
        uses: (found.secrets > 0 || found.tokens > 0).then(|| usage::chart(&found.usage, now)),
        recent: found.recent.iter().map(|line| teller.tell(line)).collect(),
        chrome,
    };
    frame::page(&app, &visitor, &template)
}

fn count(number: u64, (one, many): (&'static str, &'static str), url: String) -> page::Count {
    page::Count { number, label: if number == 1 { one } else { many }, url: Some(url) }
}

fn about_mail(ws: &str, failed: u64, delivers: bool) -> Vec<page::Attention> {
    let item = |tone, title, detail: &str| {
        let action = Link { label: "Look at it".to_owned(), url: url::jobs(ws) };
        page::Attention { tone, title, detail: detail.to_owned(), action, place: None, snooze: None }
    };
    let stay = "They are written to a folder there, because no mail server is configured.";
    let stay = (!delivers).then(|| item(Tone::Warn, "Letters stay on the server".to_owned(), stay));
    let words = || format!("{} not be sent or done", counted(failed, "thing could", "things could"));
    let failed = (failed > 0).then(|| item(Tone::Bad, words(), "Try again once the cause is mended, or give up."));
    stay.into_iter().chain(failed).collect()
}

fn about_connections(ws: &str, stuck: u64) -> Option<page::Attention> {
    let verb = if stuck == 1 { "is" } else { "are" };
    (stuck > 0).then(|| page::Attention {
        tone: Tone::Bad,
        title: format!("{} {verb} not renewed", counted(stuck, "connection", "connections")),
        detail: "What uses them gets nothing at the moment. The list says what is in the way.".to_owned(),
        action: Link { label: "Look at the connections".to_owned(), url: url::connections(ws) },
        place: None,
        snooze: None,
    })
}

fn about_webhooks(ws: &str, given_up: u64) -> Option<page::Attention> {
    let verb = if given_up == 1 { "is" } else { "are" };
    (given_up > 0).then(|| page::Attention {
        tone: Tone::Bad,
        title: format!("{} {verb} paused", counted(given_up, "webhook", "webhooks")),
        detail: "Nothing was taken there for five days, so nothing is sent there any more.".to_owned(),
        action: Link { label: "Look at the webhooks".to_owned(), url: url::webhooks(ws) },
        place: None,
        snooze: None,
    })
}

fn about_rotation(ws: &str, (rows, all): (Vec<Due>, u64), now: Moment) -> Vec<page::Attention> {
    let named = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let further = all.saturating_sub(named);
    let item = |(at, (id, name, due)): (usize, Due)| {
        let due = due.map(|end| format!("Due {}. ", When::new(end, now).relative)).unwrap_or_default();
        let last = u64::try_from(at).is_ok_and(|at| at + 1 == named);
        let more = if last && further > 0 { format!(" So are {further} more of yours.") } else { String::new() };
        page::Attention {
            tone: Tone::Warn,
            title: format!("A new value is asked for: {name}"),
            detail: format!("{due}What uses it goes on as before.{more}"),
            action: Link { label: "Look at it".to_owned(), url: url::secret(ws, id.as_str()) },
            place: None,
            snooze: None,
        }
    };
    rows.into_iter().enumerate().map(item).collect()
}

fn attention(catalog: &Catalog, ws: &str, row: &ListedSecret, now: Moment) -> Option<page::Attention> {
    let name = row.secret.name.to_string();
    let node = catalog.get(row.secret.node_type.as_str()).map(|of| of.under(row.secret.kind.method()));
    let told = |tone, title, detail: &str| (tone, title, detail.to_owned());
    let (tone, title, detail) = match (row.secret.state(now), row.secret.expires_at) {
        _ if row.secret.unreadable_at.is_some() => {
            told(Tone::Bad, format!("{name} cannot be read"), "Its stored value does not open. Enter it again.")
        }
        (SecretState::Expired, _) => {
            let detail = match row.secret.kind.method() {
                Method::OAuth => "Connect the account again, and it goes on.",
                Method::ClientCredentials | Method::Key => "Enter the key that replaces it.",
            };
            told(Tone::Bad, format!("{name} has expired"), detail)
        }
        (SecretState::NeedsReauthorization, _) => {
            let detail = match row.secret.kind.method() {
                Method::ClientCredentials => "Its client id and secret have to be entered again.",
                Method::OAuth | Method::Key => "The account has to be connected again.",
            };
            told(Tone::Warn, format!("{name} needs reauthorization"), detail)
        }
        (SecretState::Rejected, _) => {
            let advice = node.as_ref().map_or("The provider no longer takes it.", |of| of.guide.rejected.as_str());
            told(Tone::Bad, format!("{name} was rejected"), advice)
        }
        (SecretState::Connected, end) if row.secret.rotate_at.is_some_and(|at| at <= now) => {
            let ends = end.map(|end| format!(" It expires {}.", When::new(end, now).relative)).unwrap_or_default();
            let detail = format!("You asked to be reminded that it needs a new value.{ends}");
            (Tone::Warn, format!("{name} is due for a new value"), detail)
        }
        (SecretState::Connected, Some(end)) => {
            let day = When::new(end, now).relative;
            (Tone::Warn, format!("{name} expires {day}"), "Have the key that replaces it ready.".to_owned())
        }
        (SecretState::Connected | SecretState::Disconnected, _) => return None,
    };
    let action = Link { label: "Look at it".to_owned(), url: url::secret(ws, row.secret.id.as_str()) };
    let rejected = row.secret.state(now) == SecretState::Rejected && row.secret.unreadable_at.is_none();
    let place = node
        .as_ref()
        .filter(|_| rejected)
        .and_then(|of| Some(Link { label: format!("Open {}", of.name), url: of.place_of_keys()?.to_owned() }));
    let puts_off = row.secret.state(now) == SecretState::Connected && row.secret.unreadable_at.is_none();
    let snooze = puts_off.then(|| url::snooze_secret(ws, row.secret.id.as_str()));
    Some(page::Attention { tone, title, detail, action, place, snooze })
}
