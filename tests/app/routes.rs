//! Every route as every kind of person and machine.

use keyrack::app::routes::{Entry, FILES, HEALTH, Least, MACHINES, PAGES};
use keyrack::domain::{Ability, Role};
use serde_json::json;

use crate::support::{Browser, EMAIL, OPEN, Oidc, PASSWORD, Page, TestApp};

const ELSEWHERE: &str = "elsewhere@example.com";
const KEY: &str = "rk_test_routes1234567890";

const NO_IMPORT: &str = "imp_01jd8x3f5k7q9r2t4v6w8y0z1a";

/// Begins an import and gives its id.
async fn begin_import(by: &mut Browser) -> String {
    const NEW: &str = "/w/acme/secrets/import";
    let page = by.submit(NEW, NEW, &[("text", &format!("STRIPE_KEY={KEY}"))]).await;
    assert_eq!(page.status, 303, "{}", page.text);
    page.location().rsplit('/').next().unwrap().to_owned()
}

struct Actor {
    name: &'static str,
    browser: Browser,
    signed_in: bool,
    role: Option<Role>,
    /// Another session of the same person, to be ended.
    session: String,
    /// An invitation to their address, from elsewhere.
    invitation: String,
    /// An import of their own, where they have begun one.
    import: String,
    /// A provider's account that opens theirs.
    identity: String,
}

/// What stands for the parts in braces of a path.
struct Ids {
    secret: String,
    token: String,
    /// The Member themselves, who may do to themselves what others need a role for.
    member: String,
    /// Of a node type that connects accounts.
    connection: String,
    invitation: String,
    custom_api: String,
    /// A letter about the Owner's account that failed.
    job: String,
    asset: String,
    /// The actor's own, where they are a member, as the token is, with its node.
    workflow: String,
    node: String,
    rotation: String,
    webhook: String,
    delivery: String,
    end_user: String,
    organization: String,
}

#[derive(Debug, PartialEq)]
enum Verdict {
    Open,
    SignIn,
    Forbidden,
    NotFound,
}

impl Actor {
    async fn new(app: &TestApp, name: &'static str, mut browser: Browser, email: &str, role: Option<Role>) -> Self {
        assert_eq!(app.anonymous().sign_in(email, PASSWORD).await.status, 303, "a second session");
        let forms = browser.get("/account/sessions").await.attributes("form[action$='/revoke']", "action");
        let session = forms[0].split('/').nth(3).unwrap().to_owned();
        let mut elsewhere = app.anonymous();
        assert_eq!(elsewhere.sign_in(ELSEWHERE, PASSWORD).await.status, 303);
        let invitation = elsewhere.invite("/w/elsewhere", email).await;
        let import = NO_IMPORT.to_owned();
        let identity = session.replace("ses_", "idn_");
        app.database.run(&format!(
            "INSERT INTO identities (id, issuer, subject, person_id, provider, created_at) \
             SELECT '{identity}', 'https://a.example', id, id, 'acme', 0 FROM people WHERE email = '{email}'"
        ));
        Self { name, browser, signed_in: true, role, session, invitation, import, identity }
    }

    fn expected(&self, least: Least) -> Verdict {
        match least {
            Least::Anyone => Verdict::Open,
            _ if !self.signed_in => Verdict::SignIn,
            Least::SignedIn => Verdict::Open,
            Least::Role(needed) => match self.role {
                None => Verdict::NotFound,
                Some(role) if role < needed => Verdict::Forbidden,
                Some(_) => Verdict::Open,
            },
            Least::Token(_) | Least::AnyToken => unreachable!("a machine's route among the pages"),
        }
    }

    async fn ask(&mut self, row: &Entry, ids: &Ids) -> Page {
        let path =
            row.path.replace("/account/invitations/{invitation}", &format!("/account/invitations/{}", self.invitation));
        let path = filled(&path, ids).replace("{session}", &self.session).replace("{import}", &self.import);
        let path = path.replace("{identity}", &self.identity);
        if row.method == "GET" {
            return self.browser.get(&path).await;
        }
        let form = if self.signed_in { "/account" } else { "/sign-in" };
        self.browser.submit(form, &path, &[]).await
    }
}

