//! The pages about a workspace as a whole.

use crate::domain::{Adders, Sharing};
use crate::web::chrome::Chrome;
use crate::web::snippet::Snippet;
use crate::web::url;
use crate::web::view::{Input, counted};

#[derive(askama::Template)]
#[template(path = "workspaces/new.html")]
pub struct New {
    pub chrome: Chrome,
    pub name: Input,
}

#[derive(askama::Template)]
#[template(path = "workspaces/edit.html")]
pub struct Edit {
    pub chrome: Chrome,
    pub ws: String,
    pub name: Input,
    /// The name as it is, whatever was typed.
    pub workspace: String,
    pub sharing: Sharing,
    pub adders: Adders,
    pub return_addresses: Input,
    /// Whose people join by themselves.
    pub domains: Vec<String>,
    /// The one that the reader could add.
    pub to_open: Option<String>,
    pub opens: bool,
    pub address: String,
    pub may_delete: bool,
    pub sees_jobs: bool,
}

impl Edit {
    pub fn everybody(&self) -> String {
        format!("Everybody in {}, through tokens of their own.", self.workspace)
    }
}

#[derive(askama::Template)]
#[template(path = "workspaces/delete.html")]
pub struct Delete {
    pub chrome: Chrome,
    pub ws: String,
    pub name: String,
    pub members: u64,
    pub secrets: u64,
    pub tokens: u64,
    pub confirm: Input,
}

impl Delete {
    /// What goes, in numbers.
    pub fn lines(&self) -> [(&'static str, String); 3] {
        [
            ("key", format!("{}, with their values", counted(self.secrets, "secret", "secrets"))),
            (
                "ticket",
                format!(
                    "{}: whatever holds one stops working",
                    counted(self.tokens, "service token", "service tokens")
                ),
            ),
            ("people", format!("the membership of {}", counted(self.members, "person", "people"))),
        ]
    }
}

#[derive(askama::Template)]
#[template(path = "workspaces/connect_page.html")]
pub struct ConnectPage {
    pub chrome: Chrome,
    pub ws: String,
    pub origins: Input,
    pub name: Input,
    pub accent: Input,
    pub workspace: String,
    pub logo: Option<String>,
    pub logo_error: Option<String>,
    /// Where the accent that is stored cannot be read.
    pub unread: Option<&'static str>,
    /// The address of the script.
    pub script: String,
}

impl ConnectPage {
    fn name_help(&self) -> String {
        format!("Who asks, in the eyes of your users. Left empty, it is {}.", self.workspace)
    }

    fn shown_name(&self) -> &str {
        if self.name.value.trim().is_empty() { &self.workspace } else { &self.name.value }
    }

    fn snippets(&self) -> [Snippet; 2] {
        let base = self.script.trim_end_matches("/connect/keyrack-connect.js");
        let origin = self.origins.value.lines().next().filter(|line| !line.is_empty());
        let origin = origin.unwrap_or("https://app.example.com");
        [
            Snippet {
                id: "backend",
                title: "In your backend".to_owned(),
                code: format!(
                    "curl {base}/api/v1/connect-sessions \\\n  -H \"Authorization: Bearer $KEYRACK_TOKEN\" \\\n  \
                     -H 'Content-Type: application/json' \\\n  \
                     -d '{{\"user_id\": \"customer-42\", \"node_types\": [\"stripe\"], \"origin\": \"{origin}\"}}'"
                ),
            },
            Snippet {
                id: "page",
                title: "In your page".to_owned(),
                code: format!(
                    "<script src=\"{}\"></script>\n\nconst {{ connected }} = await KeyrackConnect.open({{ url }});",
                    self.script
                ),
            },
        ]
    }
}
