//! The operator's own clients: everybody's accounts are connected with them, and their secrets go to the catalogue's
//! addresses alone.

use std::sync::Arc;
use std::time::Duration;

use keyrack::actions::clients::Clients;
use keyrack::catalog::Catalog;

use crate::support::{
    Browser, EMAIL, Giving, Machine, PATIENT, PROVIDER, Provider, TestApp, back, leave, run, verify_chains, way,
};

const NODE_TYPE: &str = "/w/acme/node-types/asana";
const CLIENT: &str = "/w/acme/node-types/asana/client/test";
const NEW: &str = "/w/acme/secrets/new/asana";
const LENT_SECRET: &str = "lent-secret-canary-31";

struct Stage {
    app: TestApp,
    provider: Provider,
    giving: Giving,
    ada: Browser,
}

/// Those that every test's workspace has, and Asana at the test's provider.
fn catalog(provider: &Provider) -> Catalog {
    let at = format!("https://{PROVIDER}:{}", provider.port);
    let asana = include_str!("../../src/catalog/types/asana.toml");
    let files = [
        ("asana.toml", asana.replace("https://app.asana.com/-/oauth_", &format!("{at}/oauth/"))),
        ("stripe.toml", include_str!("../../src/catalog/types/stripe.toml").to_owned()),
        ("http-request.toml", include_str!("../../src/catalog/types/http-request.toml").to_owned()),
    ];
    Catalog::of(files.map(|(name, text)| (name.to_owned(), text))).unwrap()
}

impl Stage {
    async fn set() -> Self {
        let (provider, giving) = (Provider::start().await, Giving::default());
        let answering = giving.clone();
        provider.answers(move |request| answering.answer(request));
        let settings = [
            ("KEYRACK_OAUTH_ASANA_TEST_CLIENT_ID", "lent-1"),
            ("KEYRACK_OAUTH_ASANA_TEST_CLIENT_SECRET", LENT_SECRET),
            ("KEYRACK_OAUTH_ASANA_TEST_SCOPES", "users:read projects:read"),
        ];
        let catalog = Arc::new(catalog(&provider));
        let alter = |app: &mut keyrack::app::App| {
            app.catalog = catalog.clone();
            app.clients = Clients::new(catalog, app.config.oauth_clients.clone()).unwrap();
            Arc::make_mut(&mut app.renewer).clients = app.clients.clone();
        };
        let app = provider.app_set((&[], PATIENT), &settings, alter).await;
        let mut ada = app.owner().await;
        let added = ada.submit(NODE_TYPE, &format!("{NODE_TYPE}/add"), &[("method", "oauth")]).await;
        assert_eq!(added.status, 303, "{}", added.text);
        Self { app, provider, giving, ada }
    }

    async fn connected(&mut self, name: &str) -> String {
        let page = self.ada.add_place(NEW, name).await;
        let query = leave(&mut self.ada, &page).await;
        let came = self.ada.get_from_elsewhere(&back(&query, "code-1")).await;
        assert_eq!((came.status, came.location()), (303, page.as_str()), "{}", came.text);
        page
    }

    async fn enter_own(&mut self) {
        let own = [("client_id", "own-1"), ("client_secret", "own-secret"), ("scope", "users:read")];
        let saved = self.ada.submit(CLIENT, CLIENT, &own).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
    }
}

#[actix_web::test]
async fn an_account_is_connected_and_renewed_where_nobody_set_anything_up() {
    let mut stage = Stage::set().await;
    let shown = stage.ada.get(NODE_TYPE).await.text;
    assert!(shown.contains("set up for all workspaces") && !shown.contains("No account can be connected yet"));
    assert!(stage.ada.get(CLIENT).await.text.contains("Accounts can be connected already"));
    let page = stage.ada.add_place(NEW, "Ours").await;
    let connect = format!("{page}/connect");
    let (_, query) = way(&stage.ada.submit(&connect, &connect, &[]).await);
    assert_eq!((query["client_id"].as_str(), query["scope"].as_str()), ("lent-1", "users:read projects:read"));

    let page = stage.connected("Theirs").await;
    let asked = stage.giving.asked();
    assert_eq!((asked[0]["client_id"].as_str(), asked[0]["client_secret"].as_str()), ("lent-1", LENT_SECRET));
    let token = stage.app.token("test", "vend").await;
    let vend = async || token.vend("asana", stage.app.person(EMAIL).as_str()).await;
    assert_eq!(vend().await.body["credential"]["value"], "access-canary-1");
    stage.app.advance(Duration::from_secs(3_590));
    assert_eq!(vend().await.body["credential"]["value"], "access-canary-2");
    assert_eq!(stage.giving.asked()[0]["client_secret"], LENT_SECRET);

    let disconnect = format!("{page}/disconnect");
    assert_eq!(stage.ada.submit(&disconnect, &disconnect, &[]).await.status, 303);
    let asked = stage.giving.asked();
    assert_eq!((asked[0]["token"].as_str(), asked[0]["client_id"].as_str()), ("refresh-canary-2", "lent-1"));
    verify_chains(&stage.app.database, &stage.app.app.keyring);
    assert!(!stage.ada.seen.concat().contains(LENT_SECRET), "a page shows it");
    for (file, bytes) in stage.app.files() {
        assert!(memchr::memmem::find(&bytes, LENT_SECRET.as_bytes()).is_none(), "{file} holds it");
    }
}

