//! Reads the description of the API as a page tells it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::page::{Answer, ErrorCode, Example, Field, Group, Piece, Route, Shape, Word};

pub struct Reader<'a> {
    pub whole: &'a Value,
    /// With what the addresses of the examples begin.
    pub base: &'a str,
}

const SHAPES: &str = "#/components/schemas/";
/// Two nested objects are enough for an example.
const DEEPEST: usize = 3;

/// Words and code in turn, as backticks part them.
pub fn pieces(text: &str) -> Vec<Piece> {
    let parts = text.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(at, part)| Piece { code: at % 2 == 1, text: part.replace('\n', " ") }).collect()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn object<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value.get(name).and_then(Value::as_object).into_iter().flatten()
}

fn plain(words: &str) -> Word {
    Word { text: words.to_owned(), shape: None }
}

/// The name of the shape that a schema stands for.
fn shape_of(schema: &Value) -> Option<&str> {
    text(schema, "$ref").strip_prefix(SHAPES)
}

/// What a value is, in words.
fn kind(schema: &Value) -> Vec<Word> {
    if let Some(name) = shape_of(schema) {
        return vec![Word { text: name.to_owned(), shape: Some(name.to_owned()) }];
    }
    let words: Vec<&str> = list(schema, "enum").filter_map(Value::as_str).collect();
    if !words.is_empty() {
        return vec![plain(&words.join(" | "))];
    }
    let either: Vec<&Value> = list(schema, "oneOf").chain(list(schema, "anyOf")).collect();
    if !either.is_empty() {
        let mut all = Vec::new();
        for (at, one) in either.iter().enumerate() {
            all.extend((at > 0).then(|| plain(" or ")));
            all.extend(kind(one));
        }
        return all;
    }
    let named: Vec<&str> = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one],
        _ => Vec::new(),
    };
    let mut all = Vec::new();
    for (at, name) in named.iter().enumerate() {
        all.extend((at > 0).then(|| plain(" or ")));
        match *name {
            "array" => {
                all.push(plain("list of "));
                all.extend(schema.get("items").map(kind).unwrap_or_default());
            }
            "string" if text(schema, "format") == "date-time" => all.push(plain("time")),
            "string" => all.push(plain("text")),
            other => all.push(plain(other)),
        }
    }
    all
}

/// The members of an object, or of each of those that it may be.
fn fields(schema: &Value) -> Vec<Field> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for one in std::iter::once(schema).chain(list(schema, "oneOf")) {
        let required: BTreeSet<&str> = list(one, "required").filter_map(Value::as_str).collect();
        for (name, member) in object(one, "properties").filter(|(name, _)| seen.insert((*name).clone())) {
            all.push(Field {
                name: name.clone(),
                place: None,
                required: required.contains(name.as_str()),
                kind: kind(member),
                about: pieces(text(member, "description")),
            });
        }
    }
    all
}

