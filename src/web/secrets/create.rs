//! Storing a key: first its node type, then the form which that node type needs.

use std::collections::{BTreeMap, HashMap};

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::entering::{self, FieldFault, Filled, Given};
use crate::actions::secrets::{self, Entry, SecretRefusal};
use crate::app::App;
use crate::catalog::{FieldSpec, KindSpec, NodeType, Part, PartOption};
use crate::crypto::Entered;
use crate::domain::{Delivery, Environment, Moment, Sharing, Slug};
use crate::store::access::Member;
use crate::store::shares::Candidate;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::{Choice, Input, Link, NodeMark};
use crate::web::visitor::{Demand, Visitor};

use super::page;
use super::sharing::picker::{Picker, Sent};

type Never = std::convert::Infallible;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Search {
    q: String,
}

pub async fn choose(visitor: Visitor, demand: Demand<Member>, search: Query<Search>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let wanted = search.q.trim().to_lowercase();
    let mut by_category: BTreeMap<&str, Vec<page::Tile>> = BTreeMap::new();
    for node_type in app.catalog.all() {
        let text = format!("{} {} {}", node_type.name, node_type.category, node_type.benefit).to_lowercase();
        if text.contains(&wanted) {
            let tile = page::Tile { node_type: mark_of(node_type), benefit: node_type.benefit.clone() };
            by_category.entry(&node_type.category).or_default().push(tile);
        }
    }
    let categories = by_category.into_iter().map(|(name, tiles)| page::Category { name: name.to_owned(), tiles });
    let template = page::Choose {
        chrome: frame::chrome(&visitor, Some(&frame), "Add a key", Place::Secrets),
        ws: demand.ws().to_owned(),
        q: search.q.clone(),
        categories: categories.collect(),
    };
    frame::page(&app, &visitor, &template)
}

fn mark_of(node_type: &NodeType) -> NodeMark {
    NodeMark { slug: node_type.slug.clone(), name: node_type.name.clone() }
}

async fn frame_of(app: &Data<App>, demand: &Demand<Member>) -> Result<Frame, Error> {
    Ok(app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_member(tx, by)?)).await?)
}

/// What stands around the form, who may use the secret where nobody says otherwise, and whom it can be shared with.
async fn surroundings(app: &Data<App>, demand: &Demand<Member>) -> Result<(Frame, Sharing, Vec<Candidate>), Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        let (frame, default) = (Frame::of_member(tx, by)?, store::workspaces::default_sharing(tx, by)?);
        Ok::<_, Fault<Never>>((frame, default, store::shares::candidates(tx, by)?))
    });
    Ok(found.await?)
}

/// The form as it was sent: the fixed fields by name, the catalogue's by theirs.
pub type Fields = HashMap<String, String>;

/// What a form shows: what was typed into plain fields, and what is wrong where.
#[derive(Default)]
struct Draft {
    plain: HashMap<String, String>,
    /// The kind or placement that was chosen; faults stand under it.
    way: String,
    faults: Vec<FieldFault>,
    name: Input,
    expires_on: Input,
    environment: Option<Environment>,
    delivery: Option<Delivery>,
    sharing: Option<Sharing>,
    people: Sent,
    people_error: Option<String>,
    disagreement: Option<String>,
    refused: bool,
}

impl Draft {
    fn fault(&self, field: &str) -> Option<String> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.clone())
    }
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let node_type = app.catalog.get(&path.1).ok_or(Error::NotFound)?;
    let around = surroundings(&app, &demand).await?;
    frame::page(&app, &visitor, &form_page(&visitor, &around, demand.ws(), node_type, &Draft::default()))
}

