//! Password hashes and the queue before them.

use super::*;

const LOW: HashSettings = HashSettings { memory_kib: 19_456, passes: 2, lanes: 1, at_once: 2, waiting: 4 };

fn hasher(settings: HashSettings) -> Hasher {
    Hasher::new(settings, Arc::new(Drawn::default()))
}

fn text(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[tokio::test]
async fn a_password_counts_over_its_whole_length() {
    let hasher = hasher(LOW);
    let (one, two) = (format!("{}one", "x".repeat(72)), format!("{}two", "x".repeat(72)));
    let stored = hasher.hash(text(&one)).await.unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_ne!(stored, hasher.hash(text(&one)).await.unwrap(), "a salt of its own");
    let right = hasher.check(text(&one), Some(stored.clone())).await.unwrap();
    assert!(right.right && !right.outdated);
    for wrong in [two.as_str(), &one[..72], "", "wrong"] {
        let found = hasher.check(text(wrong), Some(stored.clone())).await.unwrap();
        assert!(!found.right && !found.outdated, "{wrong}");
    }
}

#[tokio::test]
async fn without_an_account_no_password_is_right() {
    let hasher = hasher(LOW);
    for password in ["", "correct horse battery staple"] {
        let found = hasher.check(text(password), None).await.unwrap();
        assert!(!found.right && !found.outdated);
    }
    let broken = hasher.check(text("password"), Some("no hash".to_owned())).await;
    assert_eq!(broken.err(), Some(HashError::Failed));
}

#[tokio::test]
async fn other_costs_than_todays_are_noticed_once_the_password_is_right() {
    let stored = hasher(LOW).hash(text("long enough a password")).await.unwrap();
    for today in [
        HashSettings { passes: 3, ..LOW },
        HashSettings { lanes: 2, ..LOW },
        HashSettings { memory_kib: 19_464, ..LOW },
    ] {
        let found = hasher(today).check(text("long enough a password"), Some(stored.clone())).await.unwrap();
        assert!(found.right && found.outdated);
        let wrong = hasher(today).check(text("another one"), Some(stored.clone())).await.unwrap();
        assert!(!wrong.right && !wrong.outdated);
    }
}

#[tokio::test]
async fn whoever_finds_the_queue_full_is_turned_away() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 1, ..LOW });
    let hash = || hasher.hash(text("password"));
    let (first, second, third) = tokio::join!(hash(), hash(), hash());
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(third, Err(HashError::Busy));
    assert!(hash().await.is_ok(), "and is welcome later");
}

#[tokio::test]
async fn without_a_queue_a_free_slot_still_serves() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 0, ..LOW });
    let (first, second) = tokio::join!(hasher.hash(text("one")), hasher.hash(text("two")));
    assert!(first.is_ok());
    assert_eq!(second, Err(HashError::Busy));
}

#[tokio::test]
async fn whoever_goes_away_leaves_no_place_taken() {
    let hasher = hasher(HashSettings { at_once: 1, waiting: 1, ..LOW });
    let running = hasher.hash(text("one"));
    let leaving = async {
        let mut waiting = pin!(hasher.hash(text("two")));
        let pending = poll_fn(|cx| Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
        assert!(pending, "in the queue");
    };
    let (first, (), third) = tokio::join!(running, leaving, hasher.hash(text("three")));
    assert!(first.is_ok() && third.is_ok());
}
