//! A client that is changed while accounts are connected with it: nothing goes anywhere that nobody agreed to, and what
//! can be put right is.

use std::time::Duration;

use crate::support::{CLIENT, CLIENT_SECRET, EMAIL, Stage, back, callback, connect, leave, vend_mine, verify_chains};

impl Stage {
    /// The Admin saves the client once more, so.
    async fn change_client(&mut self, name: &str, text: &str) {
        let mut fields = self.client("app-1", CLIENT_SECRET);
        fields.iter_mut().filter(|field| field.0 == name).for_each(|field| field.1 = text);
        let saved = self.ada.submit(CLIENT, CLIENT, &fields).await;
        assert_eq!(saved.status, 303, "{}", saved.text);
    }

    fn went_to(&self, part: &str) -> bool {
        self.provider.take().iter().any(|request| request.contains(part))
    }
}

#[actix_web::test]
async fn tokens_and_codes_go_where_they_were_given_and_nowhere_else() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let begun = stage.place("Begun").await;
    let query = leave(&mut stage.ada, &begun).await;
    stage.provider.take();
    let elsewhere = format!("{}/evil", stage.address());
    stage.change_client("field-address", &elsewhere).await;
    let told = stage.ada.get(CLIENT).await;
    assert!(told.text.contains("1 account is connected here"), "{}", told.text);

    let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert!(!stage.went_to("POST"), "the code went to another server");
    // What is held counts until its end, and is renewed by nobody.
    let token = stage.token().await;
    stage.app.advance(Duration::from_secs(3_590));
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-1");
    assert!(stage.ada.get(&page).await.text.contains("is another one now"));
    let disconnect = format!("{page}/disconnect");
    stage.provider.take();
    assert_eq!(stage.ada.submit(&disconnect, &disconnect, &[]).await.status, 303);
    assert!(stage.ada.get(&page).await.text.contains("did not confirm"), "nobody could be asked");
    assert!(!stage.went_to("POST"), "something went somewhere");
    verify_chains(&stage.app.database, &stage.app.app.keyring);
}

#[actix_web::test]
async fn a_client_that_is_put_right_in_time_costs_nobody_anything() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    connect(&mut stage.ada, &page).await;
    let begun = stage.place("Begun").await;
    let query = leave(&mut stage.ada, &begun).await;
    stage.giving.asked();
    stage.change_client("client_id", "mistyped").await;
    let came = stage.ada.get_from_elsewhere(&back(&query, "code-1")).await;
    assert_eq!(came.text_of("h1"), "Not connected", "{}", came.text);
    assert!(stage.giving.asked().is_empty(), "a code for one client was sent with another");
    keyrack::jobs::plan(&stage.app.app).await.unwrap();
    stage.app.advance(Duration::from_mins(50));
    assert!(stage.app.post().await.is_empty(), "nobody is told yet");
    let token = stage.token().await;
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-1");
    assert!(stage.giving.asked().is_empty());
    stage.change_client("client_id", "app-1").await;
    stage.app.advance(Duration::from_mins(11));
    assert_eq!(vend_mine(&stage.app, &token).await.body["credential"]["value"], "access-canary-2");

    // Where it stays another one, the owner is asked at the end.
    stage.change_client("client_id", "app-2").await;
    stage.app.advance(Duration::from_mins(62));
    assert_eq!(vend_mine(&stage.app, &token).await.body["error"], "needs_reauthorization");
    assert!(stage.app.letter_to(EMAIL).await.text.contains(&format!("{page}/connect")));
}

/// A provider of one environment, or of one workspace, cannot have its people's way back used for another's.
#[actix_web::test]
async fn each_client_has_a_way_back_of_its_own() {
    let mut stage = Stage::set().await;
    let page = stage.place("Mine").await;
    let query = leave(&mut stage.ada, &page).await;
    stage.giving.asked();
    let foreign = callback(&query).replace("-test/", "-live/");
    assert_ne!(foreign, callback(&query));
    let came = stage.ada.get_from_elsewhere(&format!("{foreign}&code=code-1")).await;
    assert_eq!(came.text_of("h1"), "This way back is over", "{}", came.text);
    assert!(stage.giving.asked().is_empty());
}
