//! A custom API from an OpenAPI description: paste, look, correct on the form.
//!
//! Invariant: nothing of a description is kept on the server. What the second page offers travels in its form, and goes
//! through the same check as whatever is typed.

mod page;
mod told;

use std::sync::Arc;

use actix_web::FromRequest as _;
use actix_web::HttpRequest;
use actix_web::web::{self, Data, Payload};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::catalog::openapi::{self, ImportError, LONGEST, Understood};
use crate::catalog::{CUSTOM, Draft, DraftFault};
use crate::store::access::Admin;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::frame::{self, Frame, Reply};
use crate::web::upload::{NoText, Text, Upload};
use crate::web::visitor::{Demand, Visitor};

use super::custom::{Around, form_page, frame_of};

const TITLE: &str = "Import an API description";
/// So many are read at once: a long one takes a processor for some seconds, and several times its size of memory.
const AT_ONCE: usize = 2;
static READING: Semaphore = Semaphore::const_new(AT_ONCE);
/// What was pasted comes back with an error up to this length; longer texts are pasted again.
const SHOWN_AGAIN: usize = 256 * 1_024;

fn first_page(visitor: &Visitor, frame: &Frame, ws: &str, error: Option<String>, pasted: String) -> page::New {
    let chrome = frame::chrome(visitor, Some(frame), TITLE, Place::NodeTypes);
    page::New { chrome, ws: ws.to_owned(), error, pasted }
}

pub async fn new(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    frame::page(&app, &visitor, &first_page(&visitor, &frame, demand.ws(), None, String::new()))
}

/// Reads nothing of the body before it is known that this person may.
pub async fn create(
    visitor: Visitor,
    demand: Demand<Admin>,
    request: HttpRequest,
    payload: Payload,
    app: Data<App>,
) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let sent = Upload::<LONGEST>::from_request(&request, &mut payload.into_inner()).await?;
    let text = match sent.text {
        Ok(text) => Arc::new(text),
        Err(why) => {
            let template = first_page(&visitor, &frame, demand.ws(), Some(told_of(why)), String::new());
            return frame::again(&app, &visitor, &template);
        }
    };
    match understand(&text).await? {
        Ok(found) => {
            let chrome = frame::chrome(&visitor, Some(&frame), "What the description says", Place::NodeTypes);
            frame::page(&app, &visitor, &told::page(demand.ws(), &found, chrome))
        }
        Err(error) => {
            let template = first_page(&visitor, &frame, demand.ws(), Some(error.to_string()), again(&text));
            frame::again(&app, &visitor, &template)
        }
    }
}

fn told_of(why: NoText) -> String {
    match why {
        NoText::Empty => ImportError::Empty.to_string(),
        NoText::TooLarge => ImportError::TooLarge.to_string(),
        NoText::Two => "Paste a description or choose its file, and not both.".to_owned(),
    }
}

fn again(text: &Text) -> String {
    let pasted = Some(&text.bytes).filter(|bytes| text.pasted && bytes.len() <= SHOWN_AGAIN);
    pasted.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default().to_owned()
}

/// Away from the threads that answer requests. The turn ends with the reading, which goes on when who asked has left.
async fn understand(text: &Arc<Text>) -> Result<Result<Understood, ImportError>, Error> {
    let turn = READING.acquire().await.map_err(|_| Error::Internal)?;
    let text = text.clone();
    let read = move || {
        let _turn = turn;
        openapi::read(&text.bytes)
    };
    web::block(read).await.map_err(|_| Error::Internal)
}

/// What was chosen of a description.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Chosen {
    name: String,
    /// The base URL.
    server: String,
    /// How a key travels, as the form of a custom API says it.
    way: String,
}

impl Chosen {
    fn draft(self) -> Draft {
        let way: Draft = serde_html_form::from_str(&self.way).unwrap_or_default();
        Draft { name: self.name, base_url: self.server, ..way }
    }
}

/// The form of a custom API with what was chosen in it, and at once with what is to be corrected.
pub async fn choose(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Chosen>, app: Data<App>) -> Reply {
    let frame = frame_of(&app, &demand).await?;
    let draft = form.into_inner().draft();
    let around = Around { faults: faults(&app, &draft), imported: true, ..Around::default() };
    frame::page(&app, &visitor, &form_page(&visitor, &frame, demand.ws(), &draft, around))
}

fn faults(app: &App, draft: &Draft) -> Vec<DraftFault> {
    let Ok(slug) = format!("{CUSTOM}imported").parse() else { return Vec::new() };
    let mut faults = app.catalog.custom(draft, &slug).err().unwrap_or_default();
    // What the description does not say is only still to be entered.
    faults.retain(|fault| !(fault.field == "base_url" && draft.base_url.is_empty()));
    faults
}
