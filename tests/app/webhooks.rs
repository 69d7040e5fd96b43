//! What happens is sent to webhooks: signed, once to each that wants it, again where it was not taken.

use std::time::Duration;

use futures_util::future::join_all;
use keyrack::domain::Role;
use serde_json::{Value, json};

use crate::support::{Arrived, EMAIL, PASSWORD, Provider, Says, TestApp, Token, WEBHOOKS, verify_chains};

const ONE: &str = "rk_test_first1234567890";
const ALL: &str = "vend,connect,read,manage,audit";
const NOT_TAKEN: &str = "500 Internal Server Error";

async fn events(token: &Token, kinds: &str) -> Vec<Value> {
    let answer = token.ask("GET", &format!("/events?events={kinds}"), &json!({})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body["data"].as_array().unwrap().clone()
}

fn kinds(arrived: &[Arrived]) -> Vec<String> {
    arrived.iter().map(|one| one.header("x-keyrack-event").to_owned()).collect()
}

fn state(app: &TestApp) -> String {
    app.database.texts("SELECT state AS text FROM deliveries ORDER BY id").join(",")
}

#[actix_web::test]
async fn an_event_arrives_signed_and_as_it_is_listed() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks?of=acme"), &[]).await;
    ada.add_webhook(&provider.hook("/live"), &[("environment", "live")]).await;
    let others = [("which", "chosen"), ("kind", "secret.rejected"), ("kind", "secret.expiring")];
    ada.add_webhook(&provider.hook("/others"), &others).await;
    let token = app.token("test", ALL).await;
    assert_eq!(app.deliver().await, 0, "nothing has happened");
    token.put("stripe", "customer-42", ONE).await;
    assert_eq!(app.deliver().await, 1);
    assert_eq!(app.deliver().await, 0, "it was taken");

    let arrived = provider.arrived();
    let [one] = arrived.as_slice() else { panic!("{arrived:?}") };
    assert_eq!(one.path, "/hooks?of=acme");
    let listed = &events(&token, "pipes.connected_account.connected").await[0];
    assert_eq!(&one.json(), listed);
    assert_eq!(one.body, listed.to_string(), "not a byte more");
    assert_eq!(one.header("webhook-id"), listed["id"].as_str().unwrap());
    assert_eq!(one.header("x-keyrack-event"), "pipes.connected_account.connected");
    assert!(one.header("x-keyrack-delivery").starts_with("dlv_"));
    assert_eq!(one.header("content-type"), "application/json");
    assert!(one.header("user-agent").starts_with("Keyrack/"));
    assert!(one.is_signed_by(&webhook.key) && !one.is_signed_by("whsec_another"));
    let millis = app.app.clock.now().millis();
    assert!(one.header("workos-signature").starts_with(&format!("t={millis}, v1=")));
    assert!(one.header("x-keyrack-signature-next").is_empty() && !one.body.contains("7890"));

    let page = ada.get(&webhook.page).await;
    assert!(page.text.contains("Delivered") && page.text.contains("answered 200"), "{}", page.text);
    assert!(!page.text.contains(&webhook.key), "it was shown once");
    // Paused, it is told nothing, not even later; deleted, neither.
    assert_eq!(ada.press(&webhook, "pause").await.status, 303);
    token.put("stripe", "customer-43", ONE).await;
    assert_eq!(ada.press(&webhook, "resume").await.status, 303);
    assert_eq!((app.deliver().await, app.database.count("deliveries")), (0, 1));
    assert_eq!(ada.press(&webhook, "delete").await.location(), WEBHOOKS);
    token.put("stripe", "customer-44", ONE).await;
    assert_eq!((app.deliver().await, app.database.count("deliveries")), (0, 0));
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn secrets_and_workflows_are_told_of_too() {
    let (provider, app, mut ada) = Provider::receiver().await;
    app.usual_probe();
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let page = ada.add_bearer(&provider.base(), "Orders", "tok_probe_1234567890abcdWXYZ").await;
    let token = app.token("test", ALL).await;
    let refusing = |head: &str| {
        let status = if head.starts_with("GET ") { "401 Unauthorized" } else { "200 OK" };
        Says::status(status, "")
    };
    provider.answers(refusing);
    ada.test_secret(&page).await;
    app.advance(Duration::from_mins(1));
    ada.test_secret(&page).await;
    let told = events(&token, "secret.rejected").await;
    assert_eq!(told.len(), 1, "since when, not how often: {told:?}");
    let (data, id) = (&told[0]["data"], page.rsplit('/').next().unwrap());
    assert_eq!((&data["id"], &data["name"], &data["reason"]), (&json!(id), &json!("Orders"), &json!("refused")));
    assert_eq!((&data["owner_id"], &data["environment"]), (&json!(ada.id().await), &json!("test")));

    // A last day is told of once, and once more where it is another one.
    for (another, expected) in [(Some(8), 0), (Some(6), 1), (None, 1), (Some(5), 2), (None, 2)] {
        if let Some(days) = another {
            let end = app.app.clock.now().plus(Duration::from_hours(24 * days)).micros();
            app.database.execute(&format!("UPDATE secrets SET expires_at = {end} WHERE id = '{id}'"));
        }
        app.sweep().await;
        assert_eq!(events(&token, "secret.expiring").await.len(), expected, "{another:?}");
        app.advance(Duration::from_hours(1));
    }
    let told = events(&token, "secret.expiring").await;
    assert_eq!(told[1]["data"]["id"], id);
    assert!(told[1]["data"]["expires_at"].as_str().unwrap().ends_with('Z'));

    // A node that loses its key.
    ada.sign_in(EMAIL, PASSWORD).await;
    let secret = ada.add_stripe("Invoices", ONE, "vend").await;
    let (workflow, node) = ada.add_bound("Invoicing", &secret).await;
    let delete = format!("/w/acme/secrets/{secret}/delete");
    assert_eq!(ada.submit(&delete, &delete, &[("confirm", "Invoices"), ("name", "Invoices")]).await.status, 303);
    let told = events(&token, "workflow.needs_reconfiguration").await;
    let data = &told[0]["data"];
    assert_eq!(
        (&data["id"], &data["name"], &data["reason"]),
        (&json!(workflow), &json!("Invoicing"), &json!("deleted"))
    );
    assert_eq!(data["node"], json!({ "id": node, "key": "charge", "provider_slug": "stripe" }));
    assert_eq!(data["owner_id"], json!(ada.id().await));

    // All of it arrives; and who asks without naming a kind hears of connections alone.
    app.deliver().await;
    let mut sent = kinds(&provider.arrived());
    sent.sort();
    let expected = ["secret.expiring", "secret.expiring", "secret.rejected", "workflow.needs_reconfiguration"];
    assert_eq!(sent, expected, "{}", webhook.id);
    let usual = token.ask("GET", "/events", &json!({})).await;
    assert_eq!(usual.body["data"], json!([]), "{}", usual.text);
}

#[actix_web::test]
async fn what_is_not_taken_is_tried_for_three_days() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let token = app.token("test", ALL).await;
    provider.says(Says::status(NOT_TAKEN, "out of order"));
    token.put("stripe", "customer-42", ONE).await;
    let minutes = [1, 5, 15, 60, 180, 360, 720, 1_440, 1_440];
    for (at, pause) in minutes.into_iter().enumerate() {
        assert_eq!(app.deliver().await, 1, "try {}", at + 1);
        assert_eq!(state(&app), "waiting");
        app.advance(Duration::from_mins(pause) - Duration::from_secs(1));
        assert_eq!(app.deliver().await, 0, "not before its time, after try {}", at + 1);
        // And a tenth more, by chance.
        app.advance(Duration::from_secs(6 * pause + 1));
    }
    assert_eq!((app.deliver().await, state(&app)), (1, "failed".to_owned()));
    app.advance(Duration::from_hours(48));
    assert_eq!(app.deliver().await, 0);
    ada.sign_in(EMAIL, PASSWORD).await;
    let arrived = provider.arrived();
    let event = arrived[0].header("webhook-id").to_owned();
    assert_eq!(arrived.len(), 10);
    assert!(arrived.iter().all(|one| one.header("webhook-id") == event && one.is_signed_by(&webhook.key)));
    let page = ada.get(&webhook.page).await;
    assert_eq!(page.text_of(".verdict h2"), "Failing");
    assert!(page.text.contains("tried 10 times") && page.text.contains("500, which is no success"), "{}", page.text);

    // By hand, once it is mended: the same event.
    let delivery = ada.log(&webhook).await.remove(0);
    assert!(ada.get(&delivery).await.text.contains("out of order"));
    provider.says(Says::status("204 No Content", ""));
    let sent = ada.submit("/account", &format!("{delivery}/send"), &[]).await;
    assert_eq!((sent.status, sent.location()), (303, delivery.as_str()));
    assert_eq!((app.deliver().await, state(&app)), (1, "delivered".to_owned()));
    assert_eq!(provider.arrived()[0].header("webhook-id"), event);
    assert_eq!(ada.get(&webhook.page).await.text_of(".verdict h2"), "Active");
    for (filter, shown) in [("waiting", 0), ("delivered", 1), ("failed", 0)] {
        let page = ada.get(&format!("{}?state={filter}", webhook.page)).await;
        assert_eq!(page.attributes("a.row-link", "href").len(), shown, "{filter}");
    }
    // The log is kept for a while.
    app.advance(Duration::from_hours(31 * 24));
    app.sweep().await;
    assert_eq!((app.database.count("deliveries"), app.database.count("events")), (0, 0));
}

