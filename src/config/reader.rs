//! What the environment and the file say, before it is understood.
//!
//! Invariant: whatever is not understood leaves a mistake, and a mistake never repeats the value, which may be secret.

use std::collections::BTreeMap;
use std::fmt;

use super::families::{self, Family};
use super::settings::{self, Fallback, Setting};

/// One thing to put right before Keyrack starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The environment variable, or the place in the file.
    pub variable: String,
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.message)
    }
}

const PREFIX: &str = "KEYRACK_";
const EMPTY: &str = "is empty; give a value or leave it out";

#[derive(Clone)]
pub(super) struct Given {
    pub text: String,
    pub from_file: bool,
}

/// What is given of each of a family, by name and key.
pub(super) type Members = BTreeMap<String, BTreeMap<&'static str, Given>>;

#[derive(Default)]
pub(super) struct Reader {
    given: BTreeMap<&'static str, Given>,
    /// By the families' sections.
    families: BTreeMap<&'static str, Members>,
    mistakes: Vec<Mistake>,
}

impl Reader {
    /// Takes the file first, so that the environment has the last word.
    pub fn new(vars: impl Iterator<Item = (String, String)>, file: Option<&str>) -> Self {
        let mut reader = Self::default();
        if let Some(text) = file {
            reader.take_file(text);
        }
        for (name, text) in vars.filter(|(name, _)| name.starts_with(PREFIX)) {
            match (settings::find(&name), families::find(&name)) {
                (Some(setting), _) => reader.take(setting, text, false),
                (None, Some((family, ending, of))) => {
                    reader.take_of_family(family, (of, ending.key), (name, Given { text, from_file: false }));
                }
                (None, None) => {
                    let hint = settings::nearest(&name).map(|known| format!("; did you mean {known}?"));
                    reader.refuse(name, format!("Keyrack knows no such variable{}", hint.unwrap_or_default()));
                }
            }
        }
        reader
    }

    fn take_file(&mut self, text: &str) {
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            // Its Display would quote the line, and the line may hold a secret.
            Err(cause) => {
                let before = cause.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                return self.refuse(settings::CONFIG.to_owned(), format!("line {line} of the file is not valid TOML"));
            }
        };
        for (section, value) in table {
            let toml::Value::Table(entries) = value else {
                self.refuse(
                    format!("{section} in the file"),
                    "does not stand in a section such as [server]".to_owned(),
                );
                continue;
            };
            for (key, value) in entries {
                match (families::of_section(&section), &value) {
                    (Some(family), toml::Value::Table(inner)) => self.take_table(family, &key, inner),
                    _ => self.take_entry(&section, &key, &value),
                }
            }
        }
    }

    /// One of a family, which has a table of its own.
    fn take_table(&mut self, family: &'static Family, name: &str, entries: &toml::Table) {
        let section = format!("{}.{name}", family.section);
        if !families::is_name(name) {
            let message = "must be a name of small letters, digits and single hyphens, beginning with a letter";
            return self.refuse(format!("[{section}] in the file"), message.to_owned());
        }
        for (key, value) in entries {
            let Some(ending) = family.endings.iter().find(|ending| ending.key == key) else {
                self.refuse(format!("[{section}] {key} in the file"), "Keyrack knows no such setting".to_owned());
                continue;
            };
            let place = place_of(&family.variable(name, ending), (&section, key), true);
            match plain(value) {
                Some(text) => {
                    let given = Given { text, from_file: true };
                    self.take_of_family(family, (name.to_owned(), ending.key), (place, given));
                }
                None => self.refuse(place, "must be a text, a whole number, true or false".to_owned()),
            }
        }
    }

    fn take_of_family(
        &mut self,
        family: &'static Family,
        (name, key): (String, &'static str),
        (place, given): (String, Given),
    ) {
        let one = self.families.entry(family.section).or_default().entry(name).or_default();
        if given.text.trim().is_empty() {
            return self.refuse(place, EMPTY.to_owned());
        }
        one.insert(key, given);
    }

    /// All of a family, by name.
    pub fn family(&self, family: &Family) -> Members {
        self.families.get(family.section).cloned().unwrap_or_default()
    }

    pub fn was_refused(&self, variable: &str) -> bool {
        self.mistakes.iter().any(|mistake| mistake.variable.split(' ').next() == variable.split(' ').next())
    }

    fn take_entry(&mut self, section: &str, key: &str, value: &toml::Value) {
        let Some(setting) = settings::find_in_file(section, key) else {
            return self.refuse(format!("[{section}] {key} in the file"), "Keyrack knows no such setting".to_owned());
        };
        match plain(value) {
            Some(text) => self.take(setting, text, true),
            None => self.refuse(place(setting, true), "must be a text, a whole number, true or false".to_owned()),
        }
    }

    fn take(&mut self, setting: &Setting, text: String, from_file: bool) {
        // An empty key list from a broken deployment must not quietly become "make a new key".
        if text.trim().is_empty() {
            return self.refuse(place(setting, from_file), EMPTY.to_owned());
        }
        if let Some(known) = settings::find(setting.name) {
            self.given.insert(known.name, Given { text, from_file });
        }
    }

    pub fn refuse(&mut self, variable: String, message: String) {
        self.mistakes.push(Mistake { variable, message });
    }

    pub fn has(&self, name: &str) -> bool {
        self.given.contains_key(name)
    }

    /// What is given, understood; `Ok(None)` where nothing is given, and `Err` after noting the mistake.
    pub fn optional<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        let Some(given) = self.given.get(name) else { return Ok(None) };
        match parse(given.text.trim()) {
            Ok(value) => Ok(Some(value)),
            Err(message) => {
                let variable = settings::find(name).map_or_else(|| name.to_owned(), |s| place(s, given.from_file));
                self.refuse(variable, message);
                Err(Noted)
            }
        }
    }

    /// The same for a setting whose table entry holds its default.
    pub fn required<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, Noted> {
        if let Some(value) = self.optional(name, &parse)? {
            return Ok(value);
        }
        let default = match settings::find(name).map(|setting| setting.default) {
            Some(Fallback::Text(text)) => parse(text),
            _ => Err("must be given".to_owned()),
        };
        default.map_err(|message| {
            self.refuse(name.to_owned(), message);
            Noted
        })
    }

    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }
}

/// The mistake is in the reader's list already.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted;

fn place(setting: &Setting, from_file: bool) -> String {
    place_of(setting.name, (setting.section, setting.key), from_file)
}

pub(super) fn place_of(variable: &str, (section, key): (&str, &str), from_file: bool) -> String {
    if from_file { format!("{variable} ([{section}] {key} in the file)") } else { variable.to_owned() }
}

/// A value of the file as the environment would write it.
fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(flag) => Some(flag.to_string()),
        toml::Value::Array(items) => {
            let texts: Option<Vec<&str>> = items.iter().map(toml::Value::as_str).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}
