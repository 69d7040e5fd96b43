//! The buttons of the providers that people sign in with.

use crate::app::App;
use crate::config::Provider;
use crate::store::identities::IdentityRow;

use super::marks;

/// One button.
pub struct Door {
    /// The word in its address.
    pub to: String,
    pub label: String,
    /// Its tile.
    pub slug: String,
}

impl Door {
    pub fn of(provider: &Provider) -> Self {
        let slug = format!("{}{}", marks::DOOR, provider.slug);
        Self { to: provider.slug.clone(), label: provider.label.clone(), slug }
    }

    /// One that is not in the settings any more.
    pub fn gone(word: &str) -> Self {
        Self { to: String::new(), label: word.to_owned(), slug: String::new() }
    }

    pub fn mark(&self) -> Option<String> {
        marks::address(&self.slug)
    }

    pub fn icon(&self) -> Option<&'static str> {
        None
    }

    pub fn letter(&self) -> char {
        self.label.chars().next().map_or('?', |first| first.to_ascii_uppercase())
    }
}

/// In the order of the settings.
pub fn all(app: &App) -> Vec<Door> {
    app.desk.all().iter().map(Door::of).collect()
}

/// Those that open somebody's account, each once.
pub fn opening(app: &App, rows: &[IdentityRow]) -> Vec<Door> {
    let linked = |provider: &&Provider| rows.iter().any(|row| row.provider == provider.slug);
    app.desk.all().iter().filter(linked).map(Door::of).collect()
}
