//! `/api/v1/markers`: up to where timelines were read. As the real one it takes whatever it is told, also an older id.
//!
//! Source: <https://docs.joinmastodon.org/methods/markers/>.

use super::routes::{Query, answer};
use super::{Shared, clock};
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, Uri};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::form_urlencoded;

/// The largest form that is read, in bytes.
const MOST_BYTES: usize = 64 * 1024;
const TIMELINES: [&str; 2] = ["home", "notifications"];

/// Where each timeline was read up to.
#[derive(Debug, Default)]
pub(super) struct Markers(BTreeMap<&'static str, Marker>);

#[derive(Debug)]
struct Marker {
    last_read_id: String,
    version: u64,
    updated_at: Timestamp,
}

impl Markers {
    /// Sets one; a timeline that has none is ignored.
    pub(super) fn set(&mut self, timeline: &str, id: &str, now: Timestamp) {
        let Some(timeline) = TIMELINES.into_iter().find(|known| *known == timeline) else { return };
        let version = self.0.get(timeline).map_or(0, |marker| marker.version + 1);
        self.0.insert(timeline, Marker { last_read_id: id.to_owned(), version, updated_at: now });
    }

    /// The id of one.
    pub(super) fn get(&self, timeline: &str) -> Option<&str> {
        self.0.get(timeline).map(|marker| marker.last_read_id.as_str())
    }

    fn json(&self, wanted: impl Fn(&str) -> bool) -> Value {
        let entity = |marker: &Marker| {
            json!({
                "last_read_id": marker.last_read_id,
                "version": marker.version,
                "updated_at": marker.updated_at.to_string(),
            })
        };
        let wanted = self.0.iter().filter(|(timeline, _)| wanted(timeline));
        Value::Object(wanted.map(|(timeline, marker)| ((*timeline).to_owned(), entity(marker))).collect::<Map<_, _>>())
    }
}

/// Those that are asked for with `timeline[]`.
pub(super) async fn read(State(shared): State<Arc<Shared>>, uri: Uri) -> Response<Body> {
    let query = Query::of(&uri);
    let asked = query.all("timeline");
    answer(&shared.hub.lock().await.markers.json(|timeline| asked.contains(&timeline)))
}

/// Takes `home[last_read_id]` and its like, and gives those that were set.
pub(super) async fn write(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let form = to_bytes(request.into_body(), MOST_BYTES).await.unwrap_or_default();
    let mut hub = shared.hub.lock().await;
    let mut set = Vec::new();
    for (name, id) in form_urlencoded::parse(&form) {
        if let Some(timeline) = name.strip_suffix("[last_read_id]") {
            hub.markers.set(timeline, &id, clock());
            set.push(timeline.to_owned());
        }
    }
    answer(&hub.markers.json(|timeline| set.iter().any(|set| set == timeline)))
}
