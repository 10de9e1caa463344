//! The REST answers: documents, pages and errors as Mastodon gives them.
//!
//! Deliberately absent: posts of the reader, who writes nothing here but read positions (`markers`), signing in (`oauth`),
//! and real rate limits.

use super::hub::Token;
use super::json::{self, View};
use super::streams::{Channel, Off, Reach, fold_tag};
use super::world::{Conversation, Id, Notification, Paging, Status, World};
use super::{Shared, clock, markers, oauth, pictures, search, socket};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, Response, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::routing::{any, get, post};
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use url::form_urlencoded;

type Server = State<Arc<Shared>>;

pub(super) fn router(shared: &Arc<Shared>) -> Router {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(oauth::metadata))
        .route("/oauth/authorize", get(oauth::ask).post(oauth::decide))
        .route("/oauth/authorize/native", get(oauth::native))
        .route("/oauth/token", post(oauth::exchange))
        .route("/oauth/revoke", post(oauth::revoke))
        .route("/api/v1/apps", post(oauth::register))
        .route("/api/v2/instance", get(instance))
        .route("/api/v1/instance", get(instance_v1))
        .route("/api/v1/accounts/verify_credentials", get(verify_credentials))
        .route("/api/v1/accounts/relationships", get(relationships))
        .route("/api/v1/accounts/{id}", get(account))
        .route("/api/v1/accounts/{id}/statuses", get(account_statuses))
        .route("/api/v1/apps/verify_credentials", get(verify_application))
        .route("/api/v1/timelines/home", get(home))
        .route("/api/v1/timelines/public", get(public))
        .route("/api/v1/timelines/tag/{tag}", get(tag))
        .route("/api/v1/timelines/list/{list}", get(list))
        .route("/api/v1/notifications", get(notifications))
        .route("/api/v1/notifications/{id}", get(notification))
        .route("/api/v1/conversations", get(conversations))
        .route("/api/v1/statuses", get(several))
        .route("/api/v1/statuses/{id}", get(status))
        .route("/api/v1/statuses/{id}/context", get(context))
        .route("/api/v1/statuses/{id}/history", get(history))
        .route("/api/v1/markers", get(markers::read).post(markers::write))
        .route("/api/v2/search", get(search::search))
        .route("/api/v1/lists", get(lists))
        .route("/api/v1/followed_tags", get(followed_tags))
        .route("/api/v1/announcements", get(announcements))
        .route("/api/v1/custom_emojis", get(nothing))
        .route("/api/v2/filters", get(nothing))
        .route("/api/v1/filters", get(nothing))
        .route("/api/v1/streaming/health", get(health))
        .route("/api/v1/streaming", any(socket::streaming))
        .route("/api/v1/streaming/", any(socket::streaming))
        .route("/api/v1/streaming/{*path}", any(socket::streaming))
        .route("/system/media_attachments/files/{name}/{copy}", get(file))
        .route("/system/accounts/avatars/{name}", get(avatar))
        .route("/system/custom_emojis/{kind}/{name}", get(emoji))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(Arc::clone(shared), guard))
        .with_state(Arc::clone(shared))
}

