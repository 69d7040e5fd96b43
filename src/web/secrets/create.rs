//! Storing a key: the form that its node type needs. The first one brings the node type into the workspace.

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::web::{Data, Path};

use crate::actions::entering::{Facts, Filled};
use crate::actions::node_types::BuiltIn;
use crate::actions::probe as probe_action;
use crate::actions::secrets::{self, Entry, Hung, SecretRefusal};
use crate::app::App;
use crate::catalog::NodeType;
use crate::crypto::Credential;
use crate::domain::secret::Slot;
use crate::domain::{Delivery, Environment, Kind, Method, Moment, Sharing, Slug, policy};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::shares::Candidate;
use crate::store::{self, Fault};
use crate::web::catalogue::mark_of;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::form::{self, Sent};
use super::sharing::picker::{self, Picker};
use super::{dates, page, probe};

type Never = std::convert::Infallible;

/// What stands around the form, and what it is about.
struct Around {
    frame: Frame,
    /// Who may use the secret where nobody says otherwise.
    sharing: Sharing,
    candidates: Vec<Candidate>,
    row: Option<NodeTypeRow>,
    may_add: bool,
}

async fn surroundings(app: &Data<App>, demand: &Demand<Member>, slug: &str) -> Result<Around, Error> {
    let slug: Slug = slug.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>(Around {
            frame: Frame::of_member(tx, by)?,
            sharing: store::workspaces::default_sharing(tx, by)?,
            candidates: store::shares::candidates(tx, by)?,
            row: store::node_types::find(tx, by, &slug)?,
            may_add: policy::may_add_node_types(by.role(), store::workspaces::adders(tx, by)?),
        })
    });
    Ok(found.await?)
}

/// The node type as it is described, where this person may store a key for it; with it, what the form knows of it.
fn described<'a>(app: &'a App, slug: &str, around: &Around) -> Result<(Cow<'a, NodeType>, Hung), Error> {
    if let Some(row) = &around.row {
        let node = app.catalog.describe(slug, row.spec.as_deref()).ok_or(Error::NotFound)?;
        let node = if row.method == Method::Key { node } else { Cow::Owned(node.under(row.method).into_owned()) };
        return Ok((node, Hung::Known(row.revision)));
    }
    let node = app.catalog.get(slug).ok_or(Error::NotFound)?;
    let built_in = BuiltIn::of(node, Method::Key).ok_or(Error::NotFound)?;
    if around.may_add { Ok((Cow::Borrowed(node), Hung::New(built_in))) } else { Err(Error::Forbidden) }
}

/// What a form shows: what was typed into plain fields, and what is wrong where.
#[derive(Default)]
struct Draft {
    credential: form::Draft,
    name: Input,
    dates: dates::Draft,
    environment: Option<Environment>,
    delivery: Option<Delivery>,
    sharing: Option<Sharing>,
    people: picker::Sent,
    people_error: Option<String>,
    refused: bool,
    /// Whether a test is to follow.
    tested: bool,
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let around = surroundings(&app, &demand, &path.1).await?;
    if around.row.as_ref().is_some_and(|row| !row.enabled) {
        // Its page says why nothing is stored for it.
        return Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), None));
    }
    let (node_type, _) = described(&app, &path.1, &around)?;
    frame::page(&app, &visitor, &form_page(&visitor, &around, demand.ws(), &node_type, &Draft::default()))
}

