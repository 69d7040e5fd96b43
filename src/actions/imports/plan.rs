//! What each row of an import becomes, and what is wrong with it. Nothing is stored here.
//!
//! Invariant: nothing that is shown of a row comes from a cell that may be a key.

use std::collections::{BTreeSet, HashMap};

use crate::actions::entering::{self, Filled, Given};
use crate::actions::secrets::{Entry, SecretRefusal};
use crate::catalog::{KindSpec, Part, PartOption};
use crate::crypto::Entered;
use crate::domain::name::Name;
use crate::domain::{Delivery, Environment, Moment, Scopes, Sharing};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::secrets::Dates;
use crate::store::{self, Error, ReadTx};

use super::choices::{Choices, Target};
use super::dotenv::Variable;
use super::guess;
use super::table::{Table, TableRow};
use super::types::{Known, Types};

/// A row as it is shown before anything is stored.
pub struct Row {
    /// On which line of the file it begins.
    pub line: usize,
    /// The variable, where that is what the file holds.
    pub variable: Option<String>,
    /// None where what stands there may be a key, or is no name.
    pub name: Option<String>,
    /// Slug and name.
    pub node_type: Option<(String, String)>,
    pub environment: Environment,
    pub kind: Option<String>,
    pub last_four: Option<String>,
    pub expires_at: Option<Moment>,
    /// What keeps it from being stored.
    pub faults: Vec<String>,
    pub remarks: Vec<String>,
    pub left_out: bool,
    /// Whether its prefix speaks of the other environment.
    pub disagrees: bool,
    pub(super) entry: Option<Entry>,
}

/// What is said of a row, before it is looked at.
struct Said<'a> {
    line: usize,
    variable: Option<String>,
    name: &'a str,
    known: Option<&'a Known<'a>>,
    environment: Result<Environment, &'static str>,
    kind: &'a str,
    delivery: &'a str,
    sharing: &'a str,
    expires: &'a str,
    /// The value, and fields by their names.
    given: Vec<(Option<&'a str>, &'a str)>,
    fault: Option<&'static str>,
}

const NO_ENVIRONMENT: &str = "The environment is test or live.";
const NO_TYPE: &str = "No node type here is called that.";
const NONE_NAMED: &str = "Choose the node type.";
const KEY_FOR_NAME: &str = "This looks like a key and not like a name, so it is not shown.";

/// The rows of a table, by what its columns become.
pub(super) fn of_table(table: &Table, types: &Types<'_>, choices: &Choices, now: Moment) -> Vec<Row> {
    let first = (!choices.headings).then_some(&table.first);
    let rows = first.into_iter().chain(&table.rows);
    rows.map(|row| judge(said(row, types, choices), types, choices, now)).collect()
}

fn said<'a>(row: &'a TableRow, types: &'a Types<'a>, choices: &'a Choices) -> Said<'a> {
    let cell = |target: &Target| {
        let at = choices.columns.iter().position(|column| column == target);
        at.map_or("", |at| row.cell(at).trim())
    };
    let of_type = match cell(&Target::NodeType) {
        "" => choices.node_type.as_str(),
        named => named,
    };
    let known = types.find(of_type);
    let environment = match cell(&Target::Environment) {
        "" => Ok(choices.environment),
        word => word.to_lowercase().parse().map_err(|_| NO_ENVIRONMENT),
    };
    let given = choices.columns.iter().enumerate().filter_map(|(at, target)| match target {
        Target::Value => Some((None, row.cell(at))),
        Target::Field(name) => Some((Some(name.as_str()), row.cell(at))),
        _ => None,
    });
    let fault = match (of_type.is_empty(), known) {
        (true, _) => Some(NONE_NAMED),
        (false, None) => Some(NO_TYPE),
        (false, Some(_)) => None,
    };
    Said {
        line: row.line,
        variable: None,
        name: cell(&Target::Name),
        known,
        environment,
        kind: cell(&Target::Kind),
        delivery: cell(&Target::Delivery),
        sharing: cell(&Target::Sharing),
        expires: cell(&Target::Expires),
        given: given.filter(|(_, text)| !text.trim().is_empty()).collect(),
        fault,
    }
}

/// What a variable becomes where nobody has chosen otherwise.
pub(super) fn guessed(variable: &Variable, types: &Types<'_>, choices: &Choices) -> super::RowChoice {
    let known = types.guess(&variable.name, &variable.value).filter(|_| !variable.value.is_empty());
    super::RowChoice {
        node_type: known.map(|known| known.slug.clone()).unwrap_or_default(),
        environment: choices.environment,
        // A key that stands where a name should is not made into one.
        name: if types.looks_like_a_key(&variable.name) { String::new() } else { guess::name(&variable.name, known) },
    }
}

