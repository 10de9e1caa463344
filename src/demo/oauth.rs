//! Signing in at the demo server: registrations, the page that asks, codes, tokens, revoking.
//!
//! As Mastodon does it, or as GoToSocial does where a test asks for that, and with the mishaps that tests ask for. It
//! shares nothing with the client. Deliberately absent: passwords; whoever opens the page is the reader.

use super::Shared;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use url::{Host, Url, form_urlencoded};

/// A way in which the server treats whoever signs in otherwise than Mastodon usually does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Says nothing about its OAuth, PKCE among it, as before Mastodon 4.3.
    TellsNothing,
    /// Refuses on the page, whatever is pressed.
    Denies,
    /// Sends the browser to the next port instead of the one asked for.
    MovesPort,
    /// Takes no code, as if each had waited too long.
    CodesExpire,
    /// Registers nothing.
    Closed,
    /// Answers as GoToSocial does: redirects match exactly, errors come from its database, no word on its OAuth.
    GoToSocial,
}

/// What the server remembers of sign-ins.
#[derive(Debug, Default)]
pub(super) struct OAuth {
    pub(super) manners: Vec<Manner>,
    pub(super) apps: BTreeMap<String, App>,
    codes: BTreeMap<String, Pending>,
    tokens: BTreeMap<String, String>,
    revoked: BTreeSet<String>,
    issued: u64,
}

#[derive(Debug)]
pub(super) struct App {
    secret: String,
    redirects: Vec<String>,
    scopes: Vec<String>,
}

/// A code that waits to be exchanged.
#[derive(Debug)]
struct Pending {
    client: String,
    redirect: String,
    scope: String,
    challenge: Option<String>,
}

type Server = State<Arc<Shared>>;
type Pairs = BTreeMap<String, String>;

impl OAuth {
    fn is(&self, manner: Manner) -> bool {
        self.manners.contains(&manner)
    }

    /// Whether a token was good once and no longer is.
    pub(super) fn is_revoked(&self, token: &str) -> bool {
        self.revoked.contains(token)
    }

    /// The scopes of a token that was given here.
    pub(super) fn scopes(&self, token: &str) -> Option<&str> {
        self.tokens.get(token).map(String::as_str)
    }

    /// The tokens of accounts that are good, with their scopes.
    pub(super) fn tokens(&self) -> Vec<(String, String)> {
        self.tokens.iter().map(|(token, scopes)| (token.clone(), scopes.clone())).collect()
    }

    /// Something nobody can guess from outside a test.
    fn secret(&mut self, kind: &str) -> String {
        self.issued += 1;
        let digest = Sha256::digest(format!("demo {kind} {}", self.issued));
        format!("demo-{kind}-{}", URL_SAFE_NO_PAD.encode(digest.get(..18).unwrap_or_default()))
    }

