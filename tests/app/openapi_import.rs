//! Custom APIs from OpenAPI descriptions: what is shown of one, what is taken over, and what is refused.

use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{Browser, Page, TestApp};

const IMPORT: &str = "/w/acme/custom-apis/import";
const IMPORTED: &str = "/w/acme/custom-apis/imported";
const NEW: &str = "/w/acme/custom-apis/new";

/// Two keys at once, a bearer token, OAuth, and what cannot be used.
const DOGS: &str = r#"
openapi: 3.1.0
info: { title: Watch dogs, summary: Watches dogs. }
externalDocs: { url: "https://docs.example.com/dogs" }
servers:
  - { url: "https://api.{site}.example.com/v2", description: By site, variables: { site: { default: eu, enum: [us, eu] } } }
  - { url: "https://{shop}.example.com", variables: { shop: { default: demo } } }
  - { url: "http://old.example.com" }
security: [{ apiKeyAuth: [], appKeyAuth: [] }]
paths:
  /dogs: { get: {}, put: {}, post: { security: [{ bearer: [] }] } }
components:
  securitySchemes:
    apiKeyAuth: { type: apiKey, in: header, name: DD-API-KEY }
    appKeyAuth: { type: apiKey, in: header, name: DD-APPLICATION-KEY }
    bearer: { type: http, scheme: bearer }
    digest: { type: http, scheme: digest }
    people:
      type: oauth2
      flows:
        authorizationCode: { authorizationUrl: "https://auth.example.com/a", tokenUrl: "https://auth.example.com/t", scopes: { a: b } }
"#;

pub async fn paste(by: &mut Browser, text: &str) -> Page {
    let csrf = by.get("/account").await.csrf();
    by.upload(IMPORT, &[("csrf", &csrf)], ("text", None, text.as_bytes())).await
}

pub async fn choose(by: &mut Browser, name: &str, server: &str, way: &str) -> Page {
    by.submit("/account", IMPORTED, &[("name", name), ("server", server), ("way", way)]).await
}

/// Every field of the form as a browser would send it.
fn sent(form: &Page) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (selector, value) in [
        ("main input:not([type=radio]):not([type=checkbox])", "value"),
        ("main input[type=radio][checked]", "value"),
        ("main input[type=checkbox][checked]", "value"),
    ] {
        all.extend(form.attributes(selector, "name").into_iter().zip(form.attributes(selector, value)));
    }
    for select in form.attributes("main select", "name") {
        let options = |of: &str| form.attributes(&format!("select[name='{select}'] option{of}"), "value");
        let chosen = options("[selected]").pop().unwrap_or_else(|| options("").remove(0));
        all.push((select, chosen));
    }
    for lines in form.attributes("main textarea", "name") {
        let text = form.text_of(&format!("textarea[name='{lines}']"));
        all.push((lines, text));
    }
    all
}

pub async fn add(by: &mut Browser, form: &Page, changes: &[(&str, &str)]) -> Page {
    let mut fields = sent(form);
    fields.retain(|(name, _)| !changes.iter().any(|(other, _)| other == name));
    let mut fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    fields.extend_from_slice(changes);
    by.post(NEW, &fields).await
}

fn spec(app: &TestApp, slug: &str) -> Value {
    let specs = app.database.texts(&format!("SELECT spec AS text FROM node_types WHERE slug = '{slug}'"));
    serde_json::from_str(&specs[0]).unwrap()
}

