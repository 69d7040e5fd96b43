//! With which providers people sign in, and the operator's own clients for connecting accounts.

use std::collections::BTreeMap;

use url::Url;

use crate::domain::{Environment, Scopes};

use super::families::{OAUTH, OIDC, OneOf};
use super::reader::{Given, Noted, Reader};
use super::{Redacted, mail, parse, settings};

/// One provider that people sign in with.
#[derive(Clone, Debug)]
pub struct Provider {
    /// A word of its addresses, and what its drawing is called.
    pub slug: String,
    /// What people call it.
    pub label: String,
    pub kind: ProviderKind,
    pub client_id: String,
    pub client_secret: Redacted,
    /// With proven addresses of which domains an account may be made; where there are none, the rule for signing up says.
    pub domains: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenID Connect, found by discovery.
    Oidc(Issuer),
    /// Plain OAuth 2, with an API that says who came.
    GitHub { web: Url, api: Url },
}

/// Whose word is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// As the provider's documents and tokens must name it. Of many tenants of one provider each has a name of its own,
    /// with its id where [`TENANT`] stands.
    pub name: String,
    /// Where its discovery document is found.
    pub found_at: String,
}

/// Stands in the name of an issuer for the id of a tenant.
const TENANT: &str = "{tenantid}";
const MICROSOFT: &str = "https://login.microsoftonline.com";
/// The tenant of all accounts that belong to no organization.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

impl Issuer {
    fn of(name: String) -> Self {
        Self { found_at: name.clone(), name }
    }

    /// Whether a token or an answer of this issuer may name itself so.
    pub fn fits(&self, named: &str) -> bool {
        match self.name.split_once(TENANT) {
            None => named == self.name,
            Some((before, after)) => {
                let inner = named.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                inner.is_some_and(is_guid)
            }
        }
    }

    pub fn is_of_many(&self) -> bool {
        self.name.contains(TENANT)
    }

    /// Whether the issuer is this tenant's own.
    pub fn is_of_tenant(&self, named: &str, tenant: Option<&str>) -> bool {
        !self.is_of_many() || tenant.is_some_and(|tenant| named == self.name.replace(TENANT, tenant))
    }
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// A client that whoever runs Keyrack has registered for the connections of one node type in one environment.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub slug: String,
    pub environment: Environment,
    pub client_id: String,
    pub client_secret: Redacted,
    /// What is asked for; none where the usual is.
    pub scopes: Option<Scopes>,
}

#[derive(Clone, Debug, Default)]
pub struct OAuthClients(Vec<OAuthClient>);

impl OAuthClients {
    pub fn all(&self) -> impl Iterator<Item = &OAuthClient> {
        self.0.iter()
    }

    pub fn find(&self, slug: &str, environment: Environment) -> Option<&OAuthClient> {
        self.0.iter().find(|client| client.slug == slug && client.environment == environment)
    }
}

pub(super) fn providers(reader: &mut Reader) -> Result<Vec<Provider>, Noted> {
    let mut all = vec![google(reader), github(reader), microsoft(reader)];
    for (name, given) in &reader.family(&OIDC) {
        all.push(oidc(reader, name, given).map(Some));
    }
    all.into_iter().filter_map(Result::transpose).collect()
}

type Client = Option<(String, Redacted)>;

/// A client id and its secret, or neither of them.
fn client(reader: &mut Reader, (id, secret): (&'static str, &'static str)) -> Result<Client, Noted> {
    let pair = (reader.optional(id, word)?, reader.optional(secret, |text| Ok(Redacted::new(text)))?);
    let missing = match pair {
        (Some(id), Some(secret)) => return Ok(Some((id, secret))),
        (None, None) => return Ok(None),
        (None, Some(_)) => id,
        (Some(_), None) => secret,
    };
    if !reader.was_refused(missing) {
        reader.refuse(missing.to_owned(), "must be given, because the other of client id and secret is".to_owned());
    }
    Err(Noted)
}