fn form_page(visitor: &Visitor, around: &Around, ws: &str, node_type: &NodeType, draft: &Draft) -> page::New {
    let Around { frame, sharing: default, candidates, row, .. } = around;
    let environment = draft.environment.unwrap_or(Environment::Test);
    let words = |says| format!("This looks like a {says} key, and you chose {environment}.");
    // The day that a picker without days shows for nobody needs no moment.
    let mut picker = Picker::of(candidates, &draft.people, Moment::EPOCH);
    picker.error.clone_from(&draft.people_error);
    page::New {
        chrome: frame::chrome(visitor, Some(frame), &title(node_type), Place::Secrets),
        ws: ws.to_owned(),
        node_type: mark_of(node_type),
        revision: row.as_ref().map_or(0, |row| row.revision),
        title: title(node_type),
        connects: connects(node_type),
        brings_it: row.is_none(),
        guide: form::guide_of(node_type),
        credential: form::drawn(node_type, &draft.credential),
        name: draft.name.clone(),
        environment,
        delivery: draft.delivery.unwrap_or(Delivery::Proxy),
        sharing: draft.sharing.unwrap_or(*default),
        picker,
        default_sharing: *default,
        workspace: frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        dates: draft.dates.clone(),
        disagreement: draft.credential.disagreement.map(words),
        refused: draft.refused,
        first_test: probe::offered(node_type, draft.tested).filter(|_| !connects(node_type)),
    }
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let around = surroundings(&app, &demand, &path.1).await?;
    let (node_type, hook) = described(&app, &path.1, &around)?;
    let again =
        |draft: &Draft| frame::again(&app, &visitor, &form_page(&visitor, &around, demand.ws(), &node_type, draft));
    let (entry, mut draft, trimmed) = match understand(&app, (&node_type, hook), form.into_inner())? {
        Read::Whole(entry, draft, trimmed) => (entry, draft, trimmed),
        Read::Faulty(draft) => return again(&draft),
    };
    let kit = visitor.kit(&app);
    let stored = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| secrets::create(tx, by, tools, &entry)));
    match stored.await {
        Ok(id) => {
            if connects(&node_type) {
                return Ok(see_other(&app, &url::connect_secret(demand.ws(), id.as_str()), None));
            }
            let ws = demand.ws().to_owned();
            if draft.tested {
                probe_action::glance(app.means(visitor.kit(&app)), move || demand.ask(), id.clone(), Slot::Current)
                    .await;
            }
            let flash = if trimmed { Flash::SecretTrimmed } else { Flash::SecretStored };
            Ok(see_other(&app, &url::secret(&ws, id.as_str()), Some(flash)))
        }
        Err(Fault::Refused(SecretRefusal::NoNodeType)) => Err(Error::NotFound),
        Err(Fault::Refused(refusal)) => {
            match refusal {
                SecretRefusal::NobodyChosen | SecretRefusal::NotAMember => {
                    draft.people_error = Some(refusal.to_string());
                }
                _ => draft.name = wrong(&draft.name.value, &refusal.to_string()),
            }
            draft.refused = true;
            again(&draft)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// What was understood of the form: a value, or a place for what will be connected.
struct Entered {
    kind: Kind,
    last_four: Option<String>,
    facts: String,
    credential: Option<Credential>,
    trimmed: bool,
}

impl Entered {
    fn read(node_type: &NodeType, environment: Environment, sent: Sent) -> Result<(Option<Self>, form::Draft), Error> {
        if connects(node_type) {
            let (facts, draft) = form::read_place(node_type, sent);
            let place = |facts| Self { kind: Kind::TokenSet, last_four: None, facts, credential: None, trimmed: false };
            return Ok((facts.map(place), draft));
        }
        let (filled, draft) = form::read(node_type, environment, sent, BTreeMap::new())?;
        let value = |Filled { kind, last_four, facts, credential, trimmed, .. }| Self {
            kind,
            last_four,
            facts,
            credential: Some(credential),
            trimmed,
        };
        Ok((filled.map(value), draft))
    }
}

/// Whether nothing is entered, because the provider gives it when an account is connected.
fn connects(node_type: &NodeType) -> bool {
    node_type.kinds.first().is_some_and(|kind| kind.kind == Kind::TokenSet)
}

fn title(node_type: &NodeType) -> String {
    let name = &node_type.name;
    match node_type.kinds.first().map(|kind| kind.kind) {
        Some(Kind::TokenSet) => format!("Connect {name}"),
        Some(Kind::ClientCredentials) => format!("Add client credentials for {name}"),
        _ => format!("Add a key for {name}"),
    }
}

enum Read {
    Whole(Box<Entry>, Draft, bool),
    Faulty(Draft),
}

fn understand(app: &App, (node_type, hook): (&NodeType, Hung), mut sent: Vec<(String, String)>) -> Result<Read, Error> {
    let people = picker::Sent::take(&mut sent)?;
    let sent: Sent = sent.into_iter().collect();
    let text = |name: &str| sent.get(name).map(String::as_str).unwrap_or_default();
    let hook = match hook {
        Hung::Known(revision) => Hung::Known(form::seen(node_type, revision, &sent)),
        new => new,
    };
    let (name, name_input) = forms::name(text("name"));
    let environment: Environment = text("environment").parse().map_err(|_| Error::BadRequest)?;
    let delivery: Delivery = text("delivery").parse().map_err(|_| Error::BadRequest)?;
    // A form without the choice leaves it to the workspace.
    let sharing = match text("sharing") {
        "" => None,
        word => Some(word.parse().map_err(|_| Error::BadRequest)?),
    };
    let (dates, dates_draft) = dates::read(&sent, dates::Known::default(), app.clock.now());
    let tested = text("test") == "yes";
    let (entered, credential_draft) = Entered::read(node_type, environment, sent)?;
    let draft = Draft {
        credential: credential_draft,
        name: name_input,
        dates: dates_draft,
        environment: Some(environment),
        delivery: Some(delivery),
        sharing,
        people,
        tested,
        ..Draft::default()
    };
    let (Some(name), Some(dates), Some(entered)) = (name, dates, entered) else {
        return Ok(Read::Faulty(Draft { refused: true, ..draft }));
    };
    let asks = node_type.asks(entered.kind.method(), &Facts::read(&entered.facts).fields);
    let node_type = node_type.slug.parse().map_err(|_| Error::Internal)?;
    let people = draft.people.chosen.clone();
    let Entered { kind, last_four, facts, credential, trimmed } = entered;
    let entry = Entry {
        node_type,
        hook,
        environment,
        name,
        kind,
        delivery,
        sharing,
        people,
        dates,
        last_four,
        facts,
        credential,
        asks,
    };
    Ok(Read::Whole(Box::new(entry), draft, trimmed))
}
