//! What an end user sees of a connect session. No struct here has a place for a stored value.

use crate::app::context::RequestContext;
use crate::domain::connect_page::Accent;
use crate::domain::connect_session::{Outcome, Shade};
use crate::domain::{Moment, SecretState};
use crate::store::connect_pages::Brand;
use crate::web::chrome::{Chrome, May, Place, Theme};
use crate::web::secrets::page::{Control, Credential, Field, Guide};
use crate::web::url;
use crate::web::view::{Link, NodeMark, Shown as _, When};

use crate::actions::connect_sessions::{Item, Shown};

/// What stands around every page of a session.
pub struct Around {
    /// Under which name somebody asks.
    pub name: String,
    pub logo: Option<String>,
    /// The colours by day and by night, where the accent can be read.
    pub colours: Option<(String, String)>,
    pub session: String,
    /// Who hears of it, where the page stands on another site.
    pub origin: Option<String>,
    /// What the page carries from form to form.
    pub page: String,
    pub told: Option<Told>,
}

/// What the page tells the site that holds it: never a value.
pub struct Told {
    pub outcome: Outcome,
    pub node_type: String,
    pub account: String,
}

/// Keyrack's own, for where an accent cannot be read.
const BY_DAY: &str = "#86601a";
const BY_NIGHT: &str = "#e3bc6b";

fn colours(accent: Accent) -> (String, String) {
    let or = |legible: bool, own: &str| if legible { accent.to_string() } else { own.to_owned() };
    (or(accent.is_legible_by_day(), BY_DAY), or(accent.is_legible_by_night(), BY_NIGHT))
}

impl Around {
    pub fn of(shown: &Shown, page: &str) -> Self {
        let Brand { name, accent, logo } = &shown.brand;
        Self {
            name: name.as_ref().unwrap_or(&shown.workspace.name).to_string(),
            logo: logo.as_deref().map(url::connect_logo),
            colours: accent.map(colours),
            session: shown.session.id.to_string(),
            origin: shown.session.origin.clone(),
            page: page.to_owned(),
            told: None,
        }
    }

    pub fn chrome(&self, context: &RequestContext, shade: Option<Shade>, title: &str) -> Chrome {
        chrome(context, &format!("{title} · {}", self.name), shade)
    }
}

/// Nothing of it belongs to a signed-in person: there is no menu, and no switch that would need a cookie.
pub fn chrome(context: &RequestContext, title: &str, shade: Option<Shade>) -> Chrome {
    Chrome {
        page: title.to_owned(),
        nonce: context.nonce.clone(),
        csrf: String::new(),
        theme: match shade {
            None => Theme::System,
            Some(Shade::Light) => Theme::Light,
            Some(Shade::Dark) => Theme::Dark,
        },
        path: url::home(),
        flash: Vec::new(),
        person: None,
        workspace: None,
        workspaces: Vec::new(),
        here: Place::Elsewhere,
        may: May::default(),
    }
}

/// One node type on the page.
pub struct Card {
    pub open: bool,
    pub node_type: NodeMark,
    pub description: Option<String>,
    pub held: Option<Held>,
    /// What came of the last try, where that was nothing.
    pub failed: Option<&'static str>,
}

/// What is connected.
pub struct Held {
    /// Which value it is, so that no other is taken away for it.
    pub value: i64,
    pub state: SecretState,
    pub account: Option<String>,
    pub last_four: Option<String>,
    pub since: Option<When>,
}

impl Held {
    /// Whether something else should be connected in its place.
    pub fn wants_care(&self) -> bool {
        self.state != SecretState::Connected
    }
}

fn held(item: &Item, now: Moment) -> Option<Held> {
    let row = item.connection.as_ref().filter(|row| row.secret.value_entered_at.is_some())?;
    Some(Held {
        value: row.secret.value_number,
        state: row.secret.state(now),
        account: row.account_name.clone().or_else(|| row.found_name.clone()),
        last_four: row.secret.last_four.clone(),
        since: row.secret.value_entered_at.map(|at| When::new(at, now)),
    })
}

impl Card {
    pub fn of(item: &Item, now: Moment) -> Self {
        let row = &item.node_type;
        let failed = match item.came.as_ref().map(|came| came.outcome) {
            Some(Outcome::AccessDenied) => Some("You did not agree, so nothing was connected."),
            Some(Outcome::Failed) => Some("It could not be connected. Try again."),
            _ => None,
        };
        Self {
            node_type: NodeMark { slug: row.slug.to_string(), name: row.name.to_string() },
            description: row.description.clone(),
            open: item.open,
            held: held(item, now),
            failed,
        }
    }
}

/// Everything that may be connected, with what is.
#[derive(askama::Template)]
#[template(path = "connect/session/overview.html")]
pub struct Overview {
    pub chrome: Chrome,
    pub around: Around,
    pub cards: Vec<Card>,
    pub back: Option<Link>,
}

/// The form of one node type.
#[derive(askama::Template)]
#[template(path = "connect/session/form.html")]
pub struct Form {
    pub chrome: Chrome,
    pub around: Around,
    pub node_type: NodeMark,
    pub description: Option<String>,
    pub again: bool,
    /// Whether there are others to go back to.
    pub several: bool,
    pub asks: Asks,
    /// Of the description that the form was drawn from.
    pub revision: i64,
    pub wrong: Option<String>,
}

pub enum Asks {
    /// Something is entered here.
    Credential { credential: Credential, guide: Guide },
    /// The provider asks for consent.
    Account { scopes: Vec<(Option<String>, String)>, host: String, parts: Vec<Field>, stamp: i64 },
    /// Nothing can be connected at the moment.
    Nothing,
}

impl Form {
    pub fn verb(&self) -> &'static str {
        match (&self.asks, self.again) {
            (Asks::Account { .. }, true) => "Connect again",
            (_, true) => "Replace",
            (_, false) => "Connect",
        }
    }
}

/// Before the link is spent: one button.
#[derive(askama::Template)]
#[template(path = "connect/session/begin.html")]
pub struct Begin {
    pub chrome: Chrome,
    pub around: Around,
    pub link: String,
    pub names: Vec<NodeMark>,
}

/// There is nothing to do on it any more.
#[derive(askama::Template)]
#[template(path = "connect/session/over.html")]
pub struct Over {
    pub chrome: Chrome,
    pub session: String,
    /// The site that holds it, and may close it.
    pub origin: Option<String>,
}