    fn register(&mut self, form: &Pairs) -> Answer {
        if self.is(Manner::Closed) {
            return problem(StatusCode::FORBIDDEN, "This action is not allowed", None);
        }
        let word = |name: &str| form.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        let (Some(name), Some(redirects)) = (word("client_name"), word("redirect_uris")) else {
            return problem(StatusCode::UNPROCESSABLE_ENTITY, "Validation failed: Redirect URI must be an absolute URI.", None);
        };
        let scopes: Vec<String> = word("scopes").unwrap_or("read").split_whitespace().map(str::to_owned).collect();
        if !self.is(Manner::GoToSocial) && scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
            let words = "Validation failed: Scopes doesn't match configured on the server.";
            return problem(StatusCode::UNPROCESSABLE_ENTITY, words, None);
        }
        let redirects: Vec<String> = redirects.lines().map(|line| line.trim().to_owned()).collect();
        let (id, secret) = (self.secret("client"), self.secret("client-secret"));
        let entity = json!({
            "id": (self.apps.len() + 1).to_string(),
            "name": name,
            "website": form.get("website"),
            "scopes": scopes,
            "redirect_uri": redirects.join("\n"),
            "redirect_uris": redirects,
            "client_id": id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
            "vapid_key": "",
        });
        self.apps.insert(id, App { secret, redirects, scopes });
        (StatusCode::OK, entity)
    }

    /// What the page asks, or where the browser is sent instead, or an error to read.
    fn ask(&self, query: &Pairs) -> Asked {
        let word = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let Some(app) = self.apps.get(word("client_id")) else {
            return Asked::Error("Client authentication failed due to unknown client, no client authentication included.");
        };
        let redirect = word("redirect_uri");
        if !self.is_registered(app, redirect) {
            if self.is(Manner::GoToSocial) {
                let words = "the redirect uri is not one of those registered";
                return Asked::Away(back(redirect, &[("error", "server_error"), ("error_description", words)]));
            }
            return Asked::Error("The requested redirect uri is malformed or doesn't match client redirect URI.");
        }
        let state = word("state");
        if word("response_type") != "code" {
            return Asked::Away(back(redirect, &[("error", "unsupported_response_type"), ("state", state)]));
        }
        if word("scope").split_whitespace().any(|scope| !app.scopes.iter().any(|known| known == scope)) {
            let words = "The requested scope is invalid, unknown, or malformed.";
            return Asked::Away(back(redirect, &[("error", "invalid_scope"), ("error_description", words), ("state", state)]));
        }
        Asked::Page(word("scope").to_owned())
    }

    /// Where the browser goes after yes or no.
    fn decide(&mut self, query: &Pairs, allowed: bool) -> Asked {
        let asked = self.ask(query);
        let Asked::Page(scope) = asked else { return asked };
        let word = |name: &str| query.get(name).cloned();
        let (redirect, state) = (word("redirect_uri").unwrap_or_default(), word("state").unwrap_or_default());
        let target = self.target(&redirect);
        if !allowed || self.is(Manner::Denies) {
            let words = "The resource owner or authorization server denied the request.";
            return Asked::Away(back(&target, &[("error", "access_denied"), ("error_description", words), ("state", &state)]));
        }
        let code = self.secret("code");
        let challenge = word("code_challenge").filter(|_| !self.is(Manner::GoToSocial));
        let pending = Pending { client: word("client_id").unwrap_or_default(), redirect, scope, challenge };
        self.codes.insert(code.clone(), pending);
        Asked::Away(back(&target, &[("code", &code), ("state", &state)]))
    }

    fn target(&self, redirect: &str) -> String {
        match Url::parse(redirect) {
            Ok(mut url) if self.is(Manner::MovesPort) && url.port().is_some() => {
                let next = url.port().map(|port| port.wrapping_add(1));
                if url.set_port(next).is_ok() { url.into() } else { redirect.to_owned() }
            }
            Ok(_) | Err(_) => redirect.to_owned(),
        }
    }

    /// Mastodon lets the port of a loopback redirect be any (RFC 8252, section 7.3); GoToSocial compares whole.
    fn is_registered(&self, app: &App, redirect: &str) -> bool {
        let is_same = |known: &String| {
            known == redirect || (!self.is(Manner::GoToSocial) && portless(known).is_some_and(|known| portless(redirect) == Some(known)))
        };
        app.redirects.iter().any(is_same)
    }

    fn exchange(&mut self, form: &Pairs, now: i64) -> Answer {
        let word = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let is_gotosocial = self.is(Manner::GoToSocial);
        let grant = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in \
                     the authorization request, or was issued to another client.";
        let invalid_grant = || {
            if is_gotosocial { unknown_row() } else { problem(StatusCode::BAD_REQUEST, "invalid_grant", Some(grant)) }
        };
        let app = self.apps.get(word("client_id"));
        if is_gotosocial && word("redirect_uri").is_empty() {
            let words = "Bad Request: redirect_uri was not set in the token request form";
            return problem(StatusCode::BAD_REQUEST, "invalid_request", Some(words));
        }
        let Some(app) = app.filter(|app| app.secret == word("client_secret")) else {
            return match (is_gotosocial, app) {
                (true, None) => unknown_row(),
                (true, Some(_)) => {
                    problem(StatusCode::BAD_REQUEST, "invalid_client", Some("Bad Request: could not get access token: invalid_client"))
                }
                (false, _) => {
                    let words = "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.";
                    problem(StatusCode::UNAUTHORIZED, "invalid_client", Some(words))
                }
            };
        };
        let scope = match word("grant_type") {
            "client_credentials" => {
                let scope = word("scope").to_owned();
                if scope.split_whitespace().any(|scope| !app.scopes.iter().any(|known| known == scope)) {
                    return problem(
                        StatusCode::BAD_REQUEST,
                        "invalid_scope",
                        Some("The requested scope is invalid, unknown, or malformed."),
                    );
                }
                scope
            }
            "authorization_code" => {
                let Some(pending) = self.codes.remove(word("code")) else { return invalid_grant() };
                let proven = pending
                    .challenge
                    .is_none_or(|challenge| challenge == URL_SAFE_NO_PAD.encode(Sha256::digest(word("code_verifier").as_bytes())));
                if self.is(Manner::CodesExpire)
                    || pending.client != word("client_id")
                    || pending.redirect != word("redirect_uri")
                    || !proven
                {
                    return invalid_grant();
                }
                pending.scope
            }
            _ => {
                return problem(
                    StatusCode::BAD_REQUEST,
                    "unsupported_grant_type",
                    Some("The authorization grant type is not supported by the authorization server."),
                );
            }
        };
        let token = self.secret("token");
        // An application's own token reads no account, and is kept nowhere.
        if word("grant_type") == "authorization_code" {
            self.tokens.insert(token.clone(), scope.clone());
        }
        (StatusCode::OK, json!({ "access_token": token, "token_type": "Bearer", "scope": scope, "created_at": now }))
    }

    fn revoke(&mut self, form: &Pairs) -> Answer {
        let word = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        if self.apps.get(word("client_id")).is_none_or(|app| app.secret != word("client_secret")) {
            return problem(StatusCode::FORBIDDEN, "unauthorized_client", Some("You are not authorized to revoke this token"));
        }
        self.tokens.remove(word("token"));
        self.revoked.insert(word("token").to_owned());
        (StatusCode::OK, json!({}))
    }
}

