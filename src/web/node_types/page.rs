//! The pages of node types and custom APIs.

use crate::catalog::NodeType;
use crate::domain::{Environment, Method};
use crate::web::catalogue::Category;
use crate::web::chrome::Chrome;
use crate::web::secrets::page::Guide;
use crate::web::url;
use crate::web::view::{Input, Link, NodeMark, Shown, UsedBy, counted};

#[derive(askama::Template)]
#[template(path = "node_types/index.html")]
pub struct Index {
    pub chrome: Chrome,
    pub ws: String,
    pub own: Vec<Own>,
    pub q: String,
    pub categories: Vec<Category>,
    /// How many there are to browse, whatever is searched for.
    pub all: u64,
    pub may_manage: bool,
}

impl Index {
    pub fn count(&self) -> String {
        counted(self.all, "node type", "node types")
    }
}

/// One that the workspace has.
pub struct Own {
    pub node_type: NodeMark,
    pub method: Method,
    pub standing: Standing,
    pub secrets: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The catalogue has it, the workspace does not.
    Absent,
    Enabled,
    Disabled,
}

impl Shown for Standing {
    fn word(&self) -> &'static str {
        match self {
            Self::Absent => "Not added",
            Self::Enabled => "Enabled",
            Self::Disabled => "Disabled",
        }
    }

    fn icon(&self) -> &'static str {
        match self {
            Self::Absent => "plus",
            Self::Enabled => "check-circle",
            Self::Disabled => "unplug",
        }
    }

    fn class(&self) -> &'static str {
        if *self == Self::Enabled { "good" } else { "muted" }
    }
}

#[derive(askama::Template)]
#[template(path = "node_types/show.html")]
pub struct Show {
    pub chrome: Chrome,
    pub ws: String,
    pub node_type: NodeMark,
    pub benefit: String,
    pub category: String,
    pub standing: Standing,
    /// How it authenticates here, or the ways in which it can, the usual one first.
    pub method: Option<Method>,
    pub methods: Vec<Method>,
    /// The clients that ask for access, by environment; nothing where none is needed.
    pub clients: Vec<ClientOf>,
    pub custom: bool,
    pub may_add: bool,
    pub may_manage: bool,
    pub secrets: u64,
    pub kinds: Vec<String>,
    pub ways: Vec<String>,
    pub hosts: Vec<String>,
    /// Who is asked for tokens, where that is said in whole addresses.
    pub providers: Vec<String>,
    pub probe: Option<String>,
    pub rates: Option<String>,
    pub links: Vec<Link>,
    pub guide: Guide,
    pub rejected: String,
    pub revoke: String,
    pub description: Input,
}

impl Show {
    pub fn about(&self) -> String {
        let stored = if self.connects() { "Accounts can be connected" } else { "Keys can be stored" };
        match (self.standing, self.secrets) {
            (Standing::Absent, _) if self.may_add => "Nothing can be stored for it until it is added.".to_owned(),
            (Standing::Absent, _) => "An Owner or Admin adds it before anything can be stored for it.".to_owned(),
            (Standing::Enabled, _)
                if self.connects()
                    && self.clients.iter().all(|of| of.client_id.is_none() && !of.lent && !of.brought) =>
            {
                "No account can be connected yet: a client is set up first.".to_owned()
            }
            (Standing::Enabled, 0) => format!("{stored} for it. There is none yet that you may see."),
            (Standing::Enabled, _) => format!("{} that you may see.", self.secrets()),
            (Standing::Disabled, _) => format!(
                "{}, and nothing of it is used: requests are answered node_type_disabled, and no key is stored for it.",
                self.secrets()
            ),
        }
    }

    /// Whether people connect their accounts, instead of entering something.
    pub fn connects(&self) -> bool {
        self.method == Some(Method::OAuth)
    }

    /// What somebody does who adds one.
    pub fn first_step(&self) -> &'static str {
        match self.method {
            Some(Method::OAuth) => "Connect an account",
            Some(Method::ClientCredentials) => "Add client credentials",
            Some(Method::Key) | None => "Add a key",
        }
    }

    fn secrets(&self) -> String {
        counted(self.secrets, "secret", "secrets")
    }
}

/// The client of one environment.
pub struct ClientOf {
    pub environment: Environment,
    pub client_id: Option<String>,
    /// Whether the operator has one, for where the workspace has none.
    pub lent: bool,
    /// Whether each organization brings one instead.
    pub brought: bool,
}

/// What stops or goes with a node type.
pub struct Impact {
    pub node_type: NodeMark,
    /// Members' secrets, the first of them by name.
    pub secrets: Vec<Losing>,
    pub members: u64,
    pub outside: u64,
    pub nodes: Vec<String>,
    pub more_nodes: u64,
    pub users: Vec<UsedBy>,
}

pub struct Losing {
    pub name: String,
    pub owner: String,
    pub environment: String,
}

impl Impact {
    pub fn members_words(&self) -> String {
        counted(self.members, "secret of a member", "secrets of members")
    }

    pub fn more(&self) -> u64 {
        self.members.saturating_sub(u64::try_from(self.secrets.len()).unwrap_or_default())
    }

    pub fn outside_words(&self) -> String {
        counted(self.outside, "connection of an end user", "connections of end users")
    }

    pub fn nodes_words(&self) -> String {
        let all = self.more_nodes + u64::try_from(self.nodes.len()).unwrap_or_default();
        counted(all, "node of a workflow", "nodes of workflows")
    }

    pub fn is_nothing(&self) -> bool {
        self.members == 0 && self.outside == 0 && self.nodes.is_empty()
    }
}

#[derive(askama::Template)]
#[template(path = "node_types/disable.html")]
pub struct Disable {
    pub chrome: Chrome,
    pub ws: String,
    pub impact: Impact,
}

#[derive(askama::Template)]
#[template(path = "node_types/remove.html")]
pub struct Remove {
    pub chrome: Chrome,
    pub ws: String,
    pub impact: Impact,
    pub seen: String,
    pub confirm: Input,
}

/// What is asked for, by its kinds.
pub fn kinds_of(node: &NodeType) -> Vec<String> {
    node.all_kinds().map(|kind| kind.label().to_owned()).collect()
}

/// The hosts that give tokens under this method. Where an address has parts, it is no host yet.
pub fn providers_of(node: &NodeType, method: Method) -> Vec<String> {
    let urls: Vec<&String> = match method {
        Method::Key => Vec::new(),
        Method::OAuth => node.oauth.iter().flat_map(|spec| [&spec.authorize_url, &spec.token_url]).collect(),
        Method::ClientCredentials => node.client_credentials.iter().map(|spec| &spec.token_url).collect(),
    };
    let mut hosts: Vec<String> = Vec::new();
    for host in urls.into_iter().filter(|url| !url.contains('{')).map(|url| host_of(url)) {
        if !hosts.iter().any(|other| other == host) {
            hosts.push(host.to_owned());
        }
    }
    hosts
}

/// The host of an address, which tells where it leads.
pub fn host_of(url: &str) -> &str {
    url.split('/').nth(2).unwrap_or(url)
}
