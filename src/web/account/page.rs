//! A person's own pages: who they are, their password, where they are signed in.

use crate::web::chrome::Chrome;
use crate::web::doors::Door;
use crate::web::invitations::Offered;
use crate::web::members::ending::{Ending, Gone};
use crate::web::url;
use crate::web::view::{Input, Tone, When};

#[derive(askama::Template)]
#[template(path = "account/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub id: String,
    pub name: Input,
    pub email: String,
    pub joined: When,
    pub has_workspace: bool,
    /// To this person's address.
    pub invitations: Vec<Offered>,
    pub new_email: Input,
    pub email_password: Input,
    pub current: Input,
    pub new: Input,
    pub ways: Ways,
    /// Whether somebody without a password has to show anew who they are, for what others give it for.
    pub must_confirm: bool,
}

/// What opens the account.
pub struct Ways {
    pub linked: Vec<Way>,
    /// At which one can show that it is still oneself.
    pub opening: Vec<Door>,
    /// With which one may be linked.
    pub doors: Vec<Door>,
    pub has_password: bool,
}

pub struct Way {
    pub id: String,
    pub door: Door,
    pub address: Option<String>,
    pub used: Option<When>,
    /// Without it nothing would open the account.
    pub only: bool,
}

/// Whether a provider's account and one's own belong together.
#[derive(askama::Template)]
#[template(path = "account/link.html")]
pub struct Link {
    pub chrome: Chrome,
    pub state: String,
    pub label: String,
    pub address: Option<String>,
    pub email: String,
    pub must_confirm: bool,
    pub has_password: bool,
    pub doors: Vec<Door>,
    pub current: Input,
}

#[derive(askama::Template)]
#[template(path = "account/sessions.html")]
pub struct Sessions {
    pub chrome: Chrome,
    pub sessions: Vec<Session>,
}

impl Sessions {
    pub fn others(&self) -> usize {
        self.sessions.iter().filter(|session| !session.this_one).count()
    }
}

pub struct Session {
    pub id: String,
    /// “Firefox on Linux”
    pub device: String,
    pub on_phone: bool,
    pub address: String,
    pub signed_in: When,
    pub last_seen: When,
    pub this_one: bool,
}

/// What ends with the account, before it ends.
#[derive(askama::Template)]
#[template(path = "account/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub address: String,
    /// Whether they are the only Owner of something.
    pub blocked: bool,
    pub places: Vec<Leaving>,
    pub notice: Option<String>,
    pub email: Input,
    pub current: Input,
    pub has_password: bool,
    pub must_confirm: bool,
    pub doors: Vec<Door>,
}

/// One of the person's workspaces.
pub struct Leaving {
    pub ws: String,
    pub name: String,
    /// Nothing where they are the only Owner.
    pub ending: Option<Ending>,
}

/// What has ended, with the name of each workspace.
#[derive(askama::Template)]
#[template(path = "account/deleted.html")]
pub struct Deleted {
    pub chrome: Chrome,
    pub places: Vec<(String, Gone)>,
}

/// Another address, for whoever has proven that it is theirs.
#[derive(askama::Template)]
#[template(path = "account/proof.html")]
pub struct Proof {
    pub chrome: Chrome,
    /// The one-time token of the link, to post back to.
    pub link: String,
    pub email: String,
    pub signed_in: bool,
    pub present: Input,
}
