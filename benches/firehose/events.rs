//! Seeded events as a busy server sends them: every one a pure function of its number.
//!
//! The mix was counted on real streams: 88 % updates, of which 30 % are boosts, 5 % edits, 4 % deletions, 3 % notifications,
//! and 5.3 KB a message on average. Who mentions the reader does so in a new post, who favourites or boosts does it to one of the
//! reader's own, which are few and told of again and again. A few hundred posts are written out once; an event copies one of
//! them and puts ids and its own number in, so that making events costs next to nothing. Absent on purpose: sockets and time.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;

/// The first id; ids grow with the number of their event.
const FIRST_ID: u64 = 117_000_000_000_000_000;
/// How far ids of neighbours are apart.
const STEP: u64 = 1_000;
/// Stand-ins for what differs from event to event, as long as what takes their place.
const OWN_ID: &str = "900000000000000001";
const INNER_ID: &str = "900000000000000002";
const MARK: &str = "@@@@@@@@";
/// How far back edits and deletions reach, in events.
const REACH: u64 = 200;
/// Different posts.
const POSTS: u64 = 384;
/// Different boosts.
const BOOSTS: u64 = 128;
/// Different notifications.
const NOTIFICATIONS: u64 = 64;
/// Posts of the reader's own, all from before the first event.
const OWN_POSTS: u64 = 16;

/// What an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A new post or boost.
    Update,
    /// An edit of the post that came with this event.
    Edit(u64),
    /// The end of the post that came with this event.
    Delete(u64),
    /// A notification.
    Notification,
}

/// Everything that can be sent.
#[derive(Debug)]
pub(crate) struct Events {
    posts: Vec<Written>,
    edited: Vec<Written>,
    boosts: Vec<Written>,
    notifications: Vec<Written>,
    /// The reader's own posts by id, as JSON.
    own_posts: HashMap<String, String>,
}

/// An entity with places for what differs, as JSON and as JSON inside a string.
#[derive(Debug)]
struct Written {
    plain: Pieces,
    quoted: Pieces,
}

#[derive(Debug)]
struct Pieces {
    text: String,
    own: Vec<usize>,
    inner: Vec<usize>,
    mark: Vec<usize>,
}

impl Pieces {
    fn new(text: String) -> Self {
        let places = |stand_in: &str| text.match_indices(stand_in).map(|(at, _)| at).collect();
        Self { own: places(OWN_ID), inner: places(INNER_ID), mark: places(MARK), text }
    }

    /// Adds the text for an event to `out`.
    fn put(&self, number: u64, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(self.text.as_bytes());
        let mut fill = |places: &[usize], text: &str| {
            for place in places {
                out[start + place..start + place + text.len()].copy_from_slice(text.as_bytes());
            }
        };
        fill(&self.own, &id(number));
        fill(&self.inner, &inner_id(number));
        fill(&self.mark, &mark(number));
    }
}

impl Written {
    fn new(entity: &Value) -> Self {
        let plain = entity.to_string();
        let quoted = Value::String(plain.clone()).to_string();
        Self { plain: Pieces::new(plain), quoted: Pieces::new(quoted) }
    }
}

/// The id of what an event brought.
pub(crate) fn id(number: u64) -> String {
    (FIRST_ID + number * STEP).to_string()
}

/// The id of the post that a boost brought.
fn inner_id(number: u64) -> String {
    (FIRST_ID + number * STEP - STEP / 2).to_string()
}

/// The number of the event that brought an id, and whether it is the post inside a boost.
pub(crate) fn number_of(id: &str) -> Option<(u64, bool)> {
    let offset = id.parse::<u64>().ok()?.checked_sub(FIRST_ID - STEP / 2)?;
    Some(((offset + STEP / 2) / STEP, offset % STEP != STEP / 2))
}

/// The words that the text of an event's post begins with.
pub(crate) fn mark(number: u64) -> String {
    format!("n{number:07}")
}

