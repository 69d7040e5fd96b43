//! Storing many secrets at once: pasted, looked at, and then all of them or none.
//!
//! Invariant: between its steps the text lies sealed, and is opened only to be taken apart. Each secret is stored by the
//! very action that stores a single one.

mod choices;
mod dotenv;
mod guess;
mod plan;
mod table;
#[cfg(test)]
mod tests;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::catalog::{CUSTOM, Catalog};
use crate::crypto::{Entered, ImportOf, Keyring};
use crate::domain::{Environment, ImportId, Moment};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::imports::{ImportRow, NewImport};
use crate::store::{self, Denied, Error, Fault, Outcome, ReadTx, Refusal, Unrecorded, WriteTx};

use super::secrets::SecretRefusal;
use super::{Tools, fingerprint, secrets};

pub use choices::{Choices, RowChoice, Target};
pub use plan::Row;

/// How long an import waits for the person who began it.
pub const LASTS: Duration = Duration::from_mins(30);
pub const MOST_BYTES: usize = 1_024 * 1_024;
pub const MOST_ROWS: usize = 2_000;
pub const MOST_COLUMNS: usize = 40;

/// Why a text is not taken at all, as a sentence for the person who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    #[error("This is more than 1 MiB. Import it in several parts.")]
    TooLarge,
    #[error("Paste a text or choose a file that holds something to import.")]
    Empty,
    #[error("Paste a text or choose a file, and not both.")]
    Two,
    #[error("This is no text that can be read. Save it as UTF-8 and try again.")]
    NoText,
    #[error("There are more than 2 000 rows. Import them in several parts.")]
    TooManyRows,
    #[error("There are more than {MOST_COLUMNS} columns. Keep those that secrets need.")]
    TooManyColumns,
    #[error("Line {line}: {why}")]
    Line { line: usize, why: &'static str },
}

impl Refusal for FileFault {}

/// What the text is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    Guess,
    Table,
    Variables,
}

/// What holds for every row that does not say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Common {
    pub environment: Environment,
    pub delivery: crate::domain::Delivery,
    pub sharing: crate::domain::Sharing,
}

enum Parsed {
    Table(table::Table),
    Variables(Vec<dotenv::Variable>),
}

/// The text that bytes are, if they are any.
pub fn text_of(bytes: Vec<u8>) -> Result<Entered, FileFault> {
    if bytes.len() > MOST_BYTES {
        return Err(FileFault::TooLarge);
    }
    let text = Entered::exact(String::from_utf8(bytes).map_err(|_| FileFault::NoText)?);
    if text.as_str().trim_start_matches('\u{feff}').trim().is_empty() { Err(FileFault::Empty) } else { Ok(text) }
}

fn parse(text: &Entered, variables: bool) -> Result<Parsed, FileFault> {
    let text = text.as_str();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if variables {
        let found = dotenv::parse(text)?;
        return if found.is_empty() { Err(FileFault::Empty) } else { Ok(Parsed::Variables(found)) };
    }
    let table = table::parse(text)?;
    if table.columns > MOST_COLUMNS { Err(FileFault::TooManyColumns) } else { Ok(Parsed::Table(table)) }
}

