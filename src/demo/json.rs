//! The world's things as Mastodon writes them, field for field (<https://docs.joinmastodon.org/entities/>, version 4.5).
//!
//! Deliberately shares nothing with the client's own entities, so that each checks the other, and reads no clock.

use super::draft::{Card, Media};
use super::pictures;
use super::streams::Off;
use super::world::{Announcement, Conversation, DOMAIN, Id, Notification, Person, Poll, Status, World};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// Whose eyes a status is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// The reader: with `favourited` and the like.
    Personal,
    /// Everyone at once, as public and hashtag streams send it.
    Anonymous,
}

#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "the documented entity has them")]
pub(super) struct AccountJson<'a> {
    id: &'a str,
    username: &'a str,
    acct: String,
    display_name: &'a str,
    locked: bool,
    bot: bool,
    discoverable: bool,
    indexable: bool,
    group: bool,
    created_at: String,
    note: &'a str,
    url: String,
    uri: String,
    avatar: String,
    avatar_static: String,
    header: String,
    header_static: String,
    followers_count: u64,
    following_count: u64,
    statuses_count: u64,
    last_status_at: Option<String>,
    hide_collections: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noindex: Option<bool>,
    emojis: Vec<EmojiJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<[Value; 0]>,
    fields: Vec<Value>,
    /// Only of oneself: `verify_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Value>,
}

#[derive(Debug, Serialize)]
struct EmojiJson {
    shortcode: String,
    url: String,
    static_url: String,
    visible_in_picker: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct StatusJson<'a> {
    id: &'a str,
    created_at: String,
    in_reply_to_id: Option<&'a str>,
    in_reply_to_account_id: Option<&'a str>,
    sensitive: bool,
    spoiler_text: &'a str,
    visibility: &'static str,
    language: Option<&'a str>,
    uri: String,
    url: String,
    replies_count: u64,
    reblogs_count: u64,
    favourites_count: u64,
    quotes_count: u64,
    edited_at: Option<String>,
    content: &'a str,
    reblog: Option<Box<Self>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    application: Option<Value>,
    account: AccountJson<'a>,
    media_attachments: Vec<Value>,
    mentions: Vec<MentionJson<'a>>,
    tags: Vec<TagJson>,
    emojis: Vec<EmojiJson>,
    quote: Option<QuoteJson<'a>>,
    card: Option<CardJson<'a>>,
    poll: Option<PollJson<'a>>,
    quote_approval: QuoteApprovalJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    favourited: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reblogged: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    muted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bookmarked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    filtered: [Value; 0],
}

#[derive(Debug, Serialize)]
struct MentionJson<'a> {
    id: &'a str,
    username: &'a str,
    url: String,
    acct: String,
}

#[derive(Debug, Serialize)]
struct TagJson {
    name: String,
    url: String,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum QuoteJson<'a> {
    Whole {
        state: &'static str,
        quoted_status: Option<Box<StatusJson<'a>>>,
    },
    /// In a quote within a quote only the id is given.
    Shallow {
        state: &'static str,
        quoted_status_id: Option<&'a str>,
    },
}

#[derive(Debug, Serialize)]
struct CardJson<'a> {
    url: &'a str,
    title: &'a str,
    description: &'a str,
    language: Option<&'a str>,
    r#type: &'static str,
    author_name: &'static str,
    author_url: &'static str,
    provider_name: &'a str,
    provider_url: &'static str,
    html: &'static str,
    width: u32,
    height: u32,
    image: Option<&'static str>,
    image_description: &'static str,
    embed_url: &'static str,
    blurhash: Option<&'static str>,
    published_at: Option<&'static str>,
    authors: [Value; 0],
}

#[derive(Debug, Serialize)]
struct PollJson<'a> {
    id: String,
    expires_at: String,
    expired: bool,
    multiple: bool,
    votes_count: u64,
    voters_count: u64,
    options: Vec<OptionJson<'a>>,
    emojis: [Value; 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    voted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    own_votes: Option<[u32; 0]>,
}

#[derive(Debug, Serialize)]
struct OptionJson<'a> {
    title: &'a str,
    votes_count: u64,
}