/// Notes the request, answers as tests asked, and wants a token where the real server wants one.
async fn guard(State(shared): Server, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let streaming = path.starts_with("/api/v1/streaming");
    let (worth, scoped) = {
        let mut hub = shared.hub.lock().await;
        hub.asked(describe(&request));
        let refused = hub.rest_refusals.iter_mut().find(|refusal| refusal.times > 0 && path.starts_with(&refusal.prefix));
        if let Some(refused) = refused {
            refused.times -= 1;
            return refused.refusal.response();
        }
        let worth = match token(&request) {
            Some(token) if hub.oauth.is_revoked(token) => Token::Revoked,
            Some(_) | None => hub.token,
        };
        (worth, scope(&path).is_none_or(|scope| hub.may(scope)))
    };
    let open = streaming
        || path.starts_with("/oauth/")
        || path.starts_with("/system/")
        || path.starts_with("/.well-known/")
        || matches!(path.as_str(), "/api/v1/instance" | "/api/v2/instance" | "/api/v1/custom_emojis" | "/api/v1/apps");
    let mut response = match worth {
        _ if open => next.run(request).await,
        _ if token(&request).is_none() => error(StatusCode::UNAUTHORIZED, "The access token is invalid"),
        Token::Revoked => error(StatusCode::UNAUTHORIZED, "The access token was revoked"),
        Token::Banned => error(StatusCode::FORBIDDEN, "Your login is currently disabled"),
        Token::Good if !scoped => error(StatusCode::FORBIDDEN, "This action is outside the authorized scopes"),
        Token::Good => next.run(request).await,
    };
    if !streaming {
        add_limits(&shared, &mut response);
    }
    response
}

/// A picture of a post, whole or small. There are no videos and no sounds.
async fn file(Path((name, copy)): Path<(String, String)>) -> Response<Body> {
    let size = match copy.as_str() {
        "original.png" => pictures::SIZE,
        "small.png" => pictures::SMALL,
        _ => return error(StatusCode::NOT_FOUND, "Record not found"),
    };
    painted(move || pictures::png(&name, size)).await
}

/// The picture of a person.
async fn avatar(Path(name): Path<String>) -> Response<Body> {
    painted(move || pictures::avatar(name.strip_suffix(".png")?)).await
}

/// The picture of a custom emoji.
async fn emoji(Path((_kind, name)): Path<(String, String)>) -> Response<Body> {
    painted(move || pictures::emoji(name.strip_suffix(".png")?)).await
}

async fn painted(paint: impl FnOnce() -> Option<Vec<u8>> + Send + 'static) -> Response<Body> {
    let painted = tokio::task::spawn_blocking(paint).await.ok().flatten();
    let Some(png) = painted else { return error(StatusCode::NOT_FOUND, "Record not found") };
    let mut response = Response::new(Body::from(png));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    response
}

/// The scope that a path needs instead of `read`; `None` where any token will do (<https://docs.joinmastodon.org/methods/>).
fn scope(path: &str) -> Option<&'static str> {
    let scopes = [
        ("/api/v1/timelines/list", "read:lists"),
        ("/api/v1/timelines", "read:statuses"),
        ("/api/v1/statuses", "read:statuses"),
        ("/api/v1/conversations", "read:statuses"),
        ("/api/v1/notifications", "read:notifications"),
        ("/api/v1/accounts/relationships", "read:follows"),
        ("/api/v1/accounts", "read:accounts"),
        ("/api/v2/search", "read:search"),
        ("/api/v1/lists", "read:lists"),
        ("/api/v1/followed_tags", "read:follows"),
        ("/api/v1/filters", "read:filters"),
        ("/api/v2/filters", "read:filters"),
    ];
    scopes.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, scope)| *scope)
}

/// The request line for tests, with tokens left out.
fn describe(request: &Request) -> String {
    let mut line = format!("{} {}", request.method(), request.uri().path());
    if let Some(query) = request.uri().query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("access_token=")).collect();
        if !kept.is_empty() {
            line = format!("{line}?{}", kept.join("&"));
        }
    }
    if request.headers().get(header::USER_AGENT).is_none_or(HeaderValue::is_empty) {
        line.push_str(" (no user-agent)");
    }
    line
}

