//! Somebody with a browser: keeps cookies, reads the form's guard from the page it stands on.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, HeaderMap, ORIGIN, SET_COOKIE};
use scraper::{Html, Selector};

use super::{PASSWORD, Token, client};

pub const STRIPE: &str = "/w/acme/secrets/new/stripe";

pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// The named attribute of every element that the selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        attributes(&self.html(), selector, name)
    }

    pub fn html(&self) -> Html {
        Html::parse_document(&self.text)
    }

    pub fn text_of(&self, selector: &str) -> String {
        let wanted = Selector::parse(selector).unwrap();
        let html = self.html();
        let found = html.select(&wanted).next().unwrap_or_else(|| panic!("no {selector} in {}", self.text));
        found.text().collect::<String>().trim().to_owned()
    }

    /// The words of every element that the selector finds, with single spaces between.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let wanted = Selector::parse(selector).unwrap();
        let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.html().select(&wanted).map(|found| words(found.text().collect())).collect()
    }

    /// For a link that is used, too old or cut off.
    #[track_caller]
    pub fn is_of_no_link(&self) {
        assert_eq!((self.status, self.text_of("h1").as_str()), (200, "This link does not work"));
    }

    /// The first id of a person that stands in it.
    pub fn person(&self) -> String {
        let id = regex::Regex::new("usr_[0-9a-z]{26}").unwrap();
        id.find(&self.text).expect("a person's id").as_str().to_owned()
    }

    pub fn csrf(&self) -> String {
        let found = self.attributes("input[name=csrf]", "value");
        found.into_iter().next().unwrap_or_else(|| panic!("{} has no form: {}", self.status, self.text))
    }
}

/// The same in a page that is read once for several looks.
pub fn attributes(html: &Html, selector: &str, name: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).filter_map(|found| found.value().attr(name).map(ToOwned::to_owned)).collect()
}

