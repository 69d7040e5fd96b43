//! Whatever people are called and write, a letter stays one letter.

use mail_parser::{Message, MessageParser};
use proptest::prelude::*;

use super::compose::Composer;
use crate::config::Config;
use crate::domain::{Email, JobId, Letter, Moment, Role};

const BASE: &str = "https://keys.example.com";
const AT: Moment = Moment::from_micros(1_795_257_720_000_000);
const LINK: &str = "kr_link_0123456789abcdefghij";

/// Composed and read back.
fn sent(letter: &Letter) -> Vec<u8> {
    let settings = [("KEYRACK_PUBLIC_URL", BASE)].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let composer = Composer::new(&Config::load(settings.into_iter(), None).unwrap()).unwrap();
    let id: JobId = "job_01jd8x3f5k7q9r2t4v6w8y0z1a".parse().unwrap();
    composer.compose(&id, AT, &Email::parse("anna@example.com").unwrap(), letter).unwrap().formatted()
}

/// Anything at all, and what has broken mails before.
fn anything() -> impl Strategy<Value = String> {
    let bad = prop::sample::select(vec![
        "\r\nBcc: eve@example.com\r\n",
        "\n\n--=_job_01jd8x3f5k7q9r2t4v6w8y0z1a--\n",
        "\r\n.\r\nQUIT\r\n",
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "\u{202e}txt.exe\u{2066}",
        "👩‍👩‍👧‍👦🔑é",
        "=?utf-8?q?From:_eve?=",
        "\u{0}\u{7f}\u{2028}\u{85}",
        "https://evil.example/phish",
        " -- \n-- \nKeyrack at https://evil.example",
    ]);
    let piece = prop_oneof![3 => any::<String>(), 2 => bad.prop_map(ToOwned::to_owned), 1 => "[a-z<&\"' ]{0,2000}"];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn letters() -> impl Strategy<Value = (Letter, &'static str)> {
    let until = AT;
    let names = || prop::collection::vec(anything(), 0..4);
    prop_oneof![
        (anything(), anything(), prop::option::of(anything())).prop_map(move |(workspace, by, message)| {
            let (link, address) = (LINK.to_owned(), Email::trusted("ada@example.com".to_owned()));
            (Letter::Invitation { workspace, by, address, role: Role::Member, message, link, until }, "/invitation/")
        }),
        Just((Letter::PasswordReset { link: LINK.to_owned(), until }, "/reset/")),
        Just((Letter::SignUp { link: LINK.to_owned(), until }, "/sign-up/")),
        Just((Letter::EmailProof { link: LINK.to_owned(), until }, "/e-mail/")),
        (anything(), anything()).prop_map(|(workspace, by)| {
            (Letter::RoleChanged { workspace, slug: "acme".to_owned(), by, role: Role::Owner }, "/w/acme")
        }),
        (anything(), anything()).prop_map(|(workspace, by)| (Letter::Removed { workspace, by }, "")),
        anything().prop_map(|workspace| (Letter::Trial { workspace }, "")),
        (anything(), anything(), prop::option::of(anything()), names(), names(), names(), names()).prop_map(
            |(workspace, name, by, deleted, kept, tokens, reach)| {
                let (slug, further) = ("acme".to_owned(), 7);
                let (heir, workflows) = (Some(name.clone()), kept.clone());
                let gone = Letter::MemberGone {
                    workspace,
                    slug,
                    name,
                    by,
                    deleted,
                    kept,
                    tokens,
                    reach,
                    further,
                    heir,
                    workflows,
                };
                (gone, "/w/acme/members")
            }
        ),
        (anything(), anything()).prop_map(move |(workspace, name)| {
            let (slug, host, since) = ("acme".to_owned(), name.clone(), Some(until));
            let id = "whk_01jd8x3f5k7q9r2t4v6w8y0z1a".parse().unwrap();
            (Letter::WebhookGivenUp { workspace, slug, id, name, host, since }, "/w/acme/webhooks/whk_")
        }),
        (anything(), names()).prop_map(|(workspace, nodes)| {
            (Letter::WorkflowsBroken { workspace, slug: "acme".to_owned(), nodes }, "/w/acme/workflows")
        }),
    ]
}

/// How many header lines begin so.
fn headers(head: &str, name: &str) -> usize {
    let begin = format!("{}:", name.to_ascii_lowercase());
    head.split("\r\n").filter(|line| line.to_ascii_lowercase().starts_with(&begin)).count()
}

fn check_headers(raw: &[u8], message: &Message<'_>) {
    let text = std::str::from_utf8(raw).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    for name in ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"] {
        assert_eq!(headers(head, name), 1, "{name} in {head}");
    }
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).count();
    assert_eq!(lines, 8, "headers that nobody asked for: {head}");
    assert!(head.is_ascii() && !head.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n')));
    let to: Vec<_> = message.to().unwrap().iter().map(|to| to.address().unwrap()).collect();
    assert_eq!(to, ["anna@example.com"]);
    assert!(message.cc().is_none() && message.bcc().is_none() && message.reply_to().is_none());
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 999), "a line is too long");
    let bare = text.replace("\r\n", "");
    assert!(!bare.contains(['\r', '\n']), "a line ends in half");
}

/// Markup of ours and none of anybody else's: the same elements, whatever was typed.
fn check_markup(html: &str) {
    let page = scraper::Html::parse_document(html);
    let known = [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "h1",
        "h2",
        "p",
        "a",
        "ul",
        "li",
        "blockquote",
        "footer",
    ];
    for element in page.tree.values().filter_map(|node| node.as_element()) {
        assert!(known.contains(&element.name()), "<{}> in {html}", element.name());
        for (name, value) in element.attrs() {
            assert!(["class", "href", "lang", "charset", "name", "content"].contains(&name), "{name} in {html}");
            assert!(name != "href" || value.starts_with(&format!("{BASE}/")), "{value} in {html}");
        }
    }
}

proptest! {
    #[test]
    fn a_letter_is_one_letter_whatever_people_typed((letter, path) in letters()) {
        let raw = sent(&letter);
        let message = MessageParser::new().parse(&raw).expect("a mail");
        check_headers(&raw, &message);
        prop_assert_eq!((message.text_body_count(), message.html_body_count()), (1, 1));
        prop_assert_eq!(message.attachment_count(), 0);
        let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
        check_markup(&html);
        let link = format!("{BASE}{path}");
        prop_assert!(text.contains(&link) && html.contains(&link), "{}", text);
        for hidden in ['\u{202e}', '\u{2066}', '\u{0}'] {
            prop_assert!(!text.contains(hidden) && !html.contains(hidden), "{:?} in {}", hidden, text);
            prop_assert!(!message.subject().unwrap().contains(hidden));
        }
    }
}

#[test]
fn what_is_sent_twice_is_the_same_mail() {
    let letter = Letter::Trial { workspace: "Acme".to_owned() };
    assert_eq!(sent(&letter), sent(&letter));
}
