//! Storing a key: the form that its node type needs. The first one brings the node type into the workspace.

use std::borrow::Cow;
use std::collections::HashMap;

use actix_web::web::{Data, Path};

use crate::actions::entering::{self, FieldFault, Filled, Given};
use crate::actions::node_types::BuiltIn;
use crate::actions::secrets::{self, Entry, Hung, SecretRefusal};
use crate::app::App;
use crate::catalog::{CUSTOM, FieldSpec, KindSpec, NodeType, Part, PartOption};
use crate::crypto::Entered;
use crate::domain::{Delivery, Environment, Sharing, Slug, policy};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::{self, Fault};
use crate::web::catalogue::mark_of;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::{Choice, Input, Link};
use crate::web::visitor::{Demand, Visitor};

use super::page;

type Never = std::convert::Infallible;

/// What stands around the form, and what it is about.
struct Around {
    frame: Frame,
    /// Who may use the secret where nobody says otherwise.
    sharing: Sharing,
    row: Option<NodeTypeRow>,
    may_add: bool,
}

async fn surroundings(app: &Data<App>, demand: &Demand<Member>, slug: &str) -> Result<Around, Error> {
    let slug: Slug = slug.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>(Around {
            frame: Frame::of_member(tx, by)?,
            sharing: store::workspaces::default_sharing(tx, by)?,
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
        return Ok((node, Hung::Known(row.revision)));
    }
    let node = app.catalog.get(slug).ok_or(Error::NotFound)?;
    let built_in = BuiltIn::of(node).ok_or(Error::NotFound)?;
    if around.may_add { Ok((Cow::Borrowed(node), Hung::New(built_in))) } else { Err(Error::Forbidden) }
}

/// The form as it was sent: the fixed fields by name, the catalogue's by theirs.
pub type Sent = HashMap<String, String>;

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
    disagreement: Option<String>,
    refused: bool,
}

impl Draft {
    fn fault(&self, field: &str) -> Option<String> {
        self.faults.iter().find(|fault| fault.field == field).map(|fault| fault.message.clone())
    }
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
    let (frame, default) = (&around.frame, around.sharing);
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
    page::New {
        chrome: frame::chrome(visitor, Some(frame), &format!("Add a key for {}", node_type.name), Place::Secrets),
        ws: ws.to_owned(),
        node_type: mark_of(node_type),
        revision: around.row.as_ref().map_or(0, |row| row.revision),
        brings_it: around.row.is_none(),
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
            let flash = if trimmed { Flash::SecretTrimmed } else { Flash::SecretStored };
            Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(flash)))
        }
        Err(Fault::Refused(SecretRefusal::NoNodeType)) => Err(Error::NotFound),
        Err(Fault::Refused(SecretRefusal::NoSharing)) => Err(Error::BadRequest),
        Err(Fault::Refused(refusal)) => {
            draft.name = wrong(&draft.name.value, &refusal.to_string());
            draft.refused = true;
            again(&draft)
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

enum Read {
    Whole(Box<Entry>, Draft, bool),
    Faulty(Draft),
}

fn understand(app: &App, (node_type, hook): (&NodeType, Hung), sent: Vec<(String, String)>) -> Result<Read, Error> {
    let mut form: Sent = sent.into_iter().collect();
    let hook = as_seen(node_type, hook, form.get("revision"));
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
                hook,
                environment,
                name,
                kind,
                delivery,
                sharing,
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

/// A custom API may have been described anew while the form was open; the catalogue's own never are.
fn as_seen(node_type: &NodeType, hook: Hung, seen: Option<&String>) -> Hung {
    match hook {
        Hung::Known(_) if node_type.slug.starts_with(CUSTOM) => {
            Hung::Known(seen.and_then(|text| text.parse().ok()).unwrap_or_default())
        }
        other => other,
    }
}

fn chosen_way<'a>(node_type: &'a NodeType, form: &Sent) -> Result<(String, &'a KindSpec), Error> {
    let word = |group: &str| form.get(group).map(String::as_str);
    let kind = entering::pick(node_type, word("kind"), word("placement")).ok_or(Error::BadRequest)?;
    let way = if node_type.placement_choices.is_empty() { Some(kind.kind.as_str()) } else { word("placement") };
    Ok((way.unwrap_or_default().to_owned(), kind))
}

/// The fields that belong to the chosen way, by the catalogue's names. Plain ones stay on the form too.
fn take_fields(node_type: &NodeType, kind: &KindSpec, way: &str, form: &mut Sent) -> Given {
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