#[actix_web::test]
async fn two_keys_at_once_go_all_the_way_to_a_vend() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let page = paste(&mut ada, DOGS).await;
    assert_eq!(page.status, 200, "{}", page.text);
    for words in [
        "Watch dogs",
        "Watches dogs.",
        "OpenAPI 3.1.0",
        "in the header DD-API-KEY, and in the header DD-APPLICATION-KEY",
        "2 requests take it",
        "apiKeyAuth + appKeyAuth",
        "Shop is yours to fill in",
        "Site can be us, eu",
        "http://old.example.com is no https address",
        "components.securitySchemes.digest",
        "People sign in at auth.example.com, which knows 1 permission",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    assert_eq!(page.attributes("main a[target]", "href"), ["https://docs.example.com/dogs"]);
    assert_eq!(page.attributes("main a[target]", "rel"), ["noopener noreferrer"]);
    let servers = page.attributes("input[name=server]", "value");
    assert_eq!(servers, ["https://api.eu.example.com/v2", "https://{shop}.example.com", ""]);
    let (ways, name) = (page.attributes("input[name=way]", "value"), page.attributes("input[name=name]", "value"));
    assert_eq!((ways.len(), app.database.count("node_types")), (4, 0));
    let form = choose(&mut ada, &name[0], &servers[0], &ways[0]).await;
    assert_eq!((form.status, form.attributes("[aria-invalid]", "name")), (200, vec![]), "{}", form.text);
    assert!(form.text.contains("Filled in from the description"));
    assert_eq!(form.attributes("details.more[open] input[name=more1-name]", "value"), ["DD-APPLICATION-KEY"]);

    // Corrected on the form, where what is wrong comes back at its field.
    let again = add(&mut ada, &form, &[("more1-name", "dd_api-key")]).await;
    assert_eq!((again.status, again.attributes("[aria-invalid]", "name")), (422, vec!["more1-name".to_owned()]));
    let made = add(&mut ada, &form, &[("name", "Dogs"), ("more1-label", "Application key")]).await;
    assert_eq!((made.status, made.location()), (303, "/w/acme/node-types/custom-dogs"), "{}", made.text);
    let about = ada.get(made.location()).await;
    assert!(about.text.contains("in the header DD-API-KEY, and in the header DD-APPLICATION-KEY"), "{}", about.text);
    let placements = &spec(&app, "custom-dogs")["kinds"][0]["placements"];
    let second = json!({ "in": "header", "name": "DD-APPLICATION-KEY", "template": "{dd_application_key}" });
    assert_eq!((placements.as_array().unwrap().len(), &placements[1]), (2, &second));

    let new = "/w/acme/secrets/new/custom-dogs";
    let asked = ada.get(new).await;
    assert!(asked.text.contains("Application key"));
    assert_eq!(asked.attributes("input[type=password]", "name"), ["api_key-api_key", "api_key-dd_application_key"]);
    let revision = asked.attributes("input[name=revision]", "value").remove(0);
    let mut fields = vec![
        ("revision", revision.as_str()),
        ("kind", "api_key"),
        ("api_key-api_key", "dog-key-1234567890"),
        ("name", "Kennel"),
        ("environment", "test"),
        ("delivery", "vend"),
    ];
    assert_eq!(ada.submit(new, new, &fields).await.status, 422, "one of the two is missing");
    fields.push(("api_key-dd_application_key", "app-key-1234567890"));
    assert_eq!(ada.submit(new, new, &fields).await.status, 303);
    let (token, person) = ada.make_token("test").await;
    let vended = token.vend("custom-dogs", &person).await;
    let credential = &vended.body["credential"];
    assert_eq!(credential["value"], "dog-key-1234567890");
    assert_eq!(credential["config"], json!({ "dd_application_key": "app-key-1234567890" }));
    assert!(!ada.get("/w/acme/activity").await.text.contains("app-key-1234567890"));
}

#[actix_web::test]
async fn json_is_read_from_a_file() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let text = json!({
        "openapi": "3.0.3",
        "info": { "title": "Rooms" },
        "servers": [{ "url": "https://rooms.example.com/v1" }],
        "components": { "securitySchemes": { "k": { "type": "apiKey", "in": "query", "name": "key" } } },
    });
    let text = format!("\u{feff}{text}");
    let csrf = ada.get(IMPORT).await.csrf();
    let page = ada.upload(IMPORT, &[("csrf", &csrf)], ("file", Some("rooms.json"), text.as_bytes())).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let way = page.attributes("input[name=way][checked]", "value").remove(0);
    let form = choose(&mut ada, "Rooms", "https://rooms.example.com/v1", &way).await;
    assert_eq!(add(&mut ada, &form, &[]).await.location(), "/w/acme/node-types/custom-rooms");
    let place = json!([{ "in": "query", "name": "key", "template": "{value}" }]);
    assert_eq!(spec(&app, "custom-rooms")["kinds"][0]["placements"], place);
}

