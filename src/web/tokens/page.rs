//! The pages of service tokens. A token is on a page once, right after it was made.

use crate::domain::{Ability, Environment};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Input, Pager, Shown, Snippet, TokenState, Tone, When, counted, grouped, meaning};

#[derive(askama::Template)]
#[template(path = "tokens/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub all: u64,
    pub pager: Pager,
}

impl Index {
    pub fn count(&self) -> String {
        counted(self.all, "service token", "service tokens")
    }
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub maker: String,
    pub environment: Environment,
    pub abilities: Vec<Ability>,
    pub last_use: Option<When>,
    pub expires: Option<When>,
    pub state: TokenState,
}

#[derive(askama::Template)]
#[template(path = "tokens/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    /// The token's id, drawn with the form: the same form makes one token, however often it is sent.
    pub id: String,
    pub name: Input,
    pub environment: Environment,
    pub preset: Preset,
    /// The boxes ticked under “custom”.
    pub abilities: Vec<Ability>,
    pub abilities_error: Option<String>,
    pub expires_on: Input,
}

impl New {
    /// True when the form comes back with something to put right.
    pub fn refused(&self) -> bool {
        self.name.error.is_some() || self.abilities_error.is_some() || self.expires_on.error.is_some()
    }

    pub fn chose(&self, preset: &Preset) -> bool {
        self.preset == *preset
    }

    pub fn has(&self, ability: &Ability) -> bool {
        self.abilities.contains(ability)
    }
}

/// The abilities that something answers to today.
const OFFERED: &[Ability] = &[Ability::Vend, Ability::Connect, Ability::Read, Ability::Manage];

/// A ready choice of abilities, so that most people never choose them singly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    Backend,
    Connect,
    Custom,
}

impl Preset {
    pub const ALL: &'static [Self] = &[Self::Backend, Self::Connect, Self::Custom];

    /// Reads the form field `preset`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|preset| preset.value() == word)
    }

    pub fn value(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Connect => "connect",
            Self::Custom => "custom",
        }
    }

    /// What the token will be able to do; for `Custom` the boxes say it.
    pub fn abilities(self) -> &'static [Ability] {
        match self {
            Self::Backend => &[Ability::Vend, Ability::Connect, Ability::Read, Ability::Manage],
            Self::Connect => &[Ability::Connect],
            Self::Custom => &[],
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Backend => "Backend",
            Self::Connect => "Connect only",
            Self::Custom => "Custom",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Backend => {
                "A server of yours that fetches credentials, stores your end users' keys and registers workflows."
            }
            Self::Connect => "Stores the keys of end users, and fetches none.",
            Self::Custom => "Choose each ability yourself.",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Backend => "server",
            Self::Connect => "plug",
            Self::Custom => "sliders",
        }
    }
}

/// The only page that a token is ever on.
#[derive(askama::Template)]
#[template(path = "tokens/created.html")]
pub struct Created {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub token: String,
    /// What the token is for, in the order in which one would try it.
    pub snippets: Vec<Snippet>,
}

#[derive(askama::Template)]
#[template(path = "tokens/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub maker: String,
    pub environment: Environment,
    pub abilities: Vec<Ability>,
    pub state: TokenState,
    pub created: When,
    pub expires: Option<When>,
    pub last_use: Option<When>,
    pub uses: u64,
    pub revoked: Option<When>,
    pub may_revoke: bool,
}
