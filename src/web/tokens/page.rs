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
    pub name: Input,
    pub environment: Environment,
    pub preset: Preset,
    /// The boxes ticked under “custom”.
    pub abilities: Vec<Ability>,
    pub abilities_error: Option<String>,
    pub expires_on: Input,
    /// A Member's token may only call through Keyrack.
    pub proxy_only: bool,
}

impl New {
    pub fn presets(&self) -> &'static [Preset] {
        if self.proxy_only { &[Preset::Agent] } else { Preset::ALL }
    }

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

/// A ready choice of abilities, so that most people never choose them singly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    Backend,
    Agent,
    Connect,
    Read,
    Custom,
}

impl Preset {
    pub const ALL: &'static [Self] = &[Self::Backend, Self::Agent, Self::Connect, Self::Read, Self::Custom];

    /// Reads the form field `preset`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|preset| preset.value() == word)
    }

    pub fn value(self) -> &'static str {
        match self {
            Self::Backend => "backend",
            Self::Agent => "agent",
            Self::Connect => "connect",
            Self::Read => "read",
            Self::Custom => "custom",
        }
    }

    /// What the token will be able to do; for `Custom` the boxes say it.
    pub fn abilities(self) -> &'static [Ability] {
        match self {
            Self::Backend => &[Ability::Vend, Ability::Connect, Ability::Read, Ability::Manage, Ability::Audit],
            Self::Agent => &[Ability::Proxy],
            Self::Connect => &[Ability::Connect],
            Self::Read => &[Ability::Read],
            Self::Custom => &[],
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Backend => "Backend",
            Self::Agent => "AI agent",
            Self::Connect => "Connect only",
            Self::Read => "Read only",
            Self::Custom => "Custom",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Backend => "A server of yours that fetches credentials and looks after connections.",
            Self::Agent => {
                "Calls upstream APIs through Keyrack and never holds a key. This version makes no such calls yet."
            }
            Self::Connect => "Stores and disconnects the keys of end users, and fetches none.",
            Self::Read => "Sees what is connected. It changes nothing and fetches nothing.",
            Self::Custom => "Choose each ability yourself.",
        }
    }

    /// What is said beside the label of a preset that cannot do its work yet.
    pub fn badge(self) -> &'static str {
        if self == Self::Agent { "not in this version" } else { "" }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Backend => "server",
            Self::Agent => "agent",
            Self::Connect => "plug",
            Self::Read => "eye",
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
