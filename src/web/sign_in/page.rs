//! Signing in. What it says never tells whether an address is known.

use crate::web::chrome::Chrome;
use crate::web::doors::Door;
use crate::web::url;
use crate::web::view::{Input, Tone};

#[derive(askama::Template)]
#[template(path = "sign_in/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub email: Input,
    pub return_to: String,
    pub trouble: Option<Trouble>,
    /// Whether one can make an account without an invitation.
    pub sign_up: bool,
    pub doors: Vec<Door>,
}

/// Between us and a provider.
#[derive(askama::Template)]
#[template(path = "sign_in/leaving.html")]
pub struct Leaving {
    pub chrome: Chrome,
    pub label: String,
    pub way: String,
}

pub enum Trouble {
    /// Address or password is wrong; which of them stays unsaid.
    NoMatch,
    /// Too many attempts: when the next one will be looked at.
    Wait { sentence: String },
}

impl Trouble {
    pub fn tone(&self) -> Tone {
        match self {
            Self::NoMatch => Tone::Bad,
            Self::Wait { .. } => Tone::Warn,
        }
    }

    pub fn text(&self) -> String {
        match self {
            Self::NoMatch => {
                "This e-mail address and password do not belong together. Check both and try again.".to_owned()
            }
            Self::Wait { sentence } => sentence.clone(),
        }
    }
}