/// The token that a request carries.
fn token(request: &Request) -> Option<&str> {
    let (kind, token) = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| kind.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

/// The documented headers, honest about the window but never down to nothing: the demo limits nobody.
fn add_limits(shared: &Shared, response: &mut Response<Body>) {
    const LIMIT: u64 = 300;
    const WINDOW: i64 = 300;
    let now = clock();
    let window = now.as_second() / WINDOW;
    let used = shared.used.count(window);
    let reset = jiff::Timestamp::from_second((window + 1) * WINDOW).unwrap_or(now);
    let values = [
        ("x-ratelimit-limit", LIMIT.to_string()),
        ("x-ratelimit-remaining", LIMIT.saturating_sub(used).max(1).to_string()),
        ("x-ratelimit-reset", format!("{reset:.6}")),
        ("x-request-id", shared.request_id()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
}

pub(super) fn answer(value: &impl Serialize) -> Response<Body> {
    respond(StatusCode::OK, json::text(value))
}

fn respond(status: StatusCode, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    response
}

pub(super) fn error(status: StatusCode, message: &str) -> Response<Body> {
    respond(status, json!({ "error": message }).to_string())
}

fn not_found() -> Response<Body> {
    error(StatusCode::NOT_FOUND, "Record not found")
}

async fn unknown() -> Response<Body> {
    error(StatusCode::NOT_FOUND, "Not Found")
}

async fn nothing() -> Response<Body> {
    respond(StatusCode::OK, "[]".to_owned())
}

async fn health() -> Response<Body> {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/plain")
        .header(header::CACHE_CONTROL, "private, no-store")
        .body(Body::from("OK"))
        .unwrap_or_default()
}

async fn instance(State(shared): Server) -> Response<Body> {
    let hub = shared.hub.lock().await;
    answer(&json::instance(&hub.world, &shared.streaming, hub.off))
}

async fn instance_v1(State(shared): Server) -> Response<Body> {
    answer(&json::instance_v1(&shared.hub.lock().await.world, &shared.streaming))
}

async fn verify_credentials(State(shared): Server) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let requests = hub.world.notifications.values().filter(|notification| notification.kind == "follow_request").count();
    answer(&json::own_account(&hub.world, requests))
}

async fn account(State(shared): Server, Path(id): Path<String>) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    world.person_of(&id).map_or_else(not_found, |place| answer(&json::account(world, world.person(place))))
}

/// Somebody's posts and boosts as the reader sees them.
async fn account_statuses(State(shared): Server, Path(id): Path<String>, uri: Uri) -> Response<Body> {
    let Some(place) = shared.hub.lock().await.world.person_of(&id) else { return not_found() };
    statuses(&shared, &uri, |world, status, query| {
        world.is_on_profile(status, place)
            && !(query.is_set("exclude_reblogs") && status.boost.is_some())
            && !(query.is_set("exclude_replies") && status.reply_to.is_some())
    })
    .await
}

/// How the reader and several people stand; those who are not there are left out.
async fn relationships(State(shared): Server, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let found = query.all("id").into_iter().filter_map(|id| world.person_of(id));
    answer(&found.map(|place| json::relationship(world, place)).collect::<Vec<_>>())
}

async fn verify_application(State(shared): Server, request: Request) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let given = token(&request).and_then(|token| hub.oauth.scopes(token));
    let scopes = given.map_or_else(|| hub.scopes.clone(), |scopes| scopes.split_whitespace().map(str::to_owned).collect());
    answer(&json!({ "id": "1", "name": "Trunkline", "website": null, "scopes": scopes, "redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"] }))
}