pub(super) fn of_variables(variables: &[Variable], types: &Types<'_>, choices: &Choices, now: Moment) -> Vec<Row> {
    let row = |(at, variable): (usize, &Variable)| {
        let chosen = choices.rows.get(&at).cloned().unwrap_or_else(|| guessed(variable, types, choices));
        let keylike = types.looks_like_a_key(&variable.name);
        let said = Said {
            line: variable.line,
            variable: Some(variable.name.clone()).filter(|_| !keylike),
            name: &chosen.name,
            known: types.find(&chosen.node_type),
            environment: Ok(chosen.environment),
            kind: "",
            delivery: "",
            sharing: "",
            expires: "",
            given: vec![(None, variable.value.as_str())],
            fault: variable.refers.then_some("It refers to another variable. Enter the value itself."),
        };
        if chosen.node_type.is_empty() {
            return left_out(said, types);
        }
        judge(said, types, choices, now)
    };
    variables.iter().enumerate().map(row).collect()
}

fn left_out(said: Said<'_>, types: &Types<'_>) -> Row {
    Row {
        line: said.line,
        variable: said.variable,
        name: Some(said.name.to_owned()).filter(|name| !types.looks_like_a_key(name)),
        node_type: None,
        environment: said.environment.unwrap_or(Environment::Test),
        kind: None,
        last_four: None,
        expires_at: None,
        faults: Vec::new(),
        remarks: Vec::new(),
        left_out: true,
        disagrees: false,
        entry: None,
    }
}

fn judge(said: Said<'_>, types: &Types<'_>, choices: &Choices, now: Moment) -> Row {
    let mut faults: Vec<String> = said.fault.map(ToOwned::to_owned).into_iter().collect();
    let mut note = |fault: String| faults.push(fault);
    let is_a_key = said.given.iter().any(|(_, text)| text.trim() == said.name) && !said.name.is_empty();
    let keylike = is_a_key || types.looks_like_a_key(said.name);
    let name = Name::parse(said.name).map_err(|error| note(format!("Name: {error}"))).ok().filter(|_| !keylike);
    if keylike {
        note(KEY_FOR_NAME.to_owned());
    }
    let environment = said.environment.map_err(|fault| note(fault.to_owned())).ok();
    let delivery = word(said.delivery, choices.delivery).ok_or_else(|| note("Delivery is proxy or vend.".to_owned()));
    let sharing = sharing(said.sharing, choices.sharing)
        .ok_or_else(|| note("A new secret is private or for the whole workspace: private or workspace.".to_owned()));
    let expires = last_day(said.expires, now).map_err(|fault| note(fault.to_owned()));
    if let Some(fault) = said.known.and_then(Known::fault) {
        note(fault);
    }
    let filled =
        said.known.and_then(|known| fill(known, said.kind, &said.given).map_err(|all| faults.extend(all)).ok());
    let says = filled.as_ref().and_then(|(filled, _)| filled.prefix_says);
    let disagrees = says.is_some_and(|says| environment.is_some_and(|chosen| chosen != says));
    if let (true, false, Some(says), Some(chosen)) = (disagrees, choices.confirmed, says, environment) {
        faults.push(format!("This looks like a {says} key, and its environment is {chosen}."));
    }
    let remarks = filled.as_ref().map(|(filled, _)| remarks(&said, filled)).unwrap_or_default();
    let mut row = Row {
        line: said.line,
        variable: said.variable,
        name: name.as_ref().map(ToString::to_string),
        node_type: said.known.map(|known| (known.slug.clone(), known.name.clone())),
        environment: environment.unwrap_or(choices.environment),
        kind: filled.as_ref().map(|(_, kind)| kind.label().to_owned()),
        last_four: filled.as_ref().and_then(|(filled, _)| filled.last_four.clone()),
        expires_at: expires.unwrap_or_default(),
        faults,
        remarks,
        left_out: false,
        disagrees,
        entry: None,
    };
    if let (true, Some(name), Some((filled, _)), Ok(delivery), Ok(sharing)) =
        (row.faults.is_empty(), name, filled, delivery, sharing)
    {
        row.entry = entry(said.known, (name, filled), (&row, delivery, sharing));
    }
    row
}

/// The row as it is stored; nothing where its node type has gone meanwhile.
fn entry(
    known: Option<&Known<'_>>,
    (name, filled): (Name, Filled),
    (row, delivery, sharing): (&Row, Delivery, Sharing),
) -> Option<Entry> {
    let known = known?;
    let Filled { kind, last_four, facts, credential, .. } = filled;
    Some(Entry {
        node_type: known.slug.parse().ok()?,
        hook: known.hook()?,
        environment: row.environment,
        name,
        kind,
        delivery,
        sharing: Some(sharing),
        people: BTreeSet::new(),
        dates: Dates { expires_at: row.expires_at, rotate_at: None },
        last_four,
        facts,
        credential: Some(credential),
        asks: Scopes::default(),
    })
}

