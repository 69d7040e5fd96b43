//! Storing many secrets at once: paste, look, store.

mod page;
mod preview;

use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::actions::imports::{self, Common, FileFault, ImportRefusal, Look, MOST_BYTES, Reading, Report};
use crate::app::App;
use crate::domain::{Delivery, Environment, ImportId, Sharing};
use crate::store::access::Member;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::upload::{NoText, Text, Upload};
use crate::web::url;
use crate::web::view::{Link, NodeMark, Tone, When};
use crate::web::visitor::{Demand, Visitor};

use super::Never;

const TITLE: &str = "Import secrets";

/// What the first step's form holds besides the text.
struct Draft {
    format: String,
    environment: Environment,
    delivery: Delivery,
    sharing: Option<Sharing>,
    error: Option<String>,
}

async fn form_page(
    app: &Data<App>,
    visitor: &Visitor,
    demand: &Demand<Member>,
    draft: Draft,
) -> Result<page::New, Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        let waiting = store::imports::waiting(tx, by)?;
        let default = store::workspaces::default_sharing(tx, by)?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, waiting, default, tx.now()))
    });
    let (frame, waiting, default, now) = found.await?;
    let begun = waiting.map(|(id, end)| (url::import(demand.ws(), id.as_str()), When::new(end, now)));
    Ok(page::New {
        ws: demand.ws().to_owned(),
        workspace: frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        format: draft.format,
        environment: draft.environment,
        delivery: draft.delivery,
        sharing: draft.sharing.unwrap_or(default),
        error: draft.error,
        waiting: begun,
        chrome: frame::chrome(visitor, Some(&frame), TITLE, Place::Secrets),
    })
}

pub async fn new(visitor: Visitor, demand: Demand<Member>, app: Data<App>) -> Reply {
    let draft = Draft {
        format: String::new(),
        environment: Environment::Test,
        delivery: Delivery::Proxy,
        sharing: None,
        error: None,
    };
    let page = form_page(&app, &visitor, &demand, draft).await?;
    frame::page(&app, &visitor, &page)
}

pub async fn create(visitor: Visitor, demand: Demand<Member>, upload: Upload<MOST_BYTES>, app: Data<App>) -> Reply {
    let Upload { fields, text } = upload;
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let mut draft = Draft {
        format: field("format").to_owned(),
        // A form without these is taken for one that says nothing else.
        environment: field("environment").parse().unwrap_or(Environment::Test),
        delivery: field("delivery").parse().unwrap_or(Delivery::Proxy),
        sharing: field("sharing").parse().ok().filter(|sharing| *sharing != Sharing::Members),
        error: None,
    };
    let begun = match entered(text) {
        Ok(text) => begin(&app, &visitor, &demand, (text, &draft)).await?,
        Err(fault) => Err(fault),
    };
    match begun {
        Ok(id) => Ok(see_other(&app, &url::import(demand.ws(), id.as_str()), None)),
        Err(fault) => {
            draft.error = Some(fault.to_string());
            let page = form_page(&app, &visitor, &demand, draft).await?;
            frame::again(&app, &visitor, &page)
        }
    }
}

fn entered(text: Result<Text, NoText>) -> Result<crate::crypto::Entered, FileFault> {
    let mut text = text.map_err(|why| match why {
        NoText::Empty => FileFault::Empty,
        NoText::TooLarge => FileFault::TooLarge,
        NoText::Two => FileFault::Two,
    })?;
    imports::text_of(std::mem::take(&mut *text.bytes))
}

async fn begin(
    app: &Data<App>,
    visitor: &Visitor,
    demand: &Demand<Member>,
    (text, draft): (crate::crypto::Entered, &Draft),
) -> Result<Result<ImportId, FileFault>, Error> {
    let reading = match draft.format.as_str() {
        "csv" => Reading::Table,
        "env" => Reading::Variables,
        _ => Reading::Guess,
    };
    let (kit, catalog) = (visitor.kit(app), app.catalog.clone());
    let (environment, delivery, sharing) = (draft.environment, draft.delivery, draft.sharing);
    let begun = app.db.write(demand.ask(), move |tx, by| {
        let sharing = match sharing {
            Some(sharing) => sharing,
            None => store::workspaces::default_sharing(tx, by)?,
        };
        let common = Common { environment, delivery, sharing };
        kit.by_person(by.person(), |tools| imports::begin(tx, by, tools, &catalog, (&text, reading, common)))
    });
    match begun.await {
        Ok(id) => Ok(Ok(id)),
        Err(Fault::Refused(fault)) => Ok(Err(fault)),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}

/// Which rows of an import are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    from: String,
    only: String,
}

impl Asked {
    fn from(&self) -> usize {
        self.from.parse().unwrap_or_default()
    }
}

