//! Reads the files of `types/`, which are embedded in the binary.
//!
//! Invariant: all files are valid and no slug stands there twice, or there is no catalogue.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_embed::RustEmbed;

use super::check;
use super::spec::NodeType;

#[derive(RustEmbed)]
#[folder = "src/catalog/types/"]
struct Files;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the catalogue file {file} cannot be used: {fault}")]
pub struct CatalogError {
    pub file: String,
    pub fault: String,
}

#[derive(Clone, Debug)]
pub struct Catalog {
    by_slug: BTreeMap<String, NodeType>,
}

impl Catalog {
    /// All that the binary holds.
    pub fn load() -> Result<Self, CatalogError> {
        let files = Files::iter().filter(|file| file.ends_with(".toml"));
        Self::of(files.filter_map(|file| Some((file.to_string(), Files::get(&file)?.data))))
    }

    /// Of files with these names.
    pub fn of(files: impl IntoIterator<Item = (String, impl AsRef<[u8]>)>) -> Result<Self, CatalogError> {
        let mut by_slug = BTreeMap::new();
        for (file, data) in files {
            let failed = |fault: String| CatalogError { file: file.clone(), fault };
            let text = std::str::from_utf8(data.as_ref()).map_err(|cause| failed(cause.to_string()))?;
            let node = parse(text).map_err(failed)?;
            if file != format!("{}.toml", node.slug) {
                return Err(failed(format!("its slug is {}", node.slug)));
            }
            by_slug.insert(node.slug.clone(), node);
        }
        Ok(Self { by_slug })
    }

    pub fn get(&self, slug: &str) -> Option<&NodeType> {
        self.by_slug.get(slug)
    }

    /// How a workspace's node type is described: in the catalogue, or in the words of its own that its row keeps.
    pub fn describe(&self, slug: &str, spec: Option<&str>) -> Option<Cow<'_, NodeType>> {
        match spec {
            None => self.get(slug).map(Cow::Borrowed),
            Some(text) => serde_json::from_str(text).ok().map(Cow::Owned),
        }
    }

    /// In the order of their slugs.
    pub fn all(&self) -> impl Iterator<Item = &NodeType> {
        self.by_slug.values()
    }
}

fn parse(text: &str) -> Result<NodeType, String> {
    let node: NodeType = toml::from_str(text).map_err(|cause| cause.to_string())?;
    check::node_type(&node)?;
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Environment, Kind};

    const STRIPE: &str = include_str!("types/stripe.toml");

    #[test]
    fn every_file_validates() {
        let catalog = Catalog::load().unwrap();
        assert!(catalog.all().count() >= 2);
        assert!(catalog.get("stripe").is_some() && catalog.get("http-request").is_some() && catalog.get("x").is_none());
        assert!(catalog.all().flat_map(NodeType::all_kinds).all(|spec| spec.value_field().is_some()));
    }

    #[test]
    fn a_stripe_key_tells_its_environment() {
        let stripe = parse(STRIPE).unwrap();
        assert_eq!(stripe.environment_of_prefix("rk_live_51Habc"), Some(Environment::Live));
        assert_eq!(stripe.environment_of_prefix("sk_test_51Habc"), Some(Environment::Test));
        assert_eq!(stripe.environment_of_prefix("pk_test_51Habc"), None);
        let field = stripe.kind(Kind::ApiKey).and_then(|spec| spec.value_field()).unwrap();
        assert_eq!(field.fault("sk_test_51Habc"), None);
        assert!(field.fault("pk_test_51Habc").is_some_and(|fault| fault.contains("rk_test_")));
        assert!(field.fault("").is_some());
    }

    #[test]
    fn an_api_of_ones_own_offers_four_placements() {
        let catalog = Catalog::load().unwrap();
        let http = catalog.get("http-request").unwrap();
        let kinds: Vec<_> = http.placement_choices.iter().map(|c| (c.name.as_str(), c.kind.kind)).collect();
        let wanted = [
            ("bearer", Kind::AccessToken),
            ("basic", Kind::Password),
            ("header", Kind::ApiKey),
            ("query", Kind::ApiKey),
        ];
        assert_eq!(kinds, wanted);
        let base = http.part("base_url").unwrap();
        assert_eq!(base.fault("https://api.example.com/v2"), None);
        for bad in ["http://api.example.com", "https://user@example.com", "https://example.com/?key=1", "example.com"] {
            assert!(base.fault(bad).is_some(), "{bad}");
        }
        let header = http.choice("header").and_then(|choice| choice.kind.field("header")).unwrap();
        assert_eq!(header.fault("X-Api-Key"), None);
        assert!(header.fault("X Api").is_some() && header.fault("Host").is_some() && header.fault("cookie").is_some());
    }

    #[test]
    fn a_file_that_cannot_work_is_refused() {
        let broken = [
            ("slug = \"stripe\"", "slug = \"Stripe\"", "slug"),
            ("benefit =", "benefits =", "unknown field"),
            ("value = true", "value = false", "exactly one value field"),
            ("Bearer {value}", "Bearer", "mentions neither"),
            ("Bearer {value}", "Bearer {key}", "is no field"),
            ("Bearer {value}", "Bearer {value", "not closed"),
            ("hosts = [\"api.stripe.com\"]", "hosts = [\"https://api.stripe.com\"]", "the port of https"),
            ("hosts = [\"api.stripe.com\"]", "hosts = []", "not among the hosts"),
            ("base_url = \"https://", "base_url = \"http://", "no https address"),
            ("pattern = '^(", "pattern = '^((", "regex"),
            ("kind = \"api_key\"", "kind = \"apikey\"", "Kind"),
            ("rejected = [401]", "rejected = [200]", "answers"),
        ];
        for (from, to, fault) in broken {
            assert!(STRIPE.contains(from), "{from}");
            let found = parse(&STRIPE.replace(from, to)).err().unwrap_or_default();
            assert!(found.contains(fault), "{from} → {to}: {found}");
        }
    }
}