/// What a cell says, or what holds for all.
fn word<T: std::str::FromStr>(cell: &str, all: T) -> Option<T> {
    if cell.is_empty() { Some(all) } else { cell.to_lowercase().parse().ok() }
}

fn sharing(cell: &str, all: Sharing) -> Option<Sharing> {
    word(cell, all).filter(|sharing| *sharing != Sharing::Members)
}

/// The end of the day that a cell names; of a moment its day.
fn last_day(cell: &str, now: Moment) -> Result<Option<Moment>, &'static str> {
    if cell.is_empty() {
        return Ok(None);
    }
    let day = cell.split(['T', ' ']).next().unwrap_or_default();
    let end = Moment::end_of_day(day).ok_or("Its last day is written like 2027-01-31.")?;
    if end > now { Ok(Some(end)) } else { Err("Its last day is over.") }
}

/// Fills the kind that is named, or else the first that takes what is given.
fn fill<'k>(
    known: &'k Known<'_>,
    word: &str,
    given: &[(Option<&str>, &str)],
) -> Result<(Filled, &'k KindSpec), Vec<String>> {
    let named = |words: &[&str]| word.is_empty() || words.iter().any(|known| known.eq_ignore_ascii_case(word));
    let kinds: Vec<&KindSpec> =
        known.kinds().into_iter().filter(|(words, _)| named(words)).map(|(_, kind)| kind).collect();
    // The one that asks for most of what is given comes first, so that no cell is lost.
    let asks =
        |kind: &KindSpec| given.iter().filter(|(field, _)| field.is_some_and(|f| kind.field(f).is_some())).count();
    let most = kinds.iter().map(|kind| asks(kind)).max().unwrap_or_default();
    let mut first_faults = None;
    for kind in kinds.into_iter().filter(|kind| asks(kind) == most) {
        match entering::fill(&known.spec, kind, of_kind(known, kind, given)) {
            Ok(filled) => return Ok((filled, kind)),
            Err(found) => {
                let label = |name: &str| {
                    let field = kind.field(name).map(|field| field.label.as_str());
                    field.or_else(|| known.spec.part(name).map(|part| part.label.as_str())).unwrap_or("Key").to_owned()
                };
                let said = found.iter().map(|fault| format!("{}: {}", label(&fault.field), fault.message));
                first_faults.get_or_insert_with(|| said.collect::<Vec<_>>());
            }
        }
    }
    Err(first_faults.unwrap_or_else(|| vec![format!("{} has no kind of that name.", known.name)]))
}

fn of_kind(known: &Known<'_>, kind: &KindSpec, given: &[(Option<&str>, &str)]) -> Given {
    let value = kind.value_field().map(|field| field.name.as_str());
    let named = given.iter().filter_map(|(field, text)| Some((field.or(value)?, *text)));
    let usual = usual(known).map(|(part, option)| (part.name.as_str(), option.value.as_str()));
    // What is given takes the place of what is usual.
    usual.chain(named).map(|(name, text)| (name.to_owned(), Entered::new(text.to_owned()))).collect()
}

/// The first option of each part that has any.
fn usual<'k>(known: &'k Known<'_>) -> impl Iterator<Item = (&'k Part, &'k PartOption)> {
    known.spec.parts.iter().filter_map(|part| Some((part, part.options.first()?)))
}

/// What a person should know although nothing is wrong.
fn remarks(said: &Said<'_>, filled: &Filled) -> Vec<String> {
    let trimmed = filled.trimmed.then(|| "Spaces or line ends around the key are taken away.".to_owned());
    let missing = |part: &Part| said.given.iter().all(|(field, _)| *field != Some(part.name.as_str()));
    let usual = said.known.into_iter().flat_map(usual).filter(|(part, _)| missing(part));
    let taken = usual.map(|(part, option)| format!("{}: {}, as nothing else is said.", part.label, option.label));
    trimmed.into_iter().chain(taken).collect()
}

/// Marks names that stand here twice, and those that stand on the rack already.
pub(super) fn compare(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    types: &Types<'_>,
    rows: &mut [Row],
) -> Result<(), Error> {
    let keys: Vec<String> = rows.iter().filter_map(|row| row.entry.as_ref()).map(|entry| entry.name.key()).collect();
    let taken = store::secrets::names_among(tx, by, &keys)?;
    let mut seen: HashMap<(String, Environment, String), usize> = HashMap::new();
    for row in rows {
        let Some(entry) = &row.entry else { continue };
        let place = (entry.node_type.to_string(), entry.environment, entry.name.key());
        let id = types.find(&place.0).and_then(|known| known.id.clone());
        if id.is_some_and(|id| taken.contains(&(id, place.1, place.2.clone()))) {
            row.faults.push(SecretRefusal::NameTaken.to_string());
        }
        match seen.get(&place) {
            Some(line) => row.faults.push(format!("Line {line} has the same name, node type and environment.")),
            None => {
                seen.insert(place, row.line);
            }
        }
    }
    Ok(())
}