#[actix_web::test]
async fn what_takes_nothing_for_days_is_given_up() {
    let (provider, app, mut ada) = Provider::receiver().await;
    app.member("admin@example.com", Role::Admin).await;
    app.member("member@example.com", Role::Member).await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let token = app.token("test", ALL).await;
    provider.says(Says::status(NOT_TAKEN, ""));
    for day in 0..6 {
        token.put("stripe", &format!("customer-{day}"), ONE).await;
        app.deliver().await;
        let given_up = app.database.number("SELECT COUNT(*) AS number FROM webhooks WHERE paused_at IS NOT NULL");
        assert_eq!(given_up, i64::from(day == 5), "on day {day}");
        for _ in 0..8 {
            app.advance(Duration::from_hours(3));
            app.deliver().await;
        }
    }
    let before = provider.arrived().len();
    app.advance(Duration::from_hours(48));
    assert_eq!((app.deliver().await, provider.arrived().len()), (0, 0), "{before}");
    let letters: Vec<_> = app.post().await.into_iter().filter(|mail| mail.subject.contains("paused")).collect();
    let mut to: Vec<&str> = letters.iter().map(|mail| mail.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.com", "admin@example.com"]);
    assert!(letters[0].text.contains(&format!("/w/acme/webhooks/{}", webhook.id)), "{}", letters[0].text);
    ada.sign_in(EMAIL, PASSWORD).await;
    assert!(ada.get("/w/acme").await.text.contains("1 webhook is paused"));
    assert_eq!(ada.get(&webhook.page).await.text_of(".verdict h2"), "Paused by Keyrack");
    assert!(ada.get("/w/acme/activity").await.text.contains("gave up on the webhook"));

    provider.says(Says::status("200 OK", ""));
    assert_eq!(ada.press(&webhook, "resume").await.status, 303);
    assert!(app.deliver().await > 0, "what waited goes on");
    assert!(!ada.get("/w/acme").await.text.contains("webhook is paused"));
    assert_eq!(ada.get(&webhook.page).await.text_of(".verdict h2"), "Active");
}

#[actix_web::test]
async fn a_new_key_takes_over_without_a_delivery_that_nobody_could_verify() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let send = async |ada: &mut crate::support::Browser| {
        assert_eq!(ada.press(&webhook, "test").await.status, 303);
        assert_eq!(app.deliver().await, 1);
        provider.arrived().remove(0)
    };
    let key = |page: &crate::support::Page| page.text_of("code#key");
    let first = ada.submit_key(&webhook, "week").await;
    let again = ada.submit_key(&webhook, "day").await;
    assert!(again.text.contains("X-Keyrack-Signature-Next"), "{}", again.text);
    let (forgotten, next) = (key(&first), key(&again));
    let sent = send(&mut ada).await;
    assert_eq!(sent.header("x-keyrack-event"), "keyrack.test");
    assert!(sent.is_signed_by(&webhook.key) && sent.is_signed_in("x-keyrack-signature-next", &next));
    assert!(!sent.is_signed_in("x-keyrack-signature-next", &forgotten));
    // The same form once more makes nothing.
    let path = format!("{}/key", webhook.page);
    let csrf = ada.get(&path).await.csrf();
    let stale = [("csrf", csrf.as_str()), ("number", "1"), ("waiting", ""), ("when", "now")];
    assert_eq!((ada.post(&path, &stale).await.status, send(&mut ada).await.is_signed_by(&webhook.key)), (303, true));

    app.advance(Duration::from_hours(24));
    ada.sign_in(EMAIL, PASSWORD).await;
    let sent = send(&mut ada).await;
    assert!(sent.is_signed_by(&next) && sent.header("x-keyrack-signature-next").is_empty());
    let kept = "SELECT COUNT(*) AS number FROM webhooks WHERE next_blob IS NOT NULL";
    assert_eq!(app.database.number(kept), 1);
    app.sweep().await;
    assert_eq!(app.database.number(kept), 0, "the old one is destroyed");
    assert!(send(&mut ada).await.is_signed_by(&next));

    let at_once = key(&ada.submit_key(&webhook, "now").await);
    assert!(send(&mut ada).await.is_signed_by(&at_once));
    let early = key(&ada.submit_key(&webhook, "week").await);
    assert_eq!(ada.press(&webhook, "key/now").await.status, 303);
    let sent = send(&mut ada).await;
    assert!(sent.is_signed_by(&early) && sent.header("x-keyrack-signature-next").is_empty());
    for (_, bytes) in app.files() {
        for secret in [&webhook.key, &next, &early] {
            assert!(!bytes.windows(secret.len()).any(|piece| piece == secret.as_bytes()), "a key lies open");
        }
    }
}

