//! One entry by its name: what it says, where it stands in its chain, and its seal.

use actix_web::web::{Data, Path};
use data_encoding::HEXLOWER;
use serde_json::Value;

use crate::actions::record;
use crate::app::App;
use crate::domain::audit::{ChainKind, Line, folded};
use crate::domain::record::EntryName;
use crate::store::access::Admin;
use crate::store::{self, Denied, Fault};
use crate::web::chrome::Place;
use crate::web::error::Error;
use crate::web::frame::{self, Frame, Reply};
use crate::web::story::Teller;
use crate::web::url;
use crate::web::view::{When, grouped};
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page};

pub async fn show(visitor: Visitor, demand: Demand<Admin>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    // A name that cannot be is refused only after whoever asks has been judged.
    let name: Option<EntryName> = path.1.parse().ok();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let name = name.ok_or(Denied::NotFound)?;
        let found = store::record::find(tx, by, name)?.ok_or(Denied::NotFound)?;
        let names = store::audit::actors(tx, by)?.into_iter().collect();
        let secrets = store::secrets::seen_among(tx, by, found.entry.acts().iter())?;
        Ok::<_, Fault<Never>>((Frame::of_member(tx, by)?, name, found, (names, secrets), tx.now()))
    });
    let (frame, name, found, (names, secrets), now) = found.await?;
    let teller = Teller { ws: demand.ws(), names, secrets, now };
    let neighbour =
        |there: bool, seq: i64| there.then(|| url::activity_entry(demand.ws(), &EntryName { seq, ..name }.to_string()));
    let template = page::Show {
        ws: demand.ws().to_owned(),
        name: name.to_string(),
        chain: chain_word(name.kind),
        seq: number(name.seq),
        of: number(found.chain.seq),
        when: When::new(found.entry.at, now),
        acts: folded(found.entry.acts()).iter().map(|line| act(&teller, line)).collect::<Result<_, _>>()?,
        mac: HEXLOWER.encode(&found.entry.mac),
        mac_before: found.before.as_ref().map(|before| HEXLOWER.encode(&before.mac)),
        holds: record::holds(&app.keyring, &found),
        newer: neighbour(found.has_next, name.seq.saturating_add(1)),
        older: neighbour(found.before.is_some(), name.seq.saturating_sub(1)),
        chrome: frame::chrome(&visitor, Some(&frame), &format!("Entry {name}"), Place::Activity),
    };
    frame::page(&app, &visitor, &template)
}

pub(super) fn chain_word(kind: ChainKind) -> &'static str {
    match kind {
        ChainKind::Changes => "changes",
        ChainKind::Uses => "uses",
        ChainKind::Installation => "the installation",
    }
}

pub(super) fn number(seq: i64) -> String {
    u64::try_from(seq).map_or_else(|_| seq.to_string(), grouped)
}

fn act(teller: &Teller<'_>, line: &Line) -> Result<page::Act, Error> {
    let said = serde_json::to_value(&line.act).map_err(|_| Error::Internal)?;
    let mut facts = Vec::new();
    // These have places of their own on the page.
    let apart = ["at", "event", "from"];
    for (key, value) in said.as_object().into_iter().flatten().filter(|(key, _)| !apart.contains(&key.as_str())) {
        spread(key, value, &mut facts);
    }
    let event = said.get("event").and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(page::Act { line: teller.tell(line), event, facts })
}

/// Whatever the entry says, as plain facts; what stands in something stands under both names.
fn spread(label: &str, value: &Value, facts: &mut Vec<page::Fact>) {
    let mut fact = |value: String, is_id| {
        facts.push(page::Fact { label: in_words(label), value, is_id });
    };
    match value {
        Value::Null => {}
        Value::String(text) => fact(text.clone(), is_id(text)),
        Value::Bool(_) | Value::Number(_) => fact(value.to_string(), false),
        Value::Array(all) => all.iter().for_each(|one| spread(label, one, facts)),
        Value::Object(all) => all.iter().for_each(|(key, one)| spread(&format!("{label} {key}"), one, facts)),
    }
}

/// `secret node_type` as a label: `Secret node type`.
fn in_words(label: &str) -> String {
    let mut letters = label.chars().map(|c| if c == '_' { ' ' } else { c });
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A short prefix, and then the 26 letters that all ids end with.
fn is_id(text: &str) -> bool {
    let parts = text.split_once('_');
    parts.is_some_and(|(prefix, body)| {
        prefix.len() <= 4 && body.len() == 26 && body.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
    })
}
