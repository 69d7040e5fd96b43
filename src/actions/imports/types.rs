//! The node types that an import may be for: those of the workspace, and those that it could add.

use std::borrow::Cow;

use crate::actions::node_types::BuiltIn;
use crate::actions::secrets::Hung;
use crate::catalog::{Catalog, KindSpec, NodeType};
use crate::domain::{Method, NodeTypeId, policy};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::{self, Error, ReadTx};

/// What stands in the way of storing a key under a node type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    Disabled,
    OtherMethod,
    /// The workspace has not added it, and this person may not.
    Missing,
}

pub struct Known<'a> {
    /// None where the workspace does not have it yet.
    pub id: Option<NodeTypeId>,
    pub slug: String,
    pub name: String,
    pub spec: Cow<'a, NodeType>,
    pub bar: Option<Bar>,
    pub revision: i64,
}

impl Known<'_> {
    /// How a secret comes to hang under it: the first one brings in what the workspace does not have yet.
    pub fn hook(&self) -> Option<Hung> {
        match self.id {
            Some(_) => Some(Hung::Known(self.revision)),
            None => BuiltIn::of(&self.spec, Method::Key).map(Hung::New),
        }
    }

    pub fn fault(&self) -> Option<String> {
        let name = &self.name;
        Some(match self.bar? {
            Bar::Disabled => format!("{name} is disabled in this workspace."),
            Bar::OtherMethod => format!("{name} is connected with an account here; it takes no key."),
            Bar::Missing => format!("{name} is not among this workspace’s node types. Ask an Admin to add it first."),
        })
    }

    /// Every form that the credential takes, with the words by which it may be named.
    pub fn kinds(&self) -> Vec<(Vec<&str>, &KindSpec)> {
        let kinds =
            self.spec.kinds.iter().map(|kind| (vec![kind.kind.as_str(), kind.label(), kind.kind.label()], kind));
        let choices = self.spec.placement_choices.iter().map(|choice| {
            let kind = &choice.kind;
            (vec![choice.name.as_str(), choice.label.as_str(), kind.kind.as_str(), kind.kind.label()], kind)
        });
        kinds.chain(choices).collect()
    }

    /// The kinds for which one value says everything: a part with options begins with its first, as on the form.
    pub fn of_one_value(&self) -> Vec<&KindSpec> {
        let alone = |kind: &&KindSpec| kind.fields.iter().all(|field| field.value || !field.required);
        let kinds = self.kinds().into_iter().map(|(_, kind)| kind);
        if self.spec.parts.iter().all(|part| !part.options.is_empty()) {
            kinds.filter(alone).collect()
        } else {
            Vec::new()
        }
    }

    /// Whether the value alone would be taken.
    fn takes(&self, value: &str) -> bool {
        let fits = |kind: &&KindSpec| kind.value_field().is_some_and(|field| field.fault(value).is_none());
        self.of_one_value().iter().any(fits)
    }

    /// The length of the known beginning that the value has.
    fn prefix(&self, value: &str) -> Option<usize> {
        let known = self.spec.all_kinds().flat_map(|kind| &kind.prefixes).map(|known| known.prefix.as_str());
        let telling = known.filter(|prefix| prefix.len() > 2 && !COMMON.contains(prefix));
        telling.filter(|prefix| value.starts_with(prefix)).map(str::len).max()
    }
}

/// Beginnings that many services' keys have.
const COMMON: [&str; 9] = ["test_", "live_", "api_", "secret_", "sandbox_", "pat", "pat-", "sk-", "key-"];

pub struct Types<'a> {
    all: Vec<Known<'a>>,
}

impl<'a> Types<'a> {
    pub fn of(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>, catalog: &'a Catalog) -> Result<Self, Error> {
        let rows = store::node_types::list(tx, by)?;
        // Storing a key adds what the catalogue describes, for whoever may add it.
        let may_add = policy::may_add_node_types(by.role(), store::workspaces::adders(tx, by)?);
        let here = rows.iter().filter_map(|row| {
            let bar = match (row.method, row.enabled) {
                (Method::Key, true) => None,
                (Method::Key, false) => Some(Bar::Disabled),
                _ => Some(Bar::OtherMethod),
            };
            let spec = catalog.describe(row.slug.as_str(), row.spec.as_deref())?;
            let (slug, name) = (row.slug.to_string(), row.name.to_string());
            Some(Known { id: Some(row.id.clone()), slug, name, spec, bar, revision: row.revision })
        });
        let missing = catalog.all().filter(|spec| spec.methods.contains(&Method::Key));
        let missing = missing.filter(|spec| !rows.iter().any(|row| row.slug.as_str() == spec.slug)).map(|spec| Known {
            id: None,
            slug: spec.slug.clone(),
            name: spec.name.clone(),
            spec: Cow::Borrowed(spec),
            bar: (!may_add).then_some(Bar::Missing),
            revision: 0,
        });
        let mut all: Vec<Known<'a>> = here.chain(missing).collect();
        all.sort_by_key(|known| known.name.to_lowercase());
        Ok(Self { all })
    }