/// The import as it stands, or a page that tells what came of it.
async fn shown(
    app: &Data<App>,
    visitor: &Visitor,
    demand: &Demand<Member>,
    (id, asked, notice): (&ImportId, &Asked, Option<(Tone, String)>),
) -> Reply {
    let (keyring, catalog, wanted) = (app.keyring.clone(), app.catalog.clone(), id.clone());
    let found = app.db.read(demand.ask(), move |tx, by| {
        let look = imports::look(tx, by, (&keyring, &catalog), &wanted)?;
        Ok((Frame::of_member(tx, by)?, look, tx.now()))
    });
    let (frame, look, now) = found.await.map_err(error_of)?;
    let chrome = frame::chrome(visitor, Some(&frame), TITLE, Place::Secrets);
    match look {
        Look::After(report) => frame::page(app, visitor, &done(demand.ws(), report, chrome)),
        Look::Before(found) => {
            let refused = notice.is_some();
            let page = preview::page(&found, (demand.ws(), id, now), asked, (chrome, notice));
            if refused { frame::again(app, visitor, &page) } else { frame::page(app, visitor, &page) }
        }
    }
}

/// An import that cannot be opened any more is as good as gone.
fn error_of(fault: Fault<ImportRefusal>) -> Error {
    match fault {
        Fault::Refused(_) => Error::NotFound,
        Fault::Store(error) => error.into(),
    }
}

fn done(ws: &str, report: Report, chrome: crate::web::chrome::Chrome) -> page::Done {
    let count = report.stored.iter().map(|stored| stored.count).sum::<u64>();
    let stored = report.stored.into_iter().map(|stored| {
        let filter = [("node_type", stored.node_type.as_str()), ("environment", stored.environment.as_str())];
        page::Stored {
            secrets: Link {
                label: page::count(usize::try_from(stored.count).unwrap_or_default()),
                url: url::with_query(&url::secrets(ws), &filter),
            },
            node_type: NodeMark { slug: stored.node_type, name: stored.name },
            environment: stored.environment,
        }
    });
    let number = page::count(usize::try_from(count).unwrap_or_default());
    let verb = if count == 1 { "is" } else { "are" };
    page::Done {
        chrome,
        ws: ws.to_owned(),
        title: format!("{number} {verb} on the rack"),
        stored: stored.collect(),
        left_out: report.left_out,
    }
}

fn id_of(text: &str) -> Result<ImportId, Error> {
    text.parse().map_err(|_| Error::NotFound)
}

pub async fn show(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    asked: Query<Asked>,
    app: Data<App>,
) -> Reply {
    shown(&app, &visitor, &demand, (&id_of(&path.1)?, &asked, None)).await
}

pub async fn update(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let id = id_of(&path.1)?;
    let sent = preview::Sent::of(form.into_inner());
    let asked = sent.asked();
    let (to_store, seen) = (sent.is("act", "store"), sent.seen());
    let (keyring, catalog, wanted) = (app.keyring.clone(), app.catalog.clone(), id.clone());
    let changed = app.db.write(demand.ask(), move |tx, by| {
        imports::choose(tx, by, (&keyring, &catalog), &wanted, |choices| sent.put_into(choices))
    });
    let changed = changed.await.map_err(error_of)?;
    if !to_store {
        let pairs = [("from", asked.from.as_str()), ("only", asked.only.as_str())];
        return Ok(see_other(&app, &url::with_query(&url::import(demand.ws(), id.as_str()), &pairs), None));
    }
    if changed {
        let notice = (Tone::Info, "You have changed something. Look at it once more, then store it.".to_owned());
        return shown(&app, &visitor, &demand, (&id, &asked, Some(notice))).await;
    }
    let (kit, catalog, wanted) = (visitor.kit(&app), app.catalog.clone(), id.clone());
    let stored = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| imports::store(tx, by, tools, &catalog, (&wanted, &seen)))
    });
    let refused = match stored.await {
        Ok(()) => return Ok(see_other(&app, &url::import(demand.ws(), id.as_str()), None)),
        Err(Fault::Refused(refused @ ImportRefusal::Row { .. })) => format!("Nothing is stored yet. {refused}"),
        Err(Fault::Refused(ImportRefusal::Faulty)) => {
            "Nothing is stored yet. Put right what is marked below.".to_owned()
        }
        Err(Fault::Refused(refused @ ImportRefusal::ChangedSince)) => format!("Nothing is stored yet. {refused}"),
        Err(fault) => return Err(error_of(fault)),
    };
    shown(&app, &visitor, &demand, (&id, &asked, Some((Tone::Bad, refused)))).await
}

pub async fn cancel(
    demand: Demand<Member>,
    path: Path<(String, String)>,
    _form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let id = id_of(&path.1)?;
    app.db.write(demand.ask(), move |tx, by| imports::cancel(tx, by, &id)).await?;
    Ok(see_other(&app, &url::secrets(demand.ws()), Some(Flash::ImportCancelled)))
}