#[derive(Debug, Serialize)]
struct QuoteApprovalJson {
    automatic: [&'static str; 1],
    manual: [Value; 0],
    current_user: &'static str,
}

/// A time as Mastodon writes it, to the millisecond.
pub(super) fn time(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// The text of any of this module's values.
pub(super) fn text(value: &impl Serialize) -> String {
    match serde_json::to_string(value) {
        Ok(text) => text,
        Err(error) => {
            debug_assert!(false, "an entity that is no JSON: {error}");
            "null".to_owned()
        }
    }
}

pub(super) fn account<'a>(world: &World, person: &'a Person) -> AccountJson<'a> {
    let local = person.domain.is_none();
    let avatar = format!("{}/accounts/avatars/{}.png", world.files, person.username);
    let header = format!("https://{DOMAIN}/headers/original/missing.png");
    AccountJson {
        id: &person.id,
        username: &person.username,
        acct: person.acct(),
        display_name: &person.display_name,
        locked: person.locked,
        bot: person.bot,
        discoverable: true,
        indexable: false,
        group: false,
        created_at: person.created_at.clone(),
        note: &person.note,
        url: person.url(),
        uri: format!("https://{}/users/{}", person.host(), person.username),
        avatar_static: avatar.clone(),
        avatar,
        header_static: header.clone(),
        header,
        followers_count: person.followers,
        following_count: person.following,
        statuses_count: person.statuses,
        last_status_at: person.last_status.map(day),
        hide_collections: local.then_some(false),
        noindex: local.then_some(false),
        emojis: emojis(&world.files, &[&person.display_name, &person.note]),
        roles: local.then_some([]),
        fields: person
            .fields
            .iter()
            .map(|(name, value, verified)| {
                let verified_at = verified.then_some(person.created_at.as_str());
                json!({ "name": name, "value": value, "verified_at": verified_at })
            })
            .collect(),
        source: None,
        role: None,
    }
}

/// The account with what only its owner sees.
pub(super) fn own_account(world: &World, follow_requests: usize) -> AccountJson<'_> {
    let person = world.person(World::ME);
    AccountJson {
        source: Some(json!({
            "privacy": "public", "sensitive": false, "language": person.language, "note": "Reading along.", "fields": [],
            "follow_requests_count": follow_requests, "hide_collections": false, "discoverable": true, "indexable": false,
            "attribution_domains": [], "quote_policy": "public",
        })),
        role: Some(json!({ "id": "-99", "name": "", "color": "", "permissions": "65536", "highlighted": false })),
        ..account(world, person)
    }
}

/// How the reader and someone stand.
pub(super) fn relationship(world: &World, place: usize) -> Value {
    let person = world.person(place);
    json!({
        "id": person.id, "following": person.followed, "showing_reblogs": person.followed, "notifying": false, "languages": null,
        "followed_by": world.follows_me(place), "blocking": false, "blocked_by": false, "muting": person.muted,
        "muting_notifications": person.muted, "muting_expires_at": null, "requested": false, "requested_by": world.asks_to_follow(place),
        "domain_blocking": false, "endorsed": false, "note": "",
    })
}

pub(super) fn status<'a>(world: &'a World, status: &'a Status, view: View, now: Timestamp) -> StatusJson<'a> {
    build(world, status, view, now, 0)
}