fn domains(reader: &mut Reader, name: &'static str) -> Result<Vec<String>, Noted> {
    Ok(reader.optional(name, mail::domains)?.unwrap_or_default())
}

fn named(slug: &str, label: &str, kind: ProviderKind, client: Client, domains: Vec<String>) -> Option<Provider> {
    let (client_id, client_secret) = client?;
    Some(Provider { slug: slug.to_owned(), label: label.to_owned(), kind, client_id, client_secret, domains })
}

fn google(reader: &mut Reader) -> Result<Option<Provider>, Noted> {
    let client = client(reader, (settings::GOOGLE_CLIENT_ID, settings::GOOGLE_CLIENT_SECRET));
    let domains = domains(reader, settings::GOOGLE_DOMAINS);
    let kind = ProviderKind::Oidc(Issuer::of("https://accounts.google.com".to_owned()));
    Ok(named("google", "Google", kind, client?, domains?))
}

fn github(reader: &mut Reader) -> Result<Option<Provider>, Noted> {
    let client = client(reader, (settings::GITHUB_CLIENT_ID, settings::GITHUB_CLIENT_SECRET));
    let domains = domains(reader, settings::GITHUB_DOMAINS);
    let web = reader.required(settings::GITHUB_URL, parse::public_url)?;
    let own =
        if web.host_str() == Some("github.com") { Url::parse("https://api.github.com/") } else { web.join("/api/v3/") };
    let api = own.map_err(|_| Noted)?;
    Ok(named("github", "GitHub", ProviderKind::GitHub { web, api }, client?, domains?))
}

fn microsoft(reader: &mut Reader) -> Result<Option<Provider>, Noted> {
    let client = client(reader, (settings::MICROSOFT_CLIENT_ID, settings::MICROSOFT_CLIENT_SECRET));
    let domains = domains(reader, settings::MICROSOFT_DOMAINS);
    let issuer = reader.required(settings::MICROSOFT_TENANT, tenant)?;
    Ok(named("microsoft", "Microsoft", ProviderKind::Oidc(issuer), client?, domains?))
}

fn tenant(text: &str) -> Result<Issuer, String> {
    let of = |tenant: &str| format!("{MICROSOFT}/{tenant}/v2.0");
    match text {
        "common" | "organizations" => Ok(Issuer { name: of(TENANT), found_at: of(text) }),
        "consumers" => Ok(Issuer::of(of(CONSUMERS))),
        id if is_guid(id) => Ok(Issuer::of(of(&id.to_ascii_lowercase()))),
        _ => Err("must be a directory (tenant) id, common, organizations or consumers".to_owned()),
    }
}

fn oidc(reader: &mut Reader, name: &String, given: &BTreeMap<&'static str, Given>) -> Result<Provider, Noted> {
    let one = OneOf::new(&OIDC, (name, given));
    if ["google", "github", "microsoft"].contains(&name.as_str()) {
        return Err(one.refuse(reader, "issuer", "is named like a provider that has settings of its own"));
    }
    let issuer = one.required(reader, "issuer", issuer);
    let client_id = one.required(reader, "client_id", word);
    let client_secret = one.required(reader, "client_secret", |text| Ok(Redacted::new(text)));
    let label = one.optional(reader, "label", label);
    let domains = one.optional(reader, "domains", mail::domains);
    Ok(Provider {
        slug: name.clone(),
        label: label?.unwrap_or_else(|| spoken(name)),
        kind: ProviderKind::Oidc(Issuer::of(issuer?)),
        client_id: client_id?,
        client_secret: client_secret?,
        domains: domains?.unwrap_or_default(),
    })
}

/// Letter by letter as it is given: what a provider says of itself is compared with it.
fn issuer(text: &str) -> Result<String, String> {
    let form = || "must be an address like https://login.example.com, without a query or a fragment".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_web && plain { Ok(text.to_owned()) } else { Err(form()) }
}

