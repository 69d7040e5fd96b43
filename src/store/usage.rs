//! What was used, hour by hour: read for charts and machines, and taken away when it is old.

use std::collections::BTreeMap;
use std::time::Duration;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::unusual::MEMORY;
use crate::domain::usage::{Stretch, Sums};
use crate::domain::{Environment, Moment, Name, PersonId, SecretId, Slug, TokenId, WorkflowId, WorkspaceId, policy};

use super::access::{AtLeast, Member, Proof, Runner};
use super::error::Error;
use super::paging::IDS_AT_ONCE;
use super::schema::{usage_hours, workflows};
use super::secrets::visible_ids;
use super::tallies::used_since;
use super::tx::{ReadTx, WriteTx};

/// What is asked for: all of it but for what is named.
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    /// Found by the caller before.
    pub secret: Option<SecretId>,
    /// Found by the caller before.
    pub token: Option<TokenId>,
    pub workflow: Option<WorkflowId>,
    pub node_type: Option<Slug>,
    /// Of these node types alone.
    pub among: Option<Vec<Slug>>,
    pub environment: Option<Environment>,
    /// The hours that begin within these moments.
    pub from: Option<Moment>,
    pub to: Option<Moment>,
}

macro_rules! total {
    ($column:literal) => {
        // PostgreSQL's sum of whole numbers is none.
        sql::<BigInt>(concat!("CAST(SUM(", $column, ") AS BIGINT)"))
    };
}

type Row = (Moment, (i64, i64, i64, i64, i64), (i64, i64, i64, i64));

/// What was used in each stretch, the earliest first; one without any use is left out. An Admin is told of the whole
/// workspace, with what is deleted by now; others of the secrets that they see.
pub fn by_stretch(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    narrow: &Narrow,
    stretch: Stretch,
) -> Result<BTreeMap<Moment, Sums>, Error> {
    let mut all: BTreeMap<Moment, Sums> = BTreeMap::new();
    let mut add = |rows: Vec<Row>| {
        for (hour, (vends, calls, failures, refused, limited), (millis, longest, sent, received)) in rows {
            let sums = Sums { vends, calls, failures, refused, limited, millis, longest, sent, received };
            all.entry(stretch.start(hour)).or_default().add(&sums);
        }
    };
    if narrow.secret.is_some() || narrow.token.is_some() || policy::sees_all_secrets(by.role()) {
        add(hours(tx, by, narrow, None)?);
    } else {
        let seen: Vec<SecretId> = visible_ids(by, tx.now()).load(tx.conn)?;
        for some in seen.chunks(IDS_AT_ONCE) {
            add(hours(tx, by, narrow, Some(some))?);
        }
    }
    Ok(all)
}

fn hours(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    narrow: &Narrow,
    secrets: Option<&[SecretId]>,
) -> Result<Vec<Row>, Error> {
    let Narrow { secret, token, workflow, node_type, among, environment, from, to } = narrow;
    let mut rows = usage_hours::table
        .group_by(usage_hours::hour)
        .select((
            usage_hours::hour,
            (total!("vends"), total!("calls"), total!("failures"), total!("refused"), total!("limited")),
            (total!("millis"), sql::<BigInt>("MAX(longest)"), total!("sent"), total!("received")),
        ))
        .into_boxed()
        .filter(usage_hours::workspace_id.eq(by.workspace()));
    if let Some(secrets) = secrets {
        rows = rows.filter(usage_hours::secret_id.eq_any(secrets));
    }
    if let Some(secret) = secret {
        rows = rows.filter(usage_hours::secret_id.eq(secret));
    }
    if let Some(token) = token {
        rows = rows.filter(usage_hours::token_id.eq(token));
    }
    if let Some(workflow) = workflow {
        rows = rows.filter(usage_hours::workflow_id.eq(workflow));
    }
    if let Some(slug) = node_type {
        rows = rows.filter(usage_hours::node_type.eq(slug));
    }
    if let Some(slugs) = among {
        rows = rows.filter(usage_hours::node_type.eq_any(slugs));
    }
    if let Some(environment) = environment {
        rows = rows.filter(usage_hours::environment.eq(environment));
    }
    if let Some(from) = from {
        rows = rows.filter(usage_hours::hour.ge(from));
    }
    if let Some(to) = to {
        rows = rows.filter(usage_hours::hour.le(to));
    }
    Ok(rows.load(tx.conn)?)
}

/// A workflow whose nodes have used a secret.
#[derive(Clone, Debug)]
pub struct WorkflowUse {
    pub workflow: WorkflowId,
    pub name: Name,
    pub owner: PersonId,
    pub uses: i64,
    pub last_at: Moment,
}