/// `depth` says how far down in quotes and boosts this one is.
fn build<'a>(world: &'a World, status: &'a Status, view: View, now: Timestamp, depth: u8) -> StatusJson<'a> {
    let author = world.person(status.author);
    let personal = view == View::Personal;
    let boosted = status.boost.as_ref().and_then(|id| world.statuses.get(id));
    let path = if status.boost.is_some() { "/activity" } else { "" };
    let uri = format!("https://{}/users/{}/statuses/{}{path}", author.host(), author.username, status.id);
    StatusJson {
        id: status.id.as_str(),
        created_at: time(status.created_at),
        in_reply_to_id: status.reply_to.as_ref().map(Id::as_str),
        in_reply_to_account_id: status.reply_to_person.map(|person| world.person(person).id.as_str()),
        sensitive: status.sensitive,
        spoiler_text: &status.spoiler_text,
        visibility: status.visibility.as_str(),
        language: status.language.as_deref(),
        url: if status.boost.is_some() { uri.clone() } else { format!("{}/{}", author.url(), status.id) },
        uri,
        replies_count: status.counts.replies,
        reblogs_count: status.counts.reblogs,
        favourites_count: status.counts.favourites,
        quotes_count: status.quotes,
        edited_at: status.edited_at.map(time),
        content: &status.html,
        reblog: boosted.map(|boosted| Box::new(build(world, boosted, view, now, depth))),
        application: author.domain.is_none().then(|| json!({ "name": "Web", "website": null })),
        account: account(world, author),
        media_attachments: status.media.iter().enumerate().map(|(place, item)| media(world, status, place, item)).collect(),
        mentions: status.mentions.iter().map(|person| mention(world.person(*person))).collect(),
        tags: status.tags.iter().map(|tag| tag_json(tag)).collect(),
        emojis: emojis(&world.files, &[&status.html, &status.spoiler_text]),
        quote: status.quote.as_ref().map(|id| quote(world, id, view, now, depth)),
        card: status.card.as_ref().map(card),
        poll: status.poll.as_ref().map(|it| poll(it, personal, now)),
        quote_approval: QuoteApprovalJson {
            automatic: ["public"],
            manual: [],
            current_user: if personal { "automatic" } else { "denied" },
        },
        favourited: personal.then_some(false),
        reblogged: personal.then_some(false),
        muted: personal.then_some(false),
        bookmarked: personal.then_some(false),
        pinned: (personal && status.author == World::ME).then_some(false),
        filtered: [],
    }
}

fn quote<'a>(world: &'a World, id: &Id, view: View, now: Timestamp, depth: u8) -> QuoteJson<'a> {
    let quoted = world.statuses.get(id).filter(|quoted| world.can_see(quoted));
    let state = if quoted.is_some() { "accepted" } else { "deleted" };
    if depth == 0 {
        QuoteJson::Whole { state, quoted_status: quoted.map(|quoted| Box::new(build(world, quoted, view, now, 1))) }
    } else {
        QuoteJson::Shallow { state, quoted_status_id: quoted.map(|quoted| quoted.id.as_str()) }
    }
}

fn mention(person: &Person) -> MentionJson<'_> {
    MentionJson { id: &person.id, username: &person.username, url: person.url(), acct: person.acct() }
}

fn tag_json(tag: &str) -> TagJson {
    TagJson { name: tag.to_owned(), url: format!("https://{DOMAIN}/tags/{}", tag.to_lowercase()) }
}

fn card(card: &Card) -> CardJson<'_> {
    CardJson {
        url: &card.url,
        title: &card.title,
        description: &card.description,
        language: None,
        r#type: "link",
        author_name: "",
        author_url: "",
        provider_name: &card.provider_name,
        provider_url: "",
        html: "",
        width: 0,
        height: 0,
        image: None,
        image_description: "",
        embed_url: "",
        blurhash: None,
        published_at: None,
        authors: [],
    }
}

fn poll(poll: &Poll, personal: bool, now: Timestamp) -> PollJson<'_> {
    let votes: u64 = poll.votes.iter().sum();
    let most = poll.votes.iter().copied().max().unwrap_or_default();
    PollJson {
        id: poll.id.to_string(),
        expires_at: time(poll.expires_at),
        expired: poll.expires_at <= now,
        multiple: poll.multiple,
        votes_count: votes,
        voters_count: if poll.multiple { most + (votes - most) / 2 } else { votes },
        options: poll.options.iter().zip(&poll.votes).map(|(title, votes)| OptionJson { title, votes_count: *votes }).collect(),
        emojis: [],
        voted: personal.then_some(false),
        own_votes: personal.then_some([]),
    }
}

