//! The invitations to one's own address, which need no link.

use actix_web::web::{Data, Path};

use crate::actions::invitations;
use crate::app::App;
use crate::domain::InvitationId;
use crate::store::access::{AskInvited, Which};
use crate::store::{Denied, Error as StoreError, Fault};
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::visitor::{Myself, Visitor};

type Never = std::convert::Infallible;

fn ask_of(visitor: &Visitor, id: &str) -> Result<AskInvited, Error> {
    let session = visitor.session.clone().ok_or(Error::SignIn)?;
    let id: InvitationId = id.parse().map_err(|_| Error::NotFound)?;
    Ok(AskInvited { session, which: Which::Mine(id) })
}

pub async fn accept(
    visitor: Visitor,
    _myself: Myself,
    id: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let ask = ask_of(&visitor, &id)?;
    let kit = visitor.kit(&app);
    let accepted =
        app.db.write(ask, move |tx, by| kit.by_person(&by.holder().person, |tools| invitations::accept(tx, by, tools)));
    match accepted.await {
        Ok(slug) => Ok(see_other(&app, &url::workspace(slug.as_str()), Some(Flash::Joined))),
        Err(fault) => gone(&app, fault),
    }
}

pub async fn decline(
    visitor: Visitor,
    _myself: Myself,
    id: Path<String>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let ask = ask_of(&visitor, &id)?;
    let kit = visitor.kit(&app);
    let declined = app.db.write::<_, _, Never, _>(ask, move |tx, by| {
        kit.by_person(&by.holder().person, |tools| invitations::decline(tx, by, tools))
    });
    match declined.await {
        Ok(()) => Ok(see_other(&app, &url::account(), Some(Flash::InvitationDeclined))),
        Err(fault) => gone(&app, fault),
    }
}

/// Back to the account, which shows what is open now.
fn gone<E>(app: &Data<App>, fault: Fault<E>) -> Reply {
    match fault {
        Fault::Store(StoreError::Denied(Denied::SpentLink)) | Fault::Refused(_) => {
            Ok(see_other(app, &url::account(), Some(Flash::InvitationGone)))
        }
        Fault::Store(error) => Err(error.into()),
    }
}