#[actix_web::test]
async fn what_cannot_be_read_is_told_and_what_was_pasted_stays() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    for (text, words) in [
        (" \n", "There is nothing in it"),
        ("swagger: '2.0'\ninfo: { title: <b> }", "Swagger 2.0"),
        ("openapi: 4.0.0", "says that it is OpenAPI 4.0.0"),
        ("asyncapi: 3.0.0", "no OpenAPI description"),
        ("{\"openapi\": \"3.0.0\",\n]", "not well-formed JSON, in line 2"),
        ("openapi: 3.0.0\ninfo: [\n", "not well-formed YAML"),
        (&format!("openapi: 3.0.0\nx: {}", "[".repeat(10_000)), "nested too deeply"),
    ] {
        let page = paste(&mut ada, text).await;
        assert!(page.status == 422 && page.text.contains(words), "{words}: {}", page.text);
        assert_eq!(page.text_of("textarea"), text.trim(), "{words}");
        assert_eq!(page.attributes("[aria-invalid]", "name"), ["text"]);
    }
    let csrf = ada.get(IMPORT).await.csrf();
    let guard = [("csrf", csrf.as_str())];
    let binary = ada.upload(IMPORT, &guard, ("file", Some("a.yaml"), &[0xff, 0xfe, 0])).await;
    assert!(binary.status == 422 && binary.text.contains("no text in UTF-8"), "{}", binary.text);
    let both = [("csrf", csrf.as_str()), ("text", DOGS)];
    let both = ada.upload(IMPORT, &both, ("file", Some("a.yaml"), DOGS.as_bytes())).await;
    assert!(both.status == 422 && both.text.contains("and not both"), "{}", both.text);
    let mib = 1_024 * 1_024;
    let long = ada.upload(IMPORT, &guard, ("file", Some("a.yaml"), &vec![b'#'; 16 * mib + 1])).await;
    assert!(long.status == 422 && long.text.contains("larger than 16 MiB"), "{}", long.status);
    // A long one is read, and does not come back with what is wrong.
    let long = format!("openapi: 4.0.0\n#{}", "x".repeat(mib));
    let long = paste(&mut ada, &long).await;
    assert!(long.status == 422 && long.text.len() < mib && long.text.contains("OpenAPI 4.0.0"));
}

#[actix_web::test]
async fn only_who_may_add_custom_apis_is_read_at_all() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.submit("/account", "/w/acme/settings/adders", &[("adders", "everyone")]).await;
    let mut member = app.member("member@example.com", Role::Member).await;
    assert_eq!(member.get(IMPORT).await.status, 403);
    assert_eq!(paste(&mut member, DOGS).await.status, 403);
    assert_eq!(choose(&mut member, "Dogs", "https://dogs.example.com", "").await.status, 403);
    assert!(!member.get("/w/acme/node-types").await.text.contains(IMPORT));
    assert!(ada.get("/w/acme/node-types").await.text.contains(IMPORT));
    let foreign = ada.upload(IMPORT, &[("csrf", "wrong")], ("text", None, DOGS.as_bytes())).await;
    assert_eq!(foreign.status, 403, "{}", foreign.text);
    let unguarded = ada.upload(IMPORT, &[], ("text", None, DOGS.as_bytes())).await;
    assert_eq!(unguarded.status, 403);
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    assert_eq!(paste(&mut admin, DOGS).await.status, 200);
}

