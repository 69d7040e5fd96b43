//! A custom API on a form. Whoever has a draft, from wherever, can have the form filled in with it.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::custom_apis::{self, CustomRefusal, Kept, Meant};
use crate::app::App;
use crate::catalog::{Draft, DraftFault, FurtherField, PLACES, ROWS};
use crate::domain::{Carried, Kind, Slug};
use crate::store::Fault;
use crate::store::access::Admin;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::secrets::page::{Control, Field};
use crate::web::url;
use crate::web::view::{Choice, Input, counted};
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page};

/// What a form shows beside what was typed.
#[derive(Default)]
pub(in crate::web) struct Around {
    pub known: Option<page::Known>,
    pub faults: Vec<DraftFault>,
    pub refused: bool,
    /// Whether the draft comes from a description of the API.
    pub imported: bool,
}

/// The form with a draft in it.
pub(in crate::web) fn form_page(
    visitor: &Visitor,
    frame: &Frame,
    ws: &str,
    draft: &Draft,
    around: Around,
) -> page::Custom {
    let fault = |field: &str| {
        let found = around.faults.iter().find(|fault| fault.field == field);
        found.map(|fault| fault.message.clone())
    };
    let input = |field: &str, value: &str| Input { value: value.to_owned(), error: fault(field) };
    let title = around.known.as_ref().map_or("Add a custom API", |known| known.name.as_str());
    let kind = |kind: &Kind| Choice {
        value: kind.to_string(),
        label: kind.label().to_owned(),
        chosen: draft.kind == kind.as_str(),
    };
    let way = |carried: &Carried| {
        let (label, words) = told(*carried);
        let fields = fields_of(*carried, draft);
        page::Way {
            value: carried.to_string(),
            label,
            words,
            chosen: draft.placement == carried.as_str(),
            fields: fields.into_iter().map(|(name, field)| Field { error: fault(name), ..field }).collect(),
        }
    };
    page::Custom {
        chrome: frame::chrome(visitor, Some(frame), title, Place::NodeTypes),
        ws: ws.to_owned(),
        name: input("name", &draft.name),
        base_url: input("base_url", &draft.base_url),
        kinds: Kind::KEYS.iter().map(kind).collect(),
        placements: Carried::ALL.iter().map(way).collect(),
        placement_error: fault("placement").or_else(|| fault("kind")),
        further: draft.further.0.iter().enumerate().map(|(at, row)| further(at, row, fault)).collect(),
        probe_path: input("probe_path", &draft.probe_path),
        verified: input("verified", &draft.verified),
        rejected: input("rejected", &draft.rejected),
        description: input("description", &draft.description),
        refused: around.refused,
        imported: around.imported,
        known: around.known,
    }
}

fn told(carried: Carried) -> (&'static str, &'static str) {
    match carried {
        Carried::Bearer => ("Bearer token", "Sent as Authorization: Bearer …, as most APIs ask for."),
        Carried::Basic => ("Basic", "Sent as HTTP Basic authentication: user name and password, or the key alone."),
        Carried::Header => ("Header", "Sent in a header that the API names, such as X-Api-Key."),
        Carried::Query => {
            ("Query parameter", "Sent in the address; only where nothing else is offered: addresses end up in logs.")
        }
        Carried::Cookie => ("Cookie", "Sent as a cookie, as some older APIs ask for."),
    }
}

fn typed(name: &str, label: &str, value: &str) -> Field {
    Field {
        name: name.to_owned(),
        label: label.to_owned(),
        help: String::new(),
        placeholder: String::new(),
        required: true,
        control: Control::Plain { value: value.to_owned() },
        error: None,
    }
}

/// A row for what travels beside the key.
fn further(at: usize, row: &FurtherField, fault: impl Fn(&str) -> Option<String>) -> page::Further {
    let number = at + 1;
    let error = |field: &str| fault(&format!("more{number}-{field}"));
    let place = |place: &Carried| Choice {
        value: place.to_string(),
        label: told(*place).0.to_owned(),
        chosen: row.place == place.as_str(),
    };
    let places = Control::Options { all: PLACES.iter().map(place).collect() };
    let label = Field { help: "As whoever enters it reads it.".to_owned(), ..typed("label", "What it is", &row.label) };
    let name = Field { help: "Of the header, parameter or cookie.".to_owned(), ..typed("name", "Its name", &row.name) };
    page::Further {
        of: format!("more{number}"),
        number,
        fields: vec![
            Field { error: error("label"), ..label },
            Field { error: error("in"), control: places, ..typed("in", "Where it travels", "") },
            Field { error: error("name"), ..name },
        ],
        shown: (ROWS.get(at).map_or("", |names| names.shown), row.shown),
        is_empty: row.is_empty(),
    }
}

