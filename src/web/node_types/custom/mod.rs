//! A custom API on a form. Whoever has a draft, from wherever, can have the form filled in with it.

mod form;
mod page;
mod provider;

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::custom_apis::{self, CustomRefusal, Going, Kept, Meant};
use crate::app::App;
use crate::catalog::{Draft, DraftFault};
use crate::domain::{Method, Slug};
use crate::store::Fault;
use crate::store::access::Admin;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::counted;
use crate::web::visitor::{Demand, Visitor};

use super::Never;
pub(in crate::web) use form::form_page;

/// What a form shows beside what was typed.
#[derive(Default)]
pub(in crate::web) struct Around {
    pub known: Option<page::Known>,
    pub faults: Vec<DraftFault>,
    pub refused: bool,
    /// Whether the draft comes from a description of the API.
    pub imported: bool,
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
        Ok(slug) => {
            let flash = match draft.method.parse() {
                Ok(Method::OAuth) => Flash::CustomApiToConnect,
                Ok(Method::ClientCredentials) => Flash::CustomApiOfClients,
                Ok(Method::Key) | Err(_) => Flash::CustomApiMade,
            };
            Ok(see_other(&app, &url::node_type(demand.ws(), slug.as_str()), Some(flash)))
        }
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
        method: kept.row.method,
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
        Ok(gone) => {
            let flash = match gone.clients.len() + gone.brought {
                0 if gone.secrets > 0 => Flash::CustomApiMoved,
                0 => Flash::CustomApiChanged,
                _ => Flash::CustomApiAsksElsewhere,
            };
            return Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(flash)));
        }
        Err(Fault::Refused(CustomRefusal::Faults(faults))) => (faults, None),
        Err(Fault::Refused(CustomRefusal::Unconfirmed(going))) => {
            (Vec::new(), Some((going.all(), question(&going, &kept))))
        }
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

fn question(going: &Going, kept: &Kept) -> String {
    let number = |one, many| counted(u64::try_from(going.secrets).unwrap_or(u64::MAX), one, many);
    let names: Vec<&str> = kept.holding.iter().take(NAMED).map(|row| row.secret.name.as_str()).collect();
    let more = if kept.holding.len() > NAMED { " and others" } else { "" };
    let names = format!("{}{more}", names.join(", "));
    let mut words = Vec::new();
    match kept.row.method {
        _ if going.secrets == 0 => {}
        Method::OAuth => words.push(format!(
            "{} disconnected by this: {names}. Their places and bindings stay. The provider is not asked to forget them: \
             take the access back there.",
            number("account is", "accounts are")
        )),
        Method::Key | Method::ClientCredentials => words.push(format!(
            "{} destroyed by this: {names}. Their places and bindings stay, without a value.",
            number("value is", "values are")
        )),
    }
    match going.clients.as_slice() {
        [] => {}
        [one] => words.push(format!(
            "The OAuth client for {one} is destroyed: its secret was entered for the provider as it is now, and is \
             entered again."
        )),
        _ => words.push(
            "The OAuth clients for test and live are destroyed: their secrets were entered for the provider as it is \
             now, and are entered again."
                .to_owned(),
        ),
    }
    if going.brought > 0 {
        let brought = counted(u64::try_from(going.brought).unwrap_or(u64::MAX), "OAuth client", "OAuth clients");
        words.push(format!("What organizations have brought is destroyed with it: {brought}."));
    }
    words.join(" ")
}
