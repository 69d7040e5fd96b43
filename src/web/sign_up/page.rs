//! An account for whoever has proven an address.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::Input;

#[derive(askama::Template)]
#[template(path = "sign_up/new.html")]
pub struct New {
    pub chrome: Chrome,
    /// The one-time token of the link, to post back to.
    pub link: String,
    pub email: String,
    pub name: Input,
    pub password: Input,
}