#[derive(Clone)]
pub struct Browser {
    base: String,
    client: reqwest::Client,
    pub cookies: BTreeMap<String, String>,
    /// What `X-Forwarded-For` says, where it is sent.
    pub forwarded: Option<String>,
    /// Every body that was answered, for the canary.
    pub seen: Vec<String>,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        Self { base: base.to_owned(), client: client(), cookies: BTreeMap::new(), forwarded: None, seen: Vec::new() }
    }

    /// Says that the request was forwarded for this address.
    pub fn forwarded_for(mut self, addresses: &str) -> Self {
        self.forwarded = Some(addresses.to_owned());
        self
    }

    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Follows a link that stands on another site.
    pub async fn get_from_elsewhere(&mut self, path: &str) -> Page {
        let request = self.client.get(format!("{}{path}", self.base)).header("sec-fetch-site", "cross-site");
        self.send(request).await
    }

    /// Posts exactly these fields, from our own origin.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let origin = self.base.clone();
        self.post_from(path, fields, &[(ORIGIN.as_str(), origin.as_str())]).await
    }

    /// Posts with these headers about where the form stood.
    pub async fn post_from(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let body = serde_html_form::to_string(fields).unwrap();
        let mut request = self.client.post(format!("{}{path}", self.base));
        request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Sends a form of several parts, as one with a file is sent: fields first, and then a text or a file.
    pub async fn upload(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        (name, file, bytes): (&str, Option<&str>, &[u8]),
    ) -> Page {
        const EDGE: &str = "edge-of-the-test";
        let mut body = Vec::new();
        let mut part = |name: &str, file: Option<&str>, bytes: &[u8]| {
            let file =
                file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: text/plain")).unwrap_or_default();
            let head = format!("--{EDGE}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        };
        fields.iter().for_each(|(name, text)| part(name, None, text.as_bytes()));
        part(name, file, bytes);
        body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
        let kind = format!("multipart/form-data; boundary={EDGE}");
        let request = self.client.post(format!("{}{path}", self.base)).header(ORIGIN, &self.base);
        self.send(request.header("content-type", kind).body(body)).await
    }

    pub async fn head(&mut self, path: &str) -> Page {
        let request = self.client.head(format!("{}{path}", self.base));
        self.send(request).await
    }

    /// Opens the page with the form, and sends the form with its guard.
    pub async fn submit(&mut self, from: &str, to: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(from).await.csrf();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post(to, &all).await
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        self.submit("/sign-in", "/sign-in", &[("email", email), ("password", password)]).await
    }

    pub async fn sign_out(&mut self) -> Page {
        self.submit("/account", "/sign-out", &[]).await
    }

    /// One's own id.
    pub async fn id(&mut self) -> String {
        self.get("/account").await.person()
    }

    /// Adds to the workspace at this path what most tests store keys for.
    pub async fn add_node_types(&mut self, workspace: &str) {
        for slug in ["stripe", "http-request"] {
            let page = self.submit("/account", &format!("{workspace}/node-types/{slug}/add"), &[]).await;
            assert_eq!(page.status, 303, "{}", page.text);
        }
    }

    /// Stores a Stripe key and gives its id.
    pub async fn add_stripe(&mut self, name: &str, value: &str, delivery: &str) -> String {
        let environment = if value.contains("_live_") { "live" } else { "test" };
        let fields = [
            ("kind", "api_key"),
            ("api_key-api_key", value),
            ("name", name),
            ("environment", environment),
            ("delivery", delivery),
            ("expires_on", ""),
        ];
        let page = self.submit(STRIPE, STRIPE, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().strip_prefix("/w/acme/secrets/").expect("goes to the secret").to_owned()
    }

    /// Starts a round of rotation with these fields besides the name, and gives its id.
    pub async fn start_round(&mut self, name: &str, besides: &[(&str, &str)]) -> String {
        const NEW: &str = "/w/acme/rotations/new";
        let page = self.submit(NEW, NEW, &[&[("name", name)], besides].concat()).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().strip_prefix("/w/acme/rotations/").expect("goes to the round").to_owned()
    }

    /// Describes an API of one's own that takes a bearer token, and gives its slug.
    pub async fn add_custom_api(&mut self, name: &str, base_url: &str) -> String {
        const NEW: &str = "/w/acme/custom-apis/new";
        let fields = [("name", name), ("base_url", base_url), ("kind", "access_token"), ("placement", "bearer")];
        let page = self.submit(NEW, NEW, &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        page.location().strip_prefix("/w/acme/node-types/").expect("goes to the node type").to_owned()
    }

    /// Enters another Stripe key for a secret, at `replace` or at `next`, with these fields besides.
    pub async fn enter(&mut self, id: &str, how: &str, value: &str, besides: &[(&str, &str)]) -> Page {
        let path = format!("/w/acme/secrets/{id}/{how}");
        let fields = [("kind", "api_key"), ("api_key-api_key", value)];
        self.submit(&path, &path, &[&fields, besides].concat()).await
    }

    /// Promotes, drops or goes back to the value that the secret's page shows.
    pub async fn turn(&mut self, id: &str, how: &str) -> Page {
        let (secret, path) = (format!("/w/acme/secrets/{id}"), format!("/w/acme/secrets/{id}/{how}"));
        let shown = self.get(&secret).await;
        let number = shown.attributes(&format!("form[action='{path}'] input[name=number]"), "value");
        let number = number.first().map(String::as_str).unwrap_or_default();
        self.post(&path, &[("csrf", &shown.csrf()), ("number", number)]).await
    }

    /// Invites somebody as a Member of the workspace at this path, and gives the invitation's id.
    pub async fn invite(&mut self, workspace: &str, email: &str) -> String {
        let (list, new) = (format!("{workspace}/invitations"), format!("{workspace}/invitations/new"));
        let page = self.submit(&new, &new, &[("email", email), ("role", "member")]).await;
        assert_eq!((page.status, page.location()), (303, list.as_str()), "{}", page.text);
        let row = format!("/(inv_[0-9a-z]{{26}})/send\"(?s:.){{0,300}}? to {email}<");
        let id = regex::Regex::new(&row).unwrap();
        let text = self.get(&list).await.text;
        id.captures(&text).expect("a row of their own")[1].to_owned()
    }

    /// Sends the form for a new token, with the id that it was shown with.
    pub async fn submit_token(&mut self, fields: &[(&str, &str)]) -> Page {
        const NEW: &str = "/w/acme/tokens/new";
        let form = self.get(NEW).await;
        let (csrf, id) = (form.csrf(), form.attributes("input[name=id]", "value").remove(0));
        let guard = [("csrf", csrf.as_str()), ("id", id.as_str())];
        self.post(NEW, &[&guard, fields].concat()).await
    }

    /// Makes a token with the backend's abilities; with it the maker's id, as the page shows it.
    pub async fn make_token(&mut self, environment: &str) -> (Token, String) {
        let fields = [("name", "Backend"), ("environment", environment), ("preset", "backend"), ("expires_on", "")];
        let page = self.submit_token(&fields).await;
        assert_eq!(page.status, 200, "{}", page.text);
        (Token::new(&self.base, &page.text_of("code#token")), page.person())
    }

    /// Makes a token with these fields besides its name and environment.
    pub async fn make_token_with(&mut self, fields: &[(&str, &str)]) -> Token {
        let usual = [("name", "Backend"), ("environment", "test")];
        let page = self.submit_token(&[&usual, fields].concat()).await;
        assert_eq!(page.status, 200, "{}", page.text);
        Token::new(&self.base, &page.text_of("code#token"))
    }

    /// The form for a new text, sent once with this overlap.
    pub async fn renew_token(&mut self, token: &Token, overlap: &str) -> Page {
        let path = format!("/w/acme/tokens/{}/text", token.id());
        let form = self.get(&path).await;
        assert_eq!(form.status, 200, "{}", form.text);
        let generation = form.attributes("input[name=generation]", "value").remove(0);
        self.post(&path, &[("csrf", &form.csrf()), ("generation", &generation), ("overlap", overlap)]).await
    }

    /// Gives a token a new text, and the caller who sends it.
    pub async fn renewed(&mut self, token: &Token, overlap: &str) -> Token {
        let page = self.renew_token(token, overlap).await;
        assert_eq!(page.status, 200, "{}", page.text);
        token.saying(&page.text_of("code#token"))
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let request = match &self.forwarded {
            Some(addresses) => request.header("x-forwarded-for", addresses),
            None => request,
        };
        let response = request.send().await.unwrap();
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() || line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let page = Page { status, headers, text: response.text().await.unwrap() };
        assert!(!page.text.contains(PASSWORD), "a page shows the password");
        self.seen.push(page.text.clone());
        page
    }
}