fn filled(path: &str, ids: &Ids) -> String {
    path.replace("{workspace}", "acme")
        .replace("/node-types/{node_type}/client/{environment}", "/node-types/box/client/test")
        .replace("/secrets/{secret}/connect", &format!("/secrets/{}/connect", ids.connection))
        .replace("{node_type}", "stripe")
        .replace("{custom_api}", &ids.custom_api)
        .replace("{secret}", &ids.secret)
        .replace("{token}", &ids.token)
        .replace("{member}", &ids.member)
        .replace("{invitation}", &ids.invitation)
        .replace("{entry}", "changes-1")
        .replace("{job}", &ids.job)
        .replace("{workflow}", &ids.workflow)
        .replace("{node}", &ids.node)
        .replace("{rotation}", &ids.rotation)
        .replace("{webhook}", &ids.webhook)
        .replace("{delivery}", &ids.delivery)
        .replace("{end_user}", &ids.end_user)
        .replace("{organization}", &ids.organization)
        .replace("/assets/{hash}/{path:.*}", &ids.asset)
        .replace("{link}", "kr_setup_gone")
        .replace("{state}", "kr_state_gone")
        .replace("{provider}", "acme")
}

fn verdict(row: &Entry, page: &Page) -> Verdict {
    let leads_to_sign_in = page.status == 303 && page.location().starts_with("/sign-in");
    match page.status {
        // These two lead there when they have done what they are for.
        _ if row.path == "/" || has_signed_out(page) => Verdict::Open,
        _ if leads_to_sign_in => Verdict::SignIn,
        403 => Verdict::Forbidden,
        // What calendars elsewhere fetch tells nobody whether there is such a link.
        404 if row.path == "/calendar/{link}" => Verdict::Open,
        404 => Verdict::NotFound,
        200 | 303 | 307 | 400 | 422 => Verdict::Open,
        other => panic!("{} {} answers {other}: {}", row.method, row.path, page.text),
    }
}

fn has_signed_out(page: &Page) -> bool {
    page.headers.get_all("set-cookie").iter().any(|line| line.to_str().unwrap().contains("flash=signed-out"))
}

/// From the weakest to the strongest.
async fn everybody(app: &TestApp) -> Vec<Actor> {
    let ada = app.owner().await;
    app.owner_of("Elsewhere", ELSEWHERE).await;
    let removed = app.removed_member("removed@example.com").await;
    let outsider = app.owner_of("Other", "outsider@example.com").await;
    let member = app.member("member@example.com", Role::Member).await;
    let admin = app.member("admin@example.com", Role::Admin).await;
    let anonymous = Actor {
        name: "anonymous",
        browser: app.anonymous(),
        signed_in: false,
        role: None,
        session: "ses_01jd8x3f5k7q9r2t4v6w8y0z1a".to_owned(),
        invitation: "inv_01jd8x3f5k7q9r2t4v6w8y0z1a".to_owned(),
        import: NO_IMPORT.to_owned(),
        identity: "idn_01jd8x3f5k7q9r2t4v6w8y0z1a".to_owned(),
    };
    vec![
        anonymous,
        Actor::new(app, "removed member", removed, "removed@example.com", None).await,
        Actor::new(app, "outsider", outsider, "outsider@example.com", None).await,
        Actor::new(app, "Member", member, "member@example.com", Some(Role::Member)).await,
        Actor::new(app, "Admin", admin, "admin@example.com", Some(Role::Admin)).await,
        Actor::new(app, "Owner", ada, EMAIL, Some(Role::Owner)).await,
    ]
}

/// A secret of the Member's, which everybody above may see too, and what everybody who can has of their own.
async fn ids(app: &TestApp, (member, owner): (&mut Browser, &mut Browser), own: &mut Browser, at: usize) -> Ids {
    let secret = member.add_stripe(&format!("Key {at}"), KEY, "proxy").await;
    let box_of = "/w/acme/node-types/box/add";
    assert_eq!(owner.submit("/account", box_of, &[("method", "oauth")]).await.status, 303);
    let connection = member.add_place("/w/acme/secrets/new/box", &format!("Account {at}")).await;
    let connection = connection.rsplit('/').next().unwrap().to_owned();
    // A Member sees their own alone.
    let token = own.make_token_with(&[("preset", "agent")]).await;
    let (token, page) = (token.id(), owner.get("/account").await);
    let asset = page.attributes("link[rel=stylesheet]", "href").remove(0);
    let id = regex::Regex::new("usr_[0-9a-z]{26}").unwrap();
    let member = id.find(&member.get("/account").await.text).unwrap().as_str().to_owned();
    let invitation = owner.invite("/w/acme", &format!("guest{at}@example.com")).await;
    let job = app.failed_notice(EMAIL, "anna@example.com").await;
    let custom_api = owner.add_custom_api(&format!("Rooms {at}"), "https://rooms.example.com").await;
    // Only its owner changes a workflow, so everybody who can be one has one.
    let workflow = own.add_workflow("Routes", "").await;
    let node = own.add_node(&workflow, "charge", "stripe").await;
    let rotation = owner.start_round(&format!("Round {at}"), &[]).await;
    let hook = owner.add_webhook("https://hooks.example.com/in", &[("name", &format!("Hook {at}"))]).await;
    assert_eq!(owner.press(&hook, "test").await.status, 303);
    let delivery = owner.log(&hook).await.remove(0).rsplit('/').next().unwrap().to_owned();
    let webhook = hook.id;
    let (end_user, organization) = app.outsiders(&format!("guest-{at}"), &format!("hotel-{at}"), KEY).await;
    Ids {
        secret,
        token,
        member,
        connection,
        invitation,
        job,
        asset,
        custom_api,
        workflow,
        node,
        rotation,
        webhook,
        delivery,
        end_user,
        organization,
    }
}

