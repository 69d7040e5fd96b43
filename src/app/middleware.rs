//! Around every request: its id and nonce before, headers, error page and log line after.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpResponse};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::App;
use super::context::{Cookies, Embedded, RequestContext, client_address};
use super::pace::Counted;
use crate::api;
use crate::api::proxy::Proxied;
use crate::web;
use crate::web::chrome::Theme;

/// Addresses that speak to machines: their errors are JSON, and no cookie is read or set here.
const MACHINE_PATHS: [&str; 6] =
    ["/api", "/data-integrations", "/user_management", "/organizations", "/events", "/proxy"];
/// Among them, but for people.
const REFERENCE: &str = "/api/reference";
/// Below it stands what others say, and Keyrack's own errors beside it.
const PROXY: &str = "/proxy";
const PACE: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
/// Upstream has such fields of its own.
const PACE_OF_PROXY: [&str; 3] = ["keyrack-ratelimit-limit", "keyrack-ratelimit-remaining", "keyrack-ratelimit-reset"];
/// Around what others say, which may be a page with scripts.
const FENCE: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
];
const QUIET_PATHS: [&str; 2] = ["/assets/", "/health/"];

pub(super) async fn around<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(app) = request.app_data::<Data<App>>().cloned() else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let began = app.clock.now();
    let cookies = Cookies::new(&app.config.server);
    let machine = is_machine(request.path());
    // Only a page has scripts and forms, and is asked for by a browser.
    let cookie = |of: &str| if machine { None } else { cookies.read(request.request(), of) };
    let known = cookie("browser").filter(|b| b.len() == 32);
    let for_pages = || if machine { String::new() } else { app.keyring.random_text() };
    let context = RequestContext {
        id: app.keyring.random_text(),
        nonce: for_pages(),
        address: address_of(&request, &app),
        browser: known.clone().unwrap_or_else(for_pages),
    };
    request.extensions_mut().insert(context.clone());
    let theme = cookie("theme").map(|word| Theme::parse(&word)).unwrap_or_default();
    let (native, proxy) = (api::native::is_under(request.path()), is_under(request.path(), PROXY));
    let words = Words { machine, native, proxy, theme };
    let quiet = QUIET_PATHS.iter().any(|p| request.path().starts_with(p));
    let method = request.method().clone();
    // Whatever is logged on the way carries the request's id.
    let span = tracing::info_span!("request", id = context.id);
    // The request is handed on whole: the router needs to be its only holder.
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind().instrument(span.clone()).await;
    let _inside = span.enter();
    let mut response = match answer {
        Ok(Ok(response)) => response.map_into_boxed_body(),
        ended => {
            let (status, cause) = match &ended {
                Ok(Err(error)) => (error.as_response_error().status_code(), error.to_string()),
                _ => (StatusCode::INTERNAL_SERVER_ERROR, "a handler panicked".to_owned()),
            };
            tracing::error!(cause, "a request was stopped");
            log((&method, "-", status), &context, app.clock.now().since(began));
            return Err(in_words(words, status, &context, cookies.secure()));
        }
    };
    if response.response().extensions().get::<Proxied>().is_some() {
        fence(&mut response, &context);
        log((&method, PROXY, response.status()), &context, app.clock.now().since(began));
        return Ok(response);
    }
    web::error::lead_on(&mut response);
    response = in_our_words(words, response, &context);
    let embedded = response.request().extensions().get::<Embedded>().cloned();
    if known.is_none() && !quiet && !words.machine && embedded.is_none() {
        let cookie = cookies.make("browser", &context.browser, Some(actix_web::cookie::time::Duration::days(365)));
        let _kept = response.response_mut().add_cookie(&cookie);
    }
    let counted = response.request().extensions().get::<Counted>().copied();
    if let Some(counted) = counted {
        tell_pace(response.headers_mut(), counted, PACE);
    }
    let route = response.request().match_pattern();
    let route = route.as_deref().unwrap_or("-");
    add_headers(response.headers_mut(), &context, cookies.secure(), referrer(route));
    let_in(response.headers_mut(), &context.nonce, embedded.as_ref());
    log((&method, route, response.status()), &context, app.clock.now().since(began));
    Ok(response)
}

const NO_PATH: &str = "strict-origin";

/// What a browser says of this page to the next one, and to those it loads files from. The address of a single-use link
/// is told to nobody, not even in our own proxy's log, also where it is mistyped; and never nothing at all, because forms would come from nowhere.
fn referrer(route: &str) -> &'static str {
    if route == "-" || route.contains("{link}") { NO_PATH } else { "same-origin" }
}

/// How an error is told: to a machine as JSON, to a person as a page in their colours.
#[derive(Clone, Copy)]
struct Words {
    machine: bool,
    /// Whether an error says where it is explained.
    native: bool,
    /// Whether an error has to be told from what others say.
    proxy: bool,
    theme: Theme,
}

impl Words {
    fn of(self, status: StatusCode, context: &RequestContext) -> HttpResponse {
        if self.machine {
            api::error::plain(status, self.native)
        } else {
            web::error::page(status, self.theme, context)
        }
    }
}

