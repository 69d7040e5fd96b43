//! Every address that a page links to or posts to, and nothing else knows one:
//! a path literal in a template or handler is a mistake.

mod consumers;
mod outgoing;
mod outside;

pub use consumers::*;
pub use outgoing::*;
pub use outside::*;

use super::assets;
pub use crate::domain::path::{
    account, connect_secret, email_proof, forgotten, invitation, members, replace_secret, reset, secret, secrets,
    sign_in, sign_up as sign_up_link, webhook, workflows, workspace,
};

pub fn home() -> String {
    "/".to_owned()
}

pub fn sign_up() -> String {
    "/sign-up".to_owned()
}

/// Where one goes off to a provider.
pub fn sign_in_with(provider: &str) -> String {
    format!("/sign-in/{provider}")
}

/// Where a provider leads back to.
pub fn callback(provider: &str) -> String {
    format!("/sign-in/{provider}/callback")
}

/// To a provider, to link it to one's account.
pub fn add_sign_in(provider: &str) -> String {
    format!("/account/sign-ins/add/{provider}")
}

/// To a provider, to show that it is still oneself.
pub fn confirm_at(provider: &str) -> String {
    format!("/account/confirm/{provider}")
}

/// Where somebody says that an account at a provider and their own belong together.
pub fn link_sign_in(state: &str) -> String {
    format!("/account/link/{state}")
}

pub fn unlink_sign_in(id: &str) -> String {
    format!("/account/sign-ins/{id}/unlink")
}

pub fn sign_out() -> String {
    "/sign-out".to_owned()
}

pub fn set_up(token: &str) -> String {
    format!("/set-up/{token}")
}

pub fn new_secret(ws: &str) -> String {
    format!("/w/{ws}/secrets/new")
}

pub fn new_secret_of(ws: &str, node_type: &str) -> String {
    format!("/w/{ws}/secrets/new/{node_type}")
}

pub fn calendar(ws: &str) -> String {
    format!("/w/{ws}/calendar")
}

pub fn calendar_link(ws: &str) -> String {
    format!("/w/{ws}/calendar/link")
}

pub fn remove_calendar_link(ws: &str) -> String {
    format!("/w/{ws}/calendar/link/remove")
}

/// Where calendars elsewhere read.
pub fn calendar_feed(link: &str) -> String {
    format!("/calendar/{link}.ics")
}

pub fn snooze_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/snooze")
}

/// Where the value that is to follow the current one is entered.
pub fn next_value(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/next")
}

pub fn promote_next(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/next/promote")
}

pub fn drop_next(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/next/drop")
}

pub fn roll_back(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/roll-back")
}

pub fn edit_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/edit")
}

pub fn secret_name(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/name")
}

pub fn secret_dates(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/dates")
}

pub fn narrow_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/narrow")
}

pub fn disconnect_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/disconnect")
}

pub fn secret_history(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/history")
}

pub fn share_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/sharing")
}

pub fn export_secrets(ws: &str) -> String {
    format!("/w/{ws}/secrets/export")
}

pub fn new_import(ws: &str) -> String {
    format!("/w/{ws}/secrets/import")
}

pub fn import(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/import/{id}")
}

pub fn cancel_import(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/import/{id}/cancel")
}

/// Where many are deleted at once.
pub fn delete_secrets(ws: &str) -> String {
    format!("/w/{ws}/secrets/delete")
}

pub fn delete_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/delete")
}

pub fn probe_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/probe")
}

/// Where somebody says that a secret's use is as it should be.
pub fn all_well(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/all-well")
}

pub fn tokens(ws: &str) -> String {
    format!("/w/{ws}/tokens")
}

pub fn new_token(ws: &str) -> String {
    format!("/w/{ws}/tokens/new")
}

pub fn token(ws: &str, id: &str) -> String {
    format!("/w/{ws}/tokens/{id}")
}

pub fn revoke_token(ws: &str, id: &str) -> String {
    format!("/w/{ws}/tokens/{id}/revoke")
}

/// Where a token is given a new text.
pub fn token_text(ws: &str, id: &str) -> String {
    format!("/w/{ws}/tokens/{id}/text")
}

pub fn end_old_text(ws: &str, id: &str) -> String {
    format!("/w/{ws}/tokens/{id}/text/end")
}

pub fn new_workspace() -> String {
    "/workspaces/new".to_owned()
}

pub fn settings(ws: &str) -> String {
    format!("/w/{ws}/settings")
}

pub fn default_sharing(ws: &str) -> String {
    format!("/w/{ws}/settings/sharing")
}

pub fn open_domain(ws: &str) -> String {
    format!("/w/{ws}/settings/domains/open")
}