#[actix_web::test]
async fn each_page_opens_for_those_it_is_for_and_for_nobody_else() {
    let provider = Oidc::start().await;
    let app = provider.app("acme", &OPEN).await;
    let mut actors = everybody(&app).await;
    let mut wrong = Vec::new();
    for at in 0..actors.len() {
        // Each of them tries the sign-in form with nothing in it, which is counted.
        app.advance(std::time::Duration::from_mins(15));
        let (member, owner) = (&mut actors[3].browser.clone(), &mut actors[5].browser.clone());
        let mut own = if actors[at].role.is_some() { actors[at].browser.clone() } else { member.clone() };
        let ids = ids(&app, (member, owner), &mut own, at).await;
        let actor = &mut actors[at];
        if actor.role.is_some() {
            actor.import = begin_import(&mut actor.browser).await;
        }
        let last = |row: &&&Entry| row.path == "/sign-out";
        let rows = FILES.iter().chain(PAGES).filter(|row| !last(&row)).chain(PAGES.iter().filter(|row| last(&row)));
        for row in rows {
            let page = actor.ask(row, &ids).await;
            let (found, expected) = (verdict(row, &page), actor.expected(row.least));
            if found != expected {
                wrong.push(format!("{} {} as {}: {found:?}, not {expected:?}", row.method, row.path, actor.name));
            }
        }
        if actor.name == "Member" {
            actor.browser.sign_in("member@example.com", PASSWORD).await;
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[actix_web::test]
async fn no_form_is_taken_without_its_guard_or_from_elsewhere() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let ids = ids(&app, (&mut ada.clone(), &mut ada.clone()), &mut ada, 0).await;
    let csrf = ada.get("/account").await.csrf();
    let rows: Vec<_> = PAGES.iter().filter(|row| row.method != "GET").collect();
    assert!(rows.len() >= 10);
    for row in rows {
        let path = filled(row.path, &ids).replace("{session}", "ses_01jd8x3f5k7q9r2t4v6w8y0z1a");
        let path = path.replace("{import}", NO_IMPORT);
        assert_eq!(ada.post(&path, &[]).await.status, 403, "{path} without a guard");
        let fields = [("csrf", csrf.as_str())];
        let elsewhere = [("origin", "https://evil.example")];
        assert_eq!(ada.post_from(&path, &fields, &elsewhere).await.status, 403, "{path} from elsewhere");
        let crossing = [("sec-fetch-site", "cross-site")];
        assert_eq!(ada.post_from(&path, &fields, &crossing).await.status, 403, "{path} from elsewhere");
    }
}

#[actix_web::test]
async fn ids_of_another_workspace_are_not_found() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let ids = ids(&app, (&mut ada.clone(), &mut ada.clone()), &mut ada, 0).await;
    let mut tried = 0;
    let parts = [
        "{secret}",
        "{token}",
        "{member}",
        "{invitation}",
        "{job}",
        "{custom_api}",
        "{workflow}",
        "{import}",
        "{rotation}",
        "{webhook}",
        "{end_user}",
        "{organization}",
    ];
    let import = begin_import(&mut ada).await;
    let of_workspace = PAGES.iter().filter(|row| row.path.starts_with("/w/"));
    for row in of_workspace.filter(|row| parts.iter().any(|part| row.path.contains(part))) {
        let path = filled(row.path, &ids).replace("/w/acme/", "/w/other/").replace("{import}", &import);
        let page = if row.method == "GET" {
            eve.get(&path).await
        } else {
            eve.submit("/account", &path, &[("name", "x"), ("confirm", "x")]).await
        };
        assert_eq!(page.status, 404, "{} {path}", row.method);
        tried += 1;
    }
    assert!(tried >= 4);
    app.anonymous().sign_in(EMAIL, PASSWORD).await;
    let other = ada.get("/account/sessions").await.attributes("form[action$='/revoke']", "action").remove(0);
    assert_eq!(eve.submit("/account", &other, &[]).await.status, 404, "another person's session");
    assert_eq!(ada.submit("/account", &other, &[]).await.status, 303);
}

#[actix_web::test]
async fn a_lowered_role_counts_at_the_very_next_request() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    assert_eq!(admin.get("/w/acme/activity").await.status, 200);
    app.database.execute("UPDATE members SET role = 'member' WHERE role = 'admin'");
    assert_eq!(admin.get("/w/acme/activity").await.status, 403);
    app.database.execute("DELETE FROM members WHERE role = 'member'");
    assert_eq!(admin.get("/w/acme").await.status, 404);
}

