//! Descriptions that are understood, in part or not at all.

use proptest::prelude::*;

use super::*;
use crate::catalog::spec::Placement;
use crate::domain::Kind;

const SMALL: &str = r##"
openapi: 3.1.0
info:
  title: " Parcels\u200b API "
  description: |

    Sends parcels.
    And more.
externalDocs: { url: "https://docs.example.com" }
servers:
  - url: https://{region}.api.example.com/v2/
    description: Live
    variables: { region: { default: eu, enum: [eu, us] } }
  - url: https://{shop}.example.com
    variables: { shop: { default: demo } }
  - url: "{protocol}://{hostname}/api"
    description: Your own
    variables: { protocol: { default: https }, hostname: { default: localhost } }
  - url: http://old.example.com
  - url: /relative
security: [{ token: [] }]
paths:
  /parcels:
    get: {}
    head: {}
    post: { security: [{ app: [], key_id: [] }] }
  /upload: { servers: [{ url: "https://upload.example.com" }], put: { security: [] } }
  x-anything: 7
components:
  securitySchemes:
    token: { type: http, scheme: Bearer }
    app: { type: apiKey, in: header, name: X-App }
    key_id: { type: apiKey, in: query, name: id }
    raw: { type: apiKey, in: header, name: Authorization, description: "Send `Bearer <key>`" }
    jar: { type: apiKey, in: cookie, name: session }
    again: { $ref: "#/components/securitySchemes/jar" }
    far: { $ref: "https://example.com/schemes.yaml#/x" }
    user: { type: http, scheme: basic }
    old: { type: http, scheme: digest }
    cert: { type: mutualTLS }
    discovered: { type: openIdConnect, openIdConnectUrl: "https://example.com/.well-known/openid-configuration" }
    host: { type: apiKey, in: header, name: Host }
    consent:
      type: oauth2
      flows:
        authorizationCode:
          authorizationUrl: https://example.com/authorize
          tokenUrl: https://example.com/token
          scopes: { "parcels:read": "See parcels.", "parcels:write": null }
        clientCredentials: { tokenUrl: "https://example.com/token", scopes: {} }
        implicit: { authorizationUrl: "https://example.com/authorize", scopes: {} }
"##;

fn way<'a>(found: &'a Understood, schemes: &[&str]) -> &'a Way {
    found.ways.iter().find(|way| way.schemes == schemes).unwrap_or_else(|| panic!("{schemes:?}: {:#?}", found.ways))
}

fn kind<'a>(found: &'a Understood, schemes: &[&str]) -> &'a KindSpec {
    match &way(found, schemes).credential {
        Credential::Key(kind) => kind,
        other => panic!("{other:?}"),
    }
}

fn why<'a>(found: &'a Understood, place: &str) -> &'a str {
    let unused = found.unused.iter().find(|unused| unused.place == place);
    &unused.unwrap_or_else(|| panic!("{place}: {:#?}", found.unused)).why
}

#[test]
fn what_a_description_says_of_itself_and_its_servers_is_understood() {
    let found = read(SMALL.as_bytes()).unwrap();
    assert_eq!((found.version.as_str(), found.name.as_str()), ("3.1.0", "Parcels API"));
    assert_eq!((found.summary.as_str(), found.docs.as_deref()), ("Sends parcels.", Some("https://docs.example.com")));
    let [live, shop, own] = found.servers.as_slice() else { panic!("{:#?}", found.servers) };
    assert_eq!((live.base_url.as_str(), live.label.as_str()), ("https://{region}.api.example.com/v2", "Live"));
    assert_eq!(live.hosts, ["{region}.api.example.com"]);
    let options: Vec<_> =
        live.parts.iter().flat_map(|part| &part.options).map(|option| option.value.as_str()).collect();
    assert_eq!(options, ["eu", "us"]);
    let shop = shop.parts.first().unwrap();
    assert_eq!((shop.fault("acme"), shop.placeholder.as_str()), (None, "demo"));
    assert!(shop.fault("acme.evil.example/").is_some());
    assert_eq!((own.base_url.as_str(), own.hosts.len()), ("{address}/api", 0));
    assert!(own.parts.first().is_some_and(|part| part.address));
    assert!(
        why(&found, "servers[3]").contains("https alone") && why(&found, "servers[4]").contains("not a whole address")
    );
    assert!(why(&found, "paths./upload").contains("server of its own"));
}

