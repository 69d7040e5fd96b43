//! Members to choose from: a list of boxes that can be searched, with and without a script.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{Moment, PersonId};
use crate::store::shares::Candidate;
use crate::web::error::Error;
use crate::web::forms;
use crate::web::view::{Input, counted};

/// Members that are offered besides those who are chosen; of more only the number is told, and they are searched for.
const OFFERED: usize = 400;

/// Under which name the form sends whom it chose, and before whose id until when.
const WITH: &str = "with";
const UNTIL: &str = "until-";

/// What a form sent.
#[derive(Default)]
pub struct Sent {
    pub chosen: BTreeSet<PersonId>,
    /// The days that were typed, also of those who are not chosen.
    days: BTreeMap<String, String>,
    pub q: String,
}

impl Sent {
    /// Takes out of a form's fields what belongs to the picker.
    pub fn take(fields: &mut Vec<(String, String)>) -> Result<Self, Error> {
        let mut sent = Self::default();
        for (name, value) in std::mem::take(fields) {
            if name == WITH {
                sent.chosen.insert(value.parse().map_err(|_| Error::BadRequest)?);
            } else if let Some(id) = name.strip_prefix(UNTIL) {
                sent.days.insert(id.to_owned(), value);
            } else if name == "q" {
                sent.q = value;
            } else {
                fields.push((name, value));
            }
        }
        Ok(sent)
    }

    /// As it stands before anybody has chosen.
    pub fn of(people: impl Iterator<Item = (PersonId, Option<Moment>)>) -> Self {
        let mut sent = Self::default();
        for (person, end) in people {
            sent.days.extend(end.map(|end| (person.to_string(), end.day())));
            sent.chosen.insert(person);
        }
        sent
    }

    fn day(&self, id: &PersonId, now: Moment) -> (Option<Option<Moment>>, Input) {
        forms::last_day(self.days.get(id.as_str()).map(String::as_str).unwrap_or_default(), now)
    }

    /// Until when each of the chosen may use it; nothing where a day is wrong.
    pub fn people(&self, now: Moment) -> Option<BTreeMap<PersonId, Option<Moment>>> {
        self.chosen.iter().map(|id| Some((id.clone(), self.day(id, now).0?))).collect()
    }
}

pub struct Picker {
    pub q: String,
    /// Those who are chosen first, then the others, each by their names.
    pub rows: Vec<Pick>,
    /// How many more there are.
    pub further: usize,
    /// Whether there is nobody to choose from at all.
    pub alone: bool,
    pub error: Option<String>,
}

pub struct Pick {
    pub id: String,
    pub name: String,
    pub email: String,
    pub chosen: bool,
    pub until: Input,
}

impl Picker {
    pub fn of(candidates: &[Candidate], sent: &Sent, now: Moment) -> Self {
        let wanted = sent.q.trim().to_lowercase();
        let matches = |row: &&Candidate| format!("{} {}", row.name, row.email).to_lowercase().contains(&wanted);
        let (chosen, others): (Vec<_>, Vec<_>) = candidates.iter().partition(|row| sent.chosen.contains(&row.person));
        let others: Vec<_> = others.into_iter().filter(matches).collect();
        let pick = |row: &Candidate| Pick {
            id: row.person.to_string(),
            name: row.name.to_string(),
            email: row.email.to_string(),
            chosen: sent.chosen.contains(&row.person),
            until: sent.day(&row.person, now).1,
        };
        Self {
            q: sent.q.clone(),
            further: others.len().saturating_sub(OFFERED),
            alone: candidates.is_empty(),
            rows: chosen.into_iter().chain(others.into_iter().take(OFFERED)).map(pick).collect(),
            error: None,
        }
    }

    /// Whether everybody stands in the list, so that a script finds them without asking.
    pub fn is_whole(&self) -> bool {
        self.further == 0 && self.q.is_empty()
    }

    pub fn further_count(&self) -> String {
        counted(u64::try_from(self.further).unwrap_or(u64::MAX), "more member", "more members")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Email, Name};

    #[test]
    fn whoever_is_chosen_stays_whatever_is_searched_for() {
        let id = |at: usize| format!("usr_{at:026}").parse::<PersonId>().unwrap();
        let row = |at: usize| Candidate {
            person: id(at),
            name: Name::parse(&format!("Person {at:04}")).unwrap(),
            email: Email::parse(&format!("p{at}@example.com")).unwrap(),
        };
        let all: Vec<Candidate> = (0..OFFERED + 10).map(row).collect();
        let picker = Picker::of(&all, &Sent::of([(id(7), None)].into_iter()), Moment::EPOCH);
        assert_eq!((picker.rows.len(), picker.further), (OFFERED + 1, 9));
        assert!(picker.rows[0].chosen && picker.rows[0].name == "Person 0007");
        let sent = Sent { q: " PERSON 0009 ".to_owned(), ..Sent::of([(id(7), None)].into_iter()) };
        let found: Vec<String> = Picker::of(&all, &sent, Moment::EPOCH).rows.into_iter().map(|row| row.name).collect();
        assert_eq!(found, ["Person 0007", "Person 0009"]);
    }
}
