//! A new password for whoever reads the account's mail.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::Input;

#[derive(askama::Template)]
#[template(path = "forgotten/reset.html")]
pub struct Reset {
    pub chrome: Chrome,
    /// The one-time token of the link, to post back to.
    pub link: String,
    /// Of the account, for programs that keep passwords.
    pub email: String,
    pub password: Input,
}