fn word(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if plain { Ok(text.to_owned()) } else { Err("must be one word of plain letters, digits and marks".to_owned()) }
}

fn label(text: &str) -> Result<String, String> {
    let short = text.chars().count() <= 40 && !text.chars().any(char::is_control);
    if short { Ok(text.to_owned()) } else { Err("must be at most 40 characters".to_owned()) }
}

/// A name as a label: `our-company` is “Our company”.
fn spoken(name: &str) -> String {
    let mut letters = name.replace('-', " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

pub(super) fn oauth_clients(reader: &mut Reader) -> Result<OAuthClients, Noted> {
    let all: Vec<_> = reader.family(&OAUTH).iter().map(|(name, given)| oauth_client(reader, name, given)).collect();
    Ok(OAuthClients(all.into_iter().collect::<Result<_, Noted>>()?))
}

fn oauth_client(
    reader: &mut Reader,
    name: &String,
    given: &BTreeMap<&'static str, Given>,
) -> Result<OAuthClient, Noted> {
    let one = OneOf::new(&OAUTH, (name, given));
    let of = name.rsplit_once('-').and_then(|(slug, last)| Some((slug.to_owned(), last.parse().ok()?)));
    let Some((slug, environment)) = of else {
        return Err(one.refuse(reader, "client_id", "must name the node type, and TEST or LIVE behind it"));
    };
    let client_id = one.required(reader, "client_id", word);
    let client_secret = one.required(reader, "client_secret", |text| Ok(Redacted::new(text)));
    let scopes = one.optional(reader, "scopes", |text| {
        text.parse().map_err(|_| "must be names of permissions, with spaces between".to_owned())
    });
    Ok(OAuthClient { slug, environment, client_id: client_id?, client_secret: client_secret?, scopes: scopes? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Mistake};

    fn load(vars: &[(&str, &str)], file: Option<&str>) -> Result<Config, Vec<Mistake>> {
        Config::load(vars.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())), file)
    }

    fn refused(vars: &[(&str, &str)]) -> Vec<String> {
        load(vars, None).unwrap_err().into_iter().map(|mistake| mistake.variable).collect()
    }

    #[test]
    fn any_number_of_providers_come_from_both_places() {
        let file = "[google]\nclient_id = \"g\"\nclient_secret = \"canary\"\ndomains = [\"Example.com\", \"example.org\"]\n\
                    [oidc.our-company]\nissuer = \"https://login.example.com/x/\"\nclient_id = \"file\"\nlabel = \"Our Own\"\n";
        let vars = [
            ("KEYRACK_OIDC_OUR_COMPANY_CLIENT_SECRET", "canary"),
            ("KEYRACK_OIDC_OUR_COMPANY_CLIENT_ID", "environment"),
            ("KEYRACK_OIDC_A_ISSUER", "https://a.example"),
            ("KEYRACK_OIDC_A_CLIENT_ID", "a"),
            ("KEYRACK_OIDC_A_CLIENT_SECRET", "canary"),
        ];
        let config = load(&vars, Some(file)).unwrap();
        let told: Vec<_> = config
            .providers
            .iter()
            .map(|one| (one.slug.as_str(), one.label.as_str(), one.client_id.as_str()))
            .collect();
        assert_eq!(told, [("google", "Google", "g"), ("a", "A", "a"), ("our-company", "Our Own", "environment")]);
        assert_eq!(config.providers[0].domains, ["example.com", "example.org"]);
        let ProviderKind::Oidc(issuer) = &config.providers[2].kind else { panic!("not by discovery") };
        assert_eq!(issuer.name, "https://login.example.com/x/", "letter by letter");
        assert!(!format!("{config:?}").contains("canary"));
    }

    #[test]
    fn each_mistake_names_its_variable() {
        let whole = [("KEYRACK_OIDC_A_ISSUER", "https://a.example"), ("KEYRACK_OIDC_A_CLIENT_ID", "a")];
        assert_eq!(refused(&whole), ["KEYRACK_OIDC_A_CLIENT_SECRET"]);
        assert_eq!(refused(&[("KEYRACK_OIDC_A_LABEL", "")]).first().unwrap(), "KEYRACK_OIDC_A_LABEL");
        assert_eq!(refused(&[("KEYRACK_GOOGLE_CLIENT_ID", "g")]), ["KEYRACK_GOOGLE_CLIENT_SECRET"]);
        assert_eq!(refused(&[("KEYRACK_OIDC_A_ISSUE", "x")]), ["KEYRACK_OIDC_A_ISSUE"]);
        assert_eq!(refused(&[("KEYRACK_OIDC_a_ISSUER", "x")]), ["KEYRACK_OIDC_a_ISSUER"]);
        for bad in ["a.example", "ftp://a.example", "https://u@a.example", "https://a.example?x", "https://a.example#x"]
        {
            let vars = [whole[1], ("KEYRACK_OIDC_A_ISSUER", bad), ("KEYRACK_OIDC_A_CLIENT_SECRET", "s")];
            assert_eq!(refused(&vars), ["KEYRACK_OIDC_A_ISSUER"], "{bad}");
        }
        let many =
            [("KEYRACK_OIDC_A_LABEL", "A"), ("KEYRACK_OIDC_GOOGLE_LABEL", "G"), ("KEYRACK_MICROSOFT_TENANT", "us")];
        assert_eq!(refused(&many).len(), 5, "{:?}", refused(&many));
        let mistakes = load(&[], Some("[oidc.A]\nissuer = \"x\"\n[oidc.b]\nisuer = 1\n[oidc]\nc = 1\n")).unwrap_err();
        let names: Vec<_> = mistakes.iter().map(|mistake| mistake.variable.as_str()).collect();
        assert!(names.contains(&"[oidc.A] in the file") && names.contains(&"[oidc.b] isuer in the file"), "{names:?}");
        assert!(names.contains(&"[oidc] c in the file"), "{names:?}");
    }

    #[test]
    fn a_tenants_issuer_is_its_own() {
        let (one, many) = (tenant(CONSUMERS).unwrap(), tenant("common").unwrap());
        let of = |tenant: &str| format!("{MICROSOFT}/{tenant}/v2.0");
        assert!(one.fits(&of(CONSUMERS)) && !one.fits(&of("common")) && one == tenant("consumers").unwrap());
        assert!(many.fits(&of(CONSUMERS)) && !many.fits(&of("common")) && !many.fits(&of("x/../y")));
        assert!(many.is_of_tenant(&of(CONSUMERS), Some(CONSUMERS)) && !many.is_of_tenant(&of(CONSUMERS), None));
        assert!(!many.is_of_tenant(&of(CONSUMERS), Some("00000000-0000-0000-0000-000000000000")));
        assert!(tenant("example.com").is_err());
    }

    #[test]
    fn a_client_is_found_by_node_type_and_environment() {
        let vars = [
            ("KEYRACK_OAUTH_GOOGLE_DRIVE_LIVE_CLIENT_ID", "id"),
            ("KEYRACK_OAUTH_GOOGLE_DRIVE_LIVE_CLIENT_SECRET", "canary"),
        ];
        let file = "[oauth.slack-test]\nclient_id = \"slack\"\nclient_secret = \"canary\"\n";
        let clients = load(&vars, Some(file)).unwrap().oauth_clients;
        assert_eq!(clients.find("google-drive", Environment::Live).unwrap().client_id, "id");
        assert!(clients.find("google-drive", Environment::Test).is_none());
        assert_eq!(clients.find("slack", Environment::Test).unwrap().client_secret.expose(), "canary");
        assert!(!format!("{clients:?}").contains("canary"));
        assert_eq!(refused(&[("KEYRACK_OAUTH_SLACK_CLIENT_ID", "x")]), ["KEYRACK_OAUTH_SLACK_CLIENT_ID"]);
    }
}
