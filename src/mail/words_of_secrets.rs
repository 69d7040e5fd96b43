//! What an owner reads of what somebody else did to their secrets, or asks of them.

use crate::domain::letter::{DateLine, Refused, SecretDeed, SecretsEnd};
use crate::domain::reminder::DateKind;
use crate::domain::{Letter, Method, path};

use super::words::{Aside, Button, List, Sheet};

/// None for a letter about something else.
pub(super) fn sheet(letter: &Letter, base: &str) -> Option<Sheet> {
    match letter {
        Letter::SecretTouched { .. } => Some(touched(letter, base)),
        Letter::ConsentLost { .. } => Some(lost(letter, base)),
        Letter::SecretRejected { .. } => Some(rejected(letter, base)),
        Letter::SecretsEnded { .. } => Some(ended(letter, base)),
        Letter::RotationAsked { .. } => Some(asked(letter, base)),
        Letter::Reminder { .. } => Some(reminded(letter, base)),
        _ => super::words_of_webhooks::sheet(letter, base),
    }
}

fn asked(letter: &Letter, base: &str) -> Sheet {
    let Letter::RotationAsked { workspace, slug, by, name, due, secrets, more } = letter else {
        return Sheet::default();
    };
    let due = due.map(|end| format!(" They are due by {}.", end.readable())).unwrap_or_default();
    Sheet {
        subject: format!("New values are asked for in {workspace}: {name}"),
        lines: vec![
            format!("{by} asks you for new values of secrets of yours in the workspace “{workspace}”.{due}"),
            "Make a new key with each provider, enter it in Keyrack, and delete the old one there. Whatever uses a \
             secret goes on as before."
                .to_owned(),
        ],
        lists: vec![List { heading: "Your secrets", names: named(secrets, *more) }],
        button: Some(Button { label: "Go to the workspace", url: format!("{base}{}", path::workspace(slug)) }),
        ..Sheet::default()
    }
}

fn reminded(letter: &Letter, base: &str) -> Sheet {
    let Letter::Reminder { lines, more } = letter else { return Sheet::default() };
    let several = lines.iter().any(|line| Some(&line.slug) != lines.first().map(|first| &first.slug));
    let text = |line: &DateLine| {
        let place = if several { format!(", {}", line.workspace) } else { String::new() };
        format!("{} ({}, {}{place}): {}", line.name, line.node_type, line.environment, line.at.day())
    };
    let of = |kind: DateKind| lines.iter().filter(|line| line.kind == kind).map(text).collect::<Vec<_>>();
    let (ends, due) = (of(DateKind::Expiry), of(DateKind::Rotation));
    let subject = match (lines.as_slice(), more) {
        ([only], 0) if only.kind == DateKind::Expiry => format!("{} expires on {}", only.name, only.at.day()),
        ([only], 0) => format!("{} is due for a new value", only.name),
        _ if due.is_empty() => "Secrets of yours expire soon".to_owned(),
        _ if ends.is_empty() => "Secrets of yours are due for new values".to_owned(),
        _ => "Secrets of yours expire soon, or are due for new values".to_owned(),
    };
    let lists = [("Their last day", ends), ("Due for a new value since", due)];
    let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
    let further = (*more > 0).then(|| format!("And {more} more."));
    let way = lines.first().filter(|_| !several).map_or_else(|| "/".to_owned(), |line| path::workspace(&line.slug));
    Sheet {
        subject,
        lines: std::iter::once("Make a new key with the provider, and enter it in Keyrack: whatever uses the secret goes on as before. What ends \
              is not used any more after its last day."
            .to_owned())
        .chain(further)
        .collect(),
        lists: lists.map(|(heading, names)| List { heading, names }).collect(),
        button: Some(Button { label: "Look at them", url: format!("{base}{way}") }),
        closing: vec!["You get one such letter a day at most. On the home page you can put a reminder off.".to_owned()],
        ..Sheet::default()
    }
}

/// The names, and how many there are besides.
fn named(secrets: &[String], more: usize) -> Vec<String> {
    let further = (more > 0).then(|| format!("and {more} more"));
    secrets.iter().cloned().chain(further).collect()
}

fn ended(letter: &Letter, base: &str) -> Sheet {
    let Letter::SecretsEnded { workspace, slug, by, end, secrets, more } = letter else {
        return Sheet::default();
    };
    let is_one = secrets.len().saturating_add(*more) == 1;
    let subject = if is_one { "A secret of yours was" } else { "Secrets of yours were" };
    let what = if is_one { "a secret" } else { "secrets" };
    let destroyed = if is_one { "Its value is destroyed" } else { "Their values are destroyed" };
    let then = match end {
        SecretsEnd::Deleted => "What used it gets nothing any more.",
        SecretsEnd::Disconnected => {
            "What uses it gets nothing until a value is entered, or the account connected, again. The name and what is \
             bound to it stay."
        }
    };
    Sheet {
        subject: format!("{subject} {end} in {workspace}"),
        lines: vec![
            format!("{by} {end} {what} of yours in the workspace “{workspace}”."),
            format!("{destroyed}. {then}"),
        ],
        lists: vec![List { heading: "Which", names: named(secrets, *more) }],
        button: Some(Button { label: "Look at the secrets", url: format!("{base}{}", path::secrets(slug)) }),
        ..Sheet::default()
    }
}

