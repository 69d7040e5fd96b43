//! From what was understood to the form of a custom API, on which a person corrects it.

use crate::catalog::address::map_names;
use crate::catalog::custom::{Draft, fitting};
use crate::catalog::spec::{ClientCredentials, OAuth, Part};

use super::{Credential, Server, Way};

impl Server {
    /// As far as it is one address: with the usual one of what there is to choose from. What is one's own stays in braces.
    pub fn usual_url(&self) -> String {
        map_names(&self.base_url, |name| {
            let chosen = self.parts.iter().find(|part| part.name == name).and_then(usual);
            chosen.map_or_else(|| format!("{{{name}}}"), ToOwned::to_owned)
        })
    }
}

fn usual(part: &Part) -> Option<&str> {
    let values = || part.options.iter().map(|option| option.value.as_str());
    values().find(|value| *value == part.placeholder).or_else(|| values().next())
}

impl Way {
    /// The form as far as this says how to authenticate; nothing where it is more than the form can say. Of more
    /// permissions than a page can carry, the first.
    pub fn draft(&self) -> Option<Draft> {
        match &self.credential {
            Credential::Key(spec) => Draft::of_kind(spec),
            Credential::OAuth(spec) => {
                Some(Draft::of_oauth(&OAuth { scopes: fitting(&spec.scopes).to_vec(), ..spec.clone() }))
            }
            Credential::ClientCredentials(spec) => {
                Some(Draft::of_client(&ClientCredentials { scopes: fitting(&spec.scopes).to_vec(), ..spec.clone() }))
            }
        }
    }
}
