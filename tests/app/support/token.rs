//! A backend with a service token.

use serde_json::{Value, json};

use super::client;

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub kind: String,
    /// Seconds to wait before another try, as the answer says.
    pub retry_after: Option<u64>,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|text| text.to_str().unwrap()).unwrap_or_default()
    }

    /// Checks that this is an error as all SDKs can read it.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.text);
        assert!(self.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.text);
        assert!(self.body.get("error").is_none(), "a key `error` turns into an OAuth exception: {}", self.text);
        assert!(self.kind.starts_with("application/json"), "{}", self.kind);
    }

    /// Checks that the caller is told to come again soon.
    #[track_caller]
    pub fn is_busy(&self) {
        self.refused(503, "unavailable");
        assert!(self.retry_after.is_some_and(|seconds| (1..=60).contains(&seconds)), "{:?}", self.retry_after);
    }

    #[track_caller]
    pub fn hands_out(&self, value: &str) {
        assert_eq!(self.status, 200, "{}", self.text);
        let credential = json!({ "object": "credential", "auth_method": "api_key", "value": value, "config": {} });
        assert_eq!(self.body, json!({ "active": true, "credential": credential }));
        assert!(self.kind.starts_with("application/json"), "{}", self.kind);
    }

    #[track_caller]
    pub fn is_not_installed(&self) {
        assert_eq!((self.status, &self.body), (200, &json!({ "active": false, "error": "not_installed" })));
    }
}

#[derive(Clone)]
pub struct Token {
    base: String,
    client: reqwest::Client,
    pub text: String,
    /// What `X-Forwarded-For` says, where it is sent.
    forwarded: Option<String>,
}

impl Token {
    pub fn new(base: &str, text: &str) -> Self {
        Self { base: base.to_owned(), client: client(), text: text.to_owned(), forwarded: None }
    }

    /// The same caller with another text in the header.
    pub fn saying(&self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self.clone() }
    }

    /// The same caller through a proxy that has seen this address.
    pub fn forwarded_for(&self, addresses: &str) -> Self {
        Self { forwarded: Some(addresses.to_owned()), ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub fn id(&self) -> String {
        let body = self.text.splitn(3, '_').nth(2).unwrap();
        format!("tok_{}", &body[..26])
    }

    pub async fn vend(&self, slug: &str, user: &str) -> Answer {
        self.vend_with(slug, &json!({ "user_id": user })).await
    }

    pub async fn vend_with(&self, slug: &str, body: &Value) -> Answer {
        let url = format!("{}/data-integrations/{slug}/credentials", self.base);
        self.send(self.client.post(url).json(body)).await
    }

    pub async fn put(&self, slug: &str, user: &str, secret: &str) -> Answer {
        self.put_with(slug, &json!({ "user_id": user, "secret": secret })).await
    }

    pub async fn put_with(&self, slug: &str, body: &Value) -> Answer {
        let url = format!("{}/data-integrations/{slug}/api-key", self.base);
        self.send(self.client.put(url).json(body)).await
    }

    /// Vends what a node of a workflow is bound to.
    pub async fn vend_node(&self, workflow: &str, key: &str) -> Answer {
        let path = format!("/api/v1/workflows/{workflow}/nodes/{key}/credentials");
        self.ask("POST", &path, &json!({})).await
    }

    pub async fn register(&self, external: &str, body: &Value) -> Answer {
        self.ask("PUT", &format!("/api/v1/workflows/{external}"), body).await
    }

    pub async fn workflow(&self, called: &str) -> Answer {
        self.ask("GET", &format!("/api/v1/workflows/{called}"), &json!({})).await
    }

    /// Any request to any of the machines' routes.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.client.request(method.parse().unwrap(), format!("{}{path}", self.base)).json(body)).await
    }

    /// The same with further headers.
    pub async fn ask_with(&self, (method, path): (&str, &str), body: &Value, headers: &[(&str, &str)]) -> Answer {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base)).json(body);
        self.send(headers.iter().fold(request, |request, (name, text)| request.header(*name, *text))).await
    }

    /// The same, under a key by which it is known when it comes again.
    pub async fn once(&self, method: &str, path: &str, body: &Value, key: &str) -> Answer {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base)).json(body);
        self.send(request.header("idempotency-key", key)).await
    }

    /// Asks with a browser's cookies instead of the header.
    pub async fn with_cookies(&self, method: &str, path: &str, cookies: &str) -> Answer {
        let request = self.client.request(method.parse().unwrap(), format!("{}{path}", self.base)).json(&json!({}));
        read(request.header("cookie", cookies)).await
    }

    /// Asks with the token in the address instead of the header.
    pub async fn vend_by_query(&self, slug: &str, user: &str) -> Answer {
        let token = &self.text;
        let url = format!("{}/data-integrations/{slug}/credentials?token={token}&access_token={token}", self.base);
        read(self.client.post(url).json(&json!({ "user_id": user }))).await
    }

    pub async fn vend_without_header(&self, slug: &str, user: &str) -> Answer {
        let url = format!("{}/data-integrations/{slug}/credentials", self.base);
        read(self.client.post(url).json(&json!({ "user_id": user }))).await
    }

    /// Stores a key where the server may die on the way.
    pub async fn try_put(&self, slug: &str, user: &str, secret: &str) -> reqwest::Result<Answer> {
        let url = format!("{}/data-integrations/{slug}/api-key", self.base);
        let request = self.client.put(url).json(&json!({ "user_id": user, "secret": secret }));
        try_read(request.header("authorization", format!("Bearer {}", self.text))).await
    }

    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = match &self.forwarded {
            Some(addresses) => request.header("x-forwarded-for", addresses),
            None => request,
        };
        read(request.header("authorization", format!("Bearer {}", self.text))).await
    }
}

async fn read(request: reqwest::RequestBuilder) -> Answer {
    try_read(request).await.unwrap()
}

async fn try_read(request: reqwest::RequestBuilder) -> reqwest::Result<Answer> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|text| text.to_str().unwrap().to_owned());
    let kind = header("content-type").unwrap_or_default();
    let retry_after = header("retry-after").map(|text| text.parse().unwrap());
    let headers = response.headers().clone();
    let text = response.text().await?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Ok(Answer { status, body, text, kind, retry_after, headers })
}
