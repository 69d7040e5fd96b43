//! Disabling and removing a node type: first what stops or goes, in numbers and names.

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::node_types::{self, Hanging};
use crate::app::App;
use crate::domain::{Moment, Slug};
use crate::store::Fault;
use crate::store::access::Admin;
use crate::web::catalogue::mark_of_row;
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{is_typed, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::secrets::used_by;
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, Nothing, named, page};

/// Names that are told; of more only the number is.
const NAMED: usize = 100;

struct Seen {
    frame: Frame,
    hanging: Hanging,
    now: Moment,
}

async fn look(app: &Data<App>, demand: &Demand<Admin>, slug: Slug) -> Result<Seen, Error> {
    let seen = app.db.read(demand.ask(), move |tx, by| {
        let hanging = node_types::hanging(tx, by, &slug)?;
        Ok::<_, Fault<Never>>(Seen { frame: Frame::of_member(tx, by)?, hanging, now: tx.now() })
    });
    Ok(seen.await?)
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn impact(ws: &str, seen: &Seen) -> page::Impact {
    let hanging = &seen.hanging;
    let (own, outside): (Vec<_>, Vec<_>) = hanging.secrets.iter().partition(|row| row.secret.owner.is_some());
    let losing = own.iter().take(NAMED).map(|row| page::Losing {
        name: row.secret.name.to_string(),
        owner: row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default(),
        environment: row.secret.environment.to_string(),
    });
    let nodes = hanging.nodes.iter().take(NAMED);
    page::Impact {
        node_type: mark_of_row(&hanging.row),
        secrets: losing.collect(),
        members: number(own.len()),
        outside: number(outside.len()),
        nodes: nodes.map(|node| format!("{} of {}", node.key, node.workflow_name)).collect(),
        more_nodes: number(hanging.nodes.len().saturating_sub(NAMED)),
        users: used_by(ws, &seen.frame, &hanging.users, seen.now),
    }
}

pub async fn ask_to_disable(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    app: Data<App>,
) -> Reply {
    let seen = look(&app, &demand, named(&path)?).await?;
    let template = page::Disable {
        chrome: frame::chrome(&visitor, Some(&seen.frame), "Disable a node type", Place::NodeTypes),
        ws: demand.ws().to_owned(),
        impact: impact(demand.ws(), &seen),
    };
    frame::page(&app, &visitor, &template)
}

pub async fn disable(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let (kit, slug) = (visitor.kit(&app), named(&path)?);
    let disabled = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| node_types::disable(tx, by, tools, &slug))
    });
    disabled.await?;
    Ok(see_other(&app, &url::node_type(demand.ws(), &path.1), Some(Flash::NodeTypeDisabled)))
}

fn remove_page(visitor: &Visitor, ws: &str, seen: &Seen, confirm: Input) -> page::Remove {
    page::Remove {
        chrome: frame::chrome(visitor, Some(&seen.frame), "Remove a node type", Place::NodeTypes),
        ws: ws.to_owned(),
        impact: impact(ws, seen),
        seen: seen.hanging.fingerprint(),
        confirm,
    }
}

pub async fn ask_to_remove(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    app: Data<App>,
) -> Reply {
    let seen = look(&app, &demand, named(&path)?).await?;
    frame::page(&app, &visitor, &remove_page(&visitor, demand.ws(), &seen, Input::default()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Confirm {
    name: String,
    seen: String,
}

pub async fn remove(
    visitor: Visitor,
    demand: Demand<Admin>,
    path: Path<(String, String)>,
    form: CsrfForm<Confirm>,
    app: Data<App>,
) -> Reply {
    let (form, slug) = (form.into_inner(), named(&path)?);
    let seen = look(&app, &demand, slug.clone()).await?;
    let again = |seen: &Seen, message: &str| {
        let confirm = wrong(&form.name, message);
        frame::again(&app, &visitor, &remove_page(&visitor, demand.ws(), seen, confirm))
    };
    if !is_typed(&form.name, &seen.hanging.row.name) {
        return again(&seen, "This is not its name. Type it exactly as it stands above.");
    }
    let (kit, shown) = (visitor.kit(&app), form.seen.clone());
    let removed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| node_types::remove(tx, by, tools, (&slug, &shown)))
    });
    match removed.await {
        Ok(()) => Ok(see_other(&app, &url::node_types(demand.ws()), Some(Flash::NodeTypeRemoved))),
        Err(Fault::Refused(refusal)) => again(&seen, &refusal.to_string()),
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
