//! Putting off the reminders of a secret's dates, for the one who asks.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::reminders::{self, SnoozeRefusal};
use crate::app::App;
use crate::domain::SecretId;
use crate::store::Fault;
use crate::store::access::Member;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::url;
use crate::web::visitor::{Demand, Visitor};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    days: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let days: u64 = form.into_inner().days.parse().unwrap_or_default();
    let kit = visitor.kit(&app);
    let snoozed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| reminders::snooze(tx, by, tools, (&id, days)))
    });
    let flash = match snoozed.await {
        Ok(()) => Flash::ReminderSnoozed,
        // Somebody has taken its dates away meanwhile.
        Err(Fault::Refused(SnoozeRefusal::NoDate)) => Flash::ReminderGone,
        Err(Fault::Refused(SnoozeRefusal::OtherSpan)) => return Err(Error::BadRequest),
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    Ok(see_other(&app, &url::workspace(demand.ws()), Some(flash)))
}