fn media(world: &World, status: &Status, place: usize, media: &Media) -> Value {
    // By its words, so that every run of the story shows the same; ids are of the moment.
    let name = pictures::name(media.description.as_deref().unwrap_or_default(), place);
    let base = format!("{}/media_attachments/files", world.files);
    let (whole, small) = (pictures::SIZE, pictures::SMALL);
    let (whole, small) = (size(whole.0, whole.1), size(small.0, small.1));
    let (extension, preview, meta) = match media.kind.as_str() {
        "image" => ("png", Some("png"), json!({ "original": whole, "small": small, "focus": { "x": 0.0, "y": 0.0 } })),
        "gifv" => (
            "mp4",
            Some("png"),
            json!({ "length": "0:00:06.00", "duration": 6.0, "fps": 30, "size": "960x640", "width": 960, "height": 640, "aspect": 1.5, "original": { "width": 960, "height": 640, "frame_rate": "30/1", "duration": 6.0, "bitrate": 812_000 }, "small": small }),
        ),
        "video" => (
            "mp4",
            Some("png"),
            json!({ "length": "0:00:47.20", "duration": 47.2, "fps": 30, "size": "960x640", "width": 960, "height": 640, "aspect": 1.5, "audio_encode": "aac (LC) (mp4a / 0x6134706D)", "audio_bitrate": "44100 Hz", "audio_channels": "stereo", "original": { "width": 960, "height": 640, "frame_rate": "30/1", "duration": 47.2, "bitrate": 2_497_376 }, "small": small }),
        ),
        _ => (
            "mp3",
            None,
            json!({ "length": "0:01:12.40", "duration": 72.4, "audio_encode": "mp3", "audio_bitrate": "44100 Hz", "audio_channels": "stereo", "original": { "duration": 72.4, "bitrate": 192_000 } }),
        ),
    };
    json!({
        "id": format!("{}{place}", status.id),
        "type": media.kind,
        "url": format!("{base}/{name}/original.{extension}"),
        "preview_url": preview.map(|preview| format!("{base}/{name}/small.{preview}")),
        "remote_url": null,
        "preview_remote_url": null,
        "text_url": null,
        "meta": meta,
        "description": media.description,
        "blurhash": preview.map(|_| pictures::blurhash(&name)),
    })
}

fn size(width: u32, height: u32) -> Value {
    json!({ "width": width, "height": height, "size": format!("{width}x{height}"), "aspect": f64::from(width) / f64::from(height) })
}

/// The custom emoji named in these texts: `:name:`.
fn emojis(files: &str, texts: &[&str]) -> Vec<EmojiJson> {
    let mut found: Vec<EmojiJson> = Vec::new();
    for text in texts {
        let mut rest = *text;
        while let Some((_, after)) = rest.split_once(':') {
            rest = after;
            let Some((name, behind)) = after.split_once(':') else {
                break;
            };
            let is_name = name.len() >= 2 && name.chars().all(|ch| ch.is_ascii_lowercase() || ch == '_');
            if !is_name {
                continue;
            }
            rest = behind;
            if found.iter().all(|known| known.shortcode != name) {
                let url = |kind: &str| format!("{files}/custom_emojis/{kind}/{name}.png");
                found.push(EmojiJson {
                    shortcode: name.to_owned(),
                    url: url("original"),
                    static_url: url("static"),
                    visible_in_picker: true,
                });
            }
        }
    }
    found
}

#[derive(Debug, Serialize)]
pub(super) struct NotificationJson<'a> {
    id: String,
    r#type: &'a str,
    created_at: String,
    group_key: String,
    account: AccountJson<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusJson<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moderation_warning: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    collection: Option<Value>,
}

