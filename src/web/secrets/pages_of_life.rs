//! The pages on which a secret changes: another value, its dates and name, and what becomes of it.

use crate::domain::{Delivery, Environment};
use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::{Entry, Input, Link, NodeMark, Pager, Shown as _, Tone, UsedBy, When};

use super::dates;
use super::page::{Control, Credential, FirstTest, Guide, Owner, Serving};

/// A value that is not the current one.
pub struct Held {
    /// By which a form says which one it means.
    pub number: i64,
    pub kind: &'static str,
    pub last_four: Option<String>,
    pub entered: When,
    pub expires: Option<When>,
    pub kept_until: Option<When>,
    /// Only of the next one: nobody wants to know of what has been replaced.
    pub trial: Option<super::probe::Trial>,
}

/// The values beside the current one.
#[derive(Default)]
pub struct Values {
    pub next: Option<Held>,
    pub previous: Option<Held>,
}

impl Values {
    pub fn any(&self) -> bool {
        self.next.is_some() || self.previous.is_some()
    }
}

/// What entering a value comes to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Entering {
    /// There is one, and it goes.
    Replace,
    /// There is none that can be used.
    Fill,
    /// Beside the one that is there.
    Stage,
}

impl Entering {
    pub fn title(self) -> &'static str {
        match self {
            Self::Replace => "Replace the value",
            Self::Fill => "Enter a value",
            Self::Stage => "Enter the next value",
        }
    }

    pub fn purpose(self) -> &'static str {
        match self {
            Self::Replace => {
                "The new value counts from the next request, and the old one is destroyed. Name, sharing and whatever is \
                 bound to it stay."
            }
            Self::Fill => "Whatever is bound to it goes on with this value. Name and sharing are as they were.",
            Self::Stage => {
                "It waits beside the value in use until you promote it. After that you can go back for 24 hours."
            }
        }
    }

    pub fn button(self) -> &'static str {
        match self {
            Self::Replace => "Store the new value",
            Self::Fill => "Store this value",
            Self::Stage => "Store the next value",
        }
    }
}

#[derive(askama::Template)]
#[template(path = "secrets/replace.html")]
pub struct Replace {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub revision: i64,
    pub environment: Environment,
    pub entering: Entering,
    /// Whoever enters a value for somebody else is told what that does not give them.
    pub yours: bool,
    pub owner: Owner,
    pub guide: Guide,
    pub credential: Credential,
    /// Chosen anew by the owner alone, and with a value that counts at once.
    pub delivery: Option<Delivery>,
    pub dates: dates::Draft,
    pub disagreement: Option<String>,
    pub refused: bool,
    /// What stood in the way although every field was right.
    pub refusal: Option<String>,
    /// The test that can follow at once, where there is one.
    pub first_test: Option<FirstTest>,
}

impl Replace {
    pub fn action(&self) -> String {
        match self.entering {
            Entering::Stage => url::next_value(&self.ws, &self.id),
            Entering::Replace | Entering::Fill => url::replace_secret(&self.ws, &self.id),
        }
    }
}

#[derive(askama::Template)]
#[template(path = "secrets/edit.html")]
pub struct Edit {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub title: String,
    pub node_type: NodeMark,
    /// Its owner's alone to change.
    pub name: Option<Input>,
    /// A slot without a value has none.
    pub dates: Option<dates::Draft>,
    pub delivery: Delivery,
    pub yours: bool,
}

/// What stops, before it does.
#[derive(askama::Template)]
#[template(path = "secrets/disconnect.html")]
pub struct Disconnect {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: Environment,
    pub yours: bool,
    pub owner: Owner,
    pub used_by: Vec<UsedBy>,
    pub serving: Vec<Serving>,
    /// How many values are destroyed.
    pub values: usize,
    pub revoke: Revoke,
}

/// How the key itself is taken back, at the provider.
pub struct Revoke {
    /// Whether Keyrack asks the provider itself.
    pub asks: bool,
    /// Whether it is an account that was connected, and no key.
    pub account: bool,
    pub text: String,
    pub link: Option<Link>,
}

impl Revoke {
    /// What it is that the provider would keep.
    pub fn what(&self) -> &'static str {
        if self.account { "access" } else { "key" }
    }
}

#[derive(askama::Template)]
#[template(path = "secrets/history.html")]
pub struct History {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub lines: Vec<Entry>,
    pub pager: Pager,
}
