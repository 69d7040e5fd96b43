//! What is asked of a provider on the form: where tokens are asked for, how, and for what.

use crate::catalog::{ACCOUNT, AUTHORIZE_URL, AUTHS, BODIES, CLIENT, PARAMETERS, REFRESH_URL, REVOKE_URL, SEPARATORS};
use crate::catalog::{Asking, AskingNames, Draft};
use crate::domain::Method;
use crate::web::secrets::page::{Control, Field};
use crate::web::view::Choice;

use super::form::typed;
use super::page;

const SCOPES: &str = "One on each line: its name as the provider writes it, then a space and what it means. Begin the line with \
                      a star and a space where it is asked for unless somebody chooses otherwise.";

const PARAMETER: &str =
    "One on each line: its name, an equals sign, and its value, as the provider’s documentation has them.";

/// A method as it can be chosen, with its fields.
pub(super) fn asking(method: Method, draft: &Draft, fault: impl Fn(&str) -> Option<String>) -> page::Asking {
    let provider = &draft.provider;
    let at = |name: &'static str, field: Field| Field { error: fault(name), ..field };
    let (mut fields, mut more) = (Vec::new(), Vec::new());
    let mut usual = true;
    match method {
        Method::Key => {}
        Method::OAuth => {
            let consent = Field {
                help: "Where people sign in and agree.".to_owned(),
                placeholder: "https://auth.example.com/authorize".to_owned(),
                ..typed("authorize_url", "Authorization address", &provider.authorize_url)
            };
            fields.push(at(AUTHORIZE_URL, consent));
            let (refresh, revoke) = (&provider.refresh_url, &provider.revoke_url);
            usual = refresh.is_empty() && revoke.is_empty() && provider.parameters.is_empty();
            let refresh = optional("refresh_url", "Refresh address", refresh, "Where it is not the token address.");
            let revoke = optional("revoke_url", "Revocation address", revoke, "Asked to forget what is disconnected.");
            let further = Field {
                placeholder: "audience=https://api.example.com".to_owned(),
                control: Control::Lines { value: provider.parameters.clone() },
                ..optional("parameters", "Further parameters of the consent", "", PARAMETER)
            };
            more.extend([at(REFRESH_URL, refresh), at(REVOKE_URL, revoke), at(PARAMETERS, further)]);
        }
        Method::ClientCredentials => {}
    }
    let asked = match method {
        Method::Key => None,
        Method::OAuth => Some((&provider.account, ACCOUNT)),
        Method::ClientCredentials => Some((&provider.client, CLIENT)),
    };
    if let Some((asking, names)) = asked {
        usual &= Asking { token_url: String::new(), scopes: String::new(), ..asking.clone() } == Asking::default();
        let sent = match method {
            Method::OAuth => "A client’s secret is sent there, and to the other addresses that you name here.",
            Method::Key | Method::ClientCredentials => "The client’s secret is sent there, and nowhere else.",
        };
        fields.extend(main_fields(asking, sent).map(|(name, field)| at(name(names), field)));
        more.extend(further_fields(asking).map(|(name, field)| at(name(names), field)));
    }
    let is_open = !usual || more.iter().any(|field| field.error.is_some());
    page::Asking { method, chosen: draft.method == method.as_str(), fields, more, is_open }
}

type Named = (fn(AskingNames) -> &'static str, Field);

fn main_fields(asking: &Asking, sent: &str) -> impl Iterator<Item = Named> {
    let token = Field {
        help: format!("Where tokens are asked for. {sent}"),
        placeholder: "https://auth.example.com/token".to_owned(),
        ..typed("token_url", "Token address", &asking.token_url)
    };
    let scopes = Field {
        required: false,
        help: SCOPES.to_owned(),
        placeholder: "* rooms.read See which rooms are free.".to_owned(),
        control: Control::Lines { value: asking.scopes.clone() },
        ..typed("scopes", "Permissions (scopes)", "")
    };
    let all: [Named; 2] = [(|names| names.token_url, token), (|names| names.scopes, scopes)];
    all.into_iter()
}

fn further_fields(asking: &Asking) -> impl Iterator<Item = Named> {
    let auth = options(
        ("client_auth", "How the client says who it is"),
        AUTHS.map(|(word, _)| word),
        ["By HTTP Basic (usual)", "In the body, as client_id and client_secret"],
        &asking.client_auth,
    );
    let body =
        options(("body", "What is sent as"), BODIES.map(|(word, _)| word), ["A form (usual)", "JSON"], &asking.body);
    let separator = options(
        ("separator", "Between permissions stands"),
        SEPARATORS.map(|(word, _)| word),
        ["A space (usual)", "A comma"],
        &asking.separator,
    );
    let all: [Named; 3] =
        [(|names| names.client_auth, auth), (|names| names.body, body), (|names| names.separator, separator)];
    all.into_iter()
}

fn optional(name: &str, label: &str, value: &str, help: &str) -> Field {
    Field { required: false, help: help.to_owned(), ..typed(name, label, value) }
}

fn options<const N: usize>((name, label): (&str, &str), words: [&str; N], labels: [&str; N], chosen: &str) -> Field {
    let choice = |(word, label): (&str, &str)| Choice {
        value: word.to_owned(),
        label: label.to_owned(),
        chosen: word == chosen,
    };
    let all = words.into_iter().zip(labels).map(choice).collect();
    Field { control: Control::Options { all }, ..typed(name, label, "") }
}