/// For so long a workflow is told of after its last use.
const LATELY: Duration = Duration::from_hours(90 * 24);

/// The workflows that have lately used a secret which the caller has found before, the latest first.
pub fn workflows_of(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    secret: &SecretId,
) -> Result<Vec<WorkflowUse>, Error> {
    let rows: Vec<(WorkflowId, i64, Moment)> = usage_hours::table
        .group_by(usage_hours::workflow_id)
        .filter(usage_hours::workspace_id.eq(by.workspace()))
        .filter(usage_hours::secret_id.eq(secret))
        .filter(usage_hours::hour.ge(tx.now().minus(LATELY)))
        .filter(usage_hours::workflow_id.ne(""))
        .select((usage_hours::workflow_id, total!("vends + calls"), sql::<BigInt>("MAX(last_at)")))
        .load(tx.conn)?;
    let named: Vec<(WorkflowId, Name, PersonId)> = workflows::table
        .filter(workflows::workspace_id.eq(by.workspace()))
        .filter(workflows::id.eq_any(rows.iter().map(|(id, ..)| id)))
        .select((workflows::id, workflows::name, workflows::owner_id))
        .load(tx.conn)?;
    let mut all: Vec<WorkflowUse> = rows
        .into_iter()
        .filter_map(|(workflow, uses, last_at)| {
            let (_, name, owner) = named.iter().find(|(id, ..)| *id == workflow)?.clone();
            Some(WorkflowUse { workflow, name, owner, uses, last_at })
        })
        .collect();
    all.sort_by_key(|row| std::cmp::Reverse(row.last_at));
    Ok(all)
}

/// A secret that was used much within an hour.
pub struct Busy {
    pub workspace: WorkspaceId,
    pub secret: SecretId,
    /// The hour's first moment.
    pub hour: Moment,
    pub uses: i64,
}

/// What was used at least so often in an hour since then.
pub fn busy(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, (since, least): (Moment, i64)) -> Result<Vec<Busy>, Error> {
    type Row = (WorkspaceId, SecretId, Moment, i64);
    let rows: Vec<Row> = usage_hours::table
        .group_by((usage_hours::workspace_id, usage_hours::secret_id, usage_hours::hour))
        .filter(usage_hours::hour.ge(since))
        .having(sql::<diesel::sql_types::Bool>("SUM(vends + calls) >= ").bind::<BigInt, _>(least))
        .select((usage_hours::workspace_id, usage_hours::secret_id, usage_hours::hour, total!("vends + calls")))
        .load(tx.conn)?;
    let told = |(workspace, secret, hour, uses)| Busy { workspace, secret, hour, uses };
    Ok(rows.into_iter().map(told).collect())
}

/// What is known of a secret before an hour.
pub struct Before {
    /// The most uses in one hour.
    pub busiest: i64,
    pub used_since: Option<Moment>,
    /// Who used it most in that hour itself.
    pub token: Option<TokenId>,
}

pub fn before(tx: &mut ReadTx<'_>, _by: &Proof<'_, Runner>, busy: &Busy) -> Result<Before, Error> {
    let hours: Vec<(Moment, i64)> = usage_hours::table
        .group_by(usage_hours::hour)
        .filter(usage_hours::workspace_id.eq(&busy.workspace))
        .filter(usage_hours::secret_id.eq(&busy.secret))
        .filter(usage_hours::hour.ge(busy.hour.minus(MEMORY)))
        .filter(usage_hours::hour.lt(busy.hour))
        .select((usage_hours::hour, total!("vends + calls")))
        .load(tx.conn)?;
    let users: Vec<(TokenId, i64)> = usage_hours::table
        .filter(usage_hours::workspace_id.eq(&busy.workspace))
        .filter(usage_hours::secret_id.eq(&busy.secret))
        .filter(usage_hours::hour.eq(busy.hour))
        .select((usage_hours::token_id, usage_hours::vends + usage_hours::calls))
        .load(tx.conn)?;
    let mut by_token: BTreeMap<TokenId, i64> = BTreeMap::new();
    for (token, uses) in users {
        *by_token.entry(token).or_default() += uses;
    }
    Ok(Before {
        busiest: hours.into_iter().map(|(_, uses)| uses).max().unwrap_or_default(),
        used_since: used_since(tx, (&busy.workspace, &busy.secret))?,
        token: by_token.into_iter().max_by_key(|(_, uses)| *uses).map(|(token, _)| token),
    })
}

/// Takes away the hours that began before.
pub fn sweep(tx: &mut WriteTx<'_>, _by: &Proof<'_, Runner>, before: Moment) -> Result<(), Error> {
    diesel::delete(usage_hours::table.filter(usage_hours::hour.lt(before))).execute(tx.conn)?;
    Ok(())
}