fn form_page(
    visitor: &Visitor,
    (frame, default, candidates): &(Frame, Sharing, Vec<Candidate>),
    ws: &str,
    node_type: &NodeType,
    draft: &Draft,
) -> page::New {
    let default = *default;
    let fields = |specs: &[FieldSpec], of: &str, kind: Option<&KindSpec>| -> Vec<page::Field> {
        specs.iter().map(|spec| field(spec, of, kind, draft)).collect()
    };
    let chosen = |group: &str, value: &str, first: bool| draft.plain.get(group).map_or(first, |sent| sent == value);
    let kinds = node_type.kinds.iter().enumerate().map(|(at, kind)| page::Variant {
        value: kind.kind.to_string(),
        label: kind.label().to_owned(),
        picture: kind.kind.picture().to_owned(),
        chosen: chosen("kind", kind.kind.as_str(), at == 0),
        fields: fields(&kind.fields, kind.kind.as_str(), Some(kind)),
    });
    let placements = node_type.placement_choices.iter().enumerate().map(|(at, choice)| page::Variant {
        value: choice.name.as_str().to_owned(),
        label: choice.label.clone(),
        picture: choice.picture.clone(),
        chosen: chosen("placement", choice.name.as_str(), at == 0),
        fields: fields(&choice.kind.fields, choice.name.as_str(), Some(&choice.kind)),
    });
    // The day that a picker without days shows for nobody needs no moment.
    let mut picker = Picker::of(candidates, &draft.people, Moment::EPOCH);
    picker.error.clone_from(&draft.people_error);
    page::New {
        picker,
        chrome: frame::chrome(visitor, Some(frame), &format!("Add a key for {}", node_type.name), Place::Secrets),
        ws: ws.to_owned(),
        node_type: mark_of(node_type),
        guide: page::Guide {
            steps: node_type.guide.steps.clone(),
            least: node_type.guide.least_permissions.clone(),
            sandbox: node_type.guide.sandbox.clone(),
            link: node_type
                .api_docs
                .as_ref()
                .map(|url| Link { label: format!("{}'s own page about its keys", node_type.name), url: url.clone() }),
        },
        fields: node_type.parts.iter().map(|spec| part(spec, draft)).collect(),
        kinds: kinds.collect(),
        placements: placements.collect(),
        name: draft.name.clone(),
        environment: draft.environment.unwrap_or(Environment::Test),
        delivery: draft.delivery.unwrap_or(Delivery::Proxy),
        sharing: draft.sharing.unwrap_or(default),
        default_sharing: default,
        workspace: frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        expires_on: draft.expires_on.clone(),
        disagreement: draft.disagreement.clone(),
        refused: draft.refused,
    }
}

/// The way that fields of the address itself stand under.
const ROUTE: &str = "field";

/// Under which name a field is sent: ways that lie side by side may ask for the same one.
fn sent_as(of: &str, name: &str) -> String {
    format!("{of}-{name}")
}

/// A part of the address: typed, or chosen from what the catalogue offers.
fn part(spec: &Part, draft: &Draft) -> page::Field {
    let value = draft.plain.get(&sent_as(ROUTE, &spec.name)).cloned().unwrap_or_default();
    let option = |option: &PartOption| Choice {
        value: option.value.clone(),
        label: option.label.clone(),
        chosen: option.value == value,
    };
    let control = match spec.options.as_slice() {
        [] => page::Control::Plain { value },
        options => page::Control::Options { all: options.iter().map(option).collect() },
    };
    page::Field {
        name: spec.name.clone(),
        label: spec.label.clone(),
        help: spec.help.clone(),
        placeholder: spec.placeholder.clone(),
        required: true,
        control,
        error: draft.fault(&spec.name),
    }
}

fn field(spec: &FieldSpec, of: &str, kind: Option<&KindSpec>, draft: &Draft) -> page::Field {
    let prefixes = |environment: Environment| {
        let all = kind.map(|k| k.prefixes.as_slice()).unwrap_or_default();
        let known =
            all.iter().filter(|prefix| prefix.environment == Some(environment)).map(|prefix| prefix.prefix.as_str());
        known.collect::<Vec<_>>().join(" ")
    };
    let control = if spec.secret {
        page::Control::Secret { test: prefixes(Environment::Test), live: prefixes(Environment::Live) }
    } else {
        page::Control::Plain { value: draft.plain.get(&sent_as(of, &spec.name)).cloned().unwrap_or_default() }
    };
    page::Field {
        name: spec.name.clone(),
        label: spec.label.clone(),
        help: spec.help.clone(),
        placeholder: spec.placeholder.clone(),
        required: spec.required,
        control,
        error: draft.fault(&spec.name).filter(|_| of == draft.way),
    }
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let node_type = app.catalog.get(&path.1).ok_or(Error::NotFound)?;
    let around = surroundings(&app, &demand).await?;
    let mut fields = form.into_inner();
    let people = Sent::take(&mut fields)?;
    let (entry, mut draft, trimmed) = match understand(&app, node_type, fields.into_iter().collect(), people)? {
        Read::Whole(entry, draft, trimmed) => (entry, draft, trimmed),
        Read::Faulty(draft) => {
            return frame::again(&app, &visitor, &form_page(&visitor, &around, demand.ws(), node_type, &draft));
        }
    };
    let kit = visitor.kit(&app);
    let stored = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| secrets::create(tx, by, tools, &entry)));
    match stored.await {
        Ok(id) => {
            let flash = if trimmed { Flash::SecretTrimmed } else { Flash::SecretStored };
            Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(flash)))
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
            frame::again(&app, &visitor, &form_page(&visitor, &around, demand.ws(), node_type, &draft))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