/// What is typed for a way, under the name that its faults have.
fn fields_of(carried: Carried, draft: &Draft) -> Vec<(&'static str, Field)> {
    let field = |name: &str, label: &str, placeholder: &str, value: &str| Field {
        placeholder: placeholder.to_owned(),
        ..typed(name, label, value)
    };
    match carried {
        Carried::Bearer | Carried::Basic => Vec::new(),
        Carried::Header => vec![
            ("header", field("name", "Name of the header", "X-Api-Key", &draft.header)),
            ("template", field("template", "What stands in it", "Token {value}", &draft.template)),
        ],
        Carried::Query => vec![("parameter", field("name", "Name of the parameter", "key", &draft.parameter))],
        Carried::Cookie => vec![("cookie", field("name", "Name of the cookie", "session", &draft.cookie))],
    }
}

pub(super) async fn frame_of(app: &Data<App>, demand: &Demand<Admin>) -> Result<Frame, Error> {
    Ok(app.db.read(demand.ask(), |tx, by| Ok::<_, Fault<Never>>(Frame::of_member(tx, by)?)).await?)
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let template = form_page(&visitor, &frame, demand.ws(), &Draft::default(), Around::default());
    frame::page(&app, &visitor, &template)
}

pub async fn create(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Draft>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let draft = form.into_inner();
    let (kit, catalog, sent) = (visitor.kit(&app), app.catalog.clone(), draft.clone());
    let made = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| custom_apis::create(tx, by, tools, (&catalog, &sent)))
    });
    match made.await {
        Ok(slug) => Ok(see_other(&app, &url::node_type(demand.ws(), slug.as_str()), Some(Flash::CustomApiMade))),
        Err(Fault::Refused(CustomRefusal::Faults(faults))) => {
            let around = Around { faults, refused: true, ..Around::default() };
            frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), &draft, around))
        }
        // Of what is not there yet, nothing is to be confirmed.
        Err(Fault::Refused(_)) => Err(Error::Internal),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

async fn find(app: &Data<App>, demand: &Demand<Admin>, slug: &str) -> Result<(Frame, Kept), Error> {
    let slug: Slug = slug.parse().map_err(|_| Error::NotFound)?;
    let catalog = app.catalog.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, custom_apis::find(tx, by, &catalog, &slug)?))
    });
    Ok(found.await?)
}

fn known(kept: &Kept, question: Option<(usize, String)>) -> page::Known {
    page::Known {
        slug: kept.row.slug.to_string(),
        name: kept.row.name.to_string(),
        revision: kept.row.revision,
        holding: kept.holding.len(),
        question,
    }
}

pub async fn edit(visitor: Visitor, demand: Demand<Admin>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let (frame, kept) = find(&app, &demand, &path.1).await?;
    let around = Around { known: Some(known(&kept, None)), ..Around::default() };
    frame::page(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), &kept.draft(), around))
}

/// What a form about a known one says besides the draft.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Sent {
    #[serde(flatten)]
    draft: Draft,
    revision: String,
    confirmed: String,
}

pub async fn update(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    form: CsrfForm<Sent>,
    app: Data<App>,
) -> Reply {
    let (frame, kept) = find(&app, &demand, &path.1).await?;
    let sent = form.into_inner();
    let meant = Meant { revision: sent.revision.parse().unwrap_or_default(), confirmed: sent.confirmed.parse().ok() };
    let (kit, catalog, draft, slug) =
        (visitor.kit(&app), app.catalog.clone(), sent.draft.clone(), kept.row.slug.clone());
    let changed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| custom_apis::change(tx, by, tools, (&catalog, &draft), (&slug, meant)))
    });
    let (faults, question) = match changed.await {
        Ok(disconnected) => {
            let flash = if disconnected > 0 { Flash::CustomApiMoved } else { Flash::CustomApiChanged };
            return Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(flash)));
        }
        Err(Fault::Refused(CustomRefusal::Faults(faults))) => (faults, None),
        Err(Fault::Refused(CustomRefusal::Unconfirmed(count))) => (Vec::new(), Some((count, question(count, &kept)))),
        Err(Fault::Refused(CustomRefusal::ChangedSince)) => {
            let message = "It was described anew since you opened this page. What you see is still yours: look whether it is right, and save it once more.";
            (vec![DraftFault { field: "name", message: message.to_owned() }], None)
        }
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    let around = Around { known: Some(known(&kept, question)), faults, refused: true, ..Around::default() };
    frame::again(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), &sent.draft, around))
}

/// Names that are told; of more only the number is.
const NAMED: usize = 10;

fn question(count: usize, kept: &Kept) -> String {
    let names: Vec<&str> = kept.holding.iter().take(NAMED).map(|row| row.secret.name.as_str()).collect();
    let more = if kept.holding.len() > NAMED { " and others" } else { "" };
    let number = counted(u64::try_from(count).unwrap_or(u64::MAX), "value is", "values are");
    format!("{number} destroyed by this: {}{more}. Their places and bindings stay, without a value.", names.join(", "))
}