#[test]
fn every_way_to_authenticate_is_understood_or_named() {
    let found = read(SMALL.as_bytes()).unwrap();
    assert_eq!(found.ways.first().map(|way| (way.schemes.join(" "), way.requests)), Some(("token".to_owned(), 2)));
    let header =
        |name: &str, template: &str| vec![Placement::Header { name: name.to_owned(), template: template.to_owned() }];
    assert_eq!(kind(&found, &["token"]).placements, header("Authorization", "Bearer {value}"));
    assert_eq!(kind(&found, &["raw"]).placements, header("Authorization", "Bearer {value}"));
    assert_eq!(kind(&found, &["user"]).kind, Kind::Password);
    for jar in ["jar", "again"] {
        assert!(
            matches!(kind(&found, &[jar]).placements.as_slice(), [Placement::Cookie { name, .. }] if name == "session")
        );
    }
    let pair = kind(&found, &["app", "key_id"]);
    assert_eq!(pair.value_field().map(|field| field.name.as_str()), Some("api_key"));
    let places: Vec<_> = pair.placements.iter().map(|placement| placement.templates()).collect();
    assert_eq!(places, [["X-App", "{value}"], ["id", "{key2_key_id}"]]);
    assert!(pair.fields.iter().all(|field| field.secret));
    let flows: Vec<_> = found.ways.iter().filter(|way| way.schemes == ["consent"]).map(|way| &way.credential).collect();
    let [Credential::OAuth(consent), Credential::ClientCredentials(_)] = flows.as_slice() else { panic!("{flows:?}") };
    let scopes: Vec<_> = consent.scopes.iter().map(|scope| (scope.name.as_str(), scope.means.as_str())).collect();
    assert_eq!(scopes, [("parcels:read", "See parcels."), ("parcels:write", "parcels:write")]);
    let place = |name: &str| format!("components.securitySchemes.{name}");
    for (name, part) in [
        ("far", "nothing is fetched"),
        ("old", "digest"),
        ("cert", "Certificates"),
        ("discovered", "by hand"),
        ("host", "not for keys"),
        ("consent.flows.implicit", "not safe"),
    ] {
        assert!(why(&found, &place(name)).contains(part), "{name}");
    }
}

#[test]
fn a_key_that_is_named_as_a_parameter_is_proposed_where_no_scheme_covers_the_requests() {
    let text = |security: &str| {
        format!(
            r##"
openapi: 3.0.0
paths:
  /a:
    parameters: [{{ $ref: "#/components/parameters/Key" }}, {{ in: query, name: page_token }}, {{ in: path, name: key }}]
    get: {{ parameters: [{{ in: header, name: Authorization }}, {{ in: query, name: rare_key }}] }}
    put: {{ parameters: [{{ in: cookie, name: token }}, 7, {{ $ref: "#/components/parameters/gone" }}] }}
  /b: {{ get: {{ parameters: [{{ in: header, name: accessToken }}] }}, put: {{}}, post: {{ parameters: odd }} }}
  /c: {{ get: {{ parameters: [{{ in: header, name: X-Api-Key }}] }} }}
security: {security}
components:
  parameters:
    Key: {{ in: header, name: X-Api-Key }}
    odd: 7
  securitySchemes: {{ cert: {{ type: mutualTLS }} }}
"##
        )
    };
    let found = read(text("[]").as_bytes()).unwrap();
    let ways: Vec<_> = found.ways.iter().map(|way| (way.schemes.join(" "), way.requests, way.as_parameter)).collect();
    let proposed = |name: &str, requests: usize| (name.to_owned(), requests, true);
    assert!(ways.contains(&proposed("X-Api-Key", 3)), "{ways:?}");
    assert_eq!(ways.len(), 1, "{ways:?}");
    assert!(found.ways.iter().all(|way| way.note.is_some_and(|note| note.contains("check it"))));
    assert_eq!(read(text("[{ cert: [] }]").as_bytes()).unwrap().ways.len(), 0, "covered, be it by what cannot be used");
}

#[test]
fn json_says_the_same_as_yaml() {
    let text = r##"{"openapi":"3.0.3","info":{"title":"A"},"servers":[{"url":"https://a.example"}],
        "components":{"securitySchemes":{"k":{"type":"apiKey","in":"query","name":"key"}}},"paths":{}}"##;
    let found = read(text.as_bytes()).unwrap();
    assert_eq!((found.version.as_str(), found.ways.len(), found.servers.len()), ("3.0.3", 1, 1));
    assert_eq!(read("openapi: 3.1\ninfo: {title: A}\npaths: {}".as_bytes()).unwrap().version, "3.1");
}

