//! What machines ask, with the ability that it takes.

use super::{Entry, Least, any, delete, get, patch, post, put};
use crate::api::native::{self, audit, connect_sessions, connections as outside, outsiders, pickers, shares};
use crate::api::pipes::{accounts, authorize, configurations, events, integrations, providers, stored, vend};
use crate::api::proxy;
use crate::domain::Ability;

const VEND: Least = Least::Token(Ability::Vend);
const PROXY: Least = Least::Token(Ability::Proxy);
const CONNECT: Least = Least::Token(Ability::Connect);
const READ: Least = Least::Token(Ability::Read);
const MANAGE: Least = Least::Token(Ability::Manage);
const AUDIT: Least = Least::Token(Ability::Audit);
const ANY_TOKEN: Least = Least::AnyToken;

const OF_USER: &str = "/user_management/users/{user}/connected_accounts/{slug}";
const OF_ORGANIZATION: &str = "/organizations/{organization}/connected_accounts/{slug}";

pub static MACHINES: &[Entry] = &[
    // They are compared in this order, and these are what is asked for all day.
    post("/data-integrations/{slug}/credentials", VEND, |r| r.to(vend::credentials)),
    post("/data-integrations/{slug}/token", VEND, |r| r.to(vend::token)),
    any("/proxy/{slug}", PROXY, |r| r.to(proxy::call)),
    any("/proxy/{slug}/{path:.*}", PROXY, |r| r.to(proxy::call)),
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
    post("/data-integrations/{slug}/authorize", CONNECT, |r| r.to(authorize::create)),
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
    get("/api/v1/usage", READ, |r| r.to(native::usage::index)),
    get("/api/v1/audit", AUDIT, |r| r.to(audit::index)),
];