/// Takes a text in: seals it, and guesses what becomes of it. An earlier one of the same person is over with it.
pub fn begin(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    catalog: &Catalog,
    (text, reading, common): (&Entered, Reading, Common),
) -> Result<ImportId, Fault<FileFault>> {
    let variables = match reading {
        Reading::Guess => dotenv::looks_like_one(text.as_str().trim_start_matches('\u{feff}')),
        Reading::Table => false,
        Reading::Variables => true,
    };
    let parsed = parse(text, variables)?;
    let types = types::Types::of(tx, by, catalog)?;
    let Common { environment, delivery, sharing } = common;
    let mut choices = Choices {
        variables,
        environment,
        delivery,
        sharing,
        headings: false,
        node_type: String::new(),
        columns: Vec::new(),
        rows: BTreeMap::new(),
        confirmed: false,
    };
    if let Parsed::Table(table) = &parsed {
        let guessed = guess::columns(table, &types);
        choices.headings = guessed.is_some();
        choices.columns = guessed.unwrap_or_else(|| vec![Target::Ignore; table.columns]);
        if choices.headings && table.rows.is_empty() {
            return Err(FileFault::Empty.into());
        }
    }
    let id = ImportId::draw(tx.now(), tools.chance);
    let of = ImportOf { import: &id, workspace: by.workspace(), person: by.person() };
    let payload = tools.keyring.seal_import(of, text).map_err(|_| Error::Unsealed)?;
    let choices = serde_json::to_string(&choices).map_err(|_| Error::Unsealed)?;
    let expires_at = tx.now().plus(LASTS);
    store::imports::begin(tx, by, &NewImport { id: &id, payload: &payload, choices: &choices, expires_at })?;
    tx.unrecorded(Unrecorded::Draft);
    Ok(id)
}

/// A column as it is shown: its heading where that is surely none of the values.
pub struct Column {
    pub heading: Option<String>,
    pub target: Target,
}

/// An import as it stands before it is stored.
pub struct Preview {
    pub choices: Choices,
    pub columns: Vec<Column>,
    /// Beside the value: names and labels of what the rows' node types ask for.
    pub fields: Vec<(String, String)>,
    /// Slugs and names of the node types that a row can be for.
    pub node_types: Vec<(String, String)>,
    pub rows: Vec<Row>,
    /// What is wrong with the choices as a whole.
    pub faults: Vec<&'static str>,
    /// By which storing tells whether the node types are still described as they were when this was shown.
    pub seen: String,
    pub expires_at: Moment,
}

impl Preview {
    pub fn ready(&self) -> usize {
        self.rows.iter().filter(|row| row.entry.is_some() && row.faults.is_empty()).count()
    }

    pub fn faulty(&self) -> usize {
        self.rows.iter().filter(|row| !row.faults.is_empty()).count()
    }

    pub fn left_out(&self) -> usize {
        self.rows.iter().filter(|row| row.left_out).count()
    }

    pub fn disagree(&self) -> bool {
        self.rows.iter().any(|row| row.disagrees)
    }

    fn may_be_stored(&self) -> bool {
        self.faults.is_empty() && self.faulty() == 0 && self.ready() > 0
    }
}

/// How many secrets of a node type were stored in an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    pub node_type: String,
    pub name: String,
    pub environment: Environment,
    pub count: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub stored: Vec<Stored>,
    pub left_out: u64,
}

pub enum Look {
    Before(Box<Preview>),
    After(Report),
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    #[error("the import cannot be opened any more")]
    Unreadable,
    #[error("there is something to put right")]
    Faulty,
    #[error("A node type of these rows was described anew since you opened this page. Look once more.")]
    ChangedSince,
    /// The action that stores a single secret refuses this one.
    #[error("Line {line}: {why}")]
    Row { line: usize, why: SecretRefusal },
}

impl Refusal for ImportRefusal {}

/// An import of one's own, as it stands or as it came out.
pub fn look(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (keyring, catalog): (&Keyring, &Catalog),
    id: &ImportId,
) -> Result<Look, Fault<ImportRefusal>> {
    let row = store::imports::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    match &row.payload {
        None => {
            let report = row.report.as_deref().and_then(|text| serde_json::from_str(text).ok());
            Ok(Look::After(report.unwrap_or_default()))
        }
        Some(payload) => Ok(Look::Before(Box::new(preview(tx, by, (keyring, catalog), (&row, payload))?))),
    }
}

