//! The form with a draft in it, from wherever that comes.

use crate::catalog::{Draft, FurtherField, PLACES, ROWS};
use crate::domain::{Carried, Kind, Method};
use crate::web::chrome::Place;
use crate::web::frame::{self, Frame};
use crate::web::secrets::page::{Control, Field};
use crate::web::view::{Choice, Input};
use crate::web::visitor::Visitor;

use super::{Around, page, provider};

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
    let known = around.known.as_ref();
    // The method of a known one stays, and so the others are nothing to choose from.
    let offered = Method::ALL.iter().filter(|method| known.is_none_or(|known| known.method == **method));
    page::Custom {
        chrome: frame::chrome(visitor, Some(frame), title, Place::NodeTypes),
        ws: ws.to_owned(),
        name: input("name", &draft.name),
        base_url: input("base_url", &draft.base_url),
        methods: offered.map(|method| provider::asking(*method, draft, fault)).collect(),
        method_error: fault("method"),
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

pub(super) fn typed(name: &str, label: &str, value: &str) -> Field {
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