/// The query of a request for a page.
pub(super) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self { pairs: form_urlencoded::parse(query.as_bytes()).into_owned().collect() }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "" | "0" | "f" | "false" | "off"))
    }

    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(known, _)| known.strip_suffix("[]").unwrap_or(known) == name).map(|(_, value)| value.as_str()).collect()
    }

    fn paging(&self, default: usize, most: usize) -> Paging {
        let id = |name| self.get(name).filter(|id| !id.is_empty()).map(Id::new);
        let limit = self.get("limit").and_then(|limit| limit.parse::<usize>().ok()).map_or(default, |limit| limit.min(most));
        Paging { max_id: id("max_id"), since_id: id("since_id"), min_id: id("min_id"), limit }
    }

    fn reach(&self) -> Reach {
        match (self.is_set("local"), self.is_set("remote")) {
            (true, false) => Reach::Local,
            (false, true) => Reach::Remote,
            (true, true) | (false, false) => Reach::All,
        }
    }

    /// The `Link` header of a page, from the ids that bound it.
    fn links(&self, shared: &Shared, path: &str, newest: &str, oldest: Option<&str>) -> Option<HeaderValue> {
        let link = |cursor: &str, id: &str, rel: &str| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(
                self.pairs.iter().filter(|(name, _)| !matches!(name.as_str(), "max_id" | "min_id" | "since_id" | "access_token")),
            );
            query.append_pair(cursor, id);
            format!("<{}{path}?{}>; rel=\"{rel}\"", shared.url, query.finish())
        };
        let mut links: Vec<String> = oldest.into_iter().map(|oldest| link("max_id", oldest, "next")).collect();
        links.push(link("min_id", newest, "prev"));
        HeaderValue::from_str(&links.join(", ")).ok()
    }
}

fn add_links(response: &mut Response<Body>, links: Option<HeaderValue>) {
    if let Some(links) = links {
        response.headers_mut().insert(header::LINK, links);
    }
}

/// One page of posts, in the reader's view.
async fn statuses(shared: &Shared, uri: &Uri, shown: impl Fn(&World, &Status, &Query) -> bool) -> Response<Body> {
    let query = Query::of(uri);
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let now = clock();
    let page = query.paging(20, 40).page(&world.statuses, |status| shown(world, status, &query));
    let mut response = answer(&page.iter().map(|status| json::status(world, status, View::Personal, now)).collect::<Vec<_>>());
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        add_links(&mut response, query.links(shared, uri.path(), newest.id.as_str(), Some(oldest.id.as_str())));
    }
    response
}

/// Home; while it is being made anew, 206 and what is there by then: the posts of some people and not yet of others.
async fn home(State(shared): Server, uri: Uri) -> Response<Body> {
    let half = {
        let mut hub = shared.hub.lock().await;
        let half = hub.half_home > 0;
        hub.half_home = hub.half_home.saturating_sub(1);
        half
    };
    let mut response = statuses(&shared, &uri, |world, status, _| world.is_home(status) && !(half && status.author % 2 == 1)).await;
    if half {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    response
}

async fn public(State(shared): Server, uri: Uri) -> Response<Body> {
    let off = shared.hub.lock().await.off;
    statuses(&shared, &uri, |world, status, query| {
        let (reach, media) = (query.reach(), query.is_set("only_media"));
        world.is_public(status, reach, media) && !is_withheld(world, status, off, &Channel::Public { reach, media })
    })
    .await
}

async fn tag(State(shared): Server, Path(tag): Path<String>, uri: Uri) -> Response<Body> {
    let tag = fold_tag(&tag);
    let off = shared.hub.lock().await.off;
    let channel = Channel::Hashtag { tag: tag.clone(), local: false };
    statuses(&shared, &uri, |world, status, query| {
        world.is_tagged(status, &tag, query.reach(), query.is_set("only_media")) && !is_withheld(world, status, off, &channel)
    })
    .await
}

/// Whether a post is kept from a public timeline: by a feed setting, or because the reader has muted its author.
fn is_withheld(world: &World, status: &Status, off: Off, channel: &Channel) -> bool {
    off.withholds(channel, world.person(status.author).domain.is_none()) || world.is_muted(status)
}

async fn list(State(shared): Server, Path(list): Path<String>, uri: Uri) -> Response<Body> {
    if !shared.hub.lock().await.world.owns_list(&list) {
        return not_found();
    }
    statuses(&shared, &uri, |world, status, _| world.is_listed(status, &list)).await
}

async fn notifications(State(shared): Server, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let (types, excluded) = (query.all("types"), query.all("exclude_types"));
    let shown = |notification: &Notification| {
        let kind = notification.kind.as_str();
        (types.is_empty() || types.contains(&kind)) && !excluded.contains(&kind)
    };
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let now = clock();
    let page = query.paging(40, 80).page(&world.notifications, shown);
    let mut response = answer(&page.iter().map(|notification| json::notification(world, notification, now)).collect::<Vec<_>>());
    if let (Some(newest), Some(oldest)) = (page.first(), page.last()) {
        let (newest, oldest) = (newest.id.to_string(), oldest.id.to_string());
        add_links(&mut response, query.links(&shared, uri.path(), &newest, Some(&oldest)));
    }
    response
}

async fn notification(State(shared): Server, Path(id): Path<String>) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let found = world.notifications.get(&Id::new(&id));
    found.map_or_else(not_found, |notification| answer(&json::notification(world, notification, clock())))
}

