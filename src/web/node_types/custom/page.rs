//! The page on which a custom API is described.

use crate::domain::{Kind, Method};
use crate::web::chrome::Chrome;
use crate::web::secrets::page::{Control, Field};
use crate::web::url;
use crate::web::view::{Choice, Input, Tone, counted};

/// A custom API on its form: a new one, or one to be described anew.
#[derive(askama::Template)]
#[template(path = "custom_apis/form.html")]
pub struct Custom {
    pub chrome: Chrome,
    pub ws: String,
    /// None for a new one.
    pub known: Option<Known>,
    pub name: Input,
    pub base_url: Input,
    /// How it authenticates: of a known one, the only one there is.
    pub methods: Vec<Asking>,
    pub method_error: Option<String>,
    pub kinds: Vec<Choice>,
    pub placements: Vec<Way>,
    pub placement_error: Option<String>,
    pub further: Vec<Further>,
    pub probe_path: Input,
    pub verified: Input,
    pub rejected: Input,
    pub description: Input,
    pub refused: bool,
    /// Whether it comes filled in from a description.
    pub imported: bool,
}

pub struct Known {
    pub slug: String,
    pub name: String,
    pub revision: i64,
    pub method: Method,
    /// How many values there are, which another address or placement would destroy.
    pub holding: usize,
    /// To be confirmed, in words, with the number that is confirmed.
    pub question: Option<(usize, String)>,
}

impl Known {
    /// What would be destroyed by which change.
    pub fn warning(&self) -> String {
        let number = |one, many| counted(u64::try_from(self.holding).unwrap_or_default(), one, many);
        let (holding, what) = match self.method {
            Method::Key => (
                number("secret holds a value", "secrets hold a value"),
                "Another base URL, kind or placement disconnects what was entered: the values are destroyed, and you \
                 are asked before. Another name or test does not.",
            ),
            Method::OAuth => (
                number("account is connected", "accounts are connected"),
                "Another base URL disconnects what was connected; another address of the provider, or another way of \
                 asking it, destroys the clients too. You are asked before. Other permissions, another name or test \
                 destroy nothing.",
            ),
            Method::ClientCredentials => (
                number("client is stored", "clients are stored"),
                "Another base URL, another token address or another way of asking disconnects them: their secrets are \
                 destroyed, and you are asked before. Other permissions, another name or test destroy nothing.",
            ),
        };
        format!("{holding}. {what}")
    }

    pub fn agreement(&self) -> &'static str {
        match self.method {
            Method::OAuth => "Destroy them; what was connected is connected again afterwards",
            Method::Key | Method::ClientCredentials => "Destroy them, and let their owners enter new ones",
        }
    }
}

/// A way to authenticate, with what is to be said of the provider under it.
pub struct Asking {
    pub method: Method,
    pub chosen: bool,
    pub fields: Vec<Field>,
    /// What most providers do alike.
    pub more: Vec<Field>,
    pub is_open: bool,
}

/// A way for the credential to travel, with the fields that it takes.
pub struct Way {
    pub value: String,
    pub label: &'static str,
    pub words: &'static str,
    pub chosen: bool,
    pub fields: Vec<Field>,
}

/// A row for what travels beside the key.
pub struct Further {
    /// `more1`, which its fields are sent under.
    pub of: String,
    pub number: usize,
    pub fields: Vec<Field>,
    /// Under which name it is said that pages show it, and whether they do.
    pub shown: (&'static str, bool),
    pub is_empty: bool,
}

impl Further {
    fn is_open(&self) -> bool {
        !self.is_empty || self.fields.iter().any(|field| field.error.is_some())
    }
}

impl Custom {
    /// Whether a key can be described: of a known one, only where it holds keys.
    pub fn takes_keys(&self) -> bool {
        self.methods.iter().any(|way| way.method == Method::Key)
    }

    pub fn has_further(&self) -> bool {
        self.further.iter().any(Further::is_open)
    }

    pub fn action(&self) -> String {
        match &self.known {
            Some(known) => url::custom_api(&self.ws, &known.slug),
            None => url::new_custom_api(&self.ws),
        }
    }

    pub fn picture(value: &str) -> &'static str {
        value.parse::<Kind>().map_or("", Kind::picture)
    }
}