pub(super) async fn metadata(State(shared): Server) -> Response<Body> {
    let is_silent = {
        let hub = shared.hub.lock().await;
        hub.oauth.is(Manner::TellsNothing) || hub.oauth.is(Manner::GoToSocial)
    };
    if is_silent {
        return json_answer(problem(StatusCode::NOT_FOUND, "Not Found", None));
    }
    let at = |path: &str| format!("{}{path}", shared.url);
    json_answer((
        StatusCode::OK,
        json!({
            "issuer": at("/"),
            "authorization_endpoint": at("/oauth/authorize"),
            "token_endpoint": at("/oauth/token"),
            "app_registration_endpoint": at("/api/v1/apps"),
            "revocation_endpoint": at("/oauth/revoke"),
            "scopes_supported": SCOPES,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }),
    ))
}

pub(super) async fn register(State(shared): Server, body: String) -> Response<Body> {
    json_answer(shared.hub.lock().await.oauth.register(&pairs(&body)))
}

pub(super) async fn ask(State(shared): Server, RawQuery(query): RawQuery) -> Response<Body> {
    let query = query.unwrap_or_default();
    let hub = shared.hub.lock().await;
    match hub.oauth.ask(&pairs(&query)) {
        Asked::Page(scope) => page(
            StatusCode::OK,
            &format!(
                "<h1>Authorization required</h1><p><b>Trunkline</b> would like to use your account: {}</p>\
             <form method=\"post\" action=\"/oauth/authorize?{}\"><button name=\"decision\" value=\"allow\">Allow</button> \
             <button name=\"decision\" value=\"deny\">Deny</button></form>",
                escape(&scope),
                escape(&query)
            ),
        ),
        elsewhere @ (Asked::Away(_) | Asked::Error(_)) => elsewhere.response(),
    }
}

