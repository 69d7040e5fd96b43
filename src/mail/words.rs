//! What each letter says. One sheet is drawn twice, so that text and HTML can never say different things.

use crate::domain::name::is_hidden;
use crate::domain::{Letter, Moment, Role, path};

/// A letter in words.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub subject: String,
    pub lines: Vec<String>,
    /// What somebody else has written, set apart.
    pub quote: Option<String>,
    pub lists: Vec<List>,
    pub button: Option<Button>,
    /// Another way on, which is not the one that the letter is about.
    pub aside: Option<Aside>,
    /// Quieter: how long the link lasts, what to do if it was not you.
    pub closing: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Aside {
    pub words: &'static str,
    pub url: String,
}

#[derive(Debug)]
pub(super) struct Button {
    pub label: &'static str,
    pub url: String,
}

#[derive(Debug)]
pub(super) struct List {
    pub heading: &'static str,
    pub names: Vec<String>,
}

#[derive(askama::Template)]
#[template(path = "email/letter.txt", escape = "none")]
pub(super) struct Text<'a> {
    pub sheet: &'a Sheet,
    pub base: &'a str,
}

#[derive(askama::Template)]
#[template(path = "email/letter.html")]
pub(super) struct Html<'a> {
    pub sheet: &'a Sheet,
    pub base: &'a str,
}

impl Text<'_> {
    /// Each line of a quotation behind its mark.
    fn quoted(&self) -> Option<String> {
        self.sheet.quote.as_ref().map(|quote| quote.lines().map(|line| format!("> {line}\n")).collect())
    }
}

const NOT_YOU: &str = "If it was not you who asked for this, do nothing: without the link nothing happens.";

impl Sheet {
    pub fn of(letter: &Letter, base: &str) -> Self {
        let mut sheet = Self::in_words(letter, base);
        let lists = sheet.lists.iter_mut().flat_map(|list| &mut list.names);
        for text in sheet.lines.iter_mut().chain(lists).chain([&mut sheet.subject]) {
            *text = one_line(text);
        }
        sheet.quote = sheet.quote.map(|quote| quote.lines().map(one_line).collect::<Vec<_>>().join("\n"));
        sheet
    }

    fn in_words(letter: &Letter, base: &str) -> Self {
        if let Some(sheet) = super::words_of_secrets::sheet(letter, base) {
            return sheet;
        }
        let to = |path: String| format!("{base}{path}");
        match letter {
            Letter::Invitation { workspace, by, address, role, message, link, until } => Self {
                // It goes to strangers: it begins with our own words, and names become no links.
                subject: format!("Invitation to Keyrack: {}", unlinked(workspace)),
                lines: vec![
                    format!(
                        "You are invited to join the workspace “{}” on Keyrack as {}, by {} ({address}).",
                        unlinked(workspace),
                        a(*role),
                        unlinked(by)
                    ),
                    "Keyrack keeps the keys that a team’s workflows use, so that nobody has to pass them around."
                        .to_owned(),
                ],
                quote: message.clone(),
                button: Some(Button { label: "Look at the invitation", url: to(path::invitation(link)) }),
                closing: vec![lasts(*until), "You become a member only when you accept it there.".to_owned()],
                ..Self::default()
            },
            Letter::SignUp { link, until } => Self::with_link(
                ("Your account on Keyrack", "Somebody, hopefully you, wants to make an account with this address."),
                Button { label: "Make the account", url: to(path::sign_up(link)) },
                *until,
            ),
            Letter::AlreadyHere => Self {
                subject: "You have an account already".to_owned(),
                lines: vec![
                    "Somebody, hopefully you, gave this address for a new account, or as another account’s new address. \
                     It has an account already, so nothing was changed."
                        .to_owned(),
                ],
                button: Some(Button { label: "Sign in", url: to(path::sign_in()) }),
                aside: Some(Aside {
                    words: "If you have forgotten your password, ask for a new one",
                    url: to(path::forgotten()),
                }),
                closing: vec!["If it was not you, do nothing.".to_owned()],
                ..Self::default()
            },
            Letter::PasswordReset { link, until } => Self::with_link(
                ("A new password for Keyrack", "Somebody, hopefully you, has forgotten the password of this account."),
                Button { label: "Choose a new password", url: to(path::reset(link)) },
                *until,
            ),
            Letter::EmailProof { link, until } => Self::with_link(
                ("Is this your new address?", "Somebody, hopefully you, wants to use this address for their account."),
                Button { label: "Use this address", url: to(path::email_proof(link)) },
                *until,
            ),
            Letter::Removed { .. }
            | Letter::RoleChanged { .. }
            | Letter::MemberGone { .. }
            | Letter::WorkflowsBroken { .. } => {
                of_membership(letter, base)
            }
            _ => of_account(letter, base),
        }
    }

