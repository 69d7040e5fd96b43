//! Abilities: what a service token may do.

use std::collections::BTreeSet;

use super::id::Malformed;
use super::word::words;

words! {
    Ability {
        Vend = "vend",
        Proxy = "proxy",
        Connect = "connect",
        Read = "read",
        Manage = "manage",
        Audit = "audit",
    }
}

/// A set of abilities, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abilities(BTreeSet<Ability>);

impl Abilities {
    pub fn new(abilities: impl IntoIterator<Item = Ability>) -> Option<Self> {
        let set: BTreeSet<_> = abilities.into_iter().collect();
        if set.is_empty() { None } else { Some(Self(set)) }
    }

    pub fn contains(&self, ability: Ability) -> bool {
        self.0.contains(&ability)
    }

    pub fn iter(&self) -> impl Iterator<Item = Ability> + '_ {
        self.0.iter().copied()
    }

    /// The only ability that a Member may give to a token.
    pub fn is_proxy_alone(&self) -> bool {
        self.0.iter().all(|a| *a == Ability::Proxy)
    }
}

impl std::fmt::Display for Abilities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.0.iter().map(|a| a.as_str()).collect();
        f.write_str(&words.join(","))
    }
}

impl std::str::FromStr for Abilities {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let set = text.split(',').map(|word| word.trim().parse()).collect::<Result<Vec<Ability>, _>>()?;
        Self::new(set).ok_or(Malformed("list of abilities"))
    }
}
