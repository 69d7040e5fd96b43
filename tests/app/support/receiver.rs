//! Webhooks as people make them on the pages, and what arrives there.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use keyrack::jobs;
use keyrack::upstream::Limits;
use serde_json::Value;
use sha2::Sha256;

use super::{Browser, PATIENT, PROVIDER, Page, Provider, TestApp};

pub const WEBHOOKS: &str = "/w/acme/webhooks";

pub struct Webhook {
    pub id: String,
    pub key: String,
    pub page: String,
}

/// One request, taken apart.
#[derive(Clone, Debug)]
pub struct Arrived {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Arrived {
    pub fn read(request: &str) -> Self {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let mut first = lines.next().unwrap().split(' ');
        assert_eq!(first.next(), Some("POST"), "{head}");
        let path = first.next().unwrap().to_owned();
        let header = |line: &str| line.split_once(": ").map(|(name, text)| (name.to_lowercase(), text.to_owned()));
        Self { path, headers: lines.filter_map(header).collect(), body: body.to_owned() }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// Whether this header holds the signature that this key makes.
    pub fn is_signed_in(&self, header: &str, key: &str) -> bool {
        let Some((time, _)) = self.header(header).strip_prefix("t=").and_then(|rest| rest.split_once(", v1=")) else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{time}.{}", self.body).as_bytes());
        let sum = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        self.header(header) == format!("t={time}, v1={sum}")
    }

    pub fn is_signed_by(&self, key: &str) -> bool {
        self.is_signed_in("workos-signature", key)
    }
}

impl Provider {
    pub async fn receiver() -> (Self, TestApp, Browser) {
        Self::receiver_within(PATIENT).await
    }

    pub async fn receiver_within(limits: Limits) -> (Self, TestApp, Browser) {
        let provider = Self::start().await;
        let app = provider.app(&[("inside.test", &["8.8.8.8", "10.0.0.7"])], limits).await;
        let ada = app.owner().await;
        (provider, app, ada)
    }

    pub fn hook(&self, path: &str) -> String {
        format!("https://{PROVIDER}:{}{path}", self.port)
    }

    /// All that was posted, and then none.
    pub fn arrived(&self) -> Vec<Arrived> {
        self.take()
            .iter()
            .filter(|request| request.starts_with("POST "))
            .map(|request| Arrived::read(request))
            .collect()
    }
}

impl TestApp {
    /// Sends what is due.
    pub async fn deliver(&self) -> usize {
        jobs::send_due(&self.app).await
    }

    /// What the sweep does.
    pub async fn sweep(&self) {
        jobs::plan(&self.app).await.unwrap();
        jobs::run_due(&self.app).await;
    }
}

impl Browser {
    /// The form for a new webhook with these fields in place of the usual ones, and the id that it was shown with.
    pub async fn submit_webhook(&mut self, address: &str, instead: &[(&str, &str)]) -> (Page, String) {
        let new = format!("{WEBHOOKS}/new");
        let form = self.get(&new).await;
        let (csrf, id) = (form.csrf(), form.attributes("input[name=id]", "value").remove(0));
        let usual = [("name", "Billing"), ("address", address), ("environment", "test"), ("which", "all")];
        let usual = usual.into_iter().filter(|(name, _)| !instead.iter().any(|(other, _)| other == name));
        let guard = [("csrf", csrf.as_str()), ("id", id.as_str())];
        let fields: Vec<_> = guard.into_iter().chain(usual).chain(instead.iter().copied()).collect();
        (self.post(&new, &fields).await, id.clone())
    }

    pub async fn add_webhook(&mut self, address: &str, instead: &[(&str, &str)]) -> Webhook {
        let (page, id) = self.submit_webhook(address, instead).await;
        assert_eq!(page.status, 200, "{}", page.text);
        Webhook { page: format!("{WEBHOOKS}/{id}"), id, key: page.text_of("code#key") }
    }

    /// Presses a button of the webhook's page.
    pub async fn press(&mut self, webhook: &Webhook, what: &str) -> Page {
        self.submit("/account", &format!("{}/{what}", webhook.page), &[]).await
    }

    /// The form for another key, sent once with this moment to take over.
    pub async fn submit_key(&mut self, webhook: &Webhook, when: &str) -> Page {
        let path = format!("{}/key", webhook.page);
        let form = self.get(&path).await;
        let field = |name: &str| form.attributes(&format!("input[name={name}]"), "value").remove(0);
        let (number, waiting) = (field("number"), field("waiting"));
        self.post(&path, &[("csrf", &form.csrf()), ("number", &number), ("waiting", &waiting), ("when", when)]).await
    }

    /// The addresses of its deliveries, the newest first.
    pub async fn log(&mut self, webhook: &Webhook) -> Vec<String> {
        self.get(&webhook.page).await.attributes("a.row-link", "href")
    }
}
