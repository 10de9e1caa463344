//! `/api/v2/search`: accounts by the beginning of a name, hashtags by the beginning, posts by a word, and all of them by
//! address. Nothing is fetched from elsewhere, so `resolve` finds what the demo's world has and no more.
//!
//! Source: <https://docs.joinmastodon.org/methods/search/#v2>.

use super::json::{self, View};
use super::routes::{Query, answer, error};
use super::streams::fold_tag;
use super::world::{DOMAIN, Person, Status, World};
use super::{Shared, clock};
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, Uri};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// As the real server: 20 of each kind where nothing is asked, and never more than 40.
const LIMIT: (usize, usize) = (20, 40);

pub(super) async fn search(State(shared): State<Arc<Shared>>, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let words = query.get("q").unwrap_or_default().trim();
    if words.is_empty() {
        return error(StatusCode::BAD_REQUEST, "param is missing or the value is empty: q");
    }
    let kind = query.get("type").unwrap_or_default();
    let limit = query.get("limit").and_then(|limit| limit.parse().ok()).map_or(LIMIT.0, |limit: usize| limit.min(LIMIT.1));
    let wants = |name: &str| kind.is_empty() || kind == name;
    let hub = shared.hub.lock().await;
    let (world, now) = (&hub.world, clock());
    let address = words.contains("://");
    let accounts: Vec<Value> = world
        .people()
        .iter()
        .filter(|person| wants("accounts") && if address { person.url() == words } else { is_named(person, words) })
        .take(limit)
        .filter_map(|person| serde_json::to_value(json::account(world, person)).ok())
        .collect();
    let statuses: Vec<Value> = world
        .statuses
        .values()
        .rev()
        .filter(|status| wants("statuses") && status.boost.is_none() && world.can_see(status))
        .filter(|status| if address { is_at(world, status, words) } else { says(status, words) })
        .take(limit)
        .filter_map(|status| serde_json::to_value(json::status(world, status, View::Personal, now)).ok())
        .collect();
    let start = fold_tag(words.trim_start_matches('#'));
    let tags: BTreeSet<&String> = world.statuses.values().flat_map(|status| &status.tags).collect();
    let mut seen = BTreeSet::new();
    let tags: Vec<Value> = tags
        .into_iter()
        .filter(|tag| wants("hashtags") && !address && !start.is_empty() && fold_tag(tag).starts_with(&start) && seen.insert(fold_tag(tag)))
        .take(limit)
        .map(|tag| json!({ "name": tag, "url": format!("https://{DOMAIN}/tags/{}", fold_tag(tag)), "history": [], "following": false }))
        .collect();
    answer(&json!({ "accounts": accounts, "statuses": statuses, "hashtags": tags }))
}

/// Whether the words begin a name of somebody, or are their whole account.
fn is_named(person: &Person, words: &str) -> bool {
    let words = words.trim_start_matches('@').to_lowercase();
    let acct = person.acct().to_lowercase();
    let names = person.display_name.to_lowercase();
    !words.is_empty()
        && (acct == words
            || format!("{}@{}", person.username, person.host()).to_lowercase() == words
            || person.username.to_lowercase().starts_with(&words)
            || names.split_whitespace().any(|name| name.starts_with(&words)))
}

/// Whether a post is at an address: of its page, or its own.
fn is_at(world: &World, status: &Status, address: &str) -> bool {
    let author = world.person(status.author);
    address == format!("{}/{}", author.url(), status.id)
        || address == format!("https://{}/users/{}/statuses/{}", author.host(), author.username, status.id)
}

/// Whether all the words are in a post.
fn says(status: &Status, words: &str) -> bool {
    // What stands in tags is markup, not words.
    let html = status.html.split('<').map(|part| part.split_once('>').map_or(part, |(_, words)| words)).collect::<String>();
    let text = format!("{} {html}", status.spoiler_text).to_lowercase();
    words.to_lowercase().split_whitespace().all(|word| text.contains(word.trim_start_matches('#')))
}