pub(super) fn notification<'a>(world: &'a World, notification: &'a Notification, now: Timestamp) -> NotificationJson<'a> {
    let created_at = time(notification.created_at);
    let hours = notification.created_at.as_second() / 3600;
    let id = notification.id;
    let person = world.person(notification.person);
    let about = notification.status.as_ref().and_then(|id| world.statuses.get(id));
    let kind = notification.kind.as_str();
    let group_key = match (kind, about) {
        ("favourite" | "reblog", Some(status)) => format!("{kind}-{}-{hours}", status.id),
        ("follow" | "admin.sign_up", _) => format!("{kind}-{hours}"),
        _ => format!("ungrouped-{id}"),
    };
    NotificationJson {
        id: id.to_string(),
        r#type: kind,
        group_key,
        account: account(world, person),
        status: about.map(|about| status(world, about, View::Personal, now)),
        report: (kind == "admin.report").then(|| {
            json!({
                "id": "48", "action_taken": false, "action_taken_at": null, "category": "spam", "comment": "posts timetables into every thread",
                "forwarded": false, "created_at": created_at, "status_ids": [], "rule_ids": [], "collection_ids": [],
                "target_account": account(world, person), "statuses": [],
            })
        }),
        event: (kind == "severed_relationships").then(|| {
            json!({
                "id": "900", "type": "domain_block", "purged": false, "target_name": "rude.example", "followers_count": 3, "following_count": 1,
                "created_at": created_at,
            })
        }),
        moderation_warning: (kind == "moderation_warning").then(|| {
            json!({
                "id": "17", "action": "mark_statuses_as_sensitive", "text": "Please hide pictures of pantographs behind a warning.", "status_ids": [],
                "created_at": created_at, "target_account": account(world, world.person(World::ME)), "appeal": null,
            })
        }),
        collection: matches!(kind, "added_to_collection" | "collection_update").then(|| {
            json!({
                "id": "5", "uri": format!("https://{}/users/{}/collections/5", person.host(), person.username), "name": "People who look out of windows",
                "description": "A starter set for slow timelines.", "language": "en", "account_id": person.id, "local": person.domain.is_none(),
                "sensitive": false, "discoverable": true, "url": format!("{}/collections/5", person.url()), "item_count": 1,
                "created_at": created_at, "updated_at": created_at, "tag": { "name": "trains", "url": format!("https://{DOMAIN}/tags/trains") },
                "items": [{ "id": "77", "state": "accepted", "created_at": created_at, "account_id": world.person(World::ME).id }],
            })
        }),
        created_at,
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ConversationJson<'a> {
    id: String,
    unread: bool,
    accounts: Vec<AccountJson<'a>>,
    last_status: Option<StatusJson<'a>>,
}

pub(super) fn conversation<'a>(world: &'a World, conversation: &'a Conversation, now: Timestamp) -> ConversationJson<'a> {
    ConversationJson {
        id: conversation.id.to_string(),
        unread: conversation.unread,
        accounts: conversation.people.iter().map(|person| account(world, world.person(*person))).collect(),
        last_status: conversation.last().and_then(|id| world.statuses.get(id)).map(|last| status(world, last, View::Personal, now)),
    }
}

/// An announcement; on the streams it has neither `read` nor `me`.
pub(super) fn announcement(announcement: &Announcement, view: View) -> Value {
    let personal = view == View::Personal;
    let reactions: Vec<Value> = announcement
        .reactions
        .iter()
        .map(
            |(name, count)| {
                if personal { json!({ "name": name, "count": count, "me": false }) } else { json!({ "name": name, "count": count }) }
            },
        )
        .collect();
    let mut value = json!({
        "id": announcement.id.to_string(), "content": announcement.html, "starts_at": null, "ends_at": null, "all_day": false,
        "published_at": time(announcement.published_at), "updated_at": time(announcement.published_at), "mentions": [], "statuses": [],
        "tags": announcement.tags.iter().map(|tag| json!({ "name": tag, "url": format!("https://{DOMAIN}/tags/{}", tag.to_lowercase()) })).collect::<Vec<_>>(),
        "emojis": [], "reactions": reactions,
    });
    if personal && let Some(object) = value.as_object_mut() {
        object.insert("read".to_owned(), Value::Bool(false));
    }
    value
}

/// The versions of a status, oldest first.
pub(super) fn history(world: &World, status: &Status) -> Vec<Value> {
    let author = account(world, world.person(status.author));
    let version = |content: &str, spoiler_text: &str, at: Timestamp| {
        json!({
            "content": content, "spoiler_text": spoiler_text, "sensitive": status.sensitive, "created_at": time(at), "account": author,
            "media_attachments": status.media.iter().enumerate().map(|(place, item)| media(world, status, place, item)).collect::<Vec<_>>(), "emojis": [],
        })
    };
    let mut versions: Vec<Value> = status.history.iter().map(|old| version(&old.html, &old.spoiler_text, old.at)).collect();
    versions.push(version(&status.html, &status.spoiler_text, status.edited_at.unwrap_or(status.created_at)));
    versions
}

/// `GET /api/v2/instance`.
pub(super) fn instance(world: &World, streaming: &str, off: Off) -> Value {
    let access = |off, otherwise| if off { "disabled" } else { otherwise };
    json!({
        "domain": DOMAIN,
        "title": "Trunk",
        "version": super::VERSION,
        "source_url": "https://github.com/mastodon/mastodon",
        "description": "A small server by the harbour that lives inside Trunkline.",
        "usage": { "users": { "active_month": world.people.len() } },
        "thumbnail": { "url": format!("https://files.{DOMAIN}/site_uploads/thumbnail.png"), "blurhash": null, "versions": {} },
        "icon": [],
        "languages": ["en"],
        "configuration": {
            "urls": { "streaming": streaming, "status": null, "about": format!("https://{DOMAIN}/about"), "privacy_policy": null, "terms_of_service": null },
            "vapid": { "public_key": "" },
            "accounts": { "max_display_name_length": 30, "max_note_length": 500, "max_avatar_description_length": 150, "max_header_description_length": 150, "max_featured_tags": 10, "max_pinned_statuses": 5, "max_profile_fields": 4, "profile_field_name_limit": 255, "profile_field_value_limit": 255 },
            "statuses": { "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23 },
            "media_attachments": { "description_limit": 1500, "supported_mime_types": ["image/jpeg", "image/png", "image/webp", "video/mp4", "audio/mpeg"], "image_size_limit": 16_777_216, "image_matrix_limit": 33_177_600, "video_size_limit": 103_809_024, "video_frame_rate_limit": 120, "video_matrix_limit": 8_294_400 },
            "polls": { "max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746 },
            "translation": { "enabled": false },
            "timelines_access": { "live_feeds": { "local": access(off.live_local, "public"), "remote": access(off.live_remote, "authenticated") }, "hashtag_feeds": { "local": "public", "remote": access(off.topic_remote, "authenticated") }, "trending_link_feeds": { "local": "disabled", "remote": "disabled" } },
            "limited_federation": false,
        },
        "registrations": { "enabled": false, "approval_required": false, "reason_required": false, "message": null, "min_age": null, "url": null },
        "api_versions": { "mastodon": 7 },
        "contact": { "email": format!("harbourmaster@{DOMAIN}"), "account": world.find("harbour", None).map(|person| account(world, world.person(person))) },
        "rules": [{ "id": "1", "text": "Be kind, and tie up properly.", "hint": "", "translations": {} }],
    })
}

/// `GET /api/v1/instance`.
pub(super) fn instance_v1(world: &World, streaming: &str) -> Value {
    json!({
        "uri": DOMAIN,
        "title": "Trunk",
        "short_description": "A small server by the harbour that lives inside Trunkline.",
        "description": "",
        "email": format!("harbourmaster@{DOMAIN}"),
        "version": super::VERSION,
        "urls": { "streaming_api": streaming },
        "stats": { "user_count": world.people.len(), "status_count": world.statuses.len(), "domain_count": 16 },
        "thumbnail": format!("https://files.{DOMAIN}/site_uploads/thumbnail.png"),
        "languages": ["en"],
        "registrations": false,
        "approval_required": false,
        "invites_enabled": false,
        "configuration": { "statuses": { "max_characters": 500, "max_media_attachments": 4, "characters_reserved_per_url": 23 }, "polls": { "max_options": 4, "max_characters_per_option": 50, "min_expiration": 300, "max_expiration": 2_629_746 } },
        "contact_account": world.find("harbour", None).map(|person| account(world, world.person(person))),
        "rules": [{ "id": "1", "text": "Be kind, and tie up properly.", "hint": "" }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        let moment: Timestamp = "2026-08-09T11:59:51.5029Z".parse().unwrap();
        assert_eq!(time(moment), "2026-08-09T11:59:51.502Z");
        assert_eq!(time("2026-08-09T11:59:51Z".parse().unwrap()), "2026-08-09T11:59:51.000Z");
        assert_eq!(day(moment), "2026-08-09");
    }

    #[test]
    fn custom_emoji_are_found_and_clock_times_are_not() {
        let names = |text: &str| emojis("", &[text]).into_iter().map(|emoji| emoji.shortcode).collect::<Vec<_>>();
        assert_eq!(names("Hal :crab: at 10:00 :tea: and :crab:"), ["crab", "tea"]);
        assert!(names("10:30, 11:45: late").is_empty());
    }
}
