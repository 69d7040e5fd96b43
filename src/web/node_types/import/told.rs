//! What was understood of a description, in plain sentences.

use crate::catalog::openapi::{self, Credential, Server, Understood, Way};
use crate::catalog::{ClientCredentials, KindSpec, OAuth, Part, Scope};
use crate::domain::Method;
use crate::web::chrome::Chrome;
use crate::web::node_types::{page::host_of, show};
use crate::web::view::{Link, counted};

use super::page::{self, Cut, Offered};

/// How much of each is shown.
const SERVERS: usize = 12;
const WAYS: usize = 20;
const UNUSED: usize = 40;
/// Options of a part that are named.
const OPTIONS: usize = 8;
const LONGEST_LINK: usize = 500;

pub(super) fn page(ws: &str, found: &Understood, chrome: Chrome) -> page::Shown {
    let servers = found.servers.iter().enumerate().map(|(at, server)| offered_server(server, at == 0));
    let (mut ways, mut unused) = (Vec::new(), Vec::new());
    for way in &found.ways {
        let Some(draft) = way.draft() else {
            let why = "It asks for more at once than the form of a custom API can say.".to_owned();
            unused.push(page::Unused { place: way.schemes.join(" + "), why });
            continue;
        };
        // What is only a parameter is for the person to choose, not to be chosen for them.
        let chosen = ways.is_empty() && !way.as_parameter;
        let value = serde_html_form::to_string(draft.way_pairs()).unwrap_or_default();
        let (label, words) = match &way.credential {
            Credential::Key(spec) => (way.label.clone(), words_of(spec, way)),
            Credential::OAuth(oauth) => (Method::OAuth.label().to_owned(), words_of_account(oauth, way)),
            Credential::ClientCredentials(client) => {
                (Method::ClientCredentials.label().to_owned(), words_of_client(client, way))
            }
        };
        ways.push(Offered { value, label, words, chosen });
    }
    unused.extend(found.unused.iter().map(|one| page::Unused { place: one.place.clone(), why: one.why.clone() }));
    let docs = found.docs.as_ref().filter(|url| url.len() <= LONGEST_LINK);
    page::Shown {
        chrome,
        ws: ws.to_owned(),
        name: found.name.clone(),
        version: found.version.clone(),
        summary: found.summary.clone(),
        docs: docs.map(|url| Link { label: host_of(url).to_owned(), url: url.clone() }),
        servers: Cut::of(servers.collect(), SERVERS),
        ways: Cut::of(ways, WAYS),
        unused: Cut::of(unused, UNUSED),
    }
}

fn offered_server(server: &Server, chosen: bool) -> Offered {
    let url = server.usual_url();
    let about = Some(&server.label).filter(|label| **label != server.base_url).map(|label| format!("{label}."));
    let words: Vec<String> = about.into_iter().chain(server.parts.iter().map(words_of_part)).collect();
    Offered { value: url.clone(), label: url, words: words.join(" "), chosen }
}

fn words_of_part(part: &Part) -> String {
    let named: Vec<&str> = part.options.iter().take(OPTIONS).map(|option| option.value.as_str()).collect();
    let more = part.options.len().saturating_sub(OPTIONS);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    match (named.as_slice(), part.placeholder.as_str()) {
        ([], "") => format!("{} is yours to fill in on the form.", part.label),
        ([], example) => format!("{} is yours to fill in on the form; the description has {example}.", part.label),
        (_, _) => format!("{} can be {}{more}; change it on the form.", part.label, named.join(", ")),
    }
}

fn words_of(spec: &KindSpec, way: &Way) -> String {
    let place = show::way(spec).unwrap_or_default();
    let note = way.note.map(|note| format!(" {note}")).unwrap_or_default();
    format!("{}, {place}. {}{note}", spec.label(), counts(way))
}

fn words_of_account(oauth: &OAuth, way: &Way) -> String {
    let host = host_of(&oauth.authorize_url);
    format!("People sign in at {host}, which knows {}. {}", permissions(&oauth.scopes), counts(way))
}

fn words_of_client(client: &ClientCredentials, way: &Way) -> String {
    let host = host_of(&client.token_url);
    let scopes =
        if client.scopes.is_empty() { String::new() } else { format!(", for {}", permissions(&client.scopes)) };
    format!("A client of your own gets its tokens at {host}{scopes}. {}", counts(way))
}

/// How many there are, and how many of them the form is filled in with.
fn permissions(all: &[Scope]) -> String {
    let number = |all: usize| u64::try_from(all).unwrap_or_default();
    let (count, fitting) = (counted(number(all.len()), "permission", "permissions"), openapi::fitting(all).len());
    if fitting == all.len() { count } else { format!("{count}, of which the form gets the first {fitting}") }
}

/// `12 of its requests take it; the description calls it "ApiKeyAuth".`
fn counts(way: &Way) -> String {
    let name = way.schemes.join(" + ").chars().take(80).collect::<String>();
    let requests = u64::try_from(way.requests).unwrap_or(u64::MAX);
    let taken = match requests {
        0 => "No request says that it takes it".to_owned(),
        1 => "1 request takes it".to_owned(),
        many => format!("{} take it", counted(many, "request", "requests")),
    };
    format!("{taken}; the description calls it “{name}”.")
}