    fn with_link((subject, line): (&str, &str), button: Button, until: Moment) -> Self {
        Self {
            subject: subject.to_owned(),
            lines: vec![line.to_owned()],
            button: Some(button),
            closing: vec![lasts(until), NOT_YOU.to_owned()],
            ..Self::default()
        }
    }
}

fn account(base: &str) -> Option<Button> {
    Some(Button { label: "Look at your account", url: format!("{base}{}", path::account()) })
}

fn forgotten(base: &str) -> Option<Aside> {
    let url = format!("{base}{}", path::forgotten());
    Some(Aside { words: "If it was not you, ask for a new password at once", url })
}

/// Notices of what opens an account, and what does no more.
fn of_ways(letter: &Letter, base: &str) -> Sheet {
    let (subject, line) = match letter {
        Letter::SignInLinked { provider, address } => {
            let at = address.as_ref().map(|address| format!(" ({address})")).unwrap_or_default();
            let line = format!("From now on you can sign in to your account with {provider}{at}.");
            (format!("{provider} opens your account now"), line)
        }
        Letter::SignInUnlinked { provider } => {
            let line = format!("{provider} was unlinked from your account. You cannot sign in with it any more.");
            (format!("{provider} does not open your account any more"), line)
        }
        _ => return Sheet::default(),
    };
    Sheet { subject, lines: vec![line], button: account(base), aside: forgotten(base), ..Sheet::default() }
}

/// Notices about somebody's own account.
fn of_account(letter: &Letter, base: &str) -> Sheet {
    let (account, forgotten) = (|| account(base), || forgotten(base));
    match letter {
        Letter::PasswordChanged { at } => Sheet {
            subject: "Your password was changed".to_owned(),
            lines: vec![format!(
                "The password of your account was changed on {}. Whatever else was signed in is signed out.",
                at.readable()
            )],
            button: account(),
            aside: forgotten(),
            ..Sheet::default()
        },
        Letter::EmailChangeAsked { new } => Sheet {
            subject: "Your address is about to change".to_owned(),
            lines: vec![format!(
                "Somebody who is signed in to your account, hopefully you, wants to use {new} instead of this address. \
                 It changes when the link that was sent there is used."
            )],
            button: account(),
            aside: forgotten(),
            ..Sheet::default()
        },
        Letter::EmailChanged { before, after, to_new } => {
            let sheet = Sheet {
                subject: "Your address has changed".to_owned(),
                lines: vec![format!("You sign in with {after} from now on, and no more with {before}.")],
                ..Sheet::default()
            };
            if *to_new {
                return Sheet { button: account(), aside: forgotten(), ..sheet };
            }
            // No link that could be sent here opens the account any more.
            Sheet { closing: vec!["If it was not you, tell whoever runs this Keyrack at once.".to_owned()], ..sheet }
        }
        Letter::AccountDeleted => Sheet {
            subject: "Your account is deleted".to_owned(),
            lines: vec![
                "Your account on Keyrack is deleted, with your secrets, your service tokens and your sessions."
                    .to_owned(),
            ],
            closing: vec!["If it was not you, tell whoever runs this Keyrack.".to_owned()],
            ..Sheet::default()
        },
        Letter::Trial { workspace } => Sheet {
            subject: "A trial letter from Keyrack".to_owned(),
            lines: vec![format!("Mail works: an Owner of “{workspace}” had this letter sent.")],
            ..Sheet::default()
        },
        _ => of_ways(letter, base),
    }
}

