//! The pages of invitations.

use crate::domain::Role;
use crate::store::access::Offer;
use crate::web::chrome::Chrome;
use crate::web::doors::Door;
use crate::web::url;
use crate::web::view::{self, Input, Pager, Tone, When, counted};

#[derive(askama::Template)]
#[template(path = "invitations/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    pub all: u64,
    pub pager: Pager,
    pub refusal: Option<String>,
}

impl Index {
    pub fn count(&self) -> String {
        counted(self.all, "open invitation", "open invitations")
    }
}

pub struct Row {
    pub id: String,
    pub email: String,
    pub role: Role,
    pub inviter: String,
    pub sent: When,
    pub expires: When,
    pub expired: bool,
    pub may_change: bool,
}

#[derive(askama::Template)]
#[template(path = "invitations/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub ws: String,
    /// Whether a letter will reach them.
    pub delivers: bool,
    /// The roles that the reader may give, and which of them is chosen.
    pub roles: Vec<(Role, bool)>,
    pub email: Input,
    pub message: Input,
}

impl New {
    pub fn refused(&self) -> bool {
        self.email.error.is_some() || self.message.error.is_some()
    }
}

/// The link, where nobody is sent it.
#[derive(askama::Template)]
#[template(path = "invitations/made.html")]
pub struct Made {
    pub chrome: Chrome,
    pub ws: String,
    pub email: String,
    pub link: String,
    pub until: When,
}

/// An offer as the one to whom it is made sees it.
pub struct Offered {
    pub id: String,
    pub workspace: String,
    pub email: String,
    pub role: Role,
    pub inviter: String,
    pub message: Option<String>,
    pub expires: When,
}

impl Offered {
    pub fn of(offer: &Offer, now: crate::domain::Moment) -> Self {
        Self {
            id: offer.id.to_string(),
            workspace: offer.name.to_string(),
            email: offer.email.to_string(),
            role: offer.role,
            inviter: offer.inviter_name.to_string(),
            message: offer.message.clone(),
            expires: When::new(offer.expires_at, now),
        }
    }
}

/// Who has opened the link.
pub enum Reader {
    Nobody,
    /// Signed in with the address that was invited.
    Invited {
        name: String,
    },
    /// Signed in with another one.
    Other {
        sentence: String,
    },
    /// A member of that workspace already.
    Member {
        slug: String,
    },
}

#[derive(askama::Template)]
#[template(path = "invitations/show.html")]
pub struct Show {
    pub chrome: Chrome,
    /// The token of the link, to post back to.
    pub link: String,
    pub offer: Offered,
    pub reader: Reader,
    pub name: Input,
    pub password: Input,
    pub trouble: Option<String>,
    pub doors: Vec<Door>,
}
