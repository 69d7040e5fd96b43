//! Values as pages show them: moments, states, node types, form inputs.
//! Words and icons for the same thing are chosen here once; nothing here decides anything.

use std::time::Duration;

use super::marks;
use crate::domain::{Ability, Delivery, Moment, Role, SecretState, Sharing, TokenState};

/// The colour of a message or state; a word and an icon always go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Warn,
    Bad,
    Info,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::Good => "check-circle",
            Self::Warn => "alert",
            Self::Bad => "x-circle",
            Self::Info => "info",
        }
    }
}

/// How a value of the domain looks on a page.
pub trait Shown {
    fn word(&self) -> &'static str;
    fn icon(&self) -> &'static str;
    fn class(&self) -> &'static str {
        ""
    }
}

impl Shown for SecretState {
    fn word(&self) -> &'static str {
        match self {
            Self::Connected => "Connected",
            Self::Rejected => "Rejected",
            Self::NeedsReauthorization => "Needs reauthorization",
            Self::Expired => "Expired",
            Self::Disconnected => "Disconnected",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Connected => "check-circle",
            Self::Rejected => "x-circle",
            Self::NeedsReauthorization => "alert",
            Self::Expired => "hourglass",
            Self::Disconnected => "unplug",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Connected => "good",
            Self::Rejected | Self::Expired => "bad",
            Self::NeedsReauthorization => "warn",
            Self::Disconnected => "muted",
        }
    }
}

impl Shown for Sharing {
    fn word(&self) -> &'static str {
        match self {
            Self::Private => "Owner only",
            Self::Members => "Chosen members",
            Self::Workspace => "Workspace",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Private => "lock",
            Self::Members => "people",
            Self::Workspace => "building",
        }
    }
}

impl Shown for Delivery {
    fn word(&self) -> &'static str {
        match self {
            Self::Proxy => "Proxy: it never leaves",
            Self::Vend => "Vend: a backend may fetch it",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Proxy => "shield",
            Self::Vend => "hand-out",
        }
    }
}

/// What a role lets somebody do, in one sentence.
pub fn role_means(role: &Role) -> &'static str {
    match role {
        Role::Member => "Adds and uses their own secrets, and sees nobody else’s private ones.",
        Role::Admin => "Sees every secret’s row, makes service tokens, reads the record, and manages Members.",
        Role::Owner => "May do everything here, and decides who else may.",
    }
}

/// What an ability lets a service token do, in plain words.
pub fn meaning(ability: &Ability) -> &'static str {
    match ability {
        Ability::Vend => "Fetch the value of a secret whose delivery is vend.",
        Ability::Proxy => "Call the upstream API through Keyrack, without ever holding the key.",
        Ability::Connect => "Store, replace and disconnect the connections of end users.",
        Ability::Read => "Read what there is and whether it works, never a value.",
        Ability::Manage => {
            "Add, change and remove node types and their clients, and register workflows and their nodes."
        }
        Ability::Audit => "Read what has happened to connections, secrets and workflows.",
    }
}

impl Shown for TokenState {
    fn word(&self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expiring => "Expires soon",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Active => "check-circle",
            Self::Expiring | Self::Expired => "hourglass",
            Self::Revoked => "x-circle",
        }
    }

    fn class(&self) -> &'static str {
        match self {
            Self::Active => "good",
            Self::Expiring => "warn",
            Self::Expired => "bad",
            Self::Revoked => "muted",
        }
    }
}

/// A moment in the three ways a page needs it.
#[derive(Clone, Debug)]
pub struct When {
    /// `2026-11-21T10:42:00.000Z`, for `<time datetime>`.
    pub machine: String,
    /// `21 Nov 2026, 10:42 UTC`
    pub exact: String,
    /// `3 h ago`, `in 2 days`; a date once that says more.
    pub relative: String,
}

