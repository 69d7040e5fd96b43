//! Every address that a page links to or posts to, and nothing else knows one:
//! a path literal in a template or handler is a mistake.

use super::assets;
pub use crate::domain::path::{
    account, email_proof, forgotten, invitation, members, reset, secret, secrets, sign_in, sign_up as sign_up_link,
    workflows, workspace,
};

pub fn home() -> String {
    "/".to_owned()
}

pub fn sign_up() -> String {
    "/sign-up".to_owned()
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

pub fn replace_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/replace")
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

pub fn delete_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/delete")
}

pub fn rotations(ws: &str) -> String {
    format!("/w/{ws}/rotations")
}

pub fn new_rotation(ws: &str) -> String {
    format!("/w/{ws}/rotations/new")
}

pub fn rotation(ws: &str, id: &str) -> String {
    format!("/w/{ws}/rotations/{id}")
}

pub fn remind_of_rotation(ws: &str, id: &str) -> String {
    format!("/w/{ws}/rotations/{id}/remind")
}

pub fn close_rotation(ws: &str, id: &str) -> String {
    format!("/w/{ws}/rotations/{id}/close")
}

pub fn node_types(ws: &str) -> String {
    format!("/w/{ws}/node-types")
}

pub fn node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}")
}

pub fn add_node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/add")
}

pub fn disable_node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/disable")
}

pub fn enable_node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/enable")
}

pub fn describe_node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/description")
}

pub fn remove_node_type(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/remove")
}

pub fn new_custom_api(ws: &str) -> String {
    format!("/w/{ws}/custom-apis/new")
}

pub fn custom_api(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/custom-apis/{slug}")
}

pub fn adders(ws: &str) -> String {
    format!("/w/{ws}/settings/adders")
}

pub fn probe_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/probe")
}

pub fn new_workflow(ws: &str) -> String {
    format!("/w/{ws}/workflows/new")
}

pub fn workflow(ws: &str, id: &str) -> String {
    format!("/w/{ws}/workflows/{id}")
}

pub fn rename_workflow(ws: &str, id: &str) -> String {
    format!("/w/{ws}/workflows/{id}/name")
}

pub fn delete_workflow(ws: &str, id: &str) -> String {
    format!("/w/{ws}/workflows/{id}/delete")
}

pub fn runners(ws: &str, id: &str) -> String {
    format!("/w/{ws}/workflows/{id}/tokens")
}

pub fn remove_runner(ws: &str, id: &str, token: &str) -> String {
    format!("/w/{ws}/workflows/{id}/tokens/{token}/remove")
}

pub fn nodes(ws: &str, id: &str) -> String {
    format!("/w/{ws}/workflows/{id}/nodes")
}

pub fn node(ws: &str, id: &str, node: &str) -> String {
    format!("/w/{ws}/workflows/{id}/nodes/{node}")
}

pub fn bind_node(ws: &str, id: &str, node: &str) -> String {
    format!("/w/{ws}/workflows/{id}/nodes/{node}/bind")
}

pub fn unbind_node(ws: &str, id: &str, node: &str) -> String {
    format!("/w/{ws}/workflows/{id}/nodes/{node}/unbind")
}

pub fn remove_node(ws: &str, id: &str, node: &str) -> String {
    format!("/w/{ws}/workflows/{id}/nodes/{node}/remove")
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

pub fn new_workspace() -> String {
    "/workspaces/new".to_owned()
}

pub fn settings(ws: &str) -> String {
    format!("/w/{ws}/settings")
}

pub fn default_sharing(ws: &str) -> String {
    format!("/w/{ws}/settings/sharing")
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
