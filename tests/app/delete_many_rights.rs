//! Deleting many secrets at once: who may, who is told, and what it breaks.

use keyrack::domain::Role;

use crate::delete_many::{choice, confirm, seen};
use crate::lists::{hang, id};
use crate::support::{Browser, EMAIL, Mail, TestApp, WORKFLOWS};

const LIST: &str = "/w/acme/secrets";
const DELETE: &str = "/w/acme/secrets/delete";
const KEY: &str = "rk_test_deletemany123456";
const GRACE: &str = "grace@example.com";
const LIN: &str = "lin@example.com";

#[actix_web::test]
async fn ids_from_elsewhere_unknown_ones_and_hidden_ones_look_alike() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let private = ada.add_stripe("Private", KEY, "vend").await;
    let (mut pages, unknown) = (Vec::new(), "sec_01jd8x3f5k7q9r2t4v6w8y0z1a");
    for strange in [private.as_str(), unknown, "nonsense", "%00"] {
        pages.push(grace.get(&choice(&[strange])).await);
        let there = choice(&[strange]).replace("/w/acme/", "/w/other/");
        pages.push(eve.get(&there).await);
    }
    for page in &pages {
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("1 of what was chosen is not there any more."), "{}", page.text);
        assert!(!page.text.contains("Private") && seen(page).is_empty());
    }
    for (by, path) in [(&mut grace, DELETE), (&mut eve, "/w/other/secrets/delete")] {
        for strange in [private.as_str(), unknown] {
            let fields = [("seen", format!("{strange}.00000000")), ("count", "1".to_owned())];
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let page = by.submit("/account", path, &fields).await;
            assert_eq!(page.status, 303);
            assert!(by.get(page.location()).await.text.contains("gone already"));
        }
    }
    assert_eq!(app.database.count(&format!("secrets WHERE id = '{private}'")), 1);
    assert_eq!(app.anonymous().get(&choice(&[&private])).await.status, 303);
    assert_eq!(eve.get(DELETE).await.status, 404, "not even led to the list of another workspace");
}

#[actix_web::test]
async fn a_member_deletes_their_own_alone() {
    let app = TestApp::start().await;
    app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    hang(&app.database, 2, "00000001", EMAIL, "workspace");
    hang(&app.database, 55, "00000002", EMAIL, "workspace");
    let page = grace.get(LIST).await;
    assert!(page.attributes(".choose", "class").is_empty() && page.attributes(".choosing", "class").is_empty());
    hang(&app.database, 3, "00000003", GRACE, "private");
    let page = grace.get(LIST).await;
    assert_eq!(page.attributes("td.choose input", "value").len(), 3, "a box on each of her own");
    assert!(page.attributes(".choosing a", "href").is_empty(), "nothing narrows the list");
    let narrowed = grace.get(&format!("{LIST}?environment=test")).await;
    let preview = grace.get(&narrowed.attributes(".choosing a", "href").remove(0)).await;
    for told in ["Delete 3 secrets?", "57 secrets of others", "only Admins and Owners", "and 7 more"] {
        assert!(preview.text.contains(told), "{told}: {}", preview.text);
    }
    let mixed = grace.get(&choice(&[&id("00000001", 1), &id("00000003", 1)])).await;
    assert!(mixed.text.contains("1 secret of others") && seen(&mixed).starts_with(&id("00000003", 1)));
    assert!(!seen(&mixed).contains(&id("00000001", 1)));
    // Put in by hand, it stops the whole.
    let by_hand = format!("{} {}.00000000", seen(&mixed), id("00000001", 1));
    let page = grace.submit("/account", DELETE, &[("seen", &by_hand), ("count", "2")]).await;
    assert!(page.status == 422 && page.text.contains("1 is not yours to delete any more"), "{}", page.text);
    assert_eq!(app.database.count("secrets"), 60);
    assert_eq!(confirm(&mut grace, &preview).await.status, 303);
    assert_eq!(app.database.count("secrets"), 57);
}