/// A well-mixed number for an event; `salt` tells questions apart.
fn chance(number: u64, salt: u64) -> u64 {
    let mut x = number.wrapping_add(salt.wrapping_mul(0x9E37_79B9_7F4A_7C15)).wrapping_add(0x2026_1125);
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// What the event of this number is.
pub(crate) fn kind(number: u64) -> Kind {
    let wished = chance(number, 1) % 100;
    let earlier = |wants_post: bool| {
        let from = number.saturating_sub(1 + chance(number, 2) % REACH);
        (0..=from).rev().take(64).find(|at| chance(*at, 1) % 100 < 88 && !(wants_post && is_boost(*at)))
    };
    match wished {
        0..88 => Kind::Update,
        88..93 => earlier(true).map_or(Kind::Update, Kind::Edit),
        93..97 => earlier(false).map_or(Kind::Update, Kind::Delete),
        _ => Kind::Notification,
    }
}

fn is_boost(number: u64) -> bool {
    chance(number, 3) % 100 < 30
}

/// Which of some streams an event comes on: an edit or deletion where its post came, notifications on their own where
/// that is among them.
pub(crate) fn stream_of(number: u64, streams: &[String]) -> &str {
    let own = |stream: &&String| stream.contains("user:notification");
    let post = |number| {
        let posts: Vec<&String> = streams.iter().filter(|stream| !own(stream)).collect();
        posts[usize::try_from(chance(number, 4)).unwrap() % posts.len()]
    };
    match kind(number) {
        Kind::Update => post(number),
        Kind::Edit(of) | Kind::Delete(of) => post(of),
        Kind::Notification => streams.iter().find(own).unwrap_or(&streams[0]),
    }
}

/// Whether a post has been deleted by the events before number `sent`, and whether it has been edited.
fn fate(number: u64, sent: u64) -> (bool, bool) {
    let mut fate = (false, false);
    for later in number + 1..sent.min(number + REACH + 66) {
        match kind(later) {
            Kind::Delete(of) if of == number => fate.0 = true,
            Kind::Edit(of) if of == number => fate.1 = true,
            Kind::Update | Kind::Notification | Kind::Edit(_) | Kind::Delete(_) => {}
        }
    }
    fate
}

impl Events {
    /// Writes everything out.
    pub(crate) fn new() -> Self {
        let all = |count: u64, make: &dyn Fn(u64) -> Value| (0..count).map(|seed| Written::new(&make(seed))).collect();
        let edited = |seed| {
            let mut post = post(OWN_ID, seed);
            post["edited_at"] = json!("2026-11-25T12:30:00.000Z");
            post["content"] = json!(post["content"].as_str().unwrap().replace("<p>", "<p>(edited) "));
            post
        };
        Self {
            posts: all(POSTS, &|seed| post(OWN_ID, seed)),
            edited: all(POSTS, &edited),
            boosts: all(BOOSTS, &boost),
            notifications: all(NOTIFICATIONS, &notification),
            own_posts: (0..OWN_POSTS).map(own_post).map(|post| (post["id"].as_str().unwrap().to_owned(), post.to_string())).collect(),
        }
    }

    fn written(&self, number: u64) -> &Written {
        let pick = |list: &'_ [Written]| usize::try_from(chance(number, 5) % list.len() as u64).unwrap();
        match kind(number) {
            Kind::Edit(of) => &self.edited[usize::try_from(chance(of, 5) % POSTS).unwrap()],
            Kind::Notification => &self.notifications[pick(&self.notifications)],
            Kind::Update | Kind::Delete(_) if is_boost(number) => &self.boosts[pick(&self.boosts)],
            Kind::Update | Kind::Delete(_) => &self.posts[pick(&self.posts)],
        }
    }

    /// Adds the text message of an event to `out`; `stream` is the value of its `stream` key.
    pub(crate) fn put(&self, number: u64, stream: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"stream\":");
        out.extend_from_slice(stream.as_bytes());
        let name: &[u8] = match kind(number) {
            Kind::Update => b"update",
            Kind::Edit(_) => b"status.update",
            Kind::Delete(_) => b"delete",
            Kind::Notification => b"notification",
        };
        out.extend_from_slice(b",\"event\":\"");
        out.extend_from_slice(name);
        out.extend_from_slice(b"\",\"payload\":");
        match kind(number) {
            Kind::Delete(of) => out.extend_from_slice(format!("\"{}\"", id(of)).as_bytes()),
            Kind::Edit(of) => self.written(number).quoted.put(of, out),
            Kind::Update | Kind::Notification => self.written(number).quoted.put(number, out),
        }
        out.push(b'}');
    }

    /// The text message of an event.
    pub(crate) fn message(&self, number: u64, stream: &str) -> String {
        let mut out = Vec::new();
        self.put(number, stream, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The post or notification of an event as REST gives it once `sent` events have been sent; nothing where it was deleted.
    pub(crate) fn entity(&self, number: u64, sent: u64) -> Option<String> {
        let (deleted, edited) = fate(number, sent);
        if deleted || number >= sent || matches!(kind(number), Kind::Edit(_) | Kind::Delete(_)) {
            return None;
        }
        let written = match kind(number) {
            Kind::Update if edited && !is_boost(number) => &self.edited[usize::try_from(chance(number, 5) % POSTS).unwrap()],
            Kind::Update | Kind::Notification | Kind::Edit(_) | Kind::Delete(_) => self.written(number),
        };
        let mut out = Vec::new();
        written.plain.put(number, &mut out);
        Some(String::from_utf8(out).unwrap())
    }

    /// A post of the reader's own as REST gives it.
    pub(crate) fn own_post(&self, id: &str) -> Option<String> {
        self.own_posts.get(id).cloned()
    }

    /// Bytes of a text message on average, over the first events.
    pub(crate) fn mean(&self) -> usize {
        let mut out = Vec::new();
        (0..2_000).for_each(|number| self.put(number, "[\"public\"]", &mut out));
        out.len() / 2_000
    }
}

const WORDS: [&str; 48] = [
    "harbour",
    "the",
    "lighthouse",
    "and",
    "a",
    "slow",
    "train",
    "to",
    "of",
    "evening",
    "release",
    "with",
    "tram",
    "notes",
    "map",
    "for",
    "ferry",
    "in",
    "water",
    "garden",
    "is",
    "on",
    "rain",
    "letters",
    "that",
    "we",
    "keep",
    "bread",
    "morning",
    "it",
    "window",
    "paper",
    "coffee",
    "at",
    "river",
    "was",
    "bridge",
    "small",
    "kiln",
    "archive",
    "north",
    "post",
    "grass",
    "yellow",
    "road",
    "quiet",
    "moss",
    "sea",
];
const OTHERS: [&str; 5] = [
    "始発列車の窓から朝焼けが見えた。海沿いの線路をゆっくり走るのは気持ちがいい。",
    "आज ट्रेन समय पर आई। नदी के किनारे की सुबह सबसे अच्छी होती है।",
    "Сегодня тихо: ни волн, ни чаек, только старый маяк и чай.",
    "أي خط ترام خيالي يجب أن يأتي بعد ذلك؟",
    "Kaffee, Regen, ein Umweg über die Brücke — und dann war doch alles gut 🌧️☕️.",
];

fn words(seed: u64, count: u64) -> String {
    let pick = |at| WORDS[usize::try_from(chance(seed, 100 + at) % WORDS.len() as u64).unwrap()];
    (0..count).map(pick).collect::<Vec<_>>().join(" ")
}

fn account(seed: u64) -> Value {
    let name = words(seed, 1);
    let acct = if seed.is_multiple_of(5) { format!("{name}{seed}") } else { format!("{name}{seed}@{}.example", words(seed + 7, 1)) };
    let at = format!("https://{}.example", words(seed + 7, 1));
    let emojis: Vec<Value> = if seed.is_multiple_of(4) { vec![emoji("verified")] } else { Vec::new() };
    let fields: Vec<Value> = (0..seed % 5)
        .map(|field| {
            let site = words(seed + field, 1);
            json!({"name": words(seed + field, 2), "value": format!("<a href=\"https://{site}.example/~{name}\" target=\"_blank\" rel=\"nofollow noopener me\" translate=\"no\"><span class=\"invisible\">https://</span><span class=\"\">{site}.example/~{name}</span><span class=\"invisible\"></span></a>"), "verified_at": null})
        })
        .collect();
    json!({
        "id": (109_300_000_000_000_000 + seed * 77).to_string(), "username": format!("{name}{seed}"), "acct": acct,
        "display_name": format!("{} {}", words(seed + 3, 2), if seed.is_multiple_of(3) { ":verified:" } else { "🌿" }),
        "locked": seed.is_multiple_of(9), "bot": seed.is_multiple_of(11), "discoverable": true, "indexable": seed.is_multiple_of(2), "group": false,
        "created_at": "2022-11-08T00:00:00.000Z",
        "note": format!("<p>{}</p><p>{}</p>", words(seed + 11, 60 + seed % 30), words(seed + 12, 12)),
        "url": format!("{at}/@{name}{seed}"), "uri": format!("{at}/users/{name}{seed}"),
        "avatar": format!("https://files.bench.example/cache/accounts/avatars/109/300/000/{seed:06}/original/{:016x}.png", chance(seed, 20)),
        "avatar_static": format!("https://files.bench.example/cache/accounts/avatars/109/300/000/{seed:06}/static/{:016x}.png", chance(seed, 20)),
        "avatar_description": "", "header_description": "",
        "header": format!("https://files.bench.example/cache/accounts/headers/109/300/000/{seed:06}/original/{:016x}.jpg", chance(seed, 21)),
        "header_static": format!("https://files.bench.example/cache/accounts/headers/109/300/000/{seed:06}/original/{:016x}.jpg", chance(seed, 21)),
        "followers_count": chance(seed, 22) % 9_000, "following_count": chance(seed, 23) % 2_000, "statuses_count": chance(seed, 24) % 60_000,
        "last_status_at": "2026-11-25", "hide_collections": null, "show_media": true, "show_media_replies": true, "show_featured": true,
        "feature_approval": {"automatic": [], "manual": [], "current_user": "denied"},
        "emojis": emojis, "fields": fields,
    })
}

fn emoji(shortcode: &str) -> Value {
    let at = format!("https://files.bench.example/custom_emojis/images/000/013/original/{shortcode}.png");
    json!({"shortcode": shortcode, "url": at, "static_url": at, "visible_in_picker": true})
}

fn link(seed: u64) -> String {
    let (site, path) = (words(seed, 1), words(seed + 5, 4).replace(' ', "-"));
    format!(
        "<a href=\"https://{site}.example/2026/11/{path}\" target=\"_blank\" rel=\"nofollow noopener\" translate=\"no\"><span class=\"invisible\">https://</span><span class=\"ellipsis\">{site}.example/2026/11/</span><span class=\"invisible\">{path}</span></a>"
    )
}

fn content(seed: u64) -> String {
    let mut html = format!("<p>{MARK} ");
    if seed.is_multiple_of(3) {
        let name = words(seed + 40, 1);
        write!(html, "<span class=\"h-card\" translate=\"no\"><a href=\"https://{name}.example/@{name}\" class=\"u-url mention\">@<span>{name}</span></a></span> ").unwrap();
    }
    html += &words(seed + 50, 6 + chance(seed, 30) % 50);
    if seed % 6 == 1 {
        html += "<br />";
        html += OTHERS[usize::try_from(seed % OTHERS.len() as u64).unwrap()];
    }
    html += "</p>";
    for paragraph in 0..seed % 4 {
        write!(html, "<p>{}</p>", words(seed + 60 + paragraph, 8 + chance(seed, 31 + paragraph) % 30)).unwrap();
    }
    if seed.is_multiple_of(4) {
        write!(html, "<p>{}</p>", link(seed)).unwrap();
    }
    if seed % 3 == 1 {
        let tags = (0..=seed % 4).map(|tag| {
            let tag = words(seed + 70 + tag, 1);
            format!("<a href=\"https://bench.example/tags/{tag}\" class=\"mention hashtag\" rel=\"tag\">#<span>{tag}</span></a>")
        });
        write!(html, "<p>{}</p>", tags.collect::<Vec<_>>().join(" ")).unwrap();
    }
    html
}

fn media(seed: u64) -> Value {
    let at =
        format!("https://files.bench.example/media_attachments/files/117/065/{:03}/original/{:016x}.jpg", seed % 1000, chance(seed, 40));
    json!({
        "id": (117_065_000_000_000_000 + seed).to_string(), "type": "image", "url": at, "preview_url": at.replace("original", "small"),
        "remote_url": format!("https://{}.example/system/media_attachments/files/117/065/original/{:016x}.jpg", words(seed, 1), chance(seed, 40)),
        "preview_remote_url": null, "text_url": null,
        "meta": {"original": {"width": 1600, "height": 1200, "size": "1600x1200", "aspect": 1.333_333_333_333_333_3}, "small": {"width": 554, "height": 416, "size": "554x416", "aspect": 1.331_730_769_230_769_2}, "focus": {"x": 0.0, "y": 0.0}},
        "description": words(seed + 80, 10 + seed % 20), "blurhash": "UKF}p_WB9FxuD%M{WBxu~qt7ofayt7ayRjay",
    })
}

fn post(id: &str, seed: u64) -> Value {
    let author = account(seed % 257);
    let at = author["url"].as_str().unwrap().to_owned();
    let name = words(seed + 40, 1);
    let mentions: Vec<Value> = (seed.is_multiple_of(3))
        .then(|| json!({"id": "109300087109001221", "username": name, "url": format!("https://{name}.example/@{name}"), "acct": format!("{name}@{name}.example")}))
        .into_iter()
        .collect();
    let tags: Vec<Value> = (seed % 3 == 1)
        .then(|| (0..=seed % 4).map(|tag| words(seed + 70 + tag, 1)))
        .into_iter()
        .flatten()
        .map(|tag| json!({"name": tag, "url": format!("https://bench.example/tags/{tag}")}))
        .collect();
    let pictures: Vec<Value> = (0..if seed % 3 == 2 { 1 + seed % 2 } else { 0 }).map(|at| media(seed * 4 + at)).collect();
    let card = (seed.is_multiple_of(4)).then(|| {
        json!({"url": format!("https://{}.example/2026/11/{}", words(seed, 1), words(seed + 5, 4).replace(' ', "-")), "title": words(seed + 90, 7), "description": words(seed + 91, 22), "language": "en", "type": "link", "author_name": "", "author_url": "", "provider_name": words(seed, 1), "provider_url": "", "html": "", "width": 1200, "height": 630, "image": format!("https://files.bench.example/cache/preview_cards/images/063/{:016x}.jpg", chance(seed, 41)), "image_description": "", "embed_url": "", "blurhash": "UKF}p_WB9FxuD%M{WBxu~qt7ofayt7ayRjay", "published_at": null, "authors": []})
    });
    let poll = (seed % 29 == 5).then(|| {
        json!({"id": seed.to_string(), "expires_at": "2026-12-25T12:00:00.000Z", "expired": false, "multiple": false, "votes_count": 12, "voters_count": 12, "voted": false, "own_votes": [], "options": [{"title": words(seed, 2), "votes_count": 7}, {"title": words(seed + 1, 2), "votes_count": 5}], "emojis": []})
    });
    json!({
        "id": id, "created_at": "2026-11-25T11:59:56.896Z", "in_reply_to_id": null, "in_reply_to_account_id": null,
        "sensitive": seed.is_multiple_of(13), "spoiler_text": if seed.is_multiple_of(13) { format!("{MARK} long, and about trains") } else { String::new() },
        "visibility": "public", "language": "en", "uri": format!("{at}/statuses/{id}"), "url": format!("{at}/{id}"),
        "replies_count": seed % 5, "reblogs_count": seed % 40, "favourites_count": seed % 90, "quotes_count": 0, "edited_at": null,
        "content": content(seed), "reblog": null, "account": author, "media_attachments": pictures, "mentions": mentions, "tags": tags,
        "emojis": if seed.is_multiple_of(8) { json!([emoji("blobcat")]) } else { json!([]) },
        "application": {"name": "Web", "website": null}, "tagged_collections": [], "quote": null, "card": card, "poll": poll,
        "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
        "favourited": false, "reblogged": false, "muted": false, "bookmarked": false, "filtered": [],
    })
}

fn boost(seed: u64) -> Value {
    let mut boost = post(OWN_ID, seed + 1_000);
    for (field, value) in [
        ("content", json!("")),
        ("spoiler_text", json!("")),
        ("sensitive", json!(false)),
        ("media_attachments", json!([])),
        ("mentions", json!([])),
        ("tags", json!([])),
        ("emojis", json!([])),
        ("card", json!(null)),
        ("poll", json!(null)),
        ("reblog", post(INNER_ID, seed * 3)),
    ] {
        boost[field] = value;
    }
    boost
}

fn notification(seed: u64) -> Value {
    let kind = ["favourite", "reblog", "mention", "follow"][usize::try_from(seed % 4).unwrap()];
    let mut whole = json!({
        "id": OWN_ID, "type": kind, "created_at": "2026-11-25T12:00:00.000Z", "group_key": format!("{kind}-{seed}"), "account": account(seed),
    });
    match kind {
        "favourite" | "reblog" => whole["status"] = own_post(seed / 4 % OWN_POSTS),
        "mention" => whole["status"] = post(INNER_ID, seed + 2_000),
        _ => {}
    }
    whole
}

/// One of the reader's own posts.
fn own_post(number: u64) -> Value {
    let mut post = post(&(FIRST_ID - (number + 1) * STEP).to_string(), number + 3_000);
    post["account"] = account(1);
    post["account"]["id"] = json!("1");
    post["account"]["acct"] = json!("reader");
    serde_json::from_str(&post.to_string().replace(MARK, &format!("own{number:05}"))).unwrap()
}
