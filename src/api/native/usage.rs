//! How often secrets were used, for machines that watch it.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::usage::{Stretch, Sums};
use crate::domain::{Moment, Slug};
use crate::store::access::ReadRight;
use crate::store::usage::Narrow;
use crate::store::{self, Fault};

use super::read::Asked;
use super::{Answer, admin, schemas};

type Never = std::convert::Infallible;

/// How often something was used.
#[derive(Serialize, ToSchema)]
pub struct Usage {
    /// Values that were handed out.
    vends: i64,
    /// Calls that Keyrack made; the next three are among them.
    calls: i64,
    /// The provider had trouble of its own, or gave no answer.
    failures: i64,
    /// The provider did not accept the credential.
    refused: i64,
    /// Calls came too fast for the provider.
    rate_limited: i64,
    /// How long a call took on average, in milliseconds; null where there was none.
    #[schema(required)]
    mean_milliseconds: Option<i64>,
    /// The longest of them.
    longest_milliseconds: i64,
    /// Bytes of the bodies.
    bytes_sent: i64,
    bytes_received: i64,
}

impl Usage {
    fn of(sums: &Sums) -> Self {
        Self {
            vends: sums.vends,
            calls: sums.calls,
            failures: sums.failures,
            refused: sums.refused,
            rate_limited: sums.limited,
            mean_milliseconds: sums.mean(),
            longest_milliseconds: sums.longest,
            bytes_sent: sums.sent,
            bytes_received: sums.received,
        }
    }
}

/// An hour or a day.
#[derive(Serialize, ToSchema)]
pub struct Period {
    /// Its first moment, in UTC.
    #[schema(format = DateTime)]
    from: String,
    usage: Usage,
}

/// Uses, stretch by stretch.
#[derive(Serialize, ToSchema)]
pub struct Used {
    /// The earliest first. A stretch without any use is left out.
    data: Vec<Period>,
    /// All of them together.
    total: Usage,
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// The id of a secret; one that is deleted counts still.
    secret: Option<String>,
    /// The slug of a node type.
    node_type: Option<String>,
    /// The id of a service token.
    token: Option<String>,
    /// The id of a workflow.
    workflow: Option<String>,
    /// The first moment, as 2026-10-01T12:00:00.000Z; a month before the last one where nothing is said, and a day where
    /// uses are told by the hour. It is counted from the beginning of its hour or day.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The last moment; now where nothing is said.
    #[param(format = DateTime)]
    to: Option<String>,
    /// Whether uses are told by the `hour`, for 31 days at most, or by the `day`, for 366; by the day where nothing is said.
    #[param(schema_with = schemas::stretch)]
    by: Option<Stretch>,
}

const DAY: Duration = Duration::from_hours(24);

/// How far back is looked where nobody says, and at most.
const fn reach(by: Stretch) -> (Duration, Duration) {
    match by {
        Stretch::Hour => (DAY, Duration::from_hours(24 * 31)),
        Stretch::Day => (Duration::from_hours(24 * 30), Duration::from_hours(24 * 366)),
    }
}

fn understand(sought: &Sought, now: Moment) -> Result<(Narrow, Stretch), Error> {
    let time = |text: Option<&String>, name: &str| {
        let wrong = || Error::Invalid(format!("{name} is a time such as 2026-10-01T12:00:00.000Z."));
        text.map(|text| Moment::of_rfc3339(text).ok_or_else(wrong)).transpose()
    };
    let by = sought.by.unwrap_or(Stretch::Day);
    let (usual, most) = reach(by);
    let to = time(sought.to.as_ref(), "to")?.unwrap_or(now);
    let from = by.start(time(sought.from.as_ref(), "from")?.unwrap_or(to.minus(usual)));
    if to.since(from) > most.saturating_add(DAY) {
        return Err(Error::invalid("By the hour, from and to are 31 days apart at most; by the day, 366."));
    }
    let narrow = Narrow {
        secret: id(sought.secret.as_ref(), "secret is the id of a secret.")?,
        token: id(sought.token.as_ref(), "token is the id of a service token.")?,
        workflow: id(sought.workflow.as_ref(), "workflow is the id of a workflow.")?,
        node_type: id(sought.node_type.as_ref(), "node_type is the slug of a node type.")?,
        from: Some(from),
        to: Some(to),
        ..Narrow::default()
    };
    Ok((narrow, by))
}

fn id<T: std::str::FromStr>(text: Option<&String>, wrong: &'static str) -> Result<Option<T>, Error> {
    text.map(|text| text.parse().map_err(|_| Error::invalid(wrong))).transpose()
}

/// Read how often secrets were used
///
/// Uses of the token's environment and of the node types that it is for, hour by hour or day by day, in UTC. They are
/// counted every few seconds and kept as long as the installation is set to.
#[utoipa::path(get, path = "/api/v1/usage", operation_id = "show_usage", tag = "Usage", params(Sought),
    responses((status = 200, description = "What was used.", body = Used)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let now = app.clock.now();
    let understood = asked.into_inner().and_then(|sought| understand(&sought, now));
    let (mut narrow, stretch) = caller.judged::<ReadRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<ReadRight>(), move |tx, by| {
        if let Some(slug) = &narrow.node_type {
            by.covers(slug)?;
        }
        narrow.environment = Some(by.environment());
        narrow.among = by.limit().map(|slugs| slugs.iter().cloned().collect::<Vec<Slug>>());
        let periods = store::usage::by_stretch(tx, &admin(by)?, &narrow, stretch)?;
        let mut total = Sums::default();
        periods.values().for_each(|sums| total.add(sums));
        let data = periods.iter().map(|(at, sums)| Period { from: at.wire(), usage: Usage::of(sums) }).collect();
        Ok::<_, Fault<Never>>(Used { data, total: Usage::of(&total) })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}
