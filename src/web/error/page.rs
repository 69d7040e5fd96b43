//! The page for what went wrong: what happened, what to do, the request id, a way on.

use crate::web::chrome::Chrome;
use crate::web::url;
use crate::web::view::Link;

#[derive(askama::Template)]
#[template(path = "error/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub status: u16,
    pub words: Words,
    pub request_id: String,
    pub way_on: Link,
}

/// The words for one kind of trouble.
#[derive(Clone, Copy, Debug)]
pub struct Words {
    pub title: &'static str,
    pub happened: &'static str,
    pub to_do: &'static str,
}

impl Words {
    pub fn of(status: u16) -> Self {
        let (title, happened, to_do) = match status {
            400 => (
                "This request could not be read",
                "Something in the address or the form did not arrive as it was sent.",
                "Go back, load the page again and repeat the step.",
            ),
            403 => (
                "This was not let through",
                "Either the form was too old, because somebody signed in or out in this browser after it was opened, \
                 or your role here does not include this. Nothing was changed.",
                "Go back, load the page again and repeat the step. If it is still closed to you once you are signed \
                 in, ask an Owner or Admin of the workspace.",
            ),
            404 => (
                "There is nothing on this hook",
                "The page does not exist, was deleted, or belongs to a workspace that you are not in.",
                "Check the address, or go on from your home page.",
            ),
            405 => (
                "This address is not asked that way",
                "The page exists, but the request did not come the way that it is used.",
                "Go on from your home page.",
            ),
            408 => (
                "That took too long to arrive",
                "The form stopped on its way, so nothing was stored.",
                "Check your connection, go back and send it again.",
            ),
            409 => (
                "Somebody was here first",
                "What you were changing has changed since you opened it, so nothing was stored.",
                "Open it again, look at what is there now, and repeat the step if it is still needed.",
            ),
            413 => (
                "That is too much at once",
                "What was sent is larger than Keyrack takes, so nothing was stored.",
                "Go back and send less. A key is never longer than a few thousand characters.",
            ),
            422 => (
                "Something in the form is not right",
                "The form arrived, but its contents could not be used, so nothing was stored.",
                "Go back and check what you entered.",
            ),
            429 => (
                "That was too often",
                "There were more requests than are taken in so short a time.",
                "Wait a minute, then try again.",
            ),
            503 => (
                "Keyrack is busy",
                "It could not answer in time. If you were storing something, look first whether it is there.",
                "Wait a few seconds, then load the page again.",
            ),
            _ => (
                "Something went wrong on our side",
                "The request was stopped by a mistake in Keyrack. It has been written to the log.",
                "Try again. If it happens again, give the request id to whoever runs this Keyrack.",
            ),
        };
        Self { title, happened, to_do }
    }
}
