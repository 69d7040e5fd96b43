//! The pages of webhooks. A signing key is on a page once, right after it was made.

use crate::domain::webhook::{DeliveryState, Reply, TakeOver, WebhookState};
use crate::domain::{Environment, TellKind};
use crate::web::chrome::Chrome;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Input, Pager, Shown, Tone, When, counted};

#[derive(askama::Template)]
#[template(path = "webhooks/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub rows: Vec<Row>,
    /// Whether another one may be made.
    pub has_room: bool,
}

pub struct Row {
    pub id: String,
    pub name: String,
    pub host: String,
    pub environment: Environment,
    pub kinds: String,
    pub state: WebhookState,
    pub last: Option<Delivery>,
}

/// A kind of events to choose.
pub struct KindChoice {
    pub kind: TellKind,
    pub chosen: bool,
}

#[derive(askama::Template)]
#[template(path = "webhooks/form.html")]
pub struct Form {
    pub chrome: Chrome,
    pub ws: String,
    /// Of a new one: drawn with the form, so that the same form makes one, however often it is sent.
    pub id: String,
    /// None for a new one.
    pub known: Option<Known>,
    pub refusal: Option<String>,
    pub name: Input,
    pub address: Input,
    pub environment: Environment,
    pub every: bool,
    pub kinds: Vec<KindChoice>,
    pub kinds_error: Option<String>,
}

/// The one that is changed.
pub struct Known {
    pub name: String,
}

impl Form {
    /// True when the form comes back with something to put right.
    pub fn refused(&self) -> bool {
        self.name.error.is_some() || self.address.error.is_some() || self.kinds_error.is_some()
    }

    pub fn sends_to(&self) -> String {
        if self.known.is_some() { url::edit_webhook(&self.ws, &self.id) } else { url::new_webhook(&self.ws) }
    }
}

/// The only page that a signing key is ever on.
#[derive(askama::Template)]
#[template(path = "webhooks/key_shown.html")]
pub struct KeyShown {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub key: String,
    /// Whether it is the first one.
    pub is_first: bool,
    /// When it takes over; none where it signs already.
    pub from: Option<When>,
    pub snippets: Vec<Snippet>,
}

#[derive(askama::Template)]
#[template(path = "webhooks/key.html")]
pub struct NewKey {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    /// What the new one follows: the same form makes one, however often it is sent.
    pub number: i64,
    pub waiting: Option<(String, When)>,
}

impl NewKey {
    pub fn waiting_end(&self) -> &str {
        self.waiting.as_ref().map_or("", |(end, _)| end)
    }
}

/// The label of a moment to take over, and when to choose it.
pub fn take_over_words(when: &TakeOver) -> (&'static str, &'static str) {
    match when {
        TakeOver::Now => (
            "At once",
            "For a key that may have been seen. Until your program has the new one it refuses what is sent; that is sent again later.",
        ),
        TakeOver::Hour => ("In an hour", "Enough where one program receives the events, and you are at it."),
        TakeOver::Day => ("In 24 hours", "Time to put the new key everywhere, without a refused delivery."),
        TakeOver::Week => ("In 7 days", "For what is released once a week, or is in other people’s hands."),
    }
}

pub struct Key {
    pub last_four: String,
    pub made: When,
    /// The one that takes over, and when.
    pub waiting: Option<(String, When)>,
}

#[derive(askama::Template)]
#[template(path = "webhooks/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub environment: Environment,
    pub address: String,
    /// Empty for all of them.
    pub kinds: Vec<TellKind>,
    pub state: WebhookState,
    pub paused: Option<When>,
    pub failing: Option<When>,
    pub failures: String,
    /// After how many it is given up, among others.
    pub patience: String,
    pub created: When,
    pub key: Key,
    /// What the log is narrowed to.
    pub filter: Option<DeliveryState>,
    pub rows: Vec<Delivery>,
    pub pager: Pager,
}

impl Show {
    pub fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    pub fn log(&self, state: &str) -> String {
        url::with_query(&url::webhook(&self.ws, &self.id), &[("state", state)])
    }

    pub fn shows(&self, state: &str) -> bool {
        self.filter.map_or("", DeliveryState::as_str) == state
    }
}

