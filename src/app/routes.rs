//! Every address that Keyrack answers on, with the least that one must be to get an answer.
//!
//! Invariant: this table is the only way a handler is reached, so none can be forgotten in it; the tests
//! try each row as every kind of person and machine.

use actix_web::guard;
use actix_web::http::{Method, header};
use actix_web::{HttpResponse, Resource, Route, web};

use super::health;
use crate::api::native::{self, audit, connect_sessions, connections as outside, outsiders, pickers, shares};
use crate::api::pipes::{accounts, authorize, configurations, events, integrations, providers, stored, vend};
use crate::domain::{Ability, EndUserId, OrganizationId, Role};
use crate::web::{
    account, activity, assets, connect, connections, end_users, forgotten, home, invitations, jobs, members,
    node_types, reference, rotations, secrets, set_up, sign_in, sign_up, theme, tokens, webhooks, workflows,
    workspaces,
};

/// What a caller must be at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Least {
    Anyone,
    SignedIn,
    Role(Role),
    Token(Ability),
    /// Whatever it may do.
    AnyToken,
}

pub struct Entry {
    pub method: Method,
    pub path: &'static str,
    pub least: Least,
    handler: fn(Route) -> Route,
}

const fn get(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::GET, path, least, handler }
}

const fn post(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::POST, path, least, handler }
}

const fn put(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::PUT, path, least, handler }
}

const fn delete(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::DELETE, path, least, handler }
}

const fn patch(path: &'static str, least: Least, handler: fn(Route) -> Route) -> Entry {
    Entry { method: Method::PATCH, path, least, handler }
}

const VEND: Least = Least::Token(Ability::Vend);
const CONNECT: Least = Least::Token(Ability::Connect);
const READ: Least = Least::Token(Ability::Read);
const MANAGE: Least = Least::Token(Ability::Manage);
const AUDIT: Least = Least::Token(Ability::Audit);
const ANY_TOKEN: Least = Least::AnyToken;

const OF_USER: &str = "/user_management/users/{user}/connected_accounts/{slug}";
const OF_ORGANIZATION: &str = "/organizations/{organization}/connected_accounts/{slug}";

const ANYONE: Least = Least::Anyone;
const SIGNED_IN: Least = Least::SignedIn;
const MEMBER: Least = Least::Role(Role::Member);
const ADMIN: Least = Least::Role(Role::Admin);
const OWNER: Least = Least::Role(Role::Owner);

pub static HEALTH: &[Entry] =
    &[get("/health/live", ANYONE, |r| r.to(health::live)), get("/health/ready", ANYONE, |r| r.to(health::ready))];