#[test]
fn what_is_no_description_is_told_apart() {
    let fails = |text: &str| read(text.as_bytes()).map(|found| found.name).unwrap_err();
    assert_eq!(fails(" \n\u{feff}"), ImportError::Empty);
    assert_eq!(read(&[0xff, 0xfe, 0x00]).map(drop), Err(ImportError::NotText));
    assert_eq!(read(&vec![b' '; LONGEST + 1]).map(drop), Err(ImportError::TooLarge));
    for rest in
        ["", "info: 7", "info: { title: [] }\npaths: []", "components: { securitySchemes: [] }\nexternalDocs: x"]
    {
        assert_eq!(fails(&format!("swagger: \"2.0\"\n{rest}")), ImportError::Swagger, "{rest}");
    }
    assert_eq!(fails("{\"info\": 7, \"paths\": [], \"swagger\": \"2.0\"}"), ImportError::Swagger);
    assert_eq!(fails("{\"info\": 7, \"openapi\": \"4.0.0\"}"), ImportError::Version("4.0.0".to_owned()));
    assert!(matches!(fails("{\"info\": 7, \"openapi\": \"3.0.0\"}"), ImportError::Malformed { .. }));
    assert_eq!(fails("{\"openapi\": \"4.0.0\"}"), ImportError::Version("4.0.0".to_owned()));
    assert_eq!(fails("{\"asyncapi\": \"3.0.0\"}"), ImportError::NotOpenApi);
    assert!(matches!(fails("{\"openapi\": \"3.0.0\",\n \"info\": {]"), ImportError::Malformed { line: 2, .. }));
    assert!(matches!(fails("openapi: 3.0.0\ninfo: [\n"), ImportError::Malformed { format: "YAML", .. }));
    assert!(matches!(fails("<html></html>"), ImportError::Malformed { .. } | ImportError::NotOpenApi));
}

#[test]
fn bombs_do_not_go_off() {
    let mut laughs = "openapi: 3.0.0\nl0: &l0 [a, a, a, a, a, a, a, a, a, a]\n".to_owned();
    for level in 1..12 {
        let before = format!("*l{}, ", level - 1).repeat(10);
        laughs.push_str(&format!("l{level}: &l{level} [{before}]\n"));
    }
    assert_eq!(read(laughs.as_bytes()).map(drop), Err(ImportError::Tangled));
    let deep = format!("openapi: 3.0.0\ninfo: {}", "[".repeat(100_000));
    assert!(read(deep.as_bytes()).is_err());
    let deep = format!("{{\"openapi\": \"3.0.0\", \"security\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(deep.as_bytes()).map(drop), Err(ImportError::Tangled));
    let schemes: String =
        (0..5_000).map(|at| format!("\"s{at}\":{{\"type\":\"http\",\"scheme\":\"bearer\"}},")).collect();
    let wide = format!("{{\"openapi\":\"3.0.0\",\"components\":{{\"securitySchemes\":{{{schemes}\"z\":{{}}}}}}}}");
    assert!(read(wide.as_bytes()).unwrap().ways.len() <= document::MOST);
}

#[test]
fn a_scheme_of_another_form_costs_only_itself() {
    for odd in ["7", "null", "[]", "{\"type\": 3}", "{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"a\\r\\nb\"}"] {
        let text = format!(
            "{{\"openapi\":\"3.0.0\",\"components\":{{\"securitySchemes\":{{\"odd\":{odd},\"ok\":{{\"type\":\"http\",\"scheme\":\"bearer\"}}}}}}}}"
        );
        let found = read(text.as_bytes()).unwrap();
        assert_eq!(found.ways.len(), 1, "{odd}");
        assert!(found.unused.iter().any(|unused| unused.place.ends_with(".odd")), "{odd}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gets_an_answer(text in "\\PC{0,400}") {
        let _answer = read(text.as_bytes());
        let _answer = read(format!("openapi: 3.0.0\n{text}").as_bytes());
    }

    /// A description with some of its bytes exchanged, cut off or doubled.
    #[test]
    fn a_damaged_description_gets_an_answer(
        changes in proptest::collection::vec((0..SMALL.len(), any::<u8>()), 0..12),
        end in 0..SMALL.len(),
    ) {
        let mut bytes = SMALL.as_bytes().to_vec();
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        let _whole = read(&bytes);
        bytes.truncate(end);
        let _cut = read(&bytes);
    }

    /// Whatever a server and a variable are called, what comes of them passes the check of the catalogue.
    #[test]
    fn a_server_leads_to_known_hosts_or_nowhere(url in "https://[a-z{}./:@%-]{0,30}", default in "\\PC{0,10}") {
        let document = serde_json::json!({
            "openapi": "3.0.0",
            "servers": [{ "url": url, "variables": { "a": { "default": default }, "b": { "enum": [default, "x"] } } }],
            "components": { "securitySchemes": { "t": { "type": "http", "scheme": "bearer" } } },
        });
        let found = read(document.to_string().as_bytes()).unwrap();
        for server in &found.servers {
            prop_assert!(server.hosts.iter().all(|host| server.base_url.contains(host.as_str())));
        }
    }
}
