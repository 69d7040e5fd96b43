//! A new text for a token, with the old one going on for a while beside it.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::tokens::{self, RenewRefusal};
use crate::app::App;
use crate::domain::TokenId;
use crate::domain::policy::{self, Standing};
use crate::domain::token::Overlap;
use crate::store::access::Member;
use crate::store::tokens::TokenRow;
use crate::store::{self, Denied, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::url;
use crate::web::view::When;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page, snippets};

pub async fn new(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::tokens::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        if !policy::may_renew_token(Standing { person: by.person(), role: by.role() }, &row.maker, &row.abilities) {
            return Err(Denied::Forbidden.into());
        }
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, row, tx.now()))
    });
    let (frame, row, now) = found.await?;
    if !row.state(now).lives() {
        return Ok(see_other(&app, &url::token(demand.ws(), row.id.as_str()), Some(Flash::TokenOver)));
    }
    let template = page::Renew {
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        generation: row.generation,
        expires: row.expires_at.map(|at| When::new(at, now)),
        older: row.overlaps_until(now).map(|at| When::new(at, now)),
        chrome: frame::chrome(&visitor, Some(&frame), "A new text", Place::Tokens),
    };
    frame::page(&app, &visitor, &template)
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    generation: String,
    overlap: String,
}

pub async fn create(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Form>,
    app: Data<App>,
) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let form = form.into_inner();
    let to = url::token(demand.ws(), id.as_str());
    let kit = visitor.kit(&app);
    let renewed = app.db.write(demand.ask(), move |tx, by| {
        // Whether it is theirs is told before what is wrong with the form.
        let row: TokenRow = store::tokens::find(tx, by, &id)?.ok_or(Denied::NotFound)?;
        let (Ok(generation), Ok(overlap)) = (form.generation.parse(), form.overlap.parse::<Overlap>()) else {
            tx.unrecorded(store::Unrecorded::Nothing);
            return Ok(None);
        };
        let frame = Frame::of_member(tx, by)?;
        let renewed = kit.by_person(by.person(), |tools| tokens::renew(tx, by, tools, (&id, generation), overlap))?;
        Ok::<_, Fault<RenewRefusal>>(Some((frame, row, renewed, tx.now())))
    });
    let (frame, row, renewed, now) = match renewed.await {
        Ok(renewed) => renewed.ok_or(Error::BadRequest)?,
        Err(Fault::Refused(RenewRefusal::Renewed)) => return Ok(see_other(&app, &to, Some(Flash::TokenRenewed))),
        Err(Fault::Refused(RenewRefusal::Over)) => return Ok(see_other(&app, &to, Some(Flash::TokenOver))),
        Err(Fault::Store(error)) => return Err(error.into()),
    };
    let until = renewed.previous_until.map(|at| When::new(at, now));
    let template = page::Created {
        chrome: frame::chrome(&visitor, Some(&frame), "Your new text", Place::Tokens),
        ws: demand.ws().to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        environment: row.environment,
        token: renewed.token.as_str().to_owned(),
        old: until.map_or(page::Old::Ended, page::Old::Until),
        snippets: snippets::of(&app.config.server, &row.abilities, row.node_types.as_ref(), &row.maker),
    };
    frame::page(&app, &visitor, &template)
}

pub async fn end(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let (to, kit) = (url::token(demand.ws(), id.as_str()), visitor.kit(&app));
    let ended = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| tokens::end_previous(tx, by, tools, &id))
    });
    ended.await?;
    Ok(see_other(&app, &to, Some(Flash::OldTextEnded)))
}
