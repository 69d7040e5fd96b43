//! A person's own pages: who they are, their password, where they are signed in.

use crate::web::chrome::Chrome;
use crate::web::invitations::Offered;
use crate::web::url;
use crate::web::view::{Input, When};

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
    pub current: Input,
    pub new: Input,
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