#[actix_web::test]
async fn a_workspaces_own_client_comes_first() {
    let mut stage = Stage::set().await;
    stage.connected("Lent").await;
    stage.enter_own().await;
    stage.giving.asked();
    let page = stage.ada.add_place(NEW, "Own").await;
    assert_eq!(leave(&mut stage.ada, &page).await["client_id"], "own-1");
    // What was given to the operator's is not asked for with another.
    let token = stage.app.token("test", "vend").await;
    stage.app.advance(Duration::from_secs(3_590));
    let vend = async || token.vend("asana", stage.app.person(EMAIL).as_str()).await;
    assert_eq!(vend().await.body["credential"]["value"], "access-canary-1", "it counts to its end");
    assert!(stage.giving.asked().is_empty());
    // Without it the operator's serves again, and renews what it was given.
    let removed = stage.ada.submit(CLIENT, &format!("{CLIENT}/remove"), &[]).await;
    assert_eq!(removed.status, 303, "{}", removed.text);
    assert_eq!(leave(&mut stage.ada, &page).await["client_id"], "lent-1");
    stage.app.advance(Duration::from_secs(15));
    assert_eq!(vend().await.body["credential"]["value"], "access-canary-2");
}

/// A workspace that gets to describe a node type of the catalogue itself would say where its secret goes.
#[actix_web::test]
async fn it_is_lent_to_no_description_of_a_workspaces_own() {
    let mut stage = Stage::set().await;
    stage.connected("Before").await;
    let begun = stage.ada.add_place(NEW, "Begun").await;
    let query = leave(&mut stage.ada, &begun).await;
    stage.giving.asked();
    let mut spec = serde_json::to_value(stage.app.app.catalog.get("asana").unwrap()).unwrap();
    spec["oauth"]["token_url"] = "https://evil.example/token".into();
    let spec = spec.to_string().replace('\'', "''");
    stage.app.database.execute(&format!("UPDATE node_types SET spec = '{spec}' WHERE slug = 'asana'"));

    let page = stage.ada.get(&format!("{begun}/connect")).await;
    assert!(page.text.contains("There is no client to ask with"), "{}", page.text);
    let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    let token = stage.app.token("test", "vend").await;
    stage.app.advance(Duration::from_secs(3_601));
    token.vend("asana", stage.app.person(EMAIL).as_str()).await.refused(503, "token_not_renewed");
    assert!(stage.giving.asked().is_empty(), "it went somewhere");
}

/// The same for one that was made on the form, also where somebody gives it a name of the catalogue in the database.
#[actix_web::test]
async fn it_is_lent_to_no_custom_api() {
    let mut stage = Stage::set().await;
    let at = |path: &str| format!("https://{PROVIDER}:{}{path}", stage.provider.port);
    let (base, authorize, token) = (at("/v1"), at("/oauth/authorize"), at("/oauth/token"));
    let fields = [
        ("name", "Asana of ours"),
        ("base_url", base.as_str()),
        ("method", "oauth"),
        ("oauth-authorize_url", &authorize),
        ("oauth-token_url", &token),
        ("oauth-client_auth", "body"),
    ];
    const MAKE: &str = "/w/acme/custom-apis/new";
    let made = stage.ada.submit(MAKE, MAKE, &fields).await;
    assert_eq!(made.status, 303, "{}", made.text);
    stage.app.database.execute("DELETE FROM node_types WHERE slug = 'asana'");
    for slug in ["custom-asana-of-ours", "asana"] {
        let spec = format!("replace(spec, 'custom-asana-of-ours', '{slug}')");
        let named = format!("UPDATE node_types SET slug = '{slug}', spec = {spec} WHERE method = 'oauth'");
        assert_eq!(stage.app.database.execute(&named), 1);
        let about = stage.ada.get(&format!("/w/acme/node-types/{slug}")).await.text;
        assert!(about.contains("not set up") && !about.contains("set up for all workspaces"), "{about}");
        let place = stage.ada.add_place(&format!("/w/acme/secrets/new/{slug}"), slug).await;
        let page = stage.ada.get(&format!("{place}/connect")).await;
        assert!(page.text.contains("There is no client to ask with"), "{}", page.text);
    }
    assert!(stage.giving.asked().is_empty());
}

#[test]
fn one_that_could_go_elsewhere_or_nowhere_stops_the_start() {
    let machine = Machine::new();
    for (name, fault) in [
        ("GITLAB_TEST", "the provider's address differs"),
        ("STRIPE_LIVE", "does not connect accounts"),
        ("NO_SUCH_TYPE_LIVE", "the catalogue has no node type of this name"),
    ] {
        let id = format!("KEYRACK_OAUTH_{name}_CLIENT_ID");
        let secret = format!("KEYRACK_OAUTH_{name}_CLIENT_SECRET");
        let own = [(id.as_str(), "id"), (secret.as_str(), LENT_SECRET)];
        let usual = machine.settings.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let settings: Vec<_> = usual.chain(own).collect();
        for args in [&["config", "check"][..], &["serve"]] {
            let said = run(machine.folder.path(), &settings, args, "");
            let err = String::from_utf8(said.stderr).unwrap();
            assert!(!said.status.success() && err.contains(fault) && !err.contains(LENT_SECRET), "{name}: {err}");
        }
    }
}