pub(super) async fn decide(State(shared): Server, RawQuery(query): RawQuery, body: String) -> Response<Body> {
    let allowed = pairs(&body).get("decision").is_some_and(|decision| decision == "allow");
    shared.hub.lock().await.oauth.decide(&pairs(&query.unwrap_or_default()), allowed).response()
}

/// The page that shows a code to be copied.
pub(super) async fn native(RawQuery(query): RawQuery) -> Response<Body> {
    let query = pairs(&query.unwrap_or_default());
    match query.get("code") {
        Some(code) => page(StatusCode::OK, &format!("<h1>Copy this code</h1><p><code>{}</code></p>", escape(code))),
        None => page(StatusCode::BAD_REQUEST, "<h1>Access was denied</h1>"),
    }
}

pub(super) async fn exchange(State(shared): Server, body: String) -> Response<Body> {
    let now = super::clock().as_second();
    json_answer(shared.hub.lock().await.oauth.exchange(&pairs(&body), now))
}

pub(super) async fn revoke(State(shared): Server, body: String) -> Response<Body> {
    json_answer(shared.hub.lock().await.oauth.revoke(&pairs(&body)))
}

/// The scopes that there are, as of Mastodon 4.5.
const SCOPES: &[&str] = &[
    "read",
    "profile",
    "write",
    "write:accounts",
    "write:blocks",
    "write:bookmarks",
    "write:conversations",
    "write:favourites",
    "write:filters",
    "write:follows",
    "write:lists",
    "write:media",
    "write:mutes",
    "write:notifications",
    "write:reports",
    "write:statuses",
    "read:accounts",
    "read:blocks",
    "read:bookmarks",
    "read:favourites",
    "read:filters",
    "read:follows",
    "read:lists",
    "read:mutes",
    "read:notifications",
    "read:search",
    "read:statuses",
    "follow",
    "push",
];

type Answer = (StatusCode, Value);

/// What a browser is shown.
enum Asked {
    /// The question, about these scopes.
    Page(String),
    /// Another address.
    Away(String),
    /// Words.
    Error(&'static str),
}

impl Asked {
    fn response(self) -> Response<Body> {
        match self {
            Self::Away(target) => {
                let mut response = page(StatusCode::FOUND, "");
                if let Ok(target) = HeaderValue::from_str(&target) {
                    response.headers_mut().insert(header::LOCATION, target);
                }
                response
            }
            Self::Error(words) => page(StatusCode::UNAUTHORIZED, &format!("<h1>An error has occurred</h1><p>{}</p>", escape(words))),
            Self::Page(_) => page(StatusCode::OK, ""),
        }
    }
}

fn problem(status: StatusCode, error: &str, description: Option<&str>) -> Answer {
    let body = match description {
        Some(description) => json!({ "error": error, "error_description": description }),
        None => json!({ "error": error }),
    };
    (status, body)
}

/// GoToSocial's answer to whatever it does not know (recording `oauth-token-bad-code`).
fn unknown_row() -> Answer {
    let words = "Bad Request: could not get access token: sql: no rows in result set: If you arrived at this error during a sign \
                 in/oauth flow, please try clearing your session cookies and signing in again";
    problem(StatusCode::BAD_REQUEST, "sql: no rows in result set", Some(words))
}

/// The address that a browser goes back to, with this behind it; the page with the code where there is none.
fn back(redirect: &str, query: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    if redirect.starts_with("urn:") { format!("/oauth/authorize/native?{query}") } else { format!("{redirect}?{query}") }
}

/// A loopback address without its port.
fn portless(address: &str) -> Option<Url> {
    let mut url = Url::parse(address).ok()?;
    let is_loopback = matches!(url.host(), Some(Host::Ipv4(address)) if address.is_loopback());
    (is_loopback && url.set_port(None).is_ok()).then_some(url)
}

fn pairs(raw: &str) -> Pairs {
    form_urlencoded::parse(raw.as_bytes()).into_owned().collect()
}

fn json_answer((status, body): Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn page(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("<!doctype html><meta charset=\"utf-8\"><title>Trunkline demo</title>{body}")));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
