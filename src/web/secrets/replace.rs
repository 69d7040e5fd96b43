//! Entering another value for a secret: in place of the one that is there, or to follow it later.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::actions::entering::{Facts, Filled, parts_of};
use crate::actions::probe as probe_action;
use crate::actions::values::{self, NewEntry, ValueRefusal};
use crate::app::App;
use crate::catalog::NodeType;
use crate::domain::secret::Slot;
use crate::domain::{Delivery, Method};
use crate::store::access::Member;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

use super::form::{self, Sent};
use super::pages_of_life::{Entering, Replace};
use super::{Found, Never, dates, find, mark, owner_of, probe};

type At = Path<(String, String)>;
type Form = CsrfForm<Vec<(String, String)>>;

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: At, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand, &path.1, false).await?;
    if ground.method == Method::OAuth {
        return Ok(see_other(&app, &url::connect_secret(demand.ws(), &path.1), None));
    }
    frame::page(&app, &visitor, &ground.page(&visitor, demand.ws(), ground.untouched()))
}

pub async fn create(visitor: Visitor, demand: Demand<Member>, path: At, form: Form, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand, &path.1, false).await?;
    enter(visitor, demand, app.clone(), ground, form.into_inner()).await
}

pub async fn new_next(visitor: Visitor, demand: Demand<Member>, path: At, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand, &path.1, true).await?;
    if ground.entering == Entering::Fill || ground.method != Method::Key {
        return Ok(nothing_to_follow(&app, demand.ws(), &ground));
    }
    frame::page(&app, &visitor, &ground.page(&visitor, demand.ws(), ground.untouched()))
}

pub async fn create_next(visitor: Visitor, demand: Demand<Member>, path: At, form: Form, app: Data<App>) -> Reply {
    let ground = ground(&app, &demand, &path.1, true).await?;
    if ground.entering == Entering::Fill || ground.method != Method::Key {
        return Ok(nothing_to_follow(&app, demand.ws(), &ground));
    }
    enter(visitor, demand, app.clone(), ground, form.into_inner()).await
}

/// A value that nothing uses needs no other beside it.
fn nothing_to_follow(app: &Data<App>, ws: &str, ground: &Ground<'_>) -> HttpResponse {
    see_other(app, &url::replace_secret(ws, ground.found.row.secret.id.as_str()), None)
}

/// What the form stands on.
struct Ground<'a> {
    found: Found,
    node_type: Cow<'a, NodeType>,
    method: Method,
    /// Which description of the node type that is.
    revision: i64,
    entering: Entering,
    /// Whether the request that a test sends was written in the workspace.
    homemade: bool,
    /// Whether the person decides where the value may travel and how it may leave.
    governs: bool,
}

async fn ground<'a>(app: &'a Data<App>, demand: &Demand<Member>, id: &str, staged: bool) -> Result<Ground<'a>, Error> {
    let found = find(app, demand, id).await?;
    if !found.may_rotate {
        return Err(Error::Forbidden);
    }
    let slug = found.row.secret.node_type.clone();
    let described = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>(store::node_types::find(tx, by, &slug)?.ok_or(store::Denied::NotFound)?)
    });
    let described = described.await?;
    let slug = found.row.secret.node_type.as_str();
    let node_type = app.catalog.describe(slug, described.spec.as_deref()).ok_or(Error::NotFound)?;
    let method = described.method;
    let node_type = if method == Method::Key { node_type } else { Cow::Owned(node_type.under(method).into_owned()) };
    let entering = match (found.holds(), staged) {
        (true, true) => Entering::Stage,
        (true, false) => Entering::Replace,
        (false, _) => Entering::Fill,
    };
    let governs = found.yours;
    let (revision, homemade) = (described.revision, described.is_homemade());
    Ok(Ground { found, node_type, method, revision, entering, homemade, governs })
}

/// What the form shows, and what is to follow.
struct Draft {
    credential: form::Draft,
    dates: dates::Draft,
    delivery: Delivery,
    refused: bool,
    refusal: Option<String>,
    /// Whether a test is to follow.
    tested: bool,
}