pub static MACHINES: &[Entry] = &[
    get("/data-integrations", READ, |r| r.to(integrations::index)),
    post("/data-integrations", MANAGE, |r| r.to(integrations::create)),
    // Before the one that any other word stands for.
    post("/data-integrations/finish", CONNECT, |r| r.to(authorize::finish)),
    get("/data-integrations/{slug}", READ, |r| r.to(integrations::show)),
    put("/data-integrations/{slug}", MANAGE, |r| r.to(integrations::update)),
    delete("/data-integrations/{slug}", MANAGE, |r| r.to(integrations::destroy)),
    get("/data-integrations/{slug}/organization", READ, |r| r.to(integrations::show_of_organizations)),
    put("/data-integrations/{slug}/organization", MANAGE, |r| r.to(integrations::update_of_organizations)),
    delete("/data-integrations/{slug}/organization", MANAGE, |r| r.to(integrations::destroy)),
    post("/data-integrations/{slug}/credentials", VEND, |r| r.to(vend::credentials)),
    post("/data-integrations/{slug}/authorize", CONNECT, |r| r.to(authorize::create)),
    post("/data-integrations/{slug}/token", VEND, |r| r.to(vend::token)),
    put("/data-integrations/{slug}/api-key", CONNECT, |r| r.to(stored::put_key)),
    post("/data-integrations/{slug}/api-key", CONNECT, |r| r.to(stored::post_key)),
    put("/data-integrations/{slug}/client-credentials", CONNECT, |r| r.to(stored::put_client)),
    post("/data-integrations/{slug}/client-credentials", CONNECT, |r| r.to(stored::post_client)),
    get("/events", AUDIT, |r| r.to(events::index)),
    get(OF_USER, READ, |r| r.to(accounts::show)),
    post(OF_USER, CONNECT, |r| r.to(accounts::create)),
    put(OF_USER, CONNECT, |r| r.to(accounts::update)),
    delete(OF_USER, CONNECT, |r| r.to(accounts::destroy)),
    get(OF_ORGANIZATION, READ, |r| r.to(accounts::show)),
    post(OF_ORGANIZATION, CONNECT, |r| r.to(accounts::create)),
    put(OF_ORGANIZATION, CONNECT, |r| r.to(accounts::update)),
    delete(OF_ORGANIZATION, CONNECT, |r| r.to(accounts::destroy)),
    get("/user_management/users/{user}/data_providers", READ, |r| r.to(providers::of_user)),
    get("/organizations/{organization}/data_providers", READ, |r| r.to(providers::of_organization)),
    get("/organizations/{organization}/data_integration_configurations", READ, |r| r.to(configurations::index)),
    put("/organizations/{organization}/data_integration_configurations/{slug}", MANAGE, |r| {
        r.to(configurations::update)
    }),
    get("/api/v1/token", ANY_TOKEN, |r| r.to(native::token::show)),
    get("/api/v1/node-types", READ, |r| r.to(native::node_types::index)),
    get("/api/v1/node-types/{slug}", READ, |r| r.to(native::node_types::show)),
    get("/api/v1/secrets", READ, |r| r.to(native::secrets::index)),
    get("/api/v1/secrets/{secret}", READ, |r| r.to(native::secrets::show)),
    patch("/api/v1/secrets/{secret}", MANAGE, |r| r.to(native::secrets::update)),
    delete("/api/v1/secrets/{secret}", MANAGE, |r| r.to(native::secrets::destroy)),
    post("/api/v1/secrets/{secret}/disconnect", MANAGE, |r| r.to(native::secrets::disconnect)),
    get("/api/v1/secrets/{secret}/uses", READ, |r| r.to(native::secrets::uses)),
    get("/api/v1/secrets/{secret}/shares", READ, |r| r.to(shares::show)),
    put("/api/v1/secrets/{secret}/shares", MANAGE, |r| r.to(shares::update)),
    delete("/api/v1/secrets/{secret}/shares", MANAGE, |r| r.to(shares::destroy)),
    get("/api/v1/pickers/{slug}", READ, |r| r.to(pickers::show)),
    get("/api/v1/workflows", READ, |r| r.to(native::workflows::index)),
    get("/api/v1/workflows/{workflow}", READ, |r| r.to(native::workflows::show)),
    put("/api/v1/workflows/{workflow}", MANAGE, |r| r.to(native::workflows::register)),
    delete("/api/v1/workflows/{workflow}", MANAGE, |r| r.to(native::workflows::destroy)),
    post("/api/v1/workflows/{workflow}/nodes", MANAGE, |r| r.to(native::workflows::add_node)),
    delete("/api/v1/workflows/{workflow}/nodes/{node}", MANAGE, |r| r.to(native::workflows::remove_node)),
    put("/api/v1/workflows/{workflow}/nodes/{node}/secret", MANAGE, |r| r.to(native::workflows::bind_node)),
    delete("/api/v1/workflows/{workflow}/nodes/{node}/secret", MANAGE, |r| r.to(native::workflows::unbind_node)),
    post("/api/v1/workflows/{workflow}/nodes/{node}/credentials", VEND, |r| r.to(native::workflows::vend)),
    get("/api/v1/end-users", READ, |r| r.to(outsiders::end_users)),
    get("/api/v1/end-users/{user}", READ, |r| r.to(outsiders::end_user)),
    get("/api/v1/organizations", READ, |r| r.to(outsiders::organizations)),
    get("/api/v1/organizations/{organization}", READ, |r| r.to(outsiders::organization)),
    post("/api/v1/connect-sessions", CONNECT, |r| r.to(connect_sessions::create)),
    get("/api/v1/connect-sessions/{session}", CONNECT, |r| r.to(connect_sessions::show)),
    delete("/api/v1/connect-sessions/{session}", CONNECT, |r| r.to(connect_sessions::destroy)),
    delete("/api/v1/connections/{connection}", CONNECT, |r| r.to(outside::destroy)),
    post("/api/v1/connections/{connection}/disconnect", CONNECT, |r| r.to(outside::disconnect)),
    get("/api/v1/members", READ, |r| r.to(native::members::index)),
    get("/api/v1/members/{member}", READ, |r| r.to(native::members::show)),
    get("/api/v1/audit", AUDIT, |r| r.to(audit::index)),
];