impl When {
    pub fn new(at: Moment, now: Moment) -> Self {
        let exact = at.readable();
        let relative = if at > now {
            distance(at.since(now)).map(|d| format!("in {d}"))
        } else {
            distance(now.since(at)).map(|d| format!("{d} ago"))
        };
        let relative = match relative {
            Some(_) if now.since(at) < MINUTE && at <= now => "just now".to_owned(),
            Some(words) => words,
            None => exact.split(',').next().unwrap_or_default().to_owned(),
        };
        Self { machine: at.wire(), exact, relative }
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: u64 = 60;
const DAY: u64 = 24 * HOUR;

/// A span in its largest whole unit; none beyond 30 days.
fn distance(span: Duration) -> Option<String> {
    let minutes = span.as_secs() / MINUTE.as_secs();
    match minutes {
        0..HOUR => Some(format!("{} min", minutes.max(1))),
        HOUR..DAY => Some(format!("{} h", minutes / HOUR)),
        DAY.. if minutes < 30 * DAY => Some(counted(minutes / DAY, "day", "days")),
        _ => None,
    }
}

/// `1 secret`, `12 secrets`.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

/// `12 345`, in groups of three joined by a narrow space.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + 6);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The letter that stands for a name.
pub fn initial(name: &str) -> String {
    let first = name.chars().find(|c| c.is_alphanumeric());
    first.map(|c| c.to_uppercase().to_string()).unwrap_or_else(|| "?".to_owned())
}

/// A node type as a tile and a name.
#[derive(Clone, Debug)]
pub struct NodeMark {
    pub slug: String,
    pub name: String,
}

impl NodeMark {
    pub fn letter(&self) -> String {
        initial(&self.name)
    }

    /// Where its own mark is drawn.
    pub fn mark(&self) -> Option<String> {
        marks::address(&self.slug)
    }

    /// The generic node type has an icon of ours instead of a letter.
    pub fn icon(&self) -> Option<&'static str> {
        (self.slug == "http-request").then_some("globe")
    }
}

/// What somebody typed into a plain field, and what is wrong with it.
/// Passwords use it with an empty value: they are never sent back.
#[derive(Clone, Debug, Default)]
pub struct Input {
    pub value: String,
    pub error: Option<String>,
}

/// One entry of a `<select>` or one chip of a choice.
#[derive(Clone, Debug)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub chosen: bool,
}

#[derive(Clone, Debug)]
pub struct Link {
    pub label: String,
    pub url: String,
}

/// The neighbours of a page of a list: where it goes from the newest to the oldest, they are called so.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    pub newer: Option<String>,
    pub older: Option<String>,
    /// Another order than that of age.
    pub sorted: bool,
}

/// One line of what happened: “Ada added the secret *Stripe live*”.
#[derive(Clone, Debug)]
pub struct Entry {
    pub when: When,
    pub who: String,
    /// The service token that was used, ready to follow “Ada’s token”.
    pub token: Option<Link>,
    /// What they did, in the past tense, ready to be followed by the target.
    pub what: String,
    pub target: Option<Link>,
    /// Somebody outside whom the target belongs to: “of end user guest-1042”.
    pub of: Option<String>,
    /// The address it came from, where one is known.
    pub address: Option<String>,
    /// `12 times`, where it was done more than once.
    pub times: Option<String>,
    pub icon: &'static str,
}

/// A service token that used a secret.
#[derive(Clone, Debug)]
pub struct UsedBy {
    pub token: String,
    /// None where the one who looks may not open it.
    pub url: Option<String>,
    pub uses: u64,
    pub last: When,
}

impl UsedBy {
    pub fn times(&self) -> String {
        counted(self.uses, "use", "uses")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment::from_micros(1_795_257_720_000_000);

    #[test]
    fn times_are_told_as_people_tell_them() {
        let ago = |seconds| When::new(NOW.minus(Duration::from_secs(seconds)), NOW).relative;
        assert_eq!(ago(20), "just now");
        assert_eq!(ago(90), "1 min ago");
        assert_eq!(ago(3 * 3600 + 59 * 60), "3 h ago");
        assert_eq!(ago(86_400), "1 day ago");
        assert_eq!(ago(40 * 86_400), "12 Oct 2026");
        let soon = When::new(NOW.plus(Duration::from_secs(3 * 86_400)), NOW);
        assert_eq!(soon.relative, "in 3 days");
        assert_eq!(soon.exact, "24 Nov 2026, 10:42 UTC");
    }

    #[test]
    fn long_numbers_stand_in_groups() {
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }

    #[test]
    fn a_name_without_a_letter_still_has_an_initial() {
        assert_eq!(initial("  ärzte"), "Ä");
        assert_eq!(initial("—"), "?");
    }
}
