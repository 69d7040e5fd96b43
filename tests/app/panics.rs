//! A mistake of our own: one request fails and says so, and the process lives.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keyrack::domain::{Clock, Moment};
use keyrack::store::Outcome;
use keyrack::store::access::AskNothing;

use crate::support::TestApp;

const VALUE: &str = "rk_test_first1234567890";

/// Tells the time, but for one time that it is asked.
struct BrittleClock {
    whole: Arc<dyn Clock>,
    left: AtomicUsize,
}

impl BrittleClock {
    /// The wrapping request asks first; whatever handles it asks second.
    fn break_in_the_handler(&self) {
        self.left.store(2, Ordering::SeqCst);
    }
}

impl Clock for BrittleClock {
    fn now(&self) -> Moment {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        assert!(left != Ok(1), "the clock of this test breaks");
        self.whole.now()
    }

    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.whole.sleep(span)
    }
}

#[actix_web::test]
async fn a_panic_costs_one_request() {
    let mut brittle = None;
    let app = TestApp::start_altered(1, &[], |app| {
        let clock = Arc::new(BrittleClock { whole: app.clock.clone(), left: AtomicUsize::new(0) });
        app.clock = clock.clone();
        brittle = Some(clock);
    });
    let app = app.await;
    let clock = brittle.unwrap();
    let mut ada = app.owner().await;
    let token = app.token("test", "vend,connect").await;
    for _ in 0..3 {
        clock.break_in_the_handler();
        let page = ada.get("/w/acme").await;
        assert_eq!(page.status, 500, "{}", page.text);
        assert!(page.header("content-type").starts_with("text/html"));
        let id = page.header("x-request-id");
        assert!(!id.is_empty() && page.text.contains(id), "the page names the request");
        assert!(page.header("content-security-policy").starts_with("default-src 'none';"));
        assert!(!page.text.contains("clock"), "the page says nothing of the inside: {}", page.text);

        clock.break_in_the_handler();
        let answer = token.put("stripe", "anna", VALUE).await;
        answer.refused(500, "internal_error");
        assert!(!answer.text.contains("clock"));
        assert_eq!(ada.get("/w/acme").await.status, 200);
        assert_eq!(token.put("stripe", "anna", VALUE).await.status, 200);
        token.vend("stripe", "anna").await.hands_out(VALUE);
    }
}

#[actix_web::test]
async fn a_panic_in_work_on_the_thread_that_is_here_is_an_error_like_others() {
    let app = TestApp::start().await;
    app.owner().await;
    let token = app.token("test", "vend,connect").await;
    token.put("stripe", "anna", VALUE).await;
    for _ in 0..3 {
        let written: Outcome<()> = app.app.db.write_here(AskNothing, |_, _| panic!("this work breaks")).await;
        assert!(written.is_err());
        token.vend("stripe", "anna").await.hands_out(VALUE);
    }
}
