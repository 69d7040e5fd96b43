//! How a secret is used, on its page: the chart, what is unusual, and what to do about limits.

use std::collections::BTreeMap;
use std::time::Duration;

use actix_web::web::{Data, Path};
use serde::Deserialize;

use crate::actions::unusual::settle;
use crate::app::App;
use crate::catalog::Catalog;
use crate::domain::policy::{self, Standing};
use crate::domain::usage::{Stretch, Sums};
use crate::domain::{Method, Moment, SecretId};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::oddities::OddRow;
use crate::store::secrets::ListedSecret;
use crate::store::usage::{Narrow, WorkflowUse};
use crate::store::{self, ReadTx};
use crate::web::chart::Chart;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::frame::{Reply, see_other};
use crate::web::unusual::{Reader, Unusual};
use crate::web::url;
use crate::web::view::{Link, When, counted, grouped};
use crate::web::visitor::{Demand, Visitor};

use super::Found;

/// What is told of the provider's limits is told of this last stretch.
const LATELY: Duration = Duration::from_hours(24);

/// Read in one moment with the rest of the page.
pub(super) struct Seen {
    days: BTreeMap<Moment, Sums>,
    lately: Sums,
    odd: Vec<OddRow>,
    workflows: Vec<WorkflowUse>,
    limits: Option<Explained>,
}

/// What its provider says about limits.
struct Explained {
    name: String,
    text: String,
    url: Option<String>,
}

pub(super) fn look(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (catalog, row): (&Catalog, &ListedSecret),
) -> Result<Seen, store::Error> {
    let now = tx.now();
    let since = |from: Moment| Narrow { secret: Some(row.secret.id.clone()), from: Some(from), ..Narrow::default() };
    let days = store::usage::by_stretch(tx, by, &since(Chart::since(now)), Stretch::Day)?;
    let hours = store::usage::by_stretch(tx, by, &since(Stretch::Hour.start(now.minus(LATELY))), Stretch::Hour)?;
    let mut lately = Sums::default();
    hours.values().for_each(|sums| lately.add(sums));
    let standing = Standing { person: by.person(), role: by.role() };
    let facts = row.facts();
    let odd = match facts.rotatable_by(standing) {
        true => store::oddities::open(tx, by, Some(&row.secret.id))?,
        false => Vec::new(),
    };
    let mut workflows = store::usage::workflows_of(tx, by, &row.secret.id)?;
    if !facts.deletable_by(standing) {
        workflows.retain(|of| of.owner == *by.person());
    }
    let limits = match lately.limited {
        0 => None,
        _ => explained(tx, by, catalog, row)?,
    };
    Ok(Seen { days, lately, odd, workflows, limits })
}

fn explained(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    catalog: &Catalog,
    row: &ListedSecret,
) -> Result<Option<Explained>, store::Error> {
    let slug = &row.secret.node_type;
    let spec = store::node_types::find(tx, by, slug)?.and_then(|row| row.spec);
    let described = catalog.describe(slug.as_str(), spec.as_deref());
    Ok(described.map(|node_type| Explained {
        name: node_type.name.clone(),
        text: node_type.guide.rate_limited.clone(),
        url: node_type.rate_limits.as_ref().and_then(|limits| limits.url.clone()),
    }))
}

pub struct Usage {
    pub chart: Chart,
    /// How long calls took; none where there were none.
    pub took: Option<String>,
    pub unusual: Vec<Unusual>,
    pub limits: Option<Limits>,
    pub workflows: Vec<UsedByWorkflow>,
}

impl Usage {
    /// Whether any workflow has used it.
    pub fn by_workflows(&self) -> bool {
        !self.workflows.is_empty()
    }
}

/// Calls of the last day came too fast for the provider.
pub struct Limits {
    pub title: String,
    /// What the catalogue says about it.
    pub text: String,
    /// The provider's own page.
    pub link: Option<Link>,
}

pub struct UsedByWorkflow {
    pub name: String,
    /// Where the reader may open it.
    pub url: Option<String>,
    pub times: String,
    pub last: When,
}

pub(super) fn shown(ws: &str, found: &Found) -> Usage {
    let (seen, now) = (&found.usage, found.now);
    let id = found.row.secret.id.as_str();
    let reader = Reader { ws, frame: &found.frame, now };
    let replace = match found.row.secret.kind.method() {
        Method::OAuth => Link { label: "Connect it again".to_owned(), url: url::connect_secret(ws, id) },
        Method::Key | Method::ClientCredentials => {
            Link { label: "Replace the value".to_owned(), url: url::replace_secret(ws, id) }
        }
    };
    let mut month = Sums::default();
    seen.days.values().for_each(|sums| month.add(sums));
    Usage {
        chart: Chart::of_days("use-chart", "Uses per day", now, &seen.days),
        took: month.mean().map(|mean| took(mean, month.longest)),
        unusual: seen.odd.iter().map(|row| Unusual::of(row, reader, &replace)).collect(),
        limits: seen.limits.as_ref().map(|of| limits(of, seen.lately.limited)),
        workflows: seen.workflows.iter().map(|of| by_workflow(of, reader)).collect(),
    }
}

fn took(mean: i64, longest: i64) -> String {
    let millis = |number: i64| grouped(u64::try_from(number).unwrap_or_default());
    format!("A call took {} ms on average, the longest {} ms.", millis(mean), millis(longest))
}

fn limits(of: &Explained, number: i64) -> Limits {
    let calls = counted(u64::try_from(number).unwrap_or_default(), "call", "calls");
    Limits {
        title: format!("Too fast for {}: {calls} in the last day", of.name),
        text: of.text.clone(),
        link: of.url.clone().map(|url| Link { label: format!("What {} says about its limits", of.name), url }),
    }
}

fn by_workflow(of: &WorkflowUse, reader: Reader<'_>) -> UsedByWorkflow {
    let role = reader.frame.here.as_ref().map(|(_, role)| *role);
    let opens = role.is_some_and(policy::sees_all_workflows) || of.owner == reader.frame.person.id;
    UsedByWorkflow {
        name: of.name.to_string(),
        url: opens.then(|| url::workflow(reader.ws, of.workflow.as_str())),
        times: counted(u64::try_from(of.uses).unwrap_or_default(), "use", "uses"),
        last: When::new(of.last_at, reader.now),
    }
}

/// Of what somebody says that all is well.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Meant {
    kind: String,
}

pub async fn all_well(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Meant>,
    app: Data<App>,
) -> Reply {
    let id: SecretId = path.1.parse().map_err(|_| Error::NotFound)?;
    let kind = form.into_inner().kind.parse().ok();
    let (kit, of) = (visitor.kit(&app), id.clone());
    let settled = app
        .db
        .write(demand.ask(), move |tx, by| kit.by_person(by.person(), |tools| settle(tx, by, tools, (&of, kind))));
    settled.await?;
    Ok(see_other(&app, &url::secret(demand.ws(), id.as_str()), Some(Flash::FoundWell)))
}