    pub fn all(&self) -> &[Known<'a>] {
        &self.all
    }

    /// By its slug or its name, whatever the letter case.
    pub fn find(&self, text: &str) -> Option<&Known<'a>> {
        let text = text.trim().to_lowercase();
        let by_slug = self.all.iter().find(|known| known.slug == text);
        by_slug.or_else(|| self.all.iter().find(|known| known.name.to_lowercase() == text))
    }

    /// What a variable is for: the one whose keys begin like this value, or else the one that its name begins with.
    pub fn guess(&self, variable: &str, value: &str) -> Option<&Known<'a>> {
        let fitting = || self.all.iter().filter(|known| known.takes(value));
        let longest = fitting().filter_map(|known| known.prefix(value)).max();
        let begun: Vec<_> = fitting().filter(|known| longest.is_some() && known.prefix(value) == longest).collect();
        if let [only] = begun.as_slice() {
            return Some(only);
        }
        let words = words(variable);
        if !words.iter().any(|word| CREDENTIAL.contains(&word.as_str())) {
            return None;
        }
        let among: Vec<_> = if begun.is_empty() { fitting().collect() } else { begun };
        let by_name = named(&among, &words);
        // A name that says it all is believed although the value does not fit: the row says what is wrong with it.
        let other = words.iter().any(|word| BESIDE.contains(&word.as_str()));
        let all: Vec<_> = self.all.iter().filter(|known| !other && !known.of_one_value().is_empty()).collect();
        by_name.or_else(|| named(&all, &words))
    }

    /// Whether the text is more likely a key than a name or a heading.
    pub fn looks_like_a_key(&self, text: &str) -> bool {
        let text = text.trim();
        let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
        let solid = text.len() >= 16 && !text.contains(char::is_whitespace) && has(char::is_ascii_digit);
        let mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
        // Words of a name stand apart; twenty letters and digits in a row are none.
        let in_a_row = |part: &str| part.len() >= 20 && part.contains(|c: char| c.is_ascii_digit());
        let drawn = || text.split(|c: char| !c.is_ascii_alphanumeric()).any(in_a_row);
        solid && (self.begins_like_a_key(text) || mixed || drawn())
    }

    fn begins_like_a_key(&self, text: &str) -> bool {
        self.all.iter().any(|known| known.prefix(text).is_some())
    }
}

/// Without one of these words a variable is told from its value alone.
const CREDENTIAL: [&str; 11] =
    ["key", "apikey", "token", "secret", "password", "pass", "pat", "pwd", "auth", "credential", "dsn"];
/// What services hand out beside keys that open something.
const BESIDE: [&str; 7] = ["publishable", "public", "webhook", "url", "endpoint", "id", "sid"];
/// What frameworks and environments put before a name.
const BEFORE: [&str; 15] = [
    "next",
    "public",
    "vite",
    "react",
    "app",
    "expo",
    "nuxt",
    "my",
    "test",
    "live",
    "prod",
    "production",
    "dev",
    "staging",
    "sandbox",
];

/// The words of a variable's name, without what stands before the name of a service.
pub(super) fn words(variable: &str) -> Vec<String> {
    let all = variable.split(['_', '-', '.']).filter(|word| !word.is_empty()).map(str::to_lowercase);
    all.skip_while(|word| BEFORE.contains(&word.as_str())).collect()
}

/// Of these, the one whose name takes up most of the first words.
fn named<'k, 'a>(among: &[&'k Known<'a>], words: &[String]) -> Option<&'k Known<'a>> {
    let counted = among.iter().filter_map(|known| leading(known, words).map(|count| (count, *known)));
    counted.max_by_key(|(count, _)| *count).map(|(_, known)| known)
}

fn squashed(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many of the first words are the node type's name.
pub(super) fn leading(known: &Known<'_>, words: &[String]) -> Option<usize> {
    let names = [squashed(&known.slug), squashed(&known.name)];
    (1..=words.len()).rev().find(|count| {
        let joined: String = words.iter().take(*count).flat_map(|word| word.chars()).collect();
        names.contains(&joined)
    })
}