pub fn close_domain(ws: &str) -> String {
    format!("/w/{ws}/settings/domains/close")
}

pub fn jobs(ws: &str) -> String {
    format!("/w/{ws}/jobs")
}

pub fn trial_letter(ws: &str) -> String {
    format!("/w/{ws}/jobs/trial")
}

pub fn retry_job(ws: &str, id: &str) -> String {
    format!("/w/{ws}/jobs/{id}/retry")
}

pub fn discard_job(ws: &str, id: &str) -> String {
    format!("/w/{ws}/jobs/{id}/discard")
}

pub fn delete_workspace(ws: &str) -> String {
    format!("/w/{ws}/delete")
}

/// The same address in a workspace that has another slug by now.
pub fn moved(path: &str, slug: &str) -> Option<String> {
    let rest = path.strip_prefix("/w/")?;
    let after = rest.find(['/', '?']).map_or("", |at| rest.get(at..).unwrap_or_default());
    Some(format!("/w/{slug}{after}"))
}

pub fn member(ws: &str, id: &str) -> String {
    format!("/w/{ws}/members/{id}")
}

pub fn member_role(ws: &str, id: &str) -> String {
    format!("/w/{ws}/members/{id}/role")
}

pub fn end_membership(ws: &str, id: &str) -> String {
    format!("/w/{ws}/members/{id}/end")
}

pub fn invitations(ws: &str) -> String {
    format!("/w/{ws}/invitations")
}

pub fn new_invitation(ws: &str) -> String {
    format!("/w/{ws}/invitations/new")
}

pub fn send_invitation(ws: &str, id: &str) -> String {
    format!("/w/{ws}/invitations/{id}/send")
}

pub fn revoke_invitation(ws: &str, id: &str) -> String {
    format!("/w/{ws}/invitations/{id}/revoke")
}

pub fn join(link: &str) -> String {
    format!("/invitation/{link}/join")
}

pub fn accept_invitation(id: &str) -> String {
    format!("/account/invitations/{id}/accept")
}

pub fn decline_invitation(id: &str) -> String {
    format!("/account/invitations/{id}/decline")
}

pub fn activity(ws: &str) -> String {
    format!("/w/{ws}/activity")
}

pub fn activity_entry(ws: &str, entry: &str) -> String {
    format!("/w/{ws}/activity/{entry}")
}

pub fn activity_export(ws: &str) -> String {
    format!("/w/{ws}/activity/export")
}

pub fn check_record(ws: &str) -> String {
    format!("/w/{ws}/activity/check")
}

pub fn profile() -> String {
    "/account/profile".to_owned()
}

pub fn password() -> String {
    "/account/password".to_owned()
}

pub fn email() -> String {
    "/account/e-mail".to_owned()
}

pub fn sessions() -> String {
    "/account/sessions".to_owned()
}

pub fn revoke_session(id: &str) -> String {
    format!("/account/sessions/{id}/revoke")
}

pub fn revoke_other_sessions() -> String {
    "/account/sessions/revoke-others".to_owned()
}

pub fn delete_account() -> String {
    "/account/delete".to_owned()
}

pub fn theme() -> String {
    "/theme".to_owned()
}

/// A file of `static/`, addressed by the hash of its content.
pub fn asset(path: &str) -> String {
    assets::url(path)
}

/// `path` with a query made of the pairs whose value is not empty.
pub fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    let mut joint = '?';
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        address.push(joint);
        address.push_str(name);
        address.push('=');
        push_encoded(&mut address, value);
        joint = '&';
    }
    address
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn push_encoded(address: &mut String, value: &str) {
    const HEX: data_encoding::Encoding = data_encoding::HEXUPPER;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            address.push(char::from(byte));
        } else {
            address.push('%');
            address.push_str(&HEX.encode(&[byte]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{moved, with_query};

    #[test]
    fn a_moved_workspace_keeps_the_rest_of_its_addresses() {
        let to = |path| moved(path, "new");
        assert_eq!(to("/w/old").as_deref(), Some("/w/new"));
        assert_eq!(to("/w/old/secrets?q=w/old").as_deref(), Some("/w/new/secrets?q=w/old"));
        assert_eq!(to("/w/old?x=1").as_deref(), Some("/w/new?x=1"));
        assert_eq!(to("/account"), None);
    }

    #[test]
    fn a_query_leaves_out_what_is_empty_and_encodes_the_rest() {
        let address = with_query("/w/acme/secrets", &[("q", "a&b c"), ("state", ""), ("after", "sec_1")]);
        assert_eq!(address, "/w/acme/secrets?q=a%26b%20c&after=sec_1");
    }
}