/// The same for everybody: answered without looking at any session.
pub static FILES: &[Entry] = &[
    get("/api/v1/openapi.json", ANYONE, |r| r.to(native::openapi::show)),
    get("/favicon.ico", ANYONE, |r| r.to(assets::favicon)),
    get("/assets/{hash}/{path:.*}", ANYONE, |r| r.to(assets::show)),
];

/// Pages that stand on other sites, and what belongs to them: no cookie counts there, so what a form may do it carries
/// itself, whoever is signed in.
pub static EMBEDDED: &[Entry] = &[
    get("/connect/keyrack-connect.js", ANYONE, |r| r.to(assets::connect_script)),
    get("/connect/logos/{logo}", ANYONE, |r| r.to(connect::session::logo)),
    post("/connect/session", ANYONE, |r| r.to(connect::session::open)),
    post("/connect/session/page", ANYONE, |r| r.to(connect::session::show)),
    post("/connect/session/status", ANYONE, |r| r.to(connect::session::status)),
    post("/connect/session/on/{node_type}", ANYONE, |r| r.to(connect::session::form)),
    post("/connect/session/on/{node_type}/key", ANYONE, |r| r.to(connect::session::enter)),
    post("/connect/session/on/{node_type}/leave", ANYONE, |r| r.to(connect::session::leave)),
    post("/connect/session/on/{node_type}/disconnect", ANYONE, |r| r.to(connect::session::disconnect)),
    get("/connect/session/{link}", ANYONE, |r| r.to(connect::session::begin)),
];

