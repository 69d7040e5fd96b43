//! What the reference shows.

use crate::web::chrome::Chrome;
use crate::web::url;

#[derive(askama::Template)]
#[template(path = "reference/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub about: Vec<Piece>,
    pub groups: Vec<Group>,
    pub shapes: Vec<Shape>,
    pub errors: Vec<ErrorCode>,
}

/// A stretch of text, as words or as code.
pub struct Piece {
    pub code: bool,
    pub text: String,
}

pub struct Group {
    pub id: String,
    pub name: String,
    pub about: Vec<Piece>,
    pub routes: Vec<Route>,
}

pub struct Route {
    pub id: String,
    pub title: String,
    pub method: String,
    pub path: String,
    pub about: Vec<Piece>,
    /// The ability that it asks for; none where any token will do.
    pub ability: Option<String>,
    pub parameters: Vec<Field>,
    pub body: Vec<Field>,
    pub answers: Vec<Answer>,
    pub example: Example,
}

/// A parameter or a member of an object.
pub struct Field {
    pub name: String,
    /// Where a parameter stands, where that is to be said.
    pub place: Option<String>,
    pub required: bool,
    pub kind: Vec<Word>,
    pub about: Vec<Piece>,
}

/// A word of a type, which may be a shape of its own.
pub struct Word {
    pub text: String,
    pub shape: Option<String>,
}

pub struct Answer {
    pub status: String,
    pub about: Vec<Piece>,
    pub kind: Vec<Word>,
}

pub struct Example {
    pub id: String,
    pub title: String,
    pub code: String,
}

pub struct Shape {
    pub name: String,
    pub about: Vec<Piece>,
    pub fields: Vec<Field>,
    /// For what is no object: what it is.
    pub kind: Vec<Word>,
}

pub struct ErrorCode {
    pub code: String,
    pub status: String,
    pub means: String,
}
