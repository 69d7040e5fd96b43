//! What happened to accounts and their sessions, as sentences.

use crate::domain::audit::AccountEvent;

use super::{Deed, deed};

pub(super) fn deed_with_account(event: &AccountEvent) -> Deed {
    match event {
        AccountEvent::SetUpDone { .. } => deed("set Keyrack up", None, "check-circle"),
        AccountEvent::PersonCreated { .. } => deed("made an account", None, "people"),
        AccountEvent::PersonRenamed { before, after, .. } => {
            deed(format!("changed their name from {before} to {after}"), None, "person")
        }
        AccountEvent::PersonDeleted { .. } => deed("deleted their account", None, "person"),
        AccountEvent::SignedIn { .. } => deed("signed in", None, "lock"),
        AccountEvent::SignInRefused { .. } => deed("was refused at the door", None, "lock"),
        AccountEvent::SignedOut { .. } => deed("signed out", None, "lock"),
        AccountEvent::SessionsRevoked { .. } => deed("ended sessions", None, "lock"),
        AccountEvent::PasswordChanged { .. } => deed("changed their password", None, "lock"),
        AccountEvent::PasswordReset { .. } => deed("set a new password by mail", None, "lock"),
        AccountEvent::IdentityLinked { provider, .. } => {
            deed(format!("linked {provider} to sign in with"), None, "lock")
        }
        AccountEvent::IdentityUnlinked { provider, .. } => {
            deed(format!("unlinked {provider}, no more to sign in with"), None, "lock")
        }
        AccountEvent::IdentityUsed { provider, .. } => deed(format!("came in by {provider}"), None, "lock"),
        AccountEvent::SessionConfirmed { provider, .. } => {
            deed(format!("showed at {provider} that it was still them"), None, "lock")
        }
        AccountEvent::EmailChanged { .. } => deed("changed their e-mail address", None, "person"),
    }
}
