//! From one value to another: promoting the next one, going back, dropping it, and taking the value away.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::revoking::{self, Forgetting};
use crate::actions::values::{self, ValueRefusal};
use crate::app::App;
use crate::domain::{Method, SecretId};
use crate::store::access::Member;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{self, Reply, see_other};
use crate::web::url;
use crate::web::view::Link;
use crate::web::visitor::{Demand, Visitor};

use super::pages_of_life::{Disconnect, Revoke};
use super::{Found, Never, find, mark, owner_of, used_by};

type At = Path<(String, String)>;

/// Which value the page had shown; one without it means none.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Meant {
    number: String,
}

#[derive(Clone, Copy)]
enum Turn {
    Promote,
    RollBack,
    Drop,
}

pub async fn promote(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    form: CsrfForm<Meant>,
    app: Data<App>,
) -> Reply {
    turn(visitor, demand, &path.1, (Turn::Promote, form.into_inner()), app).await
}

pub async fn roll_back(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    form: CsrfForm<Meant>,
    app: Data<App>,
) -> Reply {
    turn(visitor, demand, &path.1, (Turn::RollBack, form.into_inner()), app).await
}

pub async fn drop_next(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    form: CsrfForm<Meant>,
    app: Data<App>,
) -> Reply {
    turn(visitor, demand, &path.1, (Turn::Drop, form.into_inner()), app).await
}

async fn turn(
    visitor: Visitor,
    demand: Demand<Member>,
    id: &str,
    (turn, meant): (Turn, Meant),
    app: Data<App>,
) -> Reply {
    let id: SecretId = id.parse().map_err(|_| Error::NotFound)?;
    let (kit, of) = (visitor.kit(&app), (id.clone(), meant.number.parse::<i64>().unwrap_or_default()));
    let turned = app.db.write(demand.ask(), move |tx, by| {
        let of = (&of.0, of.1);
        kit.by_person(by.person(), |tools| match turn {
            Turn::Promote => values::promote(tx, by, tools, of),
            Turn::RollBack => values::roll_back(tx, by, tools, of),
            Turn::Drop => values::drop_next(tx, by, tools, of),
        })
    });
    let flash = match (turned.await, turn) {
        (Ok(()), Turn::Promote) => Flash::NextPromoted,
        (Ok(()), Turn::RollBack) => Flash::RolledBack,
        (Ok(()), Turn::Drop) => Flash::NextDropped,
        (Err(Fault::Refused(ValueRefusal::Over)), _) => Flash::NextOver,
        (Err(Fault::Refused(_)), _) => Flash::ValuesChanged,
        (Err(Fault::Store(error)), _) => return Err(error.into()),
    };
    Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(flash)))
}

/// How the key itself is taken back, in the words of its node type.
async fn revoke_of(app: &Data<App>, demand: &Demand<Member>, found: &Found) -> Result<Revoke, Error> {
    let slug = found.row.secret.node_type.clone();
    let spec = app.db.read(demand.ask(), move |tx, by| {
        Ok::<_, Fault<Never>>(store::node_types::find(tx, by, &slug)?.and_then(|row| row.spec))
    });
    let spec = spec.await?;
    let described = app.catalog.describe(found.row.secret.node_type.as_str(), spec.as_deref());
    let Some(node_type) = described else {
        return Ok(Revoke { asks: false, account: false, text: String::new(), link: None });
    };
    let connected = found.row.secret.kind.method() == Method::OAuth;
    let asks = connected && node_type.can_forget();
    let revoke = &node_type.guide.revoke;
    let label = format!("Take it back at {}", node_type.name);
    // The page that the guide names is the one where keys are made.
    let link = revoke.url.as_ref().filter(|_| !connected).map(|url| Link { label, url: url.clone() });
    Ok(Revoke { asks, account: connected, text: revoke.text.clone(), link })
}

pub async fn ask_disconnect(visitor: Visitor, demand: Demand<Member>, path: At, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    if !found.may_rotate {
        return Err(Error::Forbidden);
    }
    let secret = &found.row.secret;
    if secret.value_entered_at.is_none() {
        return Ok(see_other(&app, &url::secret(demand.ws(), secret.id.as_str()), Some(Flash::HoldsNothing)));
    }
    let template = Disconnect {
        chrome: frame::chrome(&visitor, Some(&found.frame), "Disconnect a secret", Place::Secrets),
        ws: demand.ws().to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: mark(secret),
        environment: secret.environment,
        yours: found.yours,
        owner: owner_of(&found.row),
        used_by: used_by(demand.ws(), &found.frame, &found.users, found.now),
        serving: found.serving.clone(),
        values: 1 + found.held.len(),
        revoke: revoke_of(&app, &demand, &found).await?,
    };
    frame::page(&app, &visitor, &template)
}

pub async fn disconnect(
    visitor: Visitor,
    demand: Demand<Member>,
    path: At,
    _form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let means = app.connecting(visitor.kit(&app));
    let flash = match revoking::disconnect(&means, demand.ask(), id.clone()).await? {
        Forgetting::Nothing => Flash::SecretDisconnected,
        Forgetting::Done => Flash::AccountForgotten,
        Forgetting::Unsure => Flash::AccountKept,
    };
    Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(flash)))
}
