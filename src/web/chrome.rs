//! What every page carries besides its own contents: title, person, workspace, navigation,
//! and the two values of the request that forms and scripts need. Built by the `web` layer alone.

use super::url;
use super::view::{Tone, initial};

pub struct Chrome {
    /// The page's own name: the first part of the title.
    pub page: String,
    /// The nonce of this answer's Content-Security-Policy.
    pub nonce: String,
    pub csrf: String,
    pub theme: Theme,
    /// Path and query of this page, for coming back to it.
    pub path: String,
    pub flash: Vec<Flash>,
    pub person: Option<PersonBadge>,
    pub workspace: Option<WorkspaceNav>,
    /// Every workspace of the person, the present one included.
    pub workspaces: Vec<WorkspaceLink>,
    pub here: Place,
    pub may: May,
}

impl Chrome {
    /// “Page · Workspace · Keyrack”.
    pub fn title(&self) -> String {
        match &self.workspace {
            Some(workspace) => format!("{} · {} · Keyrack", self.page, workspace.name),
            None => format!("{} · Keyrack", self.page),
        }
    }

    /// The entries this person may open here, in order.
    pub fn nav(&self) -> Vec<NavItem> {
        let Some(workspace) = &self.workspace else { return Vec::new() };
        let slug = workspace.slug.as_str();
        let item = |place, label, icon, url| NavItem { label, icon, url, current: self.here == place };
        let mut items = vec![
            item(Place::Home, "Home", "home", url::workspace(slug)),
            item(Place::Secrets, "Secrets", "key", url::secrets(slug)),
            item(Place::Calendar, "Calendar", "calendar", url::calendar(slug)),
            item(Place::Connections, "Connections", "plug", url::connections(slug)),
            item(Place::Workflows, "Workflows", "flow", url::workflows(slug)),
        ];
        items.push(item(Place::NodeTypes, "Node types", "hook", url::node_types(slug)));
        items.push(item(Place::Members, "Members", "people", url::members(slug)));
        items.push(item(Place::Tokens, "Tokens", "ticket", url::tokens(slug)));
        if self.may.end_users {
            items.push(item(Place::EndUsers, "End users", "person", url::end_users(slug)));
        }
        if self.may.webhooks {
            items.push(item(Place::Webhooks, "Webhooks", "bell", url::webhooks(slug)));
        }
        if self.may.activity {
            items.push(item(Place::Activity, "Activity", "book", url::activity(slug)));
        }
        if self.may.settings {
            items.push(item(Place::Settings, "Settings", "sliders", url::settings(slug)));
        }
        items
    }

    pub fn on_account(&self) -> bool {
        self.here == Place::Account
    }

    pub fn themes(&self) -> [ThemeChoice; 3] {
        [Theme::System, Theme::Light, Theme::Dark].map(|theme| ThemeChoice { theme, chosen: theme == self.theme })
    }
}

/// One line of the navigation.
pub struct NavItem {
    pub label: &'static str,
    pub icon: &'static str,
    pub url: String,
    pub current: bool,
}

pub struct ThemeChoice {
    pub theme: Theme,
    pub chosen: bool,
}

/// Light, dark, or as the system says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    /// Reads the form field and the cookie; anything unknown is the system's choice.
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }

    pub fn value(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::System => "Auto",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    pub fn icon(self) -> &'static str {
        match self {
            Self::System => "screen",
            Self::Light => "sun",
            Self::Dark => "moon",
        }
    }

    /// The value of `<html data-theme>`; none where the system decides.
    pub fn attribute(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.value())
    }
}

/// One message that survives one redirect.
pub struct Flash {
    pub tone: Tone,
    pub text: String,
}

pub struct PersonBadge {
    pub name: String,
    pub email: String,
}

impl PersonBadge {
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

pub struct WorkspaceNav {
    pub name: String,
    pub slug: String,
    /// The person's role here, as a word.
    pub role: &'static str,
}

impl WorkspaceNav {
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

pub struct WorkspaceLink {
    pub name: String,
    pub slug: String,
}

impl WorkspaceLink {
    pub fn initial(&self) -> String {
        initial(&self.name)
    }
}

/// The entry of the navigation that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Home,
    Secrets,
    Calendar,
    Connections,
    NodeTypes,
    Workflows,
    Members,
    Tokens,
    EndUsers,
    Webhooks,
    Activity,
    Settings,
    Account,
    Elsewhere,
}

/// The entries that only some may open. The others are for every member.
#[derive(Clone, Copy, Debug, Default)]
pub struct May {
    pub rotations: bool,
    /// Make a token that may do more than an agent's.
    pub every_token: bool,
    pub activity: bool,
    pub settings: bool,
    pub webhooks: bool,
    pub end_users: bool,
}