#[actix_web::test]
async fn each_is_sent_once_however_many_look_and_again_where_one_died() {
    let (provider, app, mut ada) = Provider::receiver().await;
    ada.add_webhook(&provider.hook("/one"), &[]).await;
    ada.add_webhook(&provider.hook("/two"), &[("name", "Other")]).await;
    let token = app.token("test", ALL).await;
    for at in 0..10 {
        token.put("stripe", &format!("customer-{at}"), ONE).await;
    }
    let done: usize = join_all((0..4).map(|_| app.deliver())).await.into_iter().sum();
    let arrived = provider.arrived();
    assert_eq!((done, arrived.len(), app.deliver().await), (20, 20, 0));
    // Whoever sent one died before it could be noted.
    let until = app.app.clock.now().plus(Duration::from_mins(1)).micros();
    let last = "(SELECT MAX(id) FROM deliveries)";
    app.database.execute(&format!(
        "UPDATE deliveries SET state = 'waiting', due_at = 0, finding = NULL, leased_until = {until} WHERE id = {last}"
    ));
    assert_eq!(app.deliver().await, 0, "it may still be under way");
    app.advance(Duration::from_mins(1));
    assert_eq!(app.deliver().await, 1);
    let id = provider.arrived()[0].header("webhook-id").to_owned();
    assert_eq!(arrived.iter().filter(|one| one.header("webhook-id") == id).count(), 2, "to each of the two");
}

#[actix_web::test]
async fn a_webhook_or_workspace_may_go_while_it_is_spoken_to() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let token = app.token("test", ALL).await;
    for statement in ["DELETE FROM webhooks", "DELETE FROM secrets; DELETE FROM oauth_clients; DELETE FROM workspaces"]
    {
        ada.add_webhook(&provider.hook("/hooks"), &[]).await;
        token.put("stripe", "customer-42", ONE).await;
        let database = crate::support::Database::of(&app.database.url);
        provider.answers(move |_| {
            database.run(statement);
            Says::status(NOT_TAKEN, "")
        });
        assert_eq!(app.deliver().await, 1);
        assert_eq!((app.database.count("deliveries"), app.database.count("webhooks")), (0, 0));
        assert_eq!(app.deliver().await, 0);
    }
}
