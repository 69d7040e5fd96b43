//! The paths that letters lead to. The pages' own table of addresses names them from here.

pub fn sign_in() -> String {
    "/sign-in".to_owned()
}

pub fn forgotten() -> String {
    "/forgotten".to_owned()
}

pub fn reset(link: &str) -> String {
    format!("/reset/{link}")
}

pub fn sign_up(link: &str) -> String {
    format!("/sign-up/{link}")
}

pub fn email_proof(link: &str) -> String {
    format!("/e-mail/{link}")
}

pub fn invitation(link: &str) -> String {
    format!("/invitation/{link}")
}

pub fn account() -> String {
    "/account".to_owned()
}

pub fn workspace(ws: &str) -> String {
    format!("/w/{ws}")
}

pub fn workflows(ws: &str) -> String {
    format!("/w/{ws}/workflows")
}

pub fn webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}")
}

pub fn members(ws: &str) -> String {
    format!("/w/{ws}/members")
}

pub fn secrets(ws: &str) -> String {
    format!("/w/{ws}/secrets")
}

pub fn secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}")
}

pub fn replace_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/replace")
}

/// Where an account is connected, or connected again.
pub fn connect_secret(ws: &str, id: &str) -> String {
    format!("/w/{ws}/secrets/{id}/connect")
}