#[actix_web::test]
async fn a_role_that_was_lowered_since_the_look_counts() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Admin).await;
    let id = ada.add_stripe("Till", KEY, "vend").await;
    let preview = grace.get(&choice(&[&id])).await;
    app.database.execute("UPDATE members SET role = 'member' WHERE role = 'admin'");
    let hidden = confirm(&mut grace, &preview).await;
    assert!(grace.get(hidden.location()).await.text.contains("gone already"), "it is not hers to see any more");
    app.database.execute("UPDATE secrets SET sharing = 'workspace'");
    let page = confirm(&mut grace, &preview).await;
    assert!(page.status == 422 && page.text.contains("There is nothing to delete"), "{}", page.text);
    assert!(page.text.contains("1 is not yours to delete any more") && seen(&page).is_empty());
    assert_eq!(app.database.count("secrets"), 1);
}

async fn key_of(by: &mut Browser, name: &str) -> String {
    by.add_stripe(name, KEY, "vend").await
}

fn to<'a>(letters: &'a [Mail], email: &str) -> Vec<&'a Mail> {
    letters.iter().filter(|mail| mail.to == email).collect()
}

#[actix_web::test]
async fn each_owner_is_told_once_and_their_nodes_need_another_key() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let mut lin = app.member(LIN, Role::Member).await;
    let (first, second) = (key_of(&mut grace, "Till").await, key_of(&mut grace, "Bar").await);
    let (third, own) = (key_of(&mut lin, "Spa").await, key_of(&mut ada, "Own").await);
    let end_user = app.token("test", "connect").await.put("stripe", "customer-42", KEY).await;
    assert_eq!(end_user.status, 200, "{}", end_user.text);
    let shared = app.share(&mut ada, "Shared", KEY).await;
    let (workflow, node) = grace.add_bound("Invoices", &first).await;
    let (_, other) = grace.add_bound("Refunds", &shared).await;
    ada.add_bound("Ada’s own", &own).await;
    app.post().await;
    let before = app.database.count("audit_entries");

    let preview = ada.get(&format!("{DELETE}?all=yes")).await;
    for told in
        ["Delete 6 secrets?", "(2)", "end users (1)", "3 nodes need another key", "Invoices", "Refunds", "customer-42"]
    {
        assert!(preview.text.contains(told), "{told}: {}", preview.text);
    }
    assert_eq!(confirm(&mut ada, &preview).await.status, 303);
    assert_eq!((app.database.count("secrets"), app.database.count("secret_values")), (0, 0));
    let by = |who: &str| format!("nodes WHERE trouble = 'deleted' AND secret_id IS NULL AND trouble_by = '{who}'");
    let nodes = (app.database.count(&by("owner")), app.database.count(&by("its_owner")));
    assert_eq!(nodes, (1, 2), "as each of the secrets was another's or one's own");
    let mended = grace.get(&format!("{WORKFLOWS}/{workflow}/nodes/{node}")).await;
    assert!(mended.text.contains("deleted") && !other.is_empty(), "{}", mended.text);
    assert_eq!(app.database.count("audit_entries") - before, 6 + 3, "one entry for each secret and each node");

    let letters = app.post().await;
    assert!(to(&letters, EMAIL).is_empty(), "{letters:#?}");
    let of_lin = to(&letters, LIN);
    assert_eq!(of_lin.len(), 1);
    assert_eq!(of_lin[0].subject, "A secret of yours was deleted in Acme");
    assert!(
        of_lin[0].text.contains("Ada deleted a secret of yours") && of_lin[0].text.contains("- Spa (Stripe, test)")
    );
    let of_grace = to(&letters, GRACE);
    assert_eq!(of_grace.len(), 2, "one about her secrets, one about her workflows: {of_grace:#?}");
    let told: String = of_grace.iter().map(|mail| mail.text.as_str()).collect();
    for line in ["- Till (Stripe, test)", "- Bar (Stripe, test)", "“charge” of Invoices", "“charge” of Refunds"]
    {
        assert_eq!(told.matches(line).count(), 1, "{line}: {told}");
    }
    assert!(!told.contains("Spa") && third != own && second != first);
}
