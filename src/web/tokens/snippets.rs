//! Requests to try a token with: by curl, and by the SDKs that backends have. The token's text is in none of them.

use std::collections::BTreeMap;

use url::Url;

use crate::config::ServerConfig;
use crate::domain::{Abilities, Ability, NodeTypes, PersonId, Slug};
use crate::web::snippet::Snippet;

/// An end user's id in the examples.
const END_USER: &str = "customer-42";

/// Of what the examples are made.
struct Example<'a> {
    base: &'a str,
    node_type: String,
    vends: bool,
    connects: bool,
}

/// What a token with these abilities and limits is for, in the order in which one would try it.
pub fn of(
    server: &ServerConfig,
    abilities: &Abilities,
    node_types: Option<&NodeTypes>,
    maker: &PersonId,
) -> Vec<Snippet> {
    let has = |ability| abilities.contains(ability);
    let node_type = node_types.and_then(|limit| limit.iter().next()).map_or("stripe", Slug::as_str).to_owned();
    let (vends, connects) = (has(Ability::Vend), has(Ability::Connect));
    let example = Example { base: server.base(), node_type, vends, connects };
    let (base, node_type) = (example.base, example.node_type.as_str());
    let mut all = Vec::new();
    if vends {
        all.push(Snippet::vend("own", "Fetch a key of your own", base, node_type, maker.as_str()));
    }
    if connects {
        all.push(Snippet::put_api_key("put", "Store an end user's key", base, node_type, END_USER));
    }
    if vends {
        all.push(Snippet::vend("end", "Fetch that end user's key", base, node_type, END_USER));
    }
    if has(Ability::Proxy) {
        // What is asked for is the agent's to say.
        let path = if node_type == "stripe" { "/v1/balance" } else { "/" };
        all.push(Snippet::call("proxy", base, (node_type, path), &BTreeMap::new(), None));
    }
    if vends || connects {
        all.extend([node(&server.public_url, &example), python(&example), rust(&example)]);
    }
    if has(Ability::Manage) {
        all.push(register(&example));
    }
    if has(Ability::Read) {
        let code = format!("curl {base}/api/v1/workflows \\\n  -H \"Authorization: Bearer $TOKEN\"");
        all.push(snippet("read", "Read the workflows", code));
    }
    all
}

fn snippet(id: &'static str, title: &str, code: String) -> Snippet {
    Snippet { id, title: title.to_owned(), code }
}

fn register(of: &Example<'_>) -> Snippet {
    let (base, node_type) = (of.base, &of.node_type);
    let code = format!(
        "curl -X PUT {base}/api/v1/workflows/invoices \\\n  \
         -H \"Authorization: Bearer $TOKEN\" \\\n  \
         -H \"Content-Type: application/json\" \\\n  \
         -d '{{\"name\":\"Invoices\",\"nodes\":[{{\"key\":\"charge\",\"node_type\":\"{node_type}\"}}]}}'"
    );
    snippet("manage", "Register a workflow", code)
}

fn node(address: &Url, of: &Example<'_>) -> Snippet {
    let host = address.host_str().unwrap_or_default();
    let port = address.port().map(|port| format!(" port: {port},")).unwrap_or_default();
    let https = address.scheme() == "https";
    let mut code = format!(
        "import {{ WorkOS }} from \"@workos-inc/node\";\n\n\
         const keyrack = new WorkOS(process.env.TOKEN, {{\n  \
         apiHostname: \"{host}\",{port} https: {https},\n}});\n\
         const of = {{ slug: \"{}\", userId: \"{END_USER}\" }};\n",
        of.node_type
    );
    if of.connects {
        code.push_str("await keyrack.pipes.updateDataIntegrationApiKey({ ...of, secret: \"THEIR_KEY\" });\n");
    }
    if of.vends {
        code.push_str("const answer = await keyrack.pipes.createDataIntegrationCredential(of);\n");
    }
    snippet("node", "In Node, with @workos-inc/node", code)
}

fn python(of: &Example<'_>) -> Snippet {
    let (base, node_type) = (of.base, &of.node_type);
    let mut code = format!(
        "import os\nfrom workos import WorkOSClient\n\n\
         keyrack = WorkOSClient(\n    api_key=os.environ[\"TOKEN\"], base_url=\"{base}\"\n)\n"
    );
    if of.connects {
        code.push_str(&format!(
            "keyrack.pipes.update_data_integration_api_key(\n    \
             \"{node_type}\", user_id=\"{END_USER}\", secret=\"THEIR_KEY\"\n)\n"
        ));
    }
    if of.vends {
        code.push_str(&format!(
            "answer = keyrack.pipes.create_data_integration_credential(\n    \
             \"{node_type}\", user_id=\"{END_USER}\"\n)\n"
        ));
    }
    snippet("python", "In Python, with workos", code)
}

fn rust(of: &Example<'_>) -> Snippet {
    let code = format!(
        "let keyrack = workos::Client::builder()\n    .api_key(std::env::var(\"TOKEN\")?)\n    \
         .base_url(\"{}\")\n    .build();\n",
        of.base
    );
    snippet("rust", "In Rust, with workos", code)
}
