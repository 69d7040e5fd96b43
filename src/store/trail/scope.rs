//! What of the record a service token is told: nothing of the other environment, and nothing of node types that it is not
//! for.
//!
//! Invariant: an act of which it cannot be found out where it belongs is told to nobody who is limited.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use serde_json::Value;

use crate::domain::audit::{Entry, Event};
use crate::domain::{Environment, SecretId, Slug, TokenId};
use crate::store::access::{AuditRight, Proof};
use crate::store::error::Error;
use crate::store::paging::IDS_AT_ONCE;
use crate::store::schema::{node_types, secrets, tokens};
use crate::store::tx::ReadTx;

use super::Told;

/// The word of an event, as `secret.created`.
pub fn word(event: &Event) -> Option<String> {
    serde_json::to_value(event).ok()?.get("event")?.as_str().map(ToOwned::to_owned)
}

/// Where an act belongs, as far as it says so itself.
struct Place {
    environment: Option<Environment>,
    node_type: Option<Slug>,
    subject: String,
    is_of_node: bool,
}

impl Place {
    fn of(act: &Entry) -> Self {
        let event = serde_json::to_value(&act.event).unwrap_or(Value::Null);
        let text = |at: &str| event.pointer(at).and_then(Value::as_str);
        let environment = ["/environment", "/secret/environment", "/workflow/environment"].into_iter().find_map(text);
        let node_type = ["/node_type", "/secret/node_type", "/node_type/slug"].into_iter().find_map(text);
        Self {
            environment: environment.and_then(|word| word.parse().ok()),
            node_type: node_type.and_then(|slug| slug.parse().ok()),
            subject: act.event.subject().to_owned(),
            is_of_node: text("/event").is_some_and(|word| word.starts_with("node.")),
        }
    }

    fn is_of(&self, prefix: &str) -> bool {
        self.subject.starts_with(prefix)
    }
}

/// Where secrets and tokens belong that are still there.
#[derive(Default)]
struct Known {
    secrets: HashMap<String, (Environment, Slug)>,
    tokens: HashMap<String, Environment>,
}

impl Known {
    fn look(tx: &mut ReadTx<'_>, by: &Proof<'_, AuditRight>, places: &[Place]) -> Result<Self, Error> {
        let unsaid = |prefix: &str| -> BTreeSet<&str> {
            let lacking = |place: &&Place| place.environment.is_none() || place.node_type.is_none();
            let found = places.iter().filter(|place| place.is_of(prefix)).filter(lacking);
            found.map(|place| place.subject.as_str()).collect()
        };
        let mut known = Self::default();
        for ids in unsaid(SecretId::PREFIX).into_iter().collect::<Vec<_>>().chunks(IDS_AT_ONCE) {
            let rows: Vec<(String, Environment, Slug)> = secrets::table
                .inner_join(node_types::table)
                .filter(secrets::workspace_id.eq(by.workspace()))
                .filter(secrets::id.eq_any(ids))
                .select((secrets::id, secrets::environment, node_types::slug))
                .load(tx.conn)?;
            known.secrets.extend(rows.into_iter().map(|(id, environment, slug)| (id, (environment, slug))));
        }
        for ids in unsaid(TokenId::PREFIX).into_iter().collect::<Vec<_>>().chunks(IDS_AT_ONCE) {
            let rows: Vec<(String, Environment)> = tokens::table
                .filter(tokens::workspace_id.eq(by.workspace()))
                .filter(tokens::id.eq_any(ids))
                .select((tokens::id, tokens::environment))
                .load(tx.conn)?;
            known.tokens.extend(rows);
        }
        Ok(known)
    }

    fn tells(&self, by: &Proof<'_, AuditRight>, place: &Place) -> bool {
        let mine = |environment: Environment| environment == by.environment();
        if place.is_of(SecretId::PREFIX) {
            let known = self.secrets.get(&place.subject);
            let environment = place.environment.or(known.map(|(environment, _)| *environment));
            let node_type = place.node_type.as_ref().or(known.map(|(_, slug)| slug));
            return environment.is_some_and(mine) && node_type.is_some_and(|slug| by.includes(slug));
        }
        if place.is_of(TokenId::PREFIX) {
            let environment = place.environment.or_else(|| self.tokens.get(&place.subject).copied());
            return environment.is_some_and(mine);
        }
        let of_type = match &place.node_type {
            Some(slug) => by.includes(slug),
            None => !place.is_of_node || by.limit().is_none(),
        };
        of_type && place.environment.is_none_or(mine)
    }
}

/// Leaves of these entries what the token is told. An entry of which nothing is left goes too, but not one that cannot be
/// read: that it is there, and broken, is nobody's secret.
pub fn keep_told(tx: &mut ReadTx<'_>, by: &Proof<'_, AuditRight>, entries: &mut Vec<Told>) -> Result<(), Error> {
    let places: Vec<Place> = entries.iter().flat_map(|told| &told.acts).map(Place::of).collect();
    let known = Known::look(tx, by, &places)?;
    let mut places = places.iter();
    entries.retain_mut(|told| {
        let is_broken = told.acts.is_empty();
        told.acts.retain(|_| places.next().is_some_and(|place| known.tells(by, place)));
        is_broken || !told.acts.is_empty()
    });
    Ok(())
}