pub static PAGES: &[Entry] = &[
    get("/", ANYONE, |r| r.to(home::root)),
    get("/api/reference", ANYONE, |r| r.to(reference::show)),
    post("/theme", ANYONE, |r| r.to(theme::update)),
    get("/set-up/{link}", ANYONE, |r| r.to(set_up::new)),
    post("/set-up/{link}", ANYONE, |r| r.to(set_up::create)),
    get("/sign-in", ANYONE, |r| r.to(sign_in::new)),
    post("/sign-in", ANYONE, |r| r.to(sign_in::create)),
    post("/sign-in/{provider}", ANYONE, |r| r.to(sign_in::providers::begin)),
    get("/sign-in/{provider}/callback", ANYONE, |r| r.to(sign_in::providers::callback)),
    post("/sign-out", SIGNED_IN, |r| r.to(sign_in::destroy)),
    get("/invitation/{link}", ANYONE, |r| r.to(invitations::accept::show)),
    post("/invitation/{link}", SIGNED_IN, |r| r.to(invitations::accept::create)),
    post("/invitation/{link}/join", ANYONE, |r| r.to(invitations::accept::join)),
    post("/account/invitations/{invitation}/accept", SIGNED_IN, |r| r.to(invitations::mine::accept)),
    post("/account/invitations/{invitation}/decline", SIGNED_IN, |r| r.to(invitations::mine::decline)),
    get("/forgotten", ANYONE, |r| r.to(forgotten::new)),
    post("/forgotten", ANYONE, |r| r.to(forgotten::create)),
    get("/reset/{link}", ANYONE, |r| r.to(forgotten::open)),
    post("/reset/{link}", ANYONE, |r| r.to(forgotten::reset)),
    get("/sign-up", ANYONE, |r| r.to(sign_up::new)),
    post("/sign-up", ANYONE, |r| r.to(sign_up::create)),
    get("/sign-up/{link}", ANYONE, |r| r.to(sign_up::open)),
    post("/sign-up/{link}", ANYONE, |r| r.to(sign_up::finish)),
    get("/e-mail/{link}", ANYONE, |r| r.to(account::email::open)),
    post("/e-mail/{link}", SIGNED_IN, |r| r.to(account::email::change)),
    get("/account", SIGNED_IN, |r| r.to(account::show)),
    post("/account/profile", SIGNED_IN, |r| r.to(account::update_profile)),
    post("/account/password", SIGNED_IN, |r| r.to(account::update_password)),
    post("/account/e-mail", SIGNED_IN, |r| r.to(account::email::ask)),
    post("/account/sign-ins/add/{provider}", SIGNED_IN, |r| r.to(account::ways::begin)),
    post("/account/sign-ins/{identity}/unlink", SIGNED_IN, |r| r.to(account::ways::unlink)),
    post("/account/confirm/{provider}", SIGNED_IN, |r| r.to(account::ways::begin_confirm)),
    get("/account/link/{state}", SIGNED_IN, |r| r.to(account::ways::open)),
    post("/account/link/{state}", SIGNED_IN, |r| r.to(account::ways::link)),
    get("/account/sessions", SIGNED_IN, |r| r.to(account::sessions)),
    post("/account/sessions/{session}/revoke", SIGNED_IN, |r| r.to(account::revoke)),
    post("/account/sessions/revoke-others", SIGNED_IN, |r| r.to(account::revoke_others)),
    get("/account/delete", SIGNED_IN, |r| r.to(account::delete::new)),
    post("/account/delete", SIGNED_IN, |r| r.to(account::delete::create)),
    get("/workspaces/new", SIGNED_IN, |r| r.to(workspaces::new)),
    post("/workspaces/new", SIGNED_IN, |r| r.to(workspaces::create)),
    get("/w/{workspace}/settings", ADMIN, |r| r.to(workspaces::edit)),
    post("/w/{workspace}/settings", ADMIN, |r| r.to(workspaces::update)),
    post("/w/{workspace}/settings/sharing", ADMIN, |r| r.to(workspaces::sharing::update)),
    post("/w/{workspace}/settings/adders", ADMIN, |r| r.to(workspaces::adders::update)),
    post("/w/{workspace}/settings/return-addresses", ADMIN, |r| r.to(workspaces::return_addresses::update)),
    get("/w/{workspace}/settings/connect-page", ADMIN, |r| r.to(workspaces::connect_page::edit)),
    post("/w/{workspace}/settings/connect-page", ADMIN, |r| r.to(workspaces::connect_page::update)),
    post("/w/{workspace}/settings/connect-page/logo", ADMIN, |r| r.to(workspaces::connect_page::set_logo)),
    post("/w/{workspace}/settings/connect-page/logo/remove", ADMIN, |r| r.to(workspaces::connect_page::remove_logo)),
    post("/w/{workspace}/settings/domains/open", OWNER, |r| r.to(workspaces::domains::open)),
    post("/w/{workspace}/settings/domains/close", OWNER, |r| r.to(workspaces::domains::close)),
    get("/w/{workspace}/delete", OWNER, |r| r.to(workspaces::delete::new)),
    post("/w/{workspace}/delete", OWNER, |r| r.to(workspaces::delete::create)),
    get("/w/{workspace}/jobs", OWNER, |r| r.to(jobs::index)),
    post("/w/{workspace}/jobs/trial", OWNER, |r| r.to(jobs::send_trial)),
    post("/w/{workspace}/jobs/{job}/retry", OWNER, |r| r.to(jobs::retry)),
    post("/w/{workspace}/jobs/{job}/discard", OWNER, |r| r.to(jobs::discard)),
    get("/w/{workspace}", MEMBER, |r| r.to(home::show)),
    get("/connect/start/{link}", ANYONE, |r| r.to(connect::start::show)),
    post("/connect/start/{link}", ANYONE, |r| r.to(connect::start::create)),
    get("/connect/{client}/callback", ANYONE, |r| r.to(connect::callback)),
    get("/w/{workspace}/connections", MEMBER, |r| r.to(connections::index)),
    get("/w/{workspace}/secrets", MEMBER, |r| r.to(secrets::index)),
    get("/w/{workspace}/secrets/new", MEMBER, |r| r.to(secrets::choose::choose)),
    get("/w/{workspace}/secrets/new/{node_type}", MEMBER, |r| r.to(secrets::create::new)),
    post("/w/{workspace}/secrets/new/{node_type}", MEMBER, |r| r.to(secrets::create::create)),
    get("/w/{workspace}/secrets/export", MEMBER, |r| r.to(secrets::export::show)),
    get("/w/{workspace}/secrets/delete", MEMBER, |r| r.to(secrets::delete_many::new)),
    post("/w/{workspace}/secrets/delete", MEMBER, |r| r.to(secrets::delete_many::create)),
    get("/w/{workspace}/secrets/import", MEMBER, |r| r.to(secrets::import::new)),
    post("/w/{workspace}/secrets/import", MEMBER, |r| r.to(secrets::import::create)),
    get("/w/{workspace}/secrets/import/{import}", MEMBER, |r| r.to(secrets::import::show)),
    post("/w/{workspace}/secrets/import/{import}", MEMBER, |r| r.to(secrets::import::update)),
    post("/w/{workspace}/secrets/import/{import}/cancel", MEMBER, |r| r.to(secrets::import::cancel)),
    get("/w/{workspace}/secrets/{secret}", MEMBER, |r| r.to(secrets::show)),
    get("/w/{workspace}/secrets/{secret}/connect", MEMBER, |r| r.to(connect::new)),
    post("/w/{workspace}/secrets/{secret}/connect", MEMBER, |r| r.to(connect::create)),
    get("/w/{workspace}/secrets/{secret}/sharing", MEMBER, |r| r.to(secrets::sharing::show)),
    post("/w/{workspace}/secrets/{secret}/sharing", MEMBER, |r| r.to(secrets::sharing::update)),
    get("/w/{workspace}/secrets/{secret}/edit", MEMBER, |r| r.to(secrets::edit::edit)),
    post("/w/{workspace}/secrets/{secret}/name", MEMBER, |r| r.to(secrets::edit::rename)),
    post("/w/{workspace}/secrets/{secret}/dates", MEMBER, |r| r.to(secrets::edit::set_dates)),
    post("/w/{workspace}/secrets/{secret}/narrow", MEMBER, |r| r.to(secrets::edit::narrow)),
    get("/w/{workspace}/secrets/{secret}/history", MEMBER, |r| r.to(secrets::history)),
    get("/w/{workspace}/secrets/{secret}/replace", MEMBER, |r| r.to(secrets::replace::new)),
    post("/w/{workspace}/secrets/{secret}/replace", MEMBER, |r| r.to(secrets::replace::create)),
    get("/w/{workspace}/secrets/{secret}/next", MEMBER, |r| r.to(secrets::replace::new_next)),
    post("/w/{workspace}/secrets/{secret}/next", MEMBER, |r| r.to(secrets::replace::create_next)),
    post("/w/{workspace}/secrets/{secret}/next/promote", MEMBER, |r| r.to(secrets::turns::promote)),
    post("/w/{workspace}/secrets/{secret}/next/drop", MEMBER, |r| r.to(secrets::turns::drop_next)),
    post("/w/{workspace}/secrets/{secret}/roll-back", MEMBER, |r| r.to(secrets::turns::roll_back)),
    get("/w/{workspace}/secrets/{secret}/disconnect", MEMBER, |r| r.to(secrets::turns::ask_disconnect)),
    post("/w/{workspace}/secrets/{secret}/disconnect", MEMBER, |r| r.to(secrets::turns::disconnect)),
    post("/w/{workspace}/secrets/{secret}/probe", MEMBER, |r| r.to(secrets::probe::create)),
    get("/w/{workspace}/secrets/{secret}/delete", MEMBER, |r| r.to(secrets::delete::new)),
    post("/w/{workspace}/secrets/{secret}/delete", MEMBER, |r| r.to(secrets::delete::create)),
    get("/w/{workspace}/rotations", ADMIN, |r| r.to(rotations::index)),
    get("/w/{workspace}/rotations/new", ADMIN, |r| r.to(rotations::new)),
    post("/w/{workspace}/rotations/new", ADMIN, |r| r.to(rotations::create)),
    get("/w/{workspace}/rotations/{rotation}", ADMIN, |r| r.to(rotations::show)),
    post("/w/{workspace}/rotations/{rotation}/remind", ADMIN, |r| r.to(rotations::remind)),
    post("/w/{workspace}/rotations/{rotation}/close", ADMIN, |r| r.to(rotations::close)),
    get("/w/{workspace}/node-types", MEMBER, |r| r.to(node_types::index)),
    get("/w/{workspace}/node-types/{node_type}", MEMBER, |r| r.to(node_types::show)),
    get("/w/{workspace}/node-types/{node_type}/client/{environment}", ADMIN, |r| r.to(node_types::client::edit)),
    post("/w/{workspace}/node-types/{node_type}/client/{environment}", ADMIN, |r| r.to(node_types::client::update)),
    post("/w/{workspace}/node-types/{node_type}/client/{environment}/remove", ADMIN, |r| {
        r.to(node_types::client::destroy)
    }),
    post("/w/{workspace}/node-types/{node_type}/add", MEMBER, |r| r.to(node_types::add)),
    get("/w/{workspace}/node-types/{node_type}/disable", ADMIN, |r| r.to(node_types::end::ask_to_disable)),
    post("/w/{workspace}/node-types/{node_type}/disable", ADMIN, |r| r.to(node_types::end::disable)),
    post("/w/{workspace}/node-types/{node_type}/enable", ADMIN, |r| r.to(node_types::enable)),
    post("/w/{workspace}/node-types/{node_type}/description", ADMIN, |r| r.to(node_types::describe)),
    get("/w/{workspace}/node-types/{node_type}/remove", ADMIN, |r| r.to(node_types::end::ask_to_remove)),
    post("/w/{workspace}/node-types/{node_type}/remove", ADMIN, |r| r.to(node_types::end::remove)),
    get("/w/{workspace}/custom-apis/new", ADMIN, |r| r.to(node_types::custom::new)),
    post("/w/{workspace}/custom-apis/new", ADMIN, |r| r.to(node_types::custom::create)),
    get("/w/{workspace}/custom-apis/import", ADMIN, |r| r.to(node_types::import::new)),
    post("/w/{workspace}/custom-apis/import", ADMIN, |r| r.to(node_types::import::create)),
    post("/w/{workspace}/custom-apis/imported", ADMIN, |r| r.to(node_types::import::choose)),
    get("/w/{workspace}/custom-apis/{custom_api}", ADMIN, |r| r.to(node_types::custom::edit)),
    post("/w/{workspace}/custom-apis/{custom_api}", ADMIN, |r| r.to(node_types::custom::update)),
    get("/w/{workspace}/workflows", MEMBER, |r| r.to(workflows::index)),
    get("/w/{workspace}/workflows/new", MEMBER, |r| r.to(workflows::create::new)),
    post("/w/{workspace}/workflows/new", MEMBER, |r| r.to(workflows::create::create)),
    get("/w/{workspace}/workflows/{workflow}", MEMBER, |r| r.to(workflows::show)),
    post("/w/{workspace}/workflows/{workflow}/name", MEMBER, |r| r.to(workflows::update::rename)),
    get("/w/{workspace}/workflows/{workflow}/delete", MEMBER, |r| r.to(workflows::delete::new)),
    post("/w/{workspace}/workflows/{workflow}/delete", MEMBER, |r| r.to(workflows::delete::create)),
    post("/w/{workspace}/workflows/{workflow}/tokens", MEMBER, |r| r.to(workflows::update::list_token)),
    post("/w/{workspace}/workflows/{workflow}/tokens/{token}/remove", MEMBER, |r| {
        r.to(workflows::update::unlist_token)
    }),
    post("/w/{workspace}/workflows/{workflow}/nodes", MEMBER, |r| r.to(workflows::update::add_node)),
    get("/w/{workspace}/workflows/{workflow}/nodes/{node}", MEMBER, |r| r.to(workflows::node::show)),
    post("/w/{workspace}/workflows/{workflow}/nodes/{node}/bind", MEMBER, |r| r.to(workflows::node::bind)),
    post("/w/{workspace}/workflows/{workflow}/nodes/{node}/unbind", MEMBER, |r| r.to(workflows::node::unbind)),
    post("/w/{workspace}/workflows/{workflow}/nodes/{node}/remove", MEMBER, |r| r.to(workflows::node::remove)),
    get("/w/{workspace}/invitations", ADMIN, |r| r.to(invitations::index)),
    get("/w/{workspace}/invitations/new", ADMIN, |r| r.to(invitations::new)),
    post("/w/{workspace}/invitations/new", ADMIN, |r| r.to(invitations::create)),
    post("/w/{workspace}/invitations/{invitation}/send", ADMIN, |r| r.to(invitations::send_again)),
    post("/w/{workspace}/invitations/{invitation}/revoke", ADMIN, |r| r.to(invitations::revoke)),
    get("/w/{workspace}/members", MEMBER, |r| r.to(members::index)),
    get("/w/{workspace}/members/{member}", MEMBER, |r| r.to(members::show)),
    post("/w/{workspace}/members/{member}/role", MEMBER, |r| r.to(members::update_role)),
    get("/w/{workspace}/members/{member}/end", MEMBER, |r| r.to(members::end::new)),
    post("/w/{workspace}/members/{member}/end", MEMBER, |r| r.to(members::end::create)),
    get("/w/{workspace}/tokens", MEMBER, |r| r.to(tokens::index::index)),
    get("/w/{workspace}/tokens/new", MEMBER, |r| r.to(tokens::create::new)),
    post("/w/{workspace}/tokens/new", MEMBER, |r| r.to(tokens::create::create)),
    get("/w/{workspace}/tokens/{token}", MEMBER, |r| r.to(tokens::show)),
    get("/w/{workspace}/tokens/{token}/text", MEMBER, |r| r.to(tokens::renew::new)),
    post("/w/{workspace}/tokens/{token}/text", MEMBER, |r| r.to(tokens::renew::create)),
    post("/w/{workspace}/tokens/{token}/text/end", MEMBER, |r| r.to(tokens::renew::end)),
    post("/w/{workspace}/tokens/{token}/revoke", MEMBER, |r| r.to(tokens::revoke)),
    get("/w/{workspace}/end-users", ADMIN, |r| r.to(end_users::index::<EndUserId>)),
    get("/w/{workspace}/end-users/{end_user}", ADMIN, |r| r.to(end_users::show::<EndUserId>)),
    get("/w/{workspace}/end-users/{end_user}/disconnect", ADMIN, |r| r.to(end_users::disconnect::new::<EndUserId>)),
    post("/w/{workspace}/end-users/{end_user}/disconnect", ADMIN, |r| r.to(end_users::disconnect::create::<EndUserId>)),
    get("/w/{workspace}/end-users/{end_user}/delete", ADMIN, |r| r.to(end_users::delete::new::<EndUserId>)),
    post("/w/{workspace}/end-users/{end_user}/delete", ADMIN, |r| r.to(end_users::delete::create::<EndUserId>)),
    get("/w/{workspace}/organizations", ADMIN, |r| r.to(end_users::index::<OrganizationId>)),
    get("/w/{workspace}/organizations/{organization}", ADMIN, |r| r.to(end_users::show::<OrganizationId>)),
    get("/w/{workspace}/organizations/{organization}/disconnect", ADMIN, |r| {
        r.to(end_users::disconnect::new::<OrganizationId>)
    }),
    post("/w/{workspace}/organizations/{organization}/disconnect", ADMIN, |r| {
        r.to(end_users::disconnect::create::<OrganizationId>)
    }),
    get("/w/{workspace}/organizations/{organization}/delete", ADMIN, |r| {
        r.to(end_users::delete::new::<OrganizationId>)
    }),
    post("/w/{workspace}/organizations/{organization}/delete", ADMIN, |r| {
        r.to(end_users::delete::create::<OrganizationId>)
    }),
    get("/w/{workspace}/webhooks", ADMIN, |r| r.to(webhooks::index::index)),
    get("/w/{workspace}/webhooks/new", ADMIN, |r| r.to(webhooks::create::new)),
    post("/w/{workspace}/webhooks/new", ADMIN, |r| r.to(webhooks::create::create)),
    get("/w/{workspace}/webhooks/{webhook}", ADMIN, |r| r.to(webhooks::show)),
    get("/w/{workspace}/webhooks/{webhook}/edit", ADMIN, |r| r.to(webhooks::edit::edit)),
    post("/w/{workspace}/webhooks/{webhook}/edit", ADMIN, |r| r.to(webhooks::edit::update)),
    post("/w/{workspace}/webhooks/{webhook}/pause", ADMIN, |r| r.to(webhooks::pause)),
    post("/w/{workspace}/webhooks/{webhook}/resume", ADMIN, |r| r.to(webhooks::resume)),
    get("/w/{workspace}/webhooks/{webhook}/key", ADMIN, |r| r.to(webhooks::key::new)),
    post("/w/{workspace}/webhooks/{webhook}/key", ADMIN, |r| r.to(webhooks::key::create)),
    post("/w/{workspace}/webhooks/{webhook}/key/now", ADMIN, |r| r.to(webhooks::key::take_over)),
    post("/w/{workspace}/webhooks/{webhook}/test", ADMIN, |r| r.to(webhooks::delivery::test)),
    get("/w/{workspace}/webhooks/{webhook}/deliveries/{delivery}", ADMIN, |r| r.to(webhooks::delivery::show)),
    post("/w/{workspace}/webhooks/{webhook}/deliveries/{delivery}/send", ADMIN, |r| {
        r.to(webhooks::delivery::send_again)
    }),
    post("/w/{workspace}/webhooks/{webhook}/delete", ADMIN, |r| r.to(webhooks::destroy)),
    get("/w/{workspace}/activity", ADMIN, |r| r.to(activity::index)),
    get("/w/{workspace}/activity/check", ADMIN, |r| r.to(activity::check::show)),
    get("/w/{workspace}/activity/export", ADMIN, |r| r.to(activity::export::show)),
    get("/w/{workspace}/activity/{entry}", ADMIN, |r| r.to(activity::entry::show)),
];

/// The rows of a table as resources: one for each path, so that another method answers 405 and names those there are.
pub(super) fn resources(table: &'static [Entry]) -> Vec<Resource> {
    table.chunk_by(|one, next| one.path == next.path).filter_map(resource).collect()
}

fn resource(rows: &'static [Entry]) -> Option<Resource> {
    let methods: Vec<&str> = rows.iter().map(|row| row.method.as_str()).collect();
    let allowed = methods.join(", ").replace("GET", "GET, HEAD");
    let not_allowed = web::to(move || std::future::ready(other_method(&allowed)));
    let resource = Resource::new(rows.first()?.path).default_service(not_allowed);
    Some(rows.iter().fold(resource, |resource, row| resource.route((row.handler)(method(row)))))
}

fn other_method(allowed: &str) -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, allowed)).finish()
}

/// Whatever may be read may also be asked for its head.
fn method(row: &Entry) -> Route {
    if row.method == Method::GET {
        return web::route().guard(guard::Any(guard::Get()).or(guard::Head()));
    }
    web::method(row.method.clone())
}