/// Conversations are ordered and paged by the ids of their last posts.
async fn conversations(State(shared): Server, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let now = clock();
    let by_last: BTreeMap<Id, &Conversation> =
        world.conversations.values().filter_map(|conversation| Some((conversation.last()?.clone(), conversation))).collect();
    let paging = query.paging(20, 40);
    let page = paging.page(&by_last, |_| true);
    let mut response = answer(&page.iter().map(|conversation| json::conversation(world, conversation, now)).collect::<Vec<_>>());
    let bounds = (page.first().and_then(|first| first.last()), page.last().and_then(|last| last.last()));
    if let (Some(newest), Some(oldest)) = bounds {
        let oldest = (page.len() == paging.limit).then_some(oldest.as_str());
        add_links(&mut response, query.links(&shared, uri.path(), newest.as_str(), oldest));
    }
    response
}

async fn status(State(shared): Server, Path(id): Path<String>) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    visible(world, &id).map_or_else(not_found, |status| answer(&json::status(world, status, View::Personal, clock())))
}

/// The posts of several ids; those that are not there are left out.
async fn several(State(shared): Server, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let now = clock();
    let found = query.all("id").into_iter().filter_map(|id| visible(world, id));
    answer(&found.map(|status| json::status(world, status, View::Personal, now)).collect::<Vec<_>>())
}

async fn context(State(shared): Server, Path(id): Path<String>) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    let Some(status) = visible(world, &id) else { return not_found() };
    let now = clock();
    let (above, below) = world.context(status);
    let entities = |statuses: Vec<&Status>| -> Vec<serde_json::Value> {
        statuses.into_iter().filter_map(|status| serde_json::to_value(json::status(world, status, View::Personal, now)).ok()).collect()
    };
    answer(&json!({ "ancestors": entities(above), "descendants": entities(below) }))
}

async fn history(State(shared): Server, Path(id): Path<String>) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let world = &hub.world;
    visible(world, &id).map_or_else(not_found, |status| answer(&json::history(world, status)))
}

fn visible<'a>(world: &'a World, id: &str) -> Option<&'a Status> {
    world.statuses.get(&Id::new(id)).filter(|status| world.can_see(status))
}

async fn lists(State(shared): Server) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let lists = hub.world.lists.iter();
    answer(
        &lists.map(|list| json!({ "id": list.id, "title": list.title, "replies_policy": "list", "exclusive": false })).collect::<Vec<_>>(),
    )
}

async fn followed_tags(State(shared): Server) -> Response<Body> {
    let hub = shared.hub.lock().await;
    let tag = |(place, tag): (usize, &&str)| json!({ "id": (place + 1).to_string(), "name": tag, "url": format!("https://{}/tags/{tag}", super::world::DOMAIN), "history": [], "following": true, "featuring": false });
    answer(&hub.world.followed_tags.iter().enumerate().map(tag).collect::<Vec<_>>())
}

async fn announcements(State(shared): Server) -> Response<Body> {
    let hub = shared.hub.lock().await;
    answer(&hub.world.announcements.iter().rev().map(|announcement| json::announcement(announcement, View::Personal)).collect::<Vec<_>>())
}
