//! How the connect page looks, and the script that opens it.

use keyrack::domain::Role;
use serde_json::json;

use crate::connect_sessions::{SETTINGS, made, opened, set};
use crate::support::TestApp;

#[actix_web::test]
async fn its_looks_are_set_by_admins_and_checked() {
    let (app, mut ada, token) = set().await;
    for (name, text, words) in [
        ("origins", "https://*.example.com", "no address such as"),
        ("origins", "https://a.example/page", "names a page"),
        ("origins", "https://a.example;b.example", "no address such as"),
        ("accent", "red", "six digits"),
        ("accent", "#fff;}", "six digits"),
        ("name", "a\u{202e}b", "visible characters only"),
    ] {
        let page = ada.submit(SETTINGS, SETTINGS, &[(name, text)]).await;
        assert!(page.status == 422 && page.text.contains(words), "{name} {text}: {} {}", page.status, page.text);
    }
    let shown = opened(&mut app.anonymous(), &made(&token, &json!({})).await).await;
    // Legible by day alone: by night it is brass.
    assert!(shown.text.contains("--brass: light-dark(#0b3d91, #e3bc6b)"), "{}", shown.text);
    let mut bob = app.member("bob@example.com", Role::Member).await;
    assert_eq!(bob.get(SETTINGS).await.status, 403);
}

#[actix_web::test]
async fn a_logo_is_drawn_anew() {
    let (app, mut ada, token) = set().await;
    let csrf = ada.get(SETTINGS).await.csrf();
    let path = format!("{SETTINGS}/logo");
    let guard = [("csrf", csrf.as_str())];
    for (bytes, words) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(), "no picture"),
        (b"GIF89a\x01\x00\x01\x00".to_vec(), "no picture"),
        (vec![0x89; 2 * 1_024 * 1_024 + 1], "larger than 2 MiB"),
        (bomb(), "larger than 4096"),
    ] {
        let page = ada.upload(&path, &guard, ("file", Some("logo.png"), &bytes)).await;
        assert!(page.status == 422 && page.text.contains(words), "{words}: {} {}", page.status, page.text);
    }
    let mut sent = picture(400, 300);
    sent.extend_from_slice(b"<script>alert('hidden')</script>");
    let saved = ada.upload(&path, &guard, ("file", Some("logo.png"), &sent)).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let shown = opened(&mut app.anonymous(), &made(&token, &json!({})).await).await;
    let logo = shown.attributes(".embed-logo", "src").remove(0);
    let answer = reqwest::get(format!("{}{logo}", app.base)).await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    let bytes = answer.bytes().await.unwrap();
    let drawn = image::load_from_memory(&bytes).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (192, 144));
    assert!(memchr::memmem::find(&bytes, b"script").is_none(), "what else was in the file is gone");
    let removed = ada.submit(SETTINGS, &format!("{SETTINGS}/logo/remove"), &[]).await;
    assert_eq!(removed.status, 303);
    assert_eq!(app.anonymous().get(&logo).await.status, 404);
}

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbaImage::from_pixel(width, height, image::Rgba([11, 61, 145, 255]))
        .write_to(&mut png, image::ImageFormat::Png)
        .unwrap();
    png.into_inner()
}

/// A picture of a few bytes that says it is enormous.
fn bomb() -> Vec<u8> {
    let mut png = picture(1, 1);
    png[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let sum = crc32fast::hash(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    png
}

#[actix_web::test]
async fn the_script_is_for_every_site() {
    let app = TestApp::start().await;
    let script = app.anonymous().get("/connect/keyrack-connect.js").await;
    assert_eq!(script.status, 200);
    assert_eq!(script.header("cross-origin-resource-policy"), "cross-origin");
    assert_eq!(script.header("set-cookie"), "");
    assert!(script.text.contains("KeyrackConnect"));
}