enum Read {
    Whole(Box<Entry>, Draft, bool),
    Faulty(Draft),
}

fn understand(app: &App, node_type: &NodeType, mut form: Fields, people: Sent) -> Result<Read, Error> {
    let text = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    let (name, name_input) = forms::name(text("name"));
    let (expires_at, expires_on) = forms::last_day(text("expires_on"), app.clock.now());
    let environment: Environment = text("environment").parse().map_err(|_| Error::BadRequest)?;
    let delivery: Delivery = text("delivery").parse().map_err(|_| Error::BadRequest)?;
    // A form without the choice leaves it to the workspace.
    let sharing = match text("sharing") {
        "" => None,
        word => Some(word.parse().map_err(|_| Error::BadRequest)?),
    };
    let confirmed = text("environment_confirmed") == "yes";
    let (chosen, kind) = chosen_way(node_type, &form)?;
    let mut draft = Draft {
        name: name_input,
        expires_on,
        environment: Some(environment),
        delivery: Some(delivery),
        sharing,
        people,
        way: chosen,
        ..Draft::default()
    };
    let given = take_fields(node_type, kind, &draft.way, &mut form);
    for name in secret_names(node_type) {
        form.remove(&name);
    }
    draft.plain = form;
    let filled = match entering::fill(node_type, kind, given) {
        Ok(filled) => Some(filled),
        Err(faults) => {
            draft.faults = faults;
            None
        }
    };
    draft.disagreement = filled.as_ref().and_then(|f| disagreement(f, environment)).filter(|_| !confirmed);
    match (name, expires_at, filled) {
        (Some(name), Some(expires_at), Some(filled)) if draft.disagreement.is_none() => {
            let slug: Slug = node_type.slug.parse().map_err(|_| Error::Internal)?;
            let trimmed = filled.trimmed;
            let Filled { kind, last_four, facts, credential, .. } = filled;
            let entry = Entry {
                node_type: slug,
                environment,
                name,
                kind,
                delivery,
                sharing,
                people: draft.people.chosen.clone(),
                expires_at,
                last_four,
                facts,
                credential,
            };
            Ok(Read::Whole(Box::new(entry), draft, trimmed))
        }
        _ => {
            draft.refused = true;
            Ok(Read::Faulty(draft))
        }
    }
}

fn chosen_way<'a>(node_type: &'a NodeType, form: &Fields) -> Result<(String, &'a KindSpec), Error> {
    let word = |group: &str| form.get(group).map(String::as_str);
    let kind = entering::pick(node_type, word("kind"), word("placement")).ok_or(Error::BadRequest)?;
    let way = if node_type.placement_choices.is_empty() { Some(kind.kind.as_str()) } else { word("placement") };
    Ok((way.unwrap_or_default().to_owned(), kind))
}

/// The fields that belong to the chosen way, by the catalogue's names. Plain ones stay on the form too.
fn take_fields(node_type: &NodeType, kind: &KindSpec, way: &str, form: &mut Fields) -> Given {
    let parts = node_type.parts.iter().map(|part| (&part.name, false, sent_as(ROUTE, &part.name)));
    let fields = kind.fields.iter().map(|spec| (&spec.name, spec.secret, sent_as(way, &spec.name)));
    let given = parts.chain(fields).filter_map(|(name, secret, key)| {
        let text = if secret { form.remove(&key) } else { form.get(&key).cloned() };
        Some((name.clone(), Entered::new(text?)))
    });
    given.collect()
}

/// Under which names this form sends secrets, those of ways that were not chosen too.
fn secret_names(node_type: &NodeType) -> Vec<String> {
    let kinds = node_type.kinds.iter().map(|kind| (kind.kind.as_str(), kind));
    let placements = node_type.placement_choices.iter().map(|choice| (choice.name.as_str(), &choice.kind));
    let secret = |(of, kind): (&str, &KindSpec)| -> Vec<String> {
        kind.fields.iter().filter(|spec| spec.secret).map(|spec| sent_as(of, &spec.name)).collect()
    };
    kinds.chain(placements).flat_map(secret).collect()
}

fn disagreement(filled: &Filled, chosen: Environment) -> Option<String> {
    let says = filled.prefix_says.filter(|says| *says != chosen)?;
    Some(format!("This looks like a {says} key, and you chose {chosen}."))
}
