//! Where sharing is seen: in the list, on a member's page, and in what ends with a membership.

use keyrack::domain::Role;

use crate::support::{Browser, EMAIL, TestApp};

const KEY: &str = "rk_test_sharingseen12345";
const GRACE: &str = "grace@example.com";

fn names(page: &crate::support::Page) -> Vec<String> {
    let known = ["Own", "Chosen", "Everybodys", "Hidden"];
    let found = known.iter().filter(|name| page.text.contains(&format!(">{name}</a>")));
    found.map(|name| (*name).to_owned()).collect()
}

/// Ada shares one secret with Grace, one with everybody, and keeps one; Grace has one of her own.
async fn shared(app: &TestApp) -> (Browser, Browser, String) {
    let mut ada = app.owner().await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let her = grace.id().await;
    grace.add_stripe("Own", KEY, "vend").await;
    let chosen = ada.add_stripe("Chosen", KEY, "vend").await;
    let all = ada.add_stripe("Everybodys", KEY, "proxy").await;
    ada.add_stripe("Hidden", KEY, "vend").await;
    ada.share_with(&chosen, &[&her]).await;
    assert_eq!(ada.share_as(&all, "workspace", &[]).await.status, 303);
    (ada, grace, her)
}

#[actix_web::test]
async fn what_others_share_with_somebody_is_found_in_the_list() {
    let app = TestApp::start().await;
    let (mut ada, mut grace, her) = shared(&app).await;
    let mine = grace.get("/w/acme/secrets?sharing=with-me").await;
    assert_eq!(names(&mine), ["Chosen", "Everybodys"]);
    assert!(mine.text.contains("2 of 3 secrets") && mine.text.contains("Shared with me"));
    let selected = mine.attributes("select[name=sharing] option[selected]", "value");
    assert_eq!(selected, ["with-me"]);
    assert_eq!(names(&ada.get("/w/acme/secrets?sharing=with-me").await), [""; 0], "an Admin's sight is no share");
    assert_eq!(names(&ada.get("/w/acme/secrets?sharing=members").await), ["Chosen"]);
    let theirs = ada.get(&format!("/w/acme/secrets?user={her}")).await;
    assert_eq!(names(&theirs), ["Own", "Chosen", "Everybodys"]);
    assert!(
        theirs.text.contains("Grace may use it")
            && theirs.attributes("form.filters input[name=user]", "value") == [her]
    );
    let mut eve = app.owner_of("Other", "eve@example.com").await;
    let hers = eve.id().await;
    assert_eq!(names(&ada.get(&format!("/w/acme/secrets?user={hers}")).await), [""; 0], "somebody from elsewhere");
}

#[actix_web::test]
async fn a_members_page_says_what_they_may_use_to_whom_it_may() {
    let app = TestApp::start().await;
    let (mut ada, mut grace, her) = shared(&app).await;
    let path = format!("/w/acme/members/{her}");
    let mut admin = app.member("admin@example.com", Role::Admin).await;
    for (browser, whose) in [(&mut ada, "their"), (&mut admin, "their"), (&mut grace, "your")] {
        let page = browser.get(&path).await;
        assert_eq!(names(&page), ["Own", "Chosen", "Everybodys"]);
        assert!(
            page.text.contains(&format!("1 secret of {whose} own, 2 of others")) && page.text.contains("shared by Ada")
        );
        let list = page.attributes("a[href*='user=']", "href").remove(0);
        assert_eq!(names(&browser.get(&list).await), ["Own", "Chosen", "Everybodys"]);
    }
    let mut bob = app.member("bob@example.com", Role::Member).await;
    let page = bob.get(&path).await;
    assert_eq!(names(&page), ["Everybodys"], "what he may use himself");
    assert!(page.text.contains("as far as you may use them too"));
    assert_eq!(names(&bob.get(&format!("/w/acme/secrets?user={her}")).await), ["Everybodys"]);
    app.advance(std::time::Duration::from_secs(1));
    for at in 0..12 {
        grace.add_stripe(&format!("More {at}"), KEY, "vend").await;
    }
    let page = ada.get(&path).await;
    assert!(page.text.contains("Show all 15") && !names(&page).contains(&"Own".to_owned()), "the newest are named");
}

#[actix_web::test]
async fn whoever_goes_could_use_what_others_own_and_those_who_stay_are_told() {
    let app = TestApp::start().await;
    let (mut ada, mut grace, her) = shared(&app).await;
    let end = format!("/w/acme/members/{her}/end");
    let own = grace.get(&end).await;
    assert!(own.text.contains("Access to 2 secrets of others ends") && own.text.contains("a backend of yours"));
    assert!(grace.get("/account/delete").await.text.contains("Access to 2 secrets of others ends"));
    for at in 0..24 {
        let id = ada.add_stripe(&format!("More {at:02}"), KEY, "vend").await;
        app.database.execute(&format!("UPDATE secrets SET sharing = 'workspace' WHERE id = '{id}'"));
    }
    let seen = ada.get(&end).await;
    assert!(seen.text.contains("Access to 26 secrets of others ends") && seen.text.contains("And 6 more."));
    assert!(!seen.text.contains("Hidden"), "what she cannot use");
    let round = seen.attributes("a[href*='rotations/new']", "href").remove(0);
    let offered = ada.get(&round).await;
    assert_eq!(offered.attributes("input[name=pick][checked]", "value"), ["person"]);
    assert_eq!(offered.attributes("#person option[selected]", "value"), [her.as_str()]);
    assert!(offered.text.contains("of 27 secrets"), "what is shared with her, and her own: {}", offered.text);
    let guard = seen.attributes("input[name=seen]", "value").remove(0);
    let done = ada.submit("/account", &end, &[("name", "Grace"), ("seen", &guard)]).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert!(done.text.contains("More 23") && done.text.contains("and 6 more"), "{}", done.text);
    let letter = app.letter_to(EMAIL).await;
    assert!(letter.text.contains("may deserve a new value") && letter.text.contains("More 23"), "{}", letter.text);
    assert!(letter.text.contains("and 6 more") && !letter.text.contains("Hidden"));
    assert!(ada.get(&format!("/w/acme/members/{her}")).await.status == 404);
}

#[actix_web::test]
async fn whoever_could_use_nothing_of_others_leaves_nothing_to_tell() {
    let app = TestApp::start().await;
    let mut ada = app.owner().await;
    ada.add_stripe("Hidden", KEY, "vend").await;
    let mut grace = app.member(GRACE, Role::Member).await;
    let end = format!("/w/acme/members/{}/end", grace.id().await);
    let seen = ada.get(&end).await;
    assert!(!seen.text.contains("of others ends"));
    let guard = seen.attributes("input[name=seen]", "value").remove(0);
    ada.submit("/account", &end, &[("name", "Grace"), ("seen", &guard)]).await;
    assert!(!app.letter_to(EMAIL).await.text.contains("may deserve"));
}
