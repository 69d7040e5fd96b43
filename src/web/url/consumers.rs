//! The addresses of node types, workflows and rounds of rotation.

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

pub fn connections(ws: &str) -> String {
    format!("/w/{ws}/connections")
}

pub fn oauth_client(ws: &str, slug: &str, environment: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/client/{environment}")
}

pub fn remove_oauth_client(ws: &str, slug: &str, environment: &str) -> String {
    format!("/w/{ws}/node-types/{slug}/client/{environment}/remove")
}

pub fn new_custom_api(ws: &str) -> String {
    format!("/w/{ws}/custom-apis/new")
}

pub fn import_custom_api(ws: &str) -> String {
    format!("/w/{ws}/custom-apis/import")
}

/// The form of a new one, filled in with what was chosen of a description.
pub fn imported_custom_api(ws: &str) -> String {
    format!("/w/{ws}/custom-apis/imported")
}

pub fn custom_api(ws: &str, slug: &str) -> String {
    format!("/w/{ws}/custom-apis/{slug}")
}

/// To where end users may be sent back.
pub fn return_addresses(ws: &str) -> String {
    format!("/w/{ws}/settings/return-addresses")
}

/// Where an end user begins who is to connect an account.
pub fn start_connecting(link: &str) -> String {
    format!("/connect/start/{link}")
}

pub fn adders(ws: &str) -> String {
    format!("/w/{ws}/settings/adders")
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

/// What machines can ask for, explained.
pub fn reference() -> String {
    "/api/reference".to_owned()
}

pub fn openapi() -> String {
    "/api/v1/openapi.json".to_owned()
}

/// The page on which an end user connects, by its link.
pub fn connect_session(link: &str) -> String {
    format!("/connect/session/{link}")
}

/// Where the link of that page is spent.
pub fn open_session() -> String {
    "/connect/session".to_owned()
}

/// That page again, for whoever carries it.
pub fn session_page() -> String {
    "/connect/session/page".to_owned()
}

/// What has come of it by now.
pub fn session_status() -> String {
    "/connect/session/status".to_owned()
}

pub fn session_form(node_type: &str) -> String {
    format!("/connect/session/on/{node_type}")
}

pub fn session_key(node_type: &str) -> String {
    format!("/connect/session/on/{node_type}/key")
}

/// On to the provider, in a window of its own.
pub fn session_leave(node_type: &str) -> String {
    format!("/connect/session/on/{node_type}/leave")
}

pub fn session_disconnect(node_type: &str) -> String {
    format!("/connect/session/on/{node_type}/disconnect")
}

pub fn connect_logo(name: &str) -> String {
    format!("/connect/logos/{name}")
}

/// How the connect page shows itself.
pub fn connect_page(ws: &str) -> String {
    format!("/w/{ws}/settings/connect-page")
}

pub fn connect_page_logo(ws: &str) -> String {
    format!("/w/{ws}/settings/connect-page/logo")
}

pub fn remove_connect_page_logo(ws: &str) -> String {
    format!("/w/{ws}/settings/connect-page/logo/remove")
}

/// The script by which other sites open that page.
pub fn connect_script() -> String {
    "/connect/keyrack-connect.js".to_owned()
}