fn preview(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (keyring, catalog): (&Keyring, &Catalog),
    (row, payload): (&ImportRow, &[u8]),
) -> Result<Preview, Fault<ImportRefusal>> {
    let of = ImportOf { import: &row.id, workspace: by.workspace(), person: by.person() };
    let text = keyring.open_import(of, payload).map_err(|_| ImportRefusal::Unreadable)?;
    let choices: Choices = serde_json::from_str(&row.choices).map_err(|_| ImportRefusal::Unreadable)?;
    let parsed = parse(&text, choices.variables).map_err(|_| ImportRefusal::Unreadable)?;
    let types = types::Types::of(tx, by, catalog)?;
    let (mut rows, columns, fields) = match &parsed {
        Parsed::Variables(all) => (plan::of_variables(all, &types, &choices, tx.now()), Vec::new(), Vec::new()),
        Parsed::Table(table) => {
            let of_type = choices.columns.iter().position(|column| *column == Target::NodeType);
            let mut asked = guess::named(table, &types, of_type);
            asked.extend(types.find(&choices.node_type).map(|known| known.slug.as_str()));
            let rows = plan::of_table(table, &types, &choices, tx.now());
            (rows, columns_of(table, &types, &choices), guess::fields(&types, &asked))
        }
    };
    plan::compare(tx, by, &types, &mut rows)?;
    let usable = types.all().iter().filter(|known| known.bar.is_none());
    let node_types = usable.map(|known| (known.slug.clone(), known.name.clone())).collect();
    let mut faults = faults_of(&choices);
    if let Parsed::Table(table) = &parsed
        && shows_keys(table, &types, &choices)
    {
        faults.push("The column that holds the keys can only be the key itself, a field, or left out.");
        rows.iter_mut().for_each(|row| row.name = None);
    }
    let seen = seen(&rows, &types);
    Ok(Preview { choices, columns, fields, node_types, rows, faults, seen, expires_at: row.expires_at })
}

/// Product rule 16: a value goes where the person who entered it saw that it would.
fn seen(rows: &[Row], types: &types::Types<'_>) -> String {
    let slugs: BTreeSet<&str> = rows.iter().filter_map(|row| Some(row.node_type.as_ref()?.0.as_str())).collect();
    let known = slugs.into_iter().filter_map(|slug| types.find(slug)).filter(|known| known.slug.starts_with(CUSTOM));
    fingerprint(known.map(|known| format!("{} {}", known.slug, known.revision)))
}

fn columns_of(table: &table::Table, types: &types::Types<'_>, choices: &Choices) -> Vec<Column> {
    // What is no heading that is known may be a secret, whatever was chosen.
    let guessed = guess::columns(table, types).filter(|_| choices.headings).unwrap_or_default();
    let column = |(at, target): (usize, &Target)| {
        let heading = table.first.cell(at).trim();
        let known = guessed.get(at).is_some_and(|guessed| *guessed != Target::Ignore);
        let plain = known && heading.len() <= 60 && !heading.chars().any(crate::domain::name::is_hidden);
        let shown = plain && !heading.is_empty() && !types.looks_like_a_key(heading);
        Column { heading: shown.then(|| heading.to_owned()), target: target.clone() }
    };
    choices.columns.iter().enumerate().map(column).collect()
}

/// Whether a column whose heading speaks of keys is to become something that pages show.
fn shows_keys(table: &table::Table, types: &types::Types<'_>, choices: &Choices) -> bool {
    let sealed = |target: &Target| matches!(target, Target::Value | Target::Ignore | Target::Field(_));
    let guessed = guess::columns(table, types).unwrap_or_default();
    guessed.iter().zip(&choices.columns).any(|(guessed, chosen)| *guessed == Target::Value && !sealed(chosen))
}

