//! The pages of webhooks: what they ask, refuse, show once, and tell afterwards.

use keyrack::domain::Role;

use crate::support::{Page, Provider, TestApp, WEBHOOKS, verify_chains};

const HOOK: &str = "https://hooks.example.com/in";

fn rows(page: &Page) -> Vec<String> {
    page.texts("tbody tr")
}

#[actix_web::test]
async fn one_is_made_changed_paused_and_deleted() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let empty = ada.get(WEBHOOKS).await;
    assert!(empty.text.contains("No webhook yet") && empty.text.contains("sent again for three days"));
    let chosen = [("which", "chosen"), ("kind", "secret.rejected"), ("kind", "secret.expiring"), ("name", "Pager")];
    let pager = ada.add_webhook(HOOK, &chosen).await;
    assert!(pager.key.starts_with("whsec_") && pager.key.len() == 58);
    let list = ada.get(WEBHOOKS).await;
    let expected = "Pagerhooks.example.com test 2 kinds of events Active none yet";
    assert_eq!(rows(&list), [expected]);
    let page = ada.get(&pager.page).await;
    assert!(page.text.contains(&pager.key[pager.key.len() - 4..]) && !page.text.contains(&pager.key));
    assert!(page.text.contains("Nothing was sent yet") && page.text_of("dl.facts").contains("secret.rejected"));

    let edit = format!("{}/edit", pager.page);
    let form = ada.get(&edit).await;
    assert_eq!(form.attributes("#name", "value"), ["Pager"]);
    assert_eq!(form.attributes("input[name=kind][checked]", "value"), ["secret.rejected", "secret.expiring"]);
    let wrong = [("name", ""), ("address", "http://x"), ("which", "chosen")];
    let refused = ada.submit(&edit, &edit, &wrong).await;
    assert_eq!(refused.status, 422);
    for field in ["#name-error", "#address-error", "#kind-error"] {
        assert!(!refused.text_of(field).is_empty(), "{field}");
    }
    assert_eq!(refused.attributes("#address", "value"), ["http://x"]);
    let right = [("name", "Beeper"), ("address", "https://other.example.com/#part"), ("which", "all")];
    let changed = ada.submit(&edit, &edit, &right).await;
    assert_eq!((changed.status, changed.location()), (303, pager.page.as_str()));
    assert_eq!(app.database.text("SELECT address AS text FROM webhooks"), "https://other.example.com/");
    for what in ["pause", "pause", "resume", "resume", "test"] {
        assert_eq!(ada.press(&pager, what).await.location(), pager.page);
    }
    let list = ada.get(WEBHOOKS).await;
    assert!(rows(&list)[0].starts_with("Beeperother.example.com test All events Active Waiting"), "{:?}", rows(&list));

    let activity = ada.get("/w/acme/activity?topic=webhooks").await;
    for told in [
        "made the webhook",
        "changed the webhook",
        "paused the webhook",
        "resumed the webhook",
        "sent a test event to the webhook",
    ] {
        let times = activity.text.matches(told).count();
        assert_eq!(times, 1, "{told}");
    }
    assert!(activity.attributes("td a", "href").contains(&pager.page), "{}", activity.text);
    assert_eq!(ada.press(&pager, "delete").await.location(), WEBHOOKS);
    assert!(ada.get("/w/acme/activity").await.text.contains("deleted the webhook Beeper"));
    assert_eq!(ada.get(&pager.page).await.status, 404);
    assert_eq!(ada.press(&pager, "test").await.status, 404);
    let said = app.database.texts("SELECT entry AS text FROM audit_entries").join("\n");
    assert!(!said.contains("whsec_") && !said.contains("example.com/in"), "neither key nor the whole address");
    verify_chains(&app.database, &app.app.keyring);
}

#[actix_web::test]
async fn the_same_form_makes_one_and_twenty_are_enough() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let first = ada.add_webhook(HOOK, &[]).await;
    let csrf = ada.get("/account").await.csrf();
    let fields =
        [("csrf", csrf.as_str()), ("id", &first.id), ("name", "Billing"), ("address", HOOK), ("environment", "test")];
    let again = ada.post(&format!("{WEBHOOKS}/new"), &[&fields[..], &[("which", "all")]].concat()).await;
    assert_eq!((again.status, again.location()), (303, first.page.as_str()));
    for _ in 1..20 {
        ada.add_webhook(HOOK, &[]).await;
    }
    let (refused, _) = ada.submit_webhook(HOOK, &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("as many as it can have"), "{}", refused.text);
    let list = ada.get(WEBHOOKS).await;
    assert!(rows(&list).len() == 20 && list.text.contains("at most 20 webhooks"));
    assert!(list.attributes("a[href$='/webhooks/new']", "href").is_empty());
}

#[actix_web::test]
async fn the_log_turns_its_pages_and_members_see_none_of_it() {
    let (provider, app, mut ada) = Provider::receiver().await;
    let webhook = ada.add_webhook(&provider.hook("/hooks"), &[]).await;
    let token = app.token("test", "connect").await;
    for at in 0..53 {
        token.put("stripe", &format!("customer-{at}"), "rk_test_first1234567890").await;
        app.advance(std::time::Duration::from_millis(2));
    }
    assert_eq!(app.deliver().await, 53);
    let first = ada.get(&format!("{}?state=delivered", webhook.page)).await;
    assert_eq!(rows(&first).len(), 50);
    let older = first.attributes("a[rel=next]", "href").remove(0);
    assert!(older.contains("state=delivered"), "{older}");
    assert_eq!(rows(&ada.get(&older).await).len(), 3);

    let mut member = app.member("member@example.com", Role::Member).await;
    let home = member.get("/w/acme").await;
    assert!(!home.text.contains(WEBHOOKS), "no way that is closed to them");
    assert_eq!(member.get(WEBHOOKS).await.status, 403);
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    assert!(admin.get("/w/acme").await.text.contains(WEBHOOKS));
    assert_eq!(admin.get(&webhook.page).await.status, 200);
}