impl Ground<'_> {
    /// The parts that stay as they were, because it is not this person who chose them.
    fn fixed(&self) -> BTreeMap<String, String> {
        if self.governs {
            return BTreeMap::new();
        }
        parts_of(&self.node_type, &Facts::read(&self.found.row.secret.facts))
    }

    /// Those who may not use what they enter send nothing that was written in the workspace.
    fn testable(&self) -> bool {
        self.found.usable || !self.homemade
    }

    fn untouched(&self) -> Draft {
        let secret = &self.found.row.secret;
        let credential = form::Draft::of_value(&self.node_type, secret.kind, &Facts::read(&secret.facts));
        Draft {
            credential: credential.fix(self.fixed()),
            dates: dates::Draft::to_come(secret.dates(), self.found.now),
            delivery: secret.delivery,
            refused: false,
            refusal: None,
            tested: false,
        }
    }

    fn page(&self, visitor: &Visitor, ws: &str, draft: Draft) -> Replace {
        let secret = &self.found.row.secret;
        let environment = secret.environment;
        let words = |says| format!("This looks like a {says} key, and this secret is for {environment}.");
        Replace {
            chrome: frame::chrome(visitor, Some(&self.found.frame), self.entering.title(), Place::Secrets),
            ws: ws.to_owned(),
            id: secret.id.to_string(),
            name: secret.name.to_string(),
            node_type: mark(secret),
            revision: self.revision,
            environment,
            entering: self.entering,
            yours: self.found.yours,
            owner: owner_of(&self.found.row),
            guide: form::guide_of(&self.node_type),
            credential: form::drawn(&self.node_type, &draft.credential),
            delivery: (self.governs && self.entering != Entering::Stage).then_some(draft.delivery),
            dates: draft.dates,
            disagreement: draft.credential.disagreement.map(words),
            refused: draft.refused,
            refusal: draft.refusal,
            first_test: probe::offered(&self.node_type, draft.tested).filter(|_| self.testable()),
        }
    }

    fn understand(&self, sent: Vec<(String, String)>) -> Result<Read, Error> {
        let (secret, now) = (&self.found.row.secret, self.found.now);
        let sent: Sent = sent.into_iter().collect();
        let wanted = sent.get("delivery").filter(|_| self.governs && self.entering != Entering::Stage);
        let delivery = wanted.map(|word| word.parse::<Delivery>()).transpose().map_err(|_| Error::BadRequest)?;
        let over = secret.expires_at.is_some_and(|end| end <= now);
        let (dates, dates_draft) = dates::read(&sent, dates::Known { over, ..dates::Known::default() }, now);
        let tested = sent.get("test").is_some_and(|word| word == "yes") && self.testable();
        let revision = form::seen(&self.node_type, self.revision, &sent);
        let (filled, credential) = form::read(&self.node_type, secret.environment, sent, self.fixed())?;
        let shown = delivery.unwrap_or(secret.delivery);
        let draft = Draft { credential, dates: dates_draft, delivery: shown, refused: false, refusal: None, tested };
        let (Some(dates), Some(filled)) = (dates, filled) else {
            return Ok(Read::Faulty(Draft { refused: true, ..draft }));
        };
        let parts = parts_of(&self.node_type, &Facts::read(&filled.facts));
        let Filled { kind, last_four, facts, credential, trimmed, .. } = filled;
        let asks = self.node_type.asks(self.method, &Facts::read(&facts).fields);
        let entry = NewEntry { revision, kind, last_four, facts, parts, credential, dates, asks, delivery };
        Ok(Read::Whole(Box::new(entry), draft, trimmed))
    }
}

enum Read {
    Whole(Box<NewEntry>, Draft, bool),
    Faulty(Draft),
}

async fn enter(
    visitor: Visitor,
    demand: Demand<Member>,
    app: Data<App>,
    ground: Ground<'_>,
    sent: Vec<(String, String)>,
) -> Reply {
    let (entry, draft, trimmed) = match ground.understand(sent)? {
        Read::Whole(entry, draft, trimmed) => (entry, draft, trimmed),
        Read::Faulty(draft) => return frame::again(&app, &visitor, &ground.page(&visitor, demand.ws(), draft)),
    };
    let (kit, id, staged) = (visitor.kit(&app), ground.found.row.secret.id.clone(), ground.entering == Entering::Stage);
    let stored = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| match staged {
            true => values::stage(tx, by, tools, &id, &entry),
            false => values::replace(tx, by, tools, &id, &entry),
        })
    });
    match stored.await {
        Ok(()) => {
            let flash = match (staged, trimmed) {
                (true, _) => Flash::NextStored,
                (false, true) => Flash::ValueTrimmed,
                (false, false) => Flash::ValueReplaced,
            };
            let to = url::secret(demand.ws(), ground.found.row.secret.id.as_str());
            if draft.tested {
                let slot = if staged { Slot::Next } else { Slot::Current };
                let id = ground.found.row.secret.id.clone();
                probe_action::glance(app.means(visitor.kit(&app)), move || demand.ask(), id, slot).await;
            }
            Ok(see_other(&app, &to, Some(flash)))
        }
        Err(Fault::Refused(ValueRefusal::NoValue)) => Ok(nothing_to_follow(&app, demand.ws(), &ground)),
        Err(Fault::Refused(refusal)) => {
            let draft = Draft { refused: true, refusal: Some(refusal.to_string()), ..draft };
            frame::again(&app, &visitor, &ground.page(&visitor, demand.ws(), draft))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
