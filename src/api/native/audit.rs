//! The workspace's record, for machines that keep or watch it.

use std::net::IpAddr;

use actix_web::HttpResponse;
use actix_web::web::Data;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::api::authenticate::Caller;
use crate::api::error::Error;
use crate::app::App;
use crate::domain::Moment;
use crate::domain::audit::{ChainKind, Line, folded};
use crate::domain::record::Topic;
use crate::store::Fault;
use crate::store::access::AuditRight;
use crate::store::paging::Turn;
use crate::store::trail::{self, Cut, Look, Narrow, Size, Told, Which};

use super::read::{Asked, Page, stretch};
use super::{Answer, admin, schemas};

type Never = std::convert::Infallible;

/// One stored entry of the record: a change, or a group of uses that were recorded together.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    /// Its chain and its number there.
    #[schema(examples("changes-12"))]
    id: String,
    #[schema(schema_with = schemas::chain)]
    chain: ChainKind,
    #[schema(format = DateTime)]
    at: String,
    /// What seals it together with all entries before it, in hexadecimal.
    mac: String,
    /// What was done; of a group, what the token may be told of. Empty where the stored text was changed.
    acts: Vec<Act>,
}

/// Something that somebody did.
#[derive(Serialize, ToSchema)]
pub struct Act {
    /// The one word for it.
    #[schema(examples("secret.created"))]
    action: String,
    /// When; the last time, where it was done several times alike.
    #[schema(format = DateTime)]
    at: String,
    /// How often within this entry.
    times: u64,
    actor: Actor,
    /// From which address it came, where one is known.
    #[schema(required, value_type = Option<String>)]
    from: Option<IpAddr>,
    /// The id of what it was done to.
    subject: String,
    /// Names and facts as they were at that time, by the action. Times are written as everywhere.
    #[schema(value_type = Object)]
    details: Value,
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub struct Actor {
    /// `person`, `token`, `errand` (an end user whom a token has sent), `command_line`, `set_up_link`, `keyrack` or
    /// `unknown`.
    kind: String,
    /// The id of the person or the token.
    #[schema(required)]
    id: Option<String>,
    /// For whom a token acted.
    #[schema(required)]
    maker_id: Option<String>,
}

impl Actor {
    fn of(actor: &crate::domain::audit::Actor) -> Self {
        let said = serde_json::to_value(actor).unwrap_or_default();
        let text = |name: &str| said.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        Self {
            kind: text("kind").unwrap_or_default(),
            id: text("id").or_else(|| text("token")),
            maker_id: text("maker"),
        }
    }
}

impl Act {
    fn of(line: &Line) -> Self {
        let mut details = serde_json::to_value(&line.act.event).unwrap_or_default();
        let action = details.as_object_mut().and_then(|fields| fields.remove("event"));
        in_words(&mut details);
        Self {
            action: action.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            at: line.act.at.wire(),
            times: line.times,
            actor: Actor::of(&line.act.by),
            from: line.act.from,
            subject: line.act.event.subject().to_owned(),
            details,
        }
    }
}

/// The record keeps times as numbers of microseconds.
fn in_words(details: &mut Value) {
    let Some(fields) = details.as_object_mut() else { return };
    for (name, value) in fields {
        let is_time = name == "until" || name.ends_with("_until") || name.ends_with("_at");
        if let Some(micros) = value.as_i64().filter(|_| is_time) {
            *value = Value::String(Moment::from_micros(micros).wire());
        }
    }
}

impl Entry {
    fn of(told: &Told) -> Self {
        Self {
            id: told.name.to_string(),
            chain: told.name.kind,
            at: told.at.wire(),
            mac: HEXLOWER.encode(&told.mac),
            acts: folded(told.acts.clone()).iter().map(Act::of).collect(),
        }
    }
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Sought {
    /// `changes` or `uses`; both where nothing is said.
    chain: Option<String>,
    /// What was done, in its one word, as `secret.created`.
    action: Option<String>,
    /// What kind of thing it was done to.
    #[param(schema_with = schemas::topic)]
    topic: Option<Topic>,
    /// The id of the person or the token that did it.
    actor: Option<String>,
    /// The first moment, as 2026-10-01T12:00:00.000Z.
    #[param(format = DateTime)]
    from: Option<String>,
    /// The last moment.
    #[param(format = DateTime)]
    to: Option<String>,
    /// How many entries, from 1 to 100; 50 where nothing is said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// What `next` said of the page before.
    after: Option<String>,
}

fn understand(sought: Sought) -> Result<(Look, Turn<Cut>), Error> {
    let stretch = stretch::<Cut>(sought.limit, sought.after.as_deref())?;
    let time = |text: Option<&str>, name: &str| {
        let wrong = || Error::Invalid(format!("{name} is a time such as 2026-10-01T12:00:00.000Z."));
        text.map(|text| Moment::of_rfc3339(text).ok_or_else(wrong)).transpose()
    };
    let which = match sought.chain.as_deref() {
        None => Which::Everything,
        Some("changes") => Which::Changes,
        Some("uses") => Which::Uses,
        Some(_) => return Err(Error::invalid("chain is changes or uses.")),
    };
    if sought.actor.iter().chain(&sought.action).any(|word| word.contains('\0') || word.is_empty()) {
        return Err(Error::invalid("actor is an id, and action a word such as secret.created."));
    }
    let narrow = Narrow {
        actor: sought.actor,
        topic: sought.topic,
        event: sought.action,
        from: time(sought.from.as_deref(), "from")?,
        to: time(sought.to.as_deref(), "to")?,
    };
    let size = Size { entries: stretch.limit, lines: usize::MAX };
    Ok((Look { which, narrow, size }, stretch.after.map_or(Turn::Newest, Turn::OlderThan)))
}

/// Read the record
///
/// Changes and uses of the workspace, the newest first: those of the token's environment and of the node types that it is
/// for, and what concerns the workspace as a whole. A page looks at a bounded number of entries, so it may hold few or none
/// although `next` leads on. No entry holds a value.
#[utoipa::path(get, path = "/api/v1/audit", operation_id = "list_audit", tag = "Audit", params(Sought),
    responses((status = 200, description = "A page of entries.", body = Page<Entry>)))]
pub async fn index(caller: Caller, asked: Asked<Sought>, app: Data<App>) -> Answer {
    let understood = asked.into_inner().and_then(understand);
    let (look, turn) = caller.judged::<AuditRight, _>(&app, understood).await?;
    let found = app.db.read(caller.ask::<AuditRight>(), move |tx, by| {
        let mut page = trail::page(tx, &admin(by)?, &look, &turn)?;
        trail::keep_told(tx, by, &mut page.entries)?;
        let data = page.entries.iter().map(Entry::of).collect();
        Ok::<_, Fault<Never>>(Page { data, next: page.older.map(|cut| cut.to_string()) })
    });
    Ok(HttpResponse::Ok().json(found.await?))
}