impl<'a> Reader<'a> {
    pub fn about(&self) -> &'a str {
        self.whole.pointer("/info/description").and_then(Value::as_str).unwrap_or_default()
    }

    fn shape(&self, name: &str) -> Option<&'a Value> {
        self.whole.get("components")?.get("schemas")?.get(name)
    }

    pub fn groups(&self) -> Vec<Group> {
        let tags = list(self.whole, "tags");
        tags.map(|tag| {
            let name = text(tag, "name");
            Group {
                id: format!("group-{}", name.to_lowercase().replace(' ', "-")),
                name: name.to_owned(),
                about: pieces(text(tag, "description")),
                routes: self.routes(name),
            }
        })
        .collect()
    }

    fn routes(&self, tag: &str) -> Vec<Route> {
        let mut routes = Vec::new();
        for (path, item) in object(self.whole, "paths") {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if list(operation, "tags").any(|name| name == tag) {
                    routes.push(self.route((method, path), operation));
                }
            }
        }
        routes
    }

    fn route(&self, (method, path): (&str, &str), operation: &Value) -> Route {
        let (id, method) = (text(operation, "operationId").to_owned(), method.to_uppercase());
        let body = operation.pointer("/requestBody/content/application~1json/schema");
        let shape = body.and_then(|schema| self.shape(shape_of(schema)?));
        let parameters = list(operation, "parameters").map(|one| Field {
            name: text(one, "name").to_owned(),
            place: Some(text(one, "in").to_owned()),
            required: one.get("required").and_then(Value::as_bool).unwrap_or(false),
            kind: one.get("schema").map(kind).unwrap_or_default(),
            about: pieces(text(one, "description")),
        });
        let answers = object(operation, "responses").map(|(status, answer)| Answer {
            status: status.clone(),
            about: pieces(text(answer, "description")),
            kind: answer.pointer("/content/application~1json/schema").map(kind).unwrap_or_default(),
        });
        Route {
            title: text(operation, "summary").to_owned(),
            about: pieces(text(operation, "description")),
            ability: Some(text(operation, "x-ability")).filter(|word| *word != "any").map(ToOwned::to_owned),
            parameters: parameters.collect(),
            body: shape.map(fields).unwrap_or_default(),
            answers: answers.collect(),
            example: Example {
                id: format!("{id}-curl"),
                title: "With curl".to_owned(),
                code: self.curl((&method, path), shape),
            },
            id,
            method,
            path: path.to_owned(),
        }
    }

    fn curl(&self, (method, path): (&str, &str), body: Option<&Value>) -> String {
        let with = if method == "GET" { String::new() } else { format!("-X {method} ") };
        let mut code = format!("curl {with}'{}{path}' \\\n  -H \"Authorization: Bearer $TOKEN\"", self.base);
        if let Some(schema) = body {
            let sample = self.sample(schema, DEEPEST).to_string();
            code.push_str(&format!(" \\\n  -H 'Content-Type: application/json' \\\n  -d '{sample}'"));
        }
        code
    }

    /// Something of this shape, to be filled in.
    fn sample(&self, schema: &Value, deep: usize) -> Value {
        if let Some(shape) = shape_of(schema).and_then(|name| self.shape(name)) {
            return if deep == 0 { Value::Null } else { self.sample(shape, deep - 1) };
        }
        let first = list(schema, "enum").next().or_else(|| list(schema, "examples").next());
        if let Some(first) = first {
            return first.clone();
        }
        let members = || object(schema, "properties").map(|(name, member)| (name.clone(), self.sample(member, deep)));
        match schema.get("type") {
            Some(Value::String(one)) if one == "object" => Value::Object(members().collect::<Map<_, _>>()),
            Some(Value::String(one)) if one == "array" => {
                Value::Array(schema.get("items").map(|item| self.sample(item, deep)).into_iter().collect())
            }
            _ if text(schema, "format") == "date-time" => "2027-10-01T12:00:00.000Z".into(),
            _ => "…".into(),
        }
    }

    pub fn shapes(&self) -> Vec<Shape> {
        let all = self.whole.get("components").into_iter().flat_map(|components| object(components, "schemas"));
        all.map(|(name, schema)| {
            let fields = fields(schema);
            let kind = if fields.is_empty() { kind(schema) } else { Vec::new() };
            Shape { name: name.clone(), about: pieces(text(schema, "description")), fields, kind }
        })
        .collect()
    }

    pub fn errors(&self) -> Vec<ErrorCode> {
        let all = list(self.whole, "x-errors");
        all.map(|one| ErrorCode {
            code: text(one, "code").to_owned(),
            status: one.get("status").and_then(Value::as_u64).unwrap_or_default().to_string(),
            means: text(one, "means").to_owned(),
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(schema: &Value) -> String {
        kind(schema).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn types_are_told_in_words() {
        assert_eq!(said(&json!({ "type": "string" })), "text");
        assert_eq!(said(&json!({ "type": ["string", "null"], "format": "date-time" })), "time or null");
        assert_eq!(said(&json!({ "type": "array", "items": { "$ref": "#/components/schemas/Node" } })), "list of Node");
        assert_eq!(
            said(&json!({ "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Node" }] })),
            "null or Node"
        );
        assert_eq!(said(&json!({ "type": "string", "enum": ["test", "live"] })), "test | live");
    }

    #[test]
    fn code_is_told_from_words() {
        let told: Vec<(bool, String)> =
            pieces("`a` and\n`b`.").into_iter().map(|piece| (piece.code, piece.text)).collect();
        let text = |code, text: &str| (code, text.to_owned());
        assert_eq!(told, [text(true, "a"), text(false, " and "), text(true, "b"), text(false, ".")]);
    }
}
