//! The form for a new service token, and the ready choices of abilities.

use crate::domain::{Ability, Environment};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Choice, Input, Tone, meaning};

#[derive(askama::Template)]
#[template(path = "tokens/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    /// Whether more than an agent's token is theirs to make.
    pub every: bool,
    /// The token's id, drawn with the form: the same form makes one token, however often it is sent.
    pub id: String,
    pub name: Input,
    pub environment: Environment,
    pub preset: Preset,
    /// The boxes ticked under “own choice”.
    pub abilities: Vec<Ability>,
    pub abilities_error: Option<String>,
    /// Those of the workspace; none chosen is no limit.
    pub node_types: Vec<Choice>,
    pub node_types_error: Option<String>,
    pub networks: Input,
    pub calls: Input,
    pub expires_on: Input,
}

impl New {
    /// True when the form comes back with something to put right.
    pub fn refused(&self) -> bool {
        let inputs = [&self.name, &self.networks, &self.calls, &self.expires_on];
        let lists = [&self.abilities_error, &self.node_types_error];
        inputs.iter().any(|input| input.error.is_some()) || lists.iter().any(|error| error.is_some())
    }

    pub fn offered(&self) -> &'static [Preset] {
        if self.every { Preset::ALL } else { &[Preset::Agent] }
    }

    /// Whether the limits stand open.
    pub fn has_limits(&self) -> bool {
        let filled = |input: &Input| !input.value.is_empty() || input.error.is_some();
        filled(&self.networks)
            || filled(&self.calls)
            || self.node_types_error.is_some()
            || self.node_types.iter().any(|choice| choice.chosen)
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
            Self::Custom => "Own choice",
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Backend => {
                "A server of yours that fetches credentials, connects your end users' accounts, and manages node types and workflows."
            }
            Self::Agent => {
                "Calls other companies' APIs through Keyrack with your own and shared keys, and can never fetch one."
            }
            Self::Connect => "Stores the keys of end users and connects their accounts, and fetches none.",
            Self::Read => "Reads what there is and whether it works, never a value, and changes nothing.",
            Self::Custom => "Choose each ability yourself.",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Backend => "server",
            Self::Agent => "shield",
            Self::Connect => "plug",
            Self::Read => "book",
            Self::Custom => "sliders",
        }
    }
}