fn lost(letter: &Letter, base: &str) -> Sheet {
    let Letter::ConsentLost { workspace, slug, id, name, node_type, method } = letter else {
        return Sheet::default();
    };
    const STAYS: &str = "what uses it gets nothing. Its name, who may use it and what is bound to it stay.";
    let of = format!("your connection “{name}” in the workspace “{workspace}”");
    let (subject, why, until, label, way) = match method {
        Method::ClientCredentials => (
            format!("Enter the client of {node_type} again: {name}"),
            format!("{node_type} does not take the client id and secret of {of} any more."),
            "Until you enter those that count,",
            "Enter id and secret",
            path::replace_secret(slug, id.as_str()),
        ),
        Method::OAuth | Method::Key => (
            format!("Connect {node_type} again: {name}"),
            format!(
                "{node_type} does not renew the access of {of} any more. It was probably taken back there, or not used \
                 for long."
            ),
            "Until you connect it again,",
            "Connect it again",
            path::connect_secret(slug, id.as_str()),
        ),
    };
    Sheet {
        subject,
        lines: vec![why, format!("{until} {STAYS}")],
        button: Some(Button { label, url: format!("{base}{way}") }),
        ..Sheet::default()
    }
}

fn rejected(letter: &Letter, base: &str) -> Sheet {
    let Letter::SecretRejected { workspace, slug, id, name, node_type, refused, method, advice, place } = letter else {
        return Sheet::default();
    };
    let how = match refused {
        Refused::Test => "refused it when it was tested",
        Refused::Calls => "refused several calls in a row that were made with it",
    };
    let (again, label, way) = match method {
        Method::OAuth => {
            ("the account is connected again", "Connect it again", path::connect_secret(slug, id.as_str()))
        }
        Method::Key | Method::ClientCredentials => {
            ("another value is entered", "Look at the secret", path::secret(slug, id.as_str()))
        }
    };
    let why = format!("Your secret “{name}” in the workspace “{workspace}” is rejected: {node_type} {how}.");
    let then =
        format!("What uses it goes on trying, and will mostly fail until {again} or the provider takes it again.");
    let advice = Some(advice.clone()).filter(|advice| !advice.is_empty());
    Sheet {
        subject: format!("{node_type} rejects your secret: {name}"),
        lines: std::iter::once(why).chain(advice).chain([then]).collect(),
        button: Some(Button { label, url: format!("{base}{way}") }),
        aside: place.clone().map(|url| Aside { words: "The provider makes keys here", url }),
        ..Sheet::default()
    }
}

fn touched(letter: &Letter, base: &str) -> Sheet {
    let Letter::SecretTouched { workspace, slug, id, name, node_type, by, deed } = letter else {
        return Sheet::default();
    };
    let (subject, what, then) = words(*deed);
    let of = format!("“{name}” ({node_type}) in the workspace “{workspace}”");
    let button = match deed {
        SecretDeed::Deleted => Button { label: "Look at the secrets", url: path::secrets(slug) },
        _ => Button { label: "Look at the secret", url: path::secret(slug, id.as_str()) },
    };
    Sheet {
        subject: format!("{subject}: {name}"),
        lines: vec![format!("{by} {what} your secret {of}."), then.to_owned()],
        button: Some(Button { url: format!("{base}{}", button.url), ..button }),
        ..Sheet::default()
    }
}

/// The subject, what was done, and what follows from it.
fn words(deed: SecretDeed) -> (&'static str, &'static str, &'static str) {
    const YOURS: &str = "It stays yours: its name, who may use it and where it may travel are as you left them, and \
                         whoever did this gains no use of it.";
    match deed {
        SecretDeed::Replaced => ("A new value for your secret", "entered a new value for", YOURS),
        SecretDeed::Staged => ("A next value for your secret", "entered the next value of", YOURS),
        SecretDeed::Dropped => ("The next value of your secret was dropped", "dropped the next value of", YOURS),
        SecretDeed::Promoted => ("Your secret goes on with its next value", "promoted the next value of", YOURS),
        SecretDeed::RolledBack => {
            ("Your secret is back at its earlier value", "went back to the earlier value of", YOURS)
        }
        SecretDeed::Disconnected => (
            "Your secret is disconnected",
            "disconnected",
            "Its value is destroyed, and what uses it gets nothing until somebody enters a value again. Its name and \
             what is bound to it stay.",
        ),
        SecretDeed::Deleted => {
            ("Your secret was deleted", "deleted", "Its value is destroyed, and what used it gets nothing any more.")
        }
    }
}
