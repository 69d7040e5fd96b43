//! A description as a workspace uses it: under the one method that the node type was added with.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::domain::{Kind, Method, Scopes};

use super::address::names_in;
use super::spec::{FieldSpec, Format, KindSpec, NodeType, Part, Placement, Scope};

/// The field in which somebody names what a client of their own asks for.
pub const SCOPES: &str = "scopes";

impl NodeType {
    /// Under another method than `key` the provider gives the value itself, and it travels as a bearer token.
    pub fn under(&self, method: Method) -> Cow<'_, Self> {
        let (kind, fields, steps, url) = match (method, &self.oauth, &self.client_credentials) {
            (Method::OAuth, Some(_), _) => (Kind::TokenSet, Vec::new(), consent_of(&self.name), None),
            (Method::ClientCredentials, _, Some(spec)) => {
                (Kind::ClientCredentials, self.client_fields(), spec.steps.clone(), spec.url.clone())
            }
            _ => return Cow::Borrowed(self),
        };
        let placements =
            vec![Placement::Header { name: "Authorization".to_owned(), template: "Bearer {value}".to_owned() }];
        let mut node = self.clone();
        node.placement_choices.clear();
        node.kinds = vec![KindSpec { kind, label: None, fields, placements, prefixes: Vec::new() }];
        node.guide.steps = steps;
        node.guide.url = url;
        if method == Method::OAuth {
            // What the guide says besides is about keys.
            node.guide.least_permissions = "What is asked for has been chosen for you. It is told before you leave, \
                                            and nothing beyond it can be done."
                .to_owned();
            node.guide.rejected =
                format!("{} does not take the access any more. Connect the account again.", self.name);
            node.guide.revoke.text = format!("Take it back among the connected apps of the account at {}.", self.name);
            node.guide.revoke.url = None;
            // These are the client's, not those of whoever connects an account.
            let fixed: BTreeSet<String> = self.client_parts().map(|part| part.name.clone()).collect();
            node.parts.retain(|part| !fixed.contains(&part.name));
        }
        Cow::Owned(node)
    }

    /// The parts of the provider's own addresses: to where a client's secret goes.
    pub fn client_parts(&self) -> impl Iterator<Item = &Part> {
        let oauth = self.oauth.as_ref();
        let urls = oauth.map(|spec| {
            let further = [spec.refresh_url.as_deref(), spec.revoke_url.as_deref()];
            [Some(spec.authorize_url.as_str()), Some(spec.token_url.as_str())].into_iter().chain(further).flatten()
        });
        let named: BTreeSet<&str> =
            urls.into_iter().flatten().flat_map(|url| names_in(url).unwrap_or_default()).collect();
        self.parts.iter().filter(move |part| named.contains(part.name.as_str()))
    }

    /// Whether the provider can be asked to forget tokens that it gave.
    pub fn can_forget(&self) -> bool {
        self.oauth.as_ref().is_some_and(|spec| spec.revoke_url.is_some())
    }

    /// What is asked for where nobody chooses.
    pub fn usual_scopes(&self, method: Method) -> Scopes {
        let usual = self.scopes(method).iter().filter(|scope| scope.usual);
        Scopes::of(usual.map(|scope| scope.name.as_str()))
    }

    /// What a connection asks for whose plain fields are these.
    pub fn asks(&self, method: Method, fields: &BTreeMap<String, String>) -> Scopes {
        let own = fields.get(SCOPES).and_then(|text| text.parse::<Scopes>().ok());
        own.filter(|own| !own.is_empty()).unwrap_or_else(|| self.usual_scopes(method))
    }

    /// What can be asked for under a method, each with what it means.
    pub fn scopes(&self, method: Method) -> &[Scope] {
        match method {
            Method::Key => &[],
            Method::OAuth => self.oauth.as_ref().map(|spec| spec.scopes.as_slice()).unwrap_or_default(),
            Method::ClientCredentials => {
                self.client_credentials.as_ref().map(|spec| spec.scopes.as_slice()).unwrap_or_default()
            }
        }
    }

    fn client_fields(&self) -> Vec<FieldSpec> {
        let usual = self.usual_scopes(Method::ClientCredentials);
        let otherwise = if usual.is_empty() { "what the client is allowed".to_owned() } else { usual.to_string() };
        let field = |name: &str, label: &str, secret| FieldSpec {
            name: name.to_owned(),
            label: label.to_owned(),
            secret,
            value: secret,
            ..FieldSpec::empty()
        };
        let scopes = FieldSpec {
            help: format!("By the provider’s names, with spaces between. Left empty, it asks for {otherwise}."),
            required: false,
            format: Regex::new(r"^[!-+\--~]+( [!-+\--~]+)*$").ok().map(|pattern| Format {
                pattern,
                except: Vec::new(),
                message: "Write names with single spaces between, and no commas.".to_owned(),
            }),
            ..field(SCOPES, "Permissions", false)
        };
        vec![field("client_id", "Client id", false), field("client_secret", "Client secret", true), scopes]
    }
}

fn consent_of(name: &str) -> Vec<String> {
    vec![
        format!("Go on. You are told what {name} will be asked to allow."),
        format!("{name} opens and has you sign in there. Look at what it will allow, and agree."),
        "You come back here by yourself. Nothing has to be copied.".to_owned(),
    ]
}
