//! Tokens, links and form tokens as texts.

use super::*;

proptest! {
    #[test]
    fn a_token_is_read_back_and_no_other_text_is(
        millis in 0..4_000_000_000_000_i64,
        at in any::<prop::sample::Index>(),
        other in "[ -~]",
        more in "[a-z2-7]{1,9}",
    ) {
        let chance = Drawn::default();
        let id = TokenId::draw(Moment::from_micros(millis * 1_000), &chance);
        let token = NewToken::draw(&id, Environment::Test, &chance);
        let text = token.as_str();
        prop_assert_eq!(text.parse::<Bearer>().ok().map(|b| b.id), Some(id));

        let at = at.index(text.len());
        prop_assert!(text[..at].parse::<Bearer>().is_err());
        prop_assert!(text[at + 1..].parse::<Bearer>().is_err());
        let (longer, before) = (format!("{text}{more}"), format!("{more}{text}"));
        prop_assert!(longer.parse::<Bearer>().is_err());
        prop_assert!(before.parse::<Bearer>().is_err());
        prop_assert!(text.to_uppercase().parse::<Bearer>().is_err());
        let typo = format!("{}{other}{}", &text[..at], &text[at + 1..]);
        prop_assert_eq!(typo.parse::<Bearer>().is_ok(), typo == text);
    }

    #[test]
    fn no_text_stops_the_parsers(text in ".{0,120}") {
        let (token, link) = (format!("kr_live_{text}"), format!("kr_link_{text}"));
        prop_assert!(token.parse::<Bearer>().is_err());
        prop_assert!(link.parse::<LinkToken>().is_err());
    }
}

#[test]
fn the_environments_of_tokens_and_the_links_are_not_taken_for_each_other() {
    let (world, id) = (World::new(), format!("tok_{BODY}").parse().unwrap());
    let live = NewToken::draw(&id, Environment::Live, &*world.chance);
    let bearer: Bearer = live.as_str().parse().ok().unwrap();
    assert!(world.keyring.bearer_mac(&bearer).matches(world.keyring.new_token_mac(&live).as_bytes()));
    assert!(live.as_str().replace("_live_", "_test_").parse::<Bearer>().is_err());
    let link = LinkToken::draw(format!("lnk_{BODY}").parse().unwrap(), &*world.chance);
    assert!(link.as_str().parse::<LinkToken>().is_ok());
    assert!(link.as_str().parse::<Bearer>().is_err());
    assert!(live.as_str().parse::<LinkToken>().is_err());
}

#[test]
fn a_form_token_belongs_to_one_browser_and_one_session() {
    let keyring = World::new().keyring;
    let token = keyring.form_token("browser", "session");
    assert!(keyring.form_token_matches("browser", "session", &token));
    assert!(!keyring.form_token_matches("browsers", "ession", &token));
    assert!(!keyring.form_token_matches("other", "session", &token));
    assert!(!keyring.form_token_matches("browser", "other", &token));
    for sent in ["", "A", "not base64!", &token[1..]] {
        assert!(!keyring.form_token_matches("browser", "session", sent));
    }
}
