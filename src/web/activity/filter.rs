//! What the activity is narrowed to: from the query, to the store's words, and back into links.

use serde::Deserialize;

use crate::domain::audit::{COMMAND_LINE, KEYRACK};
use crate::domain::record::Topic;
use crate::domain::{Moment, PersonId, TokenId};
use crate::store::audit::Names;
use crate::store::trail::{Look, Narrow, Size, Which};
use crate::web::view::{Choice, Input, Link};
use crate::web::{forms, url};

use super::page;

/// The query of the list and of its export.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    kind: String,
    by: String,
    about: String,
    from: String,
    to: String,
    pub before: String,
    pub after: String,
}

/// What of the query could be understood; the rest narrows nothing.
pub struct Filter {
    which: Which,
    narrow: Narrow,
    from: Input,
    to: Input,
}

impl Asked {
    pub fn filter(&self) -> Filter {
        let (from_moment, from) = forms::day(&self.from, Moment::start_of_day);
        let (to_moment, mut to) = forms::day(&self.to, Moment::end_of_day);
        if to_moment < from_moment && to_moment.is_some() {
            to.error = Some("This is before the first day.".to_owned());
        }
        let which = match self.kind.as_str() {
            "changes" => Which::Changes,
            "uses" => Which::Uses,
            _ => Which::Everything,
        };
        let topic = self.about.parse().ok();
        Filter {
            which,
            narrow: Narrow { actor: actor(&self.by), topic, event: None, from: from_moment, to: to_moment },
            from,
            to,
        }
    }
}

/// Anybody who can have acted, also somebody who is gone by now.
fn actor(word: &str) -> Option<String> {
    let itself = [COMMAND_LINE, KEYRACK].contains(&word);
    let known = itself || word.parse::<PersonId>().is_ok() || word.parse::<TokenId>().is_ok();
    known.then(|| word.to_owned())
}

fn topic_word(topic: Topic) -> &'static str {
    match topic {
        Topic::Secrets => "Secrets",
        Topic::Members => "Members",
        Topic::Tokens => "Service tokens",
        Topic::NodeTypes => "Node types",
        Topic::Workflows => "Workflows",
        Topic::Webhooks => "Webhooks",
        Topic::EndUsers => "End users",
        Topic::Workspace => "The workspace",
    }
}

impl Filter {
    pub fn look(&self, size: Size) -> Look {
        Look { which: self.which, narrow: self.narrow.clone(), size }
    }

    /// Whether less is asked for than everything.
    pub fn is_narrow(&self) -> bool {
        !self.narrow.is_nothing()
    }

    fn kind(&self) -> &'static str {
        match self.which {
            Which::Everything => "",
            Which::Changes => "changes",
            Which::Uses => "uses",
        }
    }

    /// The query that means the same, for links.
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            ("kind", self.kind()),
            ("by", self.by()),
            ("about", self.about()),
            ("from", self.day(&self.from)),
            ("to", self.day(&self.to)),
        ]
    }

    fn by(&self) -> &str {
        self.narrow.actor.as_deref().unwrap_or_default()
    }

    fn about(&self) -> &'static str {
        self.narrow.topic.map_or("", Topic::as_str)
    }

    fn day<'a>(&self, input: &'a Input) -> &'a str {
        &input.value
    }

    /// The three views of the list, each with the same filters.
    pub fn chips(&self, base: &str) -> Vec<page::Chip> {
        [("", "Everything"), ("changes", "Changes"), ("uses", "Uses")]
            .map(|(kind, label)| {
                let mut pairs = self.pairs();
                pairs[0] = ("kind", kind);
                let link = Link { label: label.to_owned(), url: url::with_query(base, &pairs) };
                page::Chip { link, chosen: kind == self.kind() }
            })
            .into()
    }

    pub fn form(&self, names: &Names) -> page::Form {
        let topic = |topic: &Topic| Choice {
            value: topic.to_string(),
            label: topic_word(*topic).to_owned(),
            chosen: self.narrow.topic == Some(*topic),
        };
        page::Form {
            kind: self.kind(),
            actors: self.actors(names),
            topics: Topic::ALL.iter().map(topic).collect(),
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }

    /// People by their names, then tokens by theirs; whoever is chosen is there, though they may have left.
    fn actors(&self, names: &Names) -> Vec<Choice> {
        let by = self.by();
        let choice = |value: &str, label: String| Choice { value: value.to_owned(), label, chosen: value == by };
        let is_token = |id: &str| id.starts_with(TokenId::PREFIX);
        let label = |id: &str, name: &str| if is_token(id) { format!("Token {name}") } else { name.to_owned() };
        let mut actors: Vec<Choice> = names.iter().map(|(id, name)| choice(id, label(id, name.as_str()))).collect();
        actors.sort_by_cached_key(|actor| (is_token(&actor.value), actor.label.to_lowercase(), actor.value.clone()));
        actors.dedup_by(|one, other| one.value == other.value);
        actors.push(choice(COMMAND_LINE, "The command line".to_owned()));
        actors.push(choice(KEYRACK, "Keyrack itself".to_owned()));
        if !by.is_empty() && actors.iter().all(|actor| !actor.chosen) {
            let who = if is_token(by) { "A token that is gone" } else { "A former member" };
            actors.push(choice(by, who.to_owned()));
        }
        actors
    }
}