fn faults_of(choices: &Choices) -> Vec<&'static str> {
    let has = |target: &Target| choices.columns.contains(target);
    let twice = choices.columns.iter().enumerate().any(|(at, target)| {
        *target != Target::Ignore && choices.columns.iter().skip(at + 1).any(|other| other == target)
    });
    let all = [
        (!choices.variables && !has(&Target::Value), "Choose which column is the key itself."),
        (!choices.variables && !has(&Target::Name), "Choose which column is the name."),
        (twice, "Two columns become the same. Choose one of them."),
    ];
    all.into_iter().filter(|(wrong, _)| *wrong).map(|(_, words)| words).collect()
}

/// Keeps other choices; whether anything is different from what was shown.
pub fn choose(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    (keyring, catalog): (&Keyring, &Catalog),
    id: &ImportId,
    change: impl FnOnce(&mut Choices),
) -> Result<bool, Fault<ImportRefusal>> {
    let row = store::imports::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    tx.unrecorded(Unrecorded::Draft);
    let Some(payload) = &row.payload else { return Ok(false) };
    let before = preview(tx, by, (keyring, catalog), (&row, payload))?;
    let mut after = before.choices.clone();
    change(&mut after);
    after.columns.resize(before.columns.len(), Target::Ignore);
    // What is as it was shown anyway is not kept as a choice: with another environment for all it moves along.
    let shown = |at: &usize| before.rows.get(*at).map(|row| shown_as(row, before.choices.rows.get(at)));
    after
        .rows
        .retain(|at, chosen| shown(at).is_some_and(|shown| before.choices.rows.contains_key(at) || shown != *chosen));
    if after == before.choices {
        return Ok(false);
    }
    let text = serde_json::to_string(&after).map_err(|_| ImportRefusal::Unreadable)?;
    store::imports::choose(tx, by, (id, &text))?;
    Ok(true)
}

/// What the form said of a variable when it was shown.
fn shown_as(row: &Row, chosen: Option<&RowChoice>) -> RowChoice {
    chosen.cloned().unwrap_or_else(|| RowChoice {
        node_type: row.node_type.as_ref().map(|(slug, _)| slug.clone()).unwrap_or_default(),
        environment: row.environment,
        name: row.name.clone().unwrap_or_default(),
    })
}

/// Stores all of them, or none; `seen` is the preview's. Of an import that is stored already only the report is given.
pub fn store<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    tools: Tools<'_>,
    catalog: &Catalog,
    (id, seen): (&ImportId, &str),
) -> Result<(), Fault<ImportRefusal>> {
    let row = store::imports::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let Some(payload) = &row.payload else {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    };
    let preview = preview(tx, by, (tools.keyring, catalog), (&row, payload))?;
    if preview.seen != seen {
        return Err(ImportRefusal::ChangedSince.into());
    }
    if !preview.may_be_stored() {
        return Err(ImportRefusal::Faulty.into());
    }
    let mut report = Report { left_out: u64::try_from(preview.left_out()).unwrap_or_default(), ..Report::default() };
    for row in preview.rows {
        let (Some(entry), Some((slug, name))) = (row.entry, row.node_type) else { continue };
        secrets::create(tx, by, tools, &entry).map_err(|fault| match fault {
            Fault::Refused(why) => Fault::Refused(ImportRefusal::Row { line: row.line, why }),
            Fault::Store(error) => Fault::Store(error),
        })?;
        let alike = |stored: &&mut Stored| stored.node_type == slug && stored.environment == entry.environment;
        match report.stored.iter_mut().find(alike) {
            Some(stored) => stored.count += 1,
            None => report.stored.push(Stored { node_type: slug, name, environment: entry.environment, count: 1 }),
        }
    }
    let text = serde_json::to_string(&report).map_err(|_| ImportRefusal::Unreadable)?;
    Ok(store::imports::finish(tx, by, (id, &text))?)
}

/// Gives an import up and destroys its text.
pub fn cancel(tx: &mut WriteTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, id: &ImportId) -> Outcome<()> {
    if !store::imports::cancel(tx, by, id)? {
        return Err(Denied::NotFound.into());
    }
    tx.unrecorded(Unrecorded::Draft);
    Ok(())
}
