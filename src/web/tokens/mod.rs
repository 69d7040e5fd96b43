//! Service tokens: listed, made, shown once, given another text, revoked.

pub mod create;
mod form;
pub mod index;
mod page;
pub mod renew;
mod snippets;

use std::collections::BTreeMap;

use actix_web::web::{Data, Path};

use crate::actions::tokens;
use crate::app::App;
use crate::domain::policy::{self, Standing};
use crate::domain::usage::{Stretch, Sums};
use crate::domain::{Calls, Moment, Networks, NodeTypes, Slug, TokenId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::node_types::NodeTypeRow;
use crate::store::tokens::{TokenRow, Used, UsedRow};
use crate::store::usage::Narrow;
use crate::store::{self, Denied, Error as StoreError, Fault, ReadTx};

use super::chart::Chart;
use super::chrome::Place;
use super::csrf::CsrfForm;
use super::error::Error;
use super::flash::Flash;
use super::frame::{self, Frame, Reply, see_other};
use super::sign_in::Nothing;
use super::story::whose;
use super::url;
use super::view::{Link, When};
use super::visitor::{Demand, Visitor};

type Never = std::convert::Infallible;

/// What a token's page shows, read in one moment.
struct Found {
    frame: Frame,
    row: TokenRow,
    used: Used,
    days: BTreeMap<Moment, Sums>,
    node_types: Vec<NodeTypeRow>,
    may_renew: bool,
    may_revoke: bool,
    now: Moment,
}

fn look(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &TokenId) -> Result<Found, StoreError> {
    let row = store::tokens::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let standing = Standing { person: by.person(), role: by.role() };
    let lives = row.state(tx.now()).lives();
    let narrow = Narrow { token: Some(id.clone()), from: Some(Chart::since(tx.now())), ..Narrow::default() };
    Ok(Found {
        frame: Frame::of_member(tx, by)?,
        used: store::tokens::used_by(tx, by, id)?,
        days: store::usage::by_stretch(tx, by, &narrow, Stretch::Day)?,
        node_types: store::node_types::list(tx, by)?,
        may_renew: lives && policy::may_renew_token(standing, &row.maker, &row.abilities),
        may_revoke: row.revoked_at.is_none() && policy::may_revoke_token(standing, &row.maker),
        now: tx.now(),
        row,
    })
}

impl Found {
    /// The node types by their names, or by their slugs where the workspace does not have them at the moment.
    fn limited_to(&self) -> Vec<String> {
        let name = |slug: &Slug| self.node_types.iter().find(|row| row.slug == *slug).map(|row| row.name.to_string());
        let limit = self.row.node_types.iter().flat_map(NodeTypes::iter);
        limit.map(|slug| name(slug).unwrap_or_else(|| format!("{slug} (not added)"))).collect()
    }

    fn used(&self, ws: &str) -> page::Used {
        let line = |row: &UsedRow| page::UsedSecret {
            secret: Link { label: row.name.to_string(), url: url::secret(ws, row.secret.as_str()) },
            of: whose(row.end_user.as_ref(), row.organization.as_ref()),
            uses: u64::try_from(row.uses).unwrap_or_default(),
            last: When::new(row.last_used_at, self.now),
        };
        let latest: Vec<_> = self.used.latest.iter().map(line).collect();
        page::Used { latest, secrets: self.used.secrets, uses: self.used.uses }
    }
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| Ok::<_, Fault<Never>>(look(tx, by, &id)?)).await?;
    let (row, now, ws) = (&found.row, found.now, demand.ws());
    let when = |at: Moment| When::new(at, now);
    let state = row.state(now);
    let snippets = if state.lives() && row.maker == found.frame.person.id {
        snippets::of(&app.config.server, &row.abilities, row.node_types.as_ref(), &row.maker)
    } else {
        Vec::new()
    };
    let template = page::Show {
        chrome: frame::chrome(&visitor, Some(&found.frame), row.name.as_str(), Place::Tokens),
        ws: ws.to_owned(),
        id: row.id.to_string(),
        name: row.name.to_string(),
        maker: row.maker_name.to_string(),
        environment: row.environment,
        abilities: row.abilities.iter().collect(),
        node_types: found.limited_to(),
        networks: row.networks.as_ref().map(Networks::words).unwrap_or_default(),
        calls: row.calls.as_ref().map(Calls::words).unwrap_or_default(),
        state,
        created: when(row.created_at),
        expires: row.expires_at.map(when),
        renewed: row.renewed_at.map(when),
        old_until: row.overlaps_until(now).map(when),
        last_use: row.last_used_at.map(when),
        last_from: row.last_used_from.clone(),
        used: found.used(ws),
        chart: Chart::of_days("use-chart", "Uses per day", now, &found.days),
        revoked: row.revoked_at.map(when),
        may_renew: found.may_renew,
        may_revoke: found.may_revoke,
        snippets,
    };
    frame::page(&app, &visitor, &template)
}

pub async fn revoke(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    _form: CsrfForm<Nothing>,
    app: Data<App>,
) -> Reply {
    let id: TokenId = path.1.parse().map_err(|_| Error::NotFound)?;
    let kit = visitor.kit(&app);
    let revoked = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| tokens::revoke(tx, by, tools, &id)));
    revoked.await?;
    Ok(see_other(&app, &url::tokens(demand.ws()), Some(Flash::TokenRevoked)))
}