#[actix_web::test]
async fn a_strangers_texts_stay_texts() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let mark = "<script>alert(1)</script>";
    let schemes: serde_json::Map<String, Value> = (0..60)
        .map(|at| (format!("{mark}{at}"), json!({ "type": "http", "scheme": "bearer", "description": mark })))
        .chain([(format!("odd\u{202e}{mark}"), json!({ "type": mark }))])
        .collect();
    let servers: Vec<Value> = (0..60)
        .map(|at| json!({ "url": format!("https://h{at}.example.com"), "description": format!("{mark}\u{7}") }))
        .chain([json!({ "url": format!("javascript:{mark}") }), json!({ "url": "https://{x}.example.com" })])
        .collect();
    let text = json!({
        "openapi": "3.0.0",
        "info": { "title": format!("{mark}\u{202e}\u{0}x"), "description": mark },
        "externalDocs": { "url": "javascript:alert(1)" },
        "servers": servers,
        "paths": (0..60).map(|at| (format!("/{mark}{at}"), json!({ "servers": [] }))).collect::<serde_json::Map<_, _>>(),
        "components": { "securitySchemes": schemes },
    });
    let page = paste(&mut ada, &text.to_string()).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(!page.text.contains(mark) && page.text.contains("&#60;script&#62;"));
    assert!(!page.text.contains(['\u{202e}', '\u{7}', '\u{0}']) && page.text.len() < 120_000, "{}", page.text.len());
    assert!(page.attributes("main a[target]", "href").is_empty());
    assert!(page.text.contains("and 48 more.") && page.text.contains("and 40 more."), "{}", page.text);
    let name = page.attributes("input[name=name]", "value").remove(0);
    let form =
        choose(&mut ada, &name, "https://{x}.example.com", "placement=header&header-name=Host&kind=api_key").await;
    assert_eq!(form.status, 200);
    assert_eq!(form.attributes("[aria-invalid]", "name"), ["base_url", "header-name"]);
    assert!(form.text.contains("Put your own in place of {x}.") && !form.text.contains(mark));
    for (server, way) in
        [("", ""), ("\u{0}", "=&=%ff"), ("https://a.example.com", "kind=oauth&placement=body&more1-in=x")]
    {
        assert_eq!(choose(&mut ada, mark, server, way).await.status, 200, "{server:?} {way:?}");
    }
    assert_eq!(app.database.count("node_types"), 0);
}

#[actix_web::test]
async fn a_key_that_is_only_a_parameter_is_to_be_looked_at() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let text = "openapi: 3.1.0\nservers: [{ url: 'https://a.example.com' }]\npaths:\n  /a: { get: { parameters: [{ in: header, name: x-api-key }] } }\n";
    let page = paste(&mut ada, text).await;
    assert!(page.text.contains("Named as a parameter, not as a way to sign in: check it."), "{}", page.text);
    assert!(page.attributes("input[name=way][checked]", "value").is_empty(), "it is not chosen for them");
    let way = page.attributes("input[name=way]", "value").remove(0);
    let form = choose(&mut ada, "A", "https://a.example.com", &way).await;
    assert_eq!(add(&mut ada, &form, &[]).await.status, 303);
    let place = json!([{ "in": "header", "name": "x-api-key", "template": "{value}" }]);
    assert_eq!(spec(&app, "custom-a")["kinds"][0]["placements"], place);
}

#[actix_web::test]
async fn what_names_no_key_leads_to_the_form_all_the_same() {
    let app = TestApp::start().await;
    let mut ada = app.bare_owner().await;
    let bare = paste(&mut ada, "openapi: 3.0.0\npaths: {}").await;
    for words in ["Imported API", "It names no server that can be used", "says nothing of a way in"] {
        assert!(bare.text.contains(words), "{words}: {}", bare.text);
    }
    let form = choose(&mut ada, "Imported API", "", "").await;
    assert_eq!((form.status, form.attributes("[aria-invalid]", "name")), (200, vec![]));
    let oauth = "openapi: 3.0.0\ncomponents: { securitySchemes: { a: { type: oauth2, flows: { clientCredentials: { tokenUrl: 'https://a.example.com/t' } } } } }";
    let page = paste(&mut ada, oauth).await;
    assert!(page.text.contains("gets its tokens at a.example.com"), "{}", page.text);
}