#[actix_web::test]
async fn machines_routes_want_a_token_with_their_ability() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    app.owner_of("Other", "eve@example.com").await;
    let body = json!({ "user_id": "customer-42", "secret": KEY, "name": "Routes" });
    app.token("test", "connect").await.put_with("stripe", &body).await;
    let secret = ada.add_stripe("Own", KEY, "vend").await;
    let workflow = ada.add_bound("Routes", &secret).await.0;
    let connection = app.database.text("SELECT id AS text FROM secrets WHERE owner_id IS NULL");
    let member = ada.id().await;
    let theirs = app.token_of("Other", "eve@example.com", "test", "vend,connect").await;
    // What removes the node type comes last.
    let mut rows: Vec<&Entry> = MACHINES.iter().collect();
    rows.sort_by_key(|row| row.method == "DELETE");
    for row in rows {
        let ability = match row.least {
            Least::Token(ability) => Some(ability),
            Least::AnyToken => None,
            _ => panic!("{} is open to people", row.path),
        };
        // By its own name a workflow is registered, by its id it is read.
        let called = if ability == Some(Ability::Manage) { "routes" } else { workflow.as_str() };
        let path = row.path.replace("{slug}", "stripe").replace("{workflow}", called).replace("{node}", "charge");
        let path = path.replace("{user}", "customer-42").replace("{organization}", "hotel");
        let path = path
            .replace("{path:.*}", "v1/balance")
            .replace("{secret}", &secret)
            .replace("{connection}", &connection)
            .replace("{member}", &member);
        let others = ["vend", "proxy", "connect", "read", "manage", "audit"].into_iter();
        let without = others.filter(|word| Some(*word) != ability.map(Ability::as_str)).collect::<Vec<_>>().join(",");
        let weak = app.token("test", &without).await;
        let answer = weak.ask(row.method.as_str(), &path, &body).await;
        match ability {
            Some(_) => answer.refused(403, "insufficient_ability"),
            None => assert_eq!(answer.status, 200, "{}", answer.text),
        }
        weak.saying("").ask(row.method.as_str(), &path, &body).await.refused(401, "unauthorized");
        let cookies = ada.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        weak.with_cookies(row.method.as_str(), &path, &cookies).await.refused(401, "unauthorized");
        let able = app.token("test", ability.map_or("proxy", Ability::as_str)).await;
        assert_eq!(ada.let_run(&workflow, &able.id()).await.status, 303);
        // What it is answered then, the tests of each route tell.
        let answer = able.ask(row.method.as_str(), &path, &body).await;
        // Nobody here knows the name of a provider.
        let is_called = answer.header("keyrack-error") == "upstream_unreachable" && path.starts_with("/proxy/");
        let is_answered = ![401, 403].contains(&answer.status) && answer.status < 500;
        assert!(is_answered || is_called, "{path}: {}", answer.text);
    }
    theirs.vend("stripe", "customer-42").await.is_not_installed();
}

#[actix_web::test]
async fn a_known_address_asked_in_another_way_says_so() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    for row in PAGES.iter().filter(|row| row.method == "GET" && !row.path.contains('{')).chain(HEALTH) {
        let page = ada.head(row.path).await;
        assert!(page.text.is_empty() && [200, 303, 307].contains(&page.status), "{}: {}", row.path, page.status);
    }
    let other = ada.submit("/account", "/account", &[]).await;
    assert_eq!((other.status, other.header("allow")), (405, "GET, HEAD"));
    let token = app.token("test", "vend").await;
    let path = "/data-integrations/stripe/credentials";
    token.ask("GET", path, &json!({})).await.refused(405, "method_not_allowed");
    token.ask("POST", "/data-integrations/stripe/nothing", &json!({})).await.refused(404, "not_found");
}