/// For what ended before there was a response: a panic, or a session that could not be kept.
fn in_words(words: Words, status: StatusCode, context: &RequestContext, secure: bool) -> Error {
    let mut worded = words.of(status, context);
    add_headers(worded.headers_mut(), context, secure, NO_PATH);
    if words.proxy {
        api::proxy::name(worded.headers_mut(), None, status);
    }
    InternalError::from_response("stopped", worded).into()
}

fn address_of(request: &ServiceRequest, app: &App) -> Option<std::net::IpAddr> {
    let forwarded = request.headers().get_all("x-forwarded-for").map(HeaderValue::as_bytes);
    client_address(request.peer_addr(), forwarded.collect(), &app.config.server.trusted_proxies)
}

fn is_machine(path: &str) -> bool {
    path != REFERENCE && MACHINE_PATHS.iter().any(|root| is_under(path, root))
}

fn is_under(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What upstream said acts on nothing here, should somebody look at it in a browser; and it leads to its log by a name that
/// upstream's own does not have.
fn fence(response: &mut ServiceResponse<BoxBody>, context: &RequestContext) {
    let pace = response.request().extensions().get::<Counted>().copied();
    let headers = response.headers_mut();
    for (name, value) in FENCE {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(id) = HeaderValue::from_str(&context.id) {
        headers.insert(HeaderName::from_static("keyrack-request-id"), id);
    }
    if let Some(counted) = pace {
        tell_pace(headers, counted, PACE_OF_PROXY);
    }
}

/// The three fields by which a client learns how fast it may go on.
fn tell_pace(headers: &mut HeaderMap, counted: Counted, [limit, remaining, reset]: [&'static str; 3]) {
    for (name, number) in [(limit, counted.limit), (remaining, counted.remaining), (reset, counted.reset)] {
        headers.insert(HeaderName::from_static(name), number.into());
    }
}

/// An error of ours as whoever asked understands it.
fn in_our_words(
    words: Words,
    mut response: ServiceResponse<BoxBody>,
    context: &RequestContext,
) -> ServiceResponse<BoxBody> {
    let code = response.response().error().and_then(api::error::code_of);
    let explained = if words.native { response.response().error().and_then(api::error::explained) } else { None };
    if let Some(explained) = explained {
        response = response.into_response(explained);
    } else if needs_words(&response) {
        let worded = explain(words, &response, context);
        response = response.into_response(worded);
    }
    if words.proxy {
        let status = response.status();
        api::proxy::name(response.headers_mut(), code, status);
    }
    response
}

/// An error that nobody has put into words yet.
fn needs_words(response: &ServiceResponse<BoxBody>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let failed = response.status().is_client_error() || response.status().is_server_error();
    failed && !kind.starts_with("text/html") && !kind.starts_with("application/json")
}

fn explain(words: Words, response: &ServiceResponse<BoxBody>, context: &RequestContext) -> HttpResponse {
    let mut worded = words.of(response.status(), context);
    for name in [header::RETRY_AFTER, header::ALLOW] {
        if let Some(value) = response.headers().get(&name) {
            worded.headers_mut().insert(name, value.clone());
        }
    }
    worded
}

fn add_headers(headers: &mut HeaderMap, context: &RequestContext, secure: bool, referrer: &str) {
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("content-security-policy", &policy(&context.nonce, "'none'"));
    set("x-request-id", &context.id);
    set("x-content-type-options", "nosniff");
    set("x-frame-options", "DENY");
    set("referrer-policy", referrer);
    set("cross-origin-opener-policy", "same-origin");
    set("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    if secure {
        set("strict-transport-security", "max-age=31536000; includeSubDomains");
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// Lets this one origin hold the page in a frame, and hear from one that it has opened.
fn let_in(headers: &mut HeaderMap, nonce: &str, embedded: Option<&Embedded>) {
    let Some(origin) = embedded.and_then(|embedded| embedded.origin.as_deref()) else { return };
    if let Ok(policy) = HeaderValue::from_str(&policy(nonce, origin)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.remove(header::X_FRAME_OPTIONS);
        headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("unsafe-none"));
    }
}

/// What an answer may load and do, and who may hold it. One that is no page has no nonce, and loads nothing.
fn policy(nonce: &str, ancestors: &str) -> Cow<'static, str> {
    if nonce.is_empty() {
        return Cow::Borrowed("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    }
    Cow::Owned(format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; \
         frame-ancestors {ancestors}; base-uri 'none'"
    ))
}

/// One line a request. The route's pattern, never the path: paths can hold links that must stay secret.
fn log((method, route, status): (&Method, &str, StatusCode), context: &RequestContext, took: std::time::Duration) {
    let address = context.address.map(|a| a.to_string()).unwrap_or_default();
    let (method, status, took_us) = (method.as_str(), status.as_u16(), took.as_micros());
    // It says itself what its span would say.
    tracing::info!(parent: None, request = context.id, method, route, status, took_us, address, "answered");
}
