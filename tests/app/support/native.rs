//! A client of `/api/v1` that believes nothing: every answer is held against the description that Keyrack serves.

use serde_json::{Value, json};

use super::{Answer, TestApp, Token};

pub struct Native {
    token: Token,
    document: Value,
}

impl TestApp {
    /// Speaks to Keyrack's own API as this token.
    pub async fn native(&self, token: &Token) -> Native {
        let served = token.ask("GET", "/api/v1/openapi.json", &json!({})).await;
        assert_eq!(served.status, 200, "{}", served.text);
        Native { token: token.clone(), document: served.body }
    }
}

impl Native {
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &json!({})).await
    }

    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send_with((method, path), body, &[]).await
    }

    pub async fn send_with(&self, (method, path): (&str, &str), body: &Value, headers: &[(&str, &str)]) -> Answer {
        let answer = self.token.ask_with((method, path), body, headers).await;
        self.is_described((method, path), &answer);
        answer
    }

    /// Reads a list to its end, so many rows at a time.
    pub async fn all(&self, path: &str, limit: usize) -> Vec<Value> {
        let (mut rows, mut after) = (Vec::new(), String::new());
        loop {
            let joint = if path.contains('?') { '&' } else { '?' };
            let page = self.get(&format!("{path}{joint}limit={limit}{after}")).await;
            assert_eq!(page.status, 200, "{}", page.text);
            let data = page.body["data"].as_array().unwrap();
            assert!(data.len() <= limit, "{}", page.text);
            rows.extend(data.iter().cloned());
            match page.body["next"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return rows,
            }
        }
    }

    #[track_caller]
    fn is_described(&self, (method, path): (&str, &str), answer: &Answer) {
        let path = path.split('?').next().unwrap();
        let fits = |template: &str| {
            let (one, other): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.starts_with('{') || *one == other)
        };
        let paths = self.document["paths"].as_object().unwrap();
        let operation =
            paths.iter().filter(|(template, _)| fits(template)).find_map(|(_, item)| item.get(method.to_lowercase()));
        let operation = operation.unwrap_or_else(|| panic!("{method} {path} is not described"));
        let described = &operation["responses"][answer.status.to_string()];
        assert!(
            described.is_object(),
            "{method} {path} answers {}, which is not described: {}",
            answer.status,
            answer.text
        );
        let schema = &described["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert_eq!(answer.text, "", "{method} {path}");
            return;
        }
        assert!(answer.kind.starts_with("application/json"), "{}", answer.kind);
        let whole = json!({ "allOf": [schema], "components": self.document["components"] });
        let validator = jsonschema::validator_for(&whole).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&answer.body).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}\n{}", answer.text);
        for name in described["headers"].as_object().into_iter().flatten().map(|(name, _)| name) {
            assert!(!answer.header(name).is_empty(), "{method} {path} lacks {name}");
        }
        for name in ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"] {
            assert!(answer.header(name).parse::<u64>().is_ok(), "{method} {path}: {name}");
        }
    }
}

impl Answer {
    /// Checks that this is an error of Keyrack's own API.
    #[track_caller]
    pub fn refused_natively(&self, status: u16, code: &str) {
        self.refused(status, code);
        assert_eq!(self.body["docs"], format!("/api/reference#error-{code}"), "{}", self.text);
    }

    pub fn names(&self) -> Vec<&str> {
        self.body["data"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
    }
}