/// Notices about who belongs to a workspace, and as what.
fn of_membership(letter: &Letter, base: &str) -> Sheet {
    match letter {
        Letter::RoleChanged { workspace, slug, by, role } => Sheet {
            subject: format!("You are {} of {workspace} now", a(*role)),
            lines: vec![format!("{by} made you {} of the workspace “{workspace}”.", a(*role))],
            button: Some(Button { label: "Go to the workspace", url: format!("{base}{}", path::workspace(slug)) }),
            ..Sheet::default()
        },
        Letter::Removed { workspace, by } => Sheet {
            subject: format!("You are no longer a member of {workspace}"),
            lines: vec![format!(
                "{by} ended your membership of the workspace “{workspace}”. Your secrets there are deleted and your \
                 service tokens revoked. Your account stays."
            )],
            ..Sheet::default()
        },
        Letter::MemberGone {
            workspace, slug, name, by, deleted, kept, tokens, reach, further, heir, workflows
        } => {
            let how = by.as_ref().map_or_else(|| format!("{name} has left"), |by| format!("{by} removed {name} from"));
            let nothing = deleted.is_empty() && kept.is_empty() && tokens.is_empty();
            let passed = heir.as_ref().filter(|_| !workflows.is_empty());
            let passed = passed.map(|heir| format!("What they ran is {heir}’s now."));
            let what = if nothing { "No secret and no token ended with it." } else { "This is what ended with it." };
            let more = (*further > 0).then(|| format!("and {further} more"));
            let reach = &reach.iter().cloned().chain(more).collect();
            let lists = [
                ("Deleted, with their values", deleted),
                ("Kept without a value: whoever uses them needs a new one", kept),
                ("Service tokens revoked: whatever holds one stops working", tokens),
                ("Of others, and theirs to use until now: some of these may deserve a new value", reach),
                ("Workflows passed on", workflows),
            ];
            let lists = lists.into_iter().filter(|(_, names)| !names.is_empty());
            Sheet {
                subject: format!("{name} is no longer a member of {workspace}"),
                lines: [format!("{how} the workspace “{workspace}”. {what}")].into_iter().chain(passed).collect(),
                lists: lists.map(|(heading, names)| List { heading, names: names.clone() }).collect(),
                button: Some(Button { label: "Look at the members", url: format!("{base}{}", path::members(slug)) }),
                ..Sheet::default()
            }
        }
        Letter::WorkflowsBroken { workspace, slug, nodes } => Sheet {
            subject: format!("Your workflows of {workspace} need another key"),
            lines: vec![
                "These nodes of your workflows have no key that they could use. Until you choose another, whatever asks \
                 for one is told so."
                    .to_owned(),
            ],
            lists: vec![List { heading: "Nodes to configure", names: nodes.clone() }],
            button: Some(Button { label: "Look at your workflows", url: format!("{base}{}", path::workflows(slug)) }),
            ..Sheet::default()
        },
        _ => Sheet::default(),
    }
}

/// What people typed as everybody sees it: nothing in it turns the text around, and nothing ends the line.
fn one_line(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !is_hidden(*c));
    visible.collect()
}

/// A name without the plainest marks of a link.
fn unlinked(name: &str) -> String {
    name.replace("://", ": ").replace("www.", "www ")
}

fn a(role: Role) -> &'static str {
    match role {
        Role::Member => "a Member",
        Role::Admin => "an Admin",
        Role::Owner => "an Owner",
    }
}

fn lasts(until: Moment) -> String {
    format!("The link works once, until {}.", until.readable())
}