/// A delivery as the log tells of it.
pub struct Delivery {
    pub id: String,
    pub event: String,
    pub kind: TellKind,
    pub state: Stand,
    pub tries: u64,
    /// What came of the last try.
    pub said: Option<String>,
    pub last_tried: Option<When>,
    pub written: When,
}

pub enum Stand {
    New,
    UnderWay,
    Again(When),
    Delivered,
    Failed,
}

impl Delivery {
    pub fn tried(&self) -> String {
        match self.tries {
            0 => "not tried yet".to_owned(),
            1 => "tried once".to_owned(),
            tries => format!("tried {}", counted(tries, "time", "times")),
        }
    }

    /// May be sent by hand: not while it is being sent.
    pub fn is_free(&self) -> bool {
        !matches!(self.state, Stand::UnderWay)
    }
}

#[derive(askama::Template)]
#[template(path = "webhooks/delivery.html")]
pub struct ShowDelivery {
    pub chrome: Chrome,
    pub ws: String,
    pub id: String,
    pub name: String,
    pub is_paused: bool,
    pub delivery: Delivery,
    /// What is sent.
    pub body: String,
    pub answer: Option<String>,
}

/// What came of a try, in a few words.
pub fn said(reply: Reply, status: Option<i32>) -> String {
    let status = status.map(|status| status.to_string()).unwrap_or_default();
    match reply {
        Reply::Taken => format!("answered {status}"),
        Reply::Refused => format!("answered {status}, which is no success"),
        Reply::Redirected => format!("answered {status}: redirects are not followed"),
        Reply::AddressNotUsable => "its address may not be spoken to".to_owned(),
        Reply::NotConnected => "no connection could be made".to_owned(),
        Reply::NotTrusted => "it did not prove who it is".to_owned(),
        Reply::NoAnswer => "no answer within 10 seconds".to_owned(),
        Reply::Broken => "the answer was not HTTP, or broke off".to_owned(),
        Reply::Unsigned => "the signing key cannot be read: make a new one".to_owned(),
        Reply::Interrupted => "Keyrack was interrupted each time".to_owned(),
    }
}

/// A kind's name in pieces: a line may end between them.
pub fn parts(kind: &TellKind) -> impl Iterator<Item = &'static str> {
    kind.as_str().split_inclusive(['.', '_'])
}

/// What a kind of events tells.
pub fn kind_means(kind: &TellKind) -> &'static str {
    match kind {
        TellKind::Connected => "An end user’s account is connected, or has a new value.",
        TellKind::Disconnected => "An end user’s account is disconnected or deleted.",
        TellKind::ReauthorizationNeeded => "An end user’s account has to be connected again.",
        TellKind::ConnectionFailed => "An end user’s account could not be connected.",
        TellKind::SecretRejected => "A secret’s provider does not take its value any more.",
        TellKind::SecretExpiring => "A secret has seven days or less until its last day.",
        TellKind::NeedsReconfiguration => "A node of a workflow has lost the key that it was bound to.",
        TellKind::Test => "Somebody tries whether events arrive.",
    }
}

impl Shown for WebhookState {
    fn word(&self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Failing => "Failing",
            Self::Paused => "Paused",
            Self::GivenUp => "Paused by Keyrack",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Active => "check-circle",
            Self::Failing => "alert",
            Self::Paused => "hourglass",
            Self::GivenUp => "x-circle",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Failing => "warn",
            Self::Paused => "muted",
            Self::GivenUp => "bad",
        }
    }
}

impl Shown for Stand {
    fn word(&self) -> &'static str {
        match self {
            Self::New => "Waiting",
            Self::UnderWay => "Being sent",
            Self::Again(_) => "To be tried again",
            Self::Delivered => "Delivered",
            Self::Failed => "Failed",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::New | Self::UnderWay => "hourglass",
            Self::Again(_) => Tone::Warn.icon(),
            Self::Delivered => Tone::Good.icon(),
            Self::Failed => Tone::Bad.icon(),
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::New | Self::UnderWay => "muted",
            Self::Again(_) => "warn",
            Self::Delivered => "good",
            Self::Failed => "bad",
        }
    }
}
