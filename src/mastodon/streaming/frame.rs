//! One message of the streaming server, decoded, be it of a socket or a server-sent event; and the two that we send.
//!
//! Decoding is a pure function and total: whatever does not decode is [`Message::Malformed`] and costs itself alone. Absent
//! on purpose: sockets, and knowledge of what we are subscribed to.

use crate::mastodon::entities::swift::{self, Reader};
use crate::mastodon::entities::{self, Envelope, Id, Many, Raw};
use crate::mastodon::ingest;
use crate::model::{AnnouncementId, Payload, StatusId, Stream};
use crate::text::Plain;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

/// What a text message of the server turned out to be.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every message is an event")]
pub(crate) enum Message {
    /// An event.
    Event(Decoded),
    /// A refusal of something we asked for.
    Error {
        /// The server's words.
        text: Plain,
        /// The HTTP status that goes with it; older servers and unsubscribe errors have none.
        status: Option<u16>,
    },
    /// Nothing to act on: empty keep-alives, acknowledgements.
    Nothing,
    /// Not what it should be: what was wrong, in few words.
    Malformed(Plain),
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded {
    /// The stream as the server named it, normalised (`["list","12"]`, never `["list:12"]`); `None` if it named none.
    pub(crate) named: Option<Vec<Plain>>,
    /// What that name means.
    pub(crate) stream: Named,
    /// The event's own name.
    pub(crate) name: Plain,
    /// What it says.
    pub(crate) payload: Payload,
    /// The payload's exact text, where it is to be kept and there was one.
    pub(crate) raw: Option<Arc<str>>,
}

/// What the name of a stream means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// There was no name.
    Nothing,
    /// A stream.
    Stream(Stream),
    /// A name whose parameter is missing (`["list"]`): every subscription with this wire name.
    Kind(Plain),
    /// A name that means no stream of ours.
    Unknown,
}

/// Decodes a text message (transcripts `ws-every-stream-name`, `ws-payload-edge-shapes`; `multiplex` of GoToSocial).
pub(crate) fn decode(text: &str, keep_raw: bool) -> Message {
    swiftly(text, keep_raw).map_or_else(|| leniently(text, keep_raw), Message::Event)
}

/// Decodes a message of a usual kind in its usual form; `None` for any other.
fn swiftly(text: &str, keep_raw: bool) -> Option<Decoded> {
    let mut reader = Reader::<true>::new(text);
    reader.eat(b"{\"stream\":")?;
    let stream = reader.words()?;
    reader.eat(b",\"event\":")?;
    let event = reader.word()?;
    reader.eat(b",\"payload\":")?;
    let (payload, raw) = match event {
        "update" | "status.update" => {
            let (status, raw) = reader.payload::<entities::Status<'_>>()?;
            let bundle = ingest::status(&status)?;
            (if event == "update" { Payload::Update(bundle) } else { Payload::Edit(bundle) }, raw)
        }
        "notification" => {
            let (notification, raw) = reader.payload::<entities::Notification<'_>>()?;
            let (notification, bundle) = ingest::notification(&notification)?;
            (Payload::Notification(notification, bundle), raw)
        }
        "delete" => {
            let id = reader.word()?;
            (Payload::Delete(StatusId::new(id.trim())?), id)
        }
        _ => return None,
    };
    reader.eat(b"}")?;
    if !reader.is_at_end() {
        return None;
    }
    let (named, stream) = name(Raw(Some(stream)));
    let raw = keep_raw.then(|| Arc::from(swift::unescaped_once(raw)));
    Some(Decoded { named, stream, name: word(event), payload, raw })
}

/// Decodes any message, field by field.
fn leniently(text: &str, keep_raw: bool) -> Message {
    if text.trim().is_empty() {
        return Message::Nothing;
    }
    let Some(envelope) = entities::object::<Envelope<'_>>(text) else {
        return malformed("a message that is no JSON object");
    };
    let Some(event) = envelope.event.filled() else {
        return match envelope.error.filled() {
            Some(error) => {
                Message::Error { text: Plain::line(error), status: envelope.status.0.and_then(|status| u16::try_from(status).ok()) }
            }
            None => malformed("a message that is neither event nor error"),
        };
    };
    let words = envelope.payload.0.and_then(entities::text);
    if event == "pleroma:respond" {
        return acknowledged(words.as_deref());
    }
    let payload = match payload(event, words.as_deref()) {
        Ok(payload) => payload,
        Err(what) => return malformed(&format!("`{event}` with {what}")),
    };
    let (named, stream) = name(envelope.stream);
    let exact = words.as_deref().or(envelope.payload.0);
    Message::Event(Decoded { named, stream, name: word(event), payload, raw: exact.filter(|_| keep_raw).map(Arc::from) })
}

/// Decodes a server-sent event, as if its message had named `stream` (transcripts `sse-*`). Up to Mastodon 4.2
/// `filters_changed` has the data `undefined`, which is no payload.
pub(crate) fn decode_event(stream: &Stream, name: &str, data: &str, keep_raw: bool) -> Message {
    let words = Some(data).filter(|data| *data != "undefined");
    let payload = match payload(name, words) {
        Ok(payload) => payload,
        Err(what) => return malformed(&format!("`{name}` with {what}")),
    };
    let parameter = stream.wire_parameter().map(|(_, value)| value);
    let named = [Some(stream.wire_name()), parameter].into_iter().flatten().map(word).collect();
    Message::Event(Decoded {
        named: Some(named),
        stream: Named::Stream(stream.clone()),
        name: word(name),
        payload,
        raw: words.filter(|_| keep_raw).map(Arc::from),
    })
}

/// The message that asks for a stream.
pub(crate) fn subscribe(stream: &Stream) -> String {
    ask("subscribe", stream)
}

/// The message that ends a stream.
pub(crate) fn unsubscribe(stream: &Stream) -> String {
    ask("unsubscribe", stream)
}

/// Pleroma answers every subscribe: `{"type":"subscribe","result":"error","error":"bad_topic"}` is a refusal.
fn acknowledged(words: Option<&str>) -> Message {
    #[derive(Deserialize)]
    struct Answer<'a> {
        result: Cow<'a, str>,
        error: Option<Cow<'a, str>>,
    }
    match words.map(serde_json::from_str::<Answer<'_>>) {
        Some(Ok(Answer { result, error })) if result == "error" => {
            Message::Error { text: Plain::line(error.as_deref().unwrap_or("error")), status: None }
        }
        Some(Ok(_) | Err(_)) | None => Message::Nothing,
    }
}

fn malformed(what: &str) -> Message {
    Message::Malformed(Plain::line(what))
}

/// Reads an event's payload; what is wrong with it, if it cannot be read.
fn payload(event: &str, words: Option<&str>) -> Result<Payload, &'static str> {
    let needed = || words.ok_or("no text as its payload");
    match event {
        "update" => status(needed()?).map(Payload::Update),
        "status.update" => status(needed()?).map(Payload::Edit),
        "delete" => StatusId::new(needed()?.trim()).map(Payload::Delete).ok_or("a payload that is no id"),
        "notification" => {
            let read = entity(needed()?)?;
            ingest::notification(&read)
                .map(|(notification, bundle)| Payload::Notification(notification, bundle))
                .ok_or("a notification without id or type")
        }
        "conversation" => {
            let read = entity(needed()?)?;
            ingest::conversation(&read)
                .map(|(conversation, bundle)| Payload::Conversation(conversation, bundle))
                .ok_or("a conversation without id")
        }
        "announcement" => ingest::announcement(&entity(needed()?)?).map(Payload::Announcement).ok_or("an announcement without id"),
        "announcement.reaction" => ingest::announcement_reaction(&entity(needed()?)?)
            .map(Payload::AnnouncementReaction)
            .ok_or("a reaction without announcement, name or count"),
        "announcement.delete" => AnnouncementId::new(needed()?.trim()).map(Payload::AnnouncementDelete).ok_or("a payload that is no id"),
        // Without payload up to Mastodon 4.2, with an empty one on GoToSocial.
        "filters_changed" => Ok(Payload::FiltersChanged),
        "notifications_merged" => Ok(Payload::NotificationsMerged),
        _ => Ok(Payload::Other),
    }
}

fn status(words: &str) -> Result<crate::model::Bundle, &'static str> {
    ingest::status(&entity(words)?).ok_or("a status without id or author")
}

fn entity<'a, T: Deserialize<'a>>(words: &'a str) -> Result<T, &'static str> {
    entities::object(words).ok_or("a payload that is no JSON object")
}

/// The words that nearly every message has.
static USUAL: LazyLock<[Plain; 8]> = LazyLock::new(|| {
    ["update", "status.update", "delete", "notification", "user", "user:notification", "public", "public:local"].map(Plain::line)
});

/// A word of a message, which for a usual one takes no room of its own.
fn word(word: &str) -> Plain {
    USUAL.iter().find(|known| known.as_str() == word).cloned().unwrap_or_else(|| Plain::line(word))
}

/// The stream of a `stream` key in its usual form: one plain word, which says all.
fn usual_name(raw: &str) -> Option<(Plain, Stream)> {
    let named = raw.strip_prefix("[\"")?.strip_suffix("\"]").filter(|named| !named.contains(['"', '\\']))?;
    let stream = Stream::from_wire(named, None)?;
    Some((word(named), stream))
}

/// Reads the `stream` key: normally a list of name and parameter; elsewhere also `["list:12"]`, `"user"`, or nothing.
fn name(raw: Raw<'_>) -> (Option<Vec<Plain>>, Named) {
    let Some(raw) = raw.0 else { return (None, Named::Nothing) };
    if let Some((named, stream)) = usual_name(raw) {
        return (Some(vec![named]), Named::Stream(stream));
    }
    let parts: Many<Id<'_>, 4> = match entities::many(raw) {
        Some(parts) => parts,
        None => Many { items: serde_json::from_str(raw).into_iter().collect(), ..Many::default() },
    };
    let parts: Vec<&str> = parts.items.iter().map(Id::as_str).filter(|part| !part.is_empty()).collect();
    let parts = match parts.as_slice() {
        [] => return (None, if raw == "[]" { Named::Nothing } else { Named::Unknown }),
        [joined] => split(joined),
        several => several.to_vec(),
    };
    let (first, parameter) = (parts.first().copied().unwrap_or_default(), parts.get(1).copied());
    let stream = match Stream::from_wire(first, parameter) {
        Some(stream) => Named::Stream(stream),
        None if parameter.is_none() && matches!(first, "list" | "hashtag" | "hashtag:local") => Named::Kind(Plain::line(first)),
        None => Named::Unknown,
    };
    (Some(parts.into_iter().map(word).collect()), stream)
}

/// Takes `list:12`, `hashtag:rust` and `hashtag:local:rust` apart; GoToSocial joins so.
fn split(joined: &str) -> Vec<&str> {
    if joined == "hashtag:local" {
        return vec![joined];
    }
    for name in ["list", "hashtag:local", "hashtag"] {
        if let Some(parameter) = joined.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')) {
            return if parameter.is_empty() { vec![name] } else { vec![name, parameter] };
        }
    }
    vec![joined]
}

/// A message of ours. Every value is text: GoToSocial ends the connection over a number.
#[derive(Serialize)]
struct Ask<'a> {
    r#type: &'a str,
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a str>,
}

fn ask(what: &str, stream: &Stream) -> String {
    let parameter = |wanted: &str| stream.wire_parameter().filter(|(key, _)| *key == wanted).map(|(_, value)| value);
    let ask = Ask { r#type: what, stream: stream.wire_name(), list: parameter("list"), tag: parameter("tag") };
    // Text alone always serialises.
    serde_json::to_string(&ask).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AccountId, Bundle, ListId, Notification, NotificationKind, QuoteState, Reach, Status, Tag, Visibility};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    /// Every text message that a recorded server sent: file, row, message.
    static RECORDED: LazyLock<Vec<(String, usize, String)>> = LazyLock::new(|| {
        let root = fixtures();
        let mut files = Vec::new();
        for folder in ["wire", "wire-gotosocial"] {
            collect(&root.join(folder), &mut files);
        }
        files.sort();
        let mut rows = Vec::new();
        for file in files {
            let name = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            for (row, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
                let line: Value = serde_json::from_str(line).unwrap();
                if line["dir"] == "s2c" && line["kind"] == "text" {
                    rows.push((name.clone(), row, line["data"].as_str().unwrap().to_owned()));
                }
            }
        }
        rows
    });

    fn fixtures() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
    }

    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|ending| ending == "jsonl") {
                files.push(path);
            }
        }
    }

    fn event(text: &str) -> Decoded {
        match decode(text, true) {
            Message::Event(decoded) => decoded,
            other @ (Message::Error { .. } | Message::Nothing | Message::Malformed(_)) => panic!("{text}: {other:?}"),
        }
    }

    fn complaint(text: &str) -> String {
        match decode(text, true) {
            Message::Malformed(what) => what.to_string(),
            other @ (Message::Event(_) | Message::Error { .. } | Message::Nothing) => panic!("{text}: {other:?}"),
        }
    }

    fn frame(name: &str, payload: &Value) -> String {
        json!({"stream": ["user"], "event": name, "payload": payload.to_string()}).to_string()
    }

    fn words(text: &str) -> String {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let cut: String = line.chars().take(40).collect();
        if cut.len() < line.len() { format!("\"{cut}…\"") } else { format!("\"{line}\"") }
    }

    fn acct<'a>(bundle: &'a Bundle, id: &AccountId) -> &'a str {
        bundle.accounts.iter().find(|account| account.id == *id).map_or("?", |account| account.acct.as_str())
    }

    fn status_summary(status: &Status, bundle: &Bundle) -> String {
        let mut out = format!("{} by {} {}", status.id, acct(bundle, &status.account), words(&status.content.text()));
        let mut add = |part: String| {
            out.push(' ');
            out.push_str(&part);
        };
        if let Some(id) = &status.reblog {
            let boosted = bundle.statuses.iter().find(|held| held.id == *id).unwrap();
            add(format!("boost-of [{}]", status_summary(boosted, bundle)));
        }
        if status.visibility != Visibility::Public {
            add(format!("{:?}", status.visibility).to_lowercase());
        }
        if !status.spoiler_text.is_blank() {
            add(format!("warning {}", words(status.spoiler_text.as_str())));
        }
        if status.sensitive {
            add("sensitive".to_owned());
        }
        if let Some(language) = &status.language {
            add(format!("in {language}"));
        }
        if let Some(id) = &status.in_reply_to_id {
            add(format!("answers {id}"));
        }
        if status.edited_at.is_some() {
            add("edited".to_owned());
        }
        for media in &status.media_attachments {
            let kind = format!("{:?}", media.kind).to_lowercase();
            let size = media.size.map_or(String::new(), |(width, height)| format!(" {width}x{height}"));
            let seconds = media.seconds.map_or(String::new(), |seconds| format!(" {seconds}s"));
            let alt = media.description.as_ref().map_or(String::new(), |alt| format!(" {}", words(alt.as_str())));
            add(format!("{kind}{size}{seconds}{alt}"));
        }
        if let Some(poll) = &status.poll {
            add(format!("poll of {}, {} votes{}", poll.options.len(), poll.votes_count, if poll.expired { ", over" } else { "" }));
        }
        if let Some(card) = &status.card {
            add(format!("card {}", words(card.title.as_str())));
        }
        if let Some(quote) = &status.quote {
            let state = if let QuoteState::Other(word) = &quote.state { word.to_string() } else { format!("{:?}", quote.state) };
            let inner = quote.status.as_ref().map_or("nothing".to_owned(), |id| match bundle.statuses.iter().find(|held| held.id == *id) {
                Some(quoted) => format!("[{}]", status_summary(quoted, bundle)),
                None => format!("{id} alone"),
            });
            add(format!("quote {state} {inner}"));
        }
        if !status.mentions.is_empty() {
            add(format!("to {}", status.mentions.iter().map(|mention| mention.acct.as_str()).collect::<Vec<_>>().join(",")));
        }
        for tag in &status.tags {
            add(format!("#{}", tag.name));
        }
        for matched in status.filtered.iter().flatten() {
            add(format!("filter {} {:?}", matched.title, matched.action));
        }
        let counts = status.counts;
        if counts != crate::model::Counts::default() {
            add(format!("counts {}/{}/{}/{}", counts.replies, counts.reblogs, counts.favourites, counts.quotes));
        }
        add(if status.is_personal() { "personal".to_owned() } else { "anonymous".to_owned() });
        out
    }

    fn notification_summary(notification: &Notification, bundle: &Bundle) -> String {
        let kind = match &notification.kind {
            NotificationKind::AdminReport(report) => format!(
                "admin-report of {} as {}",
                report.target.as_ref().map_or("nobody", |id| acct(bundle, id)),
                report.category.as_ref().map_or("nothing", |word| word.as_str())
            ),
            NotificationKind::SeveredRelationships(event) => format!(
                "severed {} {} {}/{}",
                event.cause.as_ref().unwrap(),
                event.target_name.as_ref().unwrap(),
                event.followers.unwrap(),
                event.following.unwrap()
            ),
            NotificationKind::ModerationWarning(warning) => {
                format!("warning {} {}", warning.action.as_ref().unwrap(), words(warning.text.as_ref().unwrap().as_str()))
            }
            NotificationKind::AnnualReport { year } => format!("annual-report {}", year.as_ref().map_or("unstated", |year| year.as_str())),
            NotificationKind::AddedToCollection { name } => format!("added-to {}", words(name.as_ref().unwrap().as_str())),
            NotificationKind::CollectionUpdate { name } => format!("collection-update {}", words(name.as_ref().unwrap().as_str())),
            NotificationKind::Other(name) => format!("other {name}"),
            plain @ (NotificationKind::Mention
            | NotificationKind::Status
            | NotificationKind::Reblog
            | NotificationKind::Favourite
            | NotificationKind::Poll
            | NotificationKind::Update
            | NotificationKind::Quote
            | NotificationKind::QuotedUpdate
            | NotificationKind::Follow
            | NotificationKind::FollowRequest
            | NotificationKind::AdminSignUp
            | NotificationKind::PendingReply
            | NotificationKind::PendingFavourite
            | NotificationKind::PendingReblog) => format!("{plain:?}"),
        };
        let by = notification.account.as_ref().map_or("nobody", |id| acct(bundle, id));
        let about = notification.status.as_ref().map_or(String::new(), |id| {
            let status = bundle.statuses.iter().find(|status| status.id == *id).unwrap();
            format!(" about [{}]", status_summary(status, bundle))
        });
        format!("notification {} {kind} by {by}{about}", notification.id)
    }

    fn payload_summary(payload: &Payload) -> String {
        match payload {
            Payload::Update(bundle) => format!("status {}", status_summary(bundle.main().unwrap(), bundle)),
            Payload::Edit(bundle) => format!("edit {}", status_summary(bundle.main().unwrap(), bundle)),
            Payload::Delete(id) => format!("delete {id}"),
            Payload::Notification(notification, bundle) => notification_summary(notification, bundle),
            Payload::Conversation(conversation, bundle) => {
                let with: Vec<_> = conversation.accounts.iter().map(|id| acct(bundle, id)).collect();
                let last = bundle.main().map_or("none".to_owned(), |status| {
                    assert_eq!(Some(&status.id), conversation.last_status.as_ref());
                    format!("[{}]", status_summary(status, bundle))
                });
                let read = if conversation.unread { "unread" } else { "read" };
                format!("conversation {} with {} {read} last {last}", conversation.id, with.join(","))
            }
            Payload::Announcement(announcement) => {
                let reactions = announcement.reactions.iter().map(|reaction| format!(" {}×{}", reaction.name, reaction.count));
                format!("announcement {} {}{}", announcement.id, words(&announcement.content.text()), reactions.collect::<String>())
            }
            Payload::AnnouncementReaction(reaction) => {
                format!("reaction {} ×{} on {}", reaction.name, reaction.count, reaction.announcement)
            }
            Payload::AnnouncementDelete(id) => format!("announcement {id} gone"),
            Payload::FiltersChanged => "filters changed".to_owned(),
            Payload::NotificationsMerged => "notifications merged".to_owned(),
            Payload::Other => "other".to_owned(),
        }
    }

    /// Named stream, what it means, event, summary; as `tests/fixtures/expected.tsv` has them.
    fn summary(message: &Message) -> String {
        let short = |text: &str| {
            if text.chars().count() > 40 { format!("{}…", text.chars().take(39).collect::<String>()) } else { text.to_owned() }
        };
        match message {
            Message::Event(decoded) => {
                let named = decoded
                    .named
                    .as_ref()
                    .map_or("-".to_owned(), |parts| parts.iter().map(|part| short(part.as_str())).collect::<Vec<_>>().join(","));
                let means = match &decoded.stream {
                    Named::Nothing => "-".to_owned(),
                    Named::Stream(stream) => short(&stream.spec().to_string()),
                    Named::Kind(kind) => format!("every {kind}"),
                    Named::Unknown => "unknown".to_owned(),
                };
                format!("{named}\t{means}\t{}\t{}", decoded.name, payload_summary(&decoded.payload))
            }
            Message::Error { text, status } => {
                format!("-\t-\t-\terror {} {text}", status.map_or("unstated".to_owned(), |status| status.to_string()))
            }
            Message::Nothing => "-\t-\t-\tnothing".to_owned(),
            Message::Malformed(what) => format!("-\t-\t-\tmalformed {what}"),
        }
    }

    #[test]
    fn every_recorded_message_decodes_to_what_is_written_down() {
        let expected = std::fs::read_to_string(fixtures().join("expected.tsv")).unwrap();
        let mut expected = expected.lines().filter(|line| !line.starts_with('#'));
        let mut wrong = Vec::new();
        for (file, row, text) in RECORDED.iter() {
            let is = format!("{file}\t{row}\t{}", summary(&decode(text, false)));
            let should = expected.next().unwrap_or_default();
            if is != should {
                wrong.push(format!("should: {should}\n  is: {is}"));
            }
        }
        assert!(wrong.is_empty(), "{} of {} messages:\n{}", wrong.len(), RECORDED.len(), wrong.join("\n"));
        assert_eq!(expected.next(), None);
    }

    #[test]
    fn a_stream_is_understood_however_it_is_named() {
        let list = || Named::Stream(Stream::List(ListId::new("12").unwrap()));
        let rust = |local| Named::Stream(Stream::Hashtag { tag: Tag::new("rust").unwrap(), local });
        let local = Named::Stream(Stream::Public { reach: Reach::Local, only_media: false });
        let long = "x".repeat(129);
        for (raw, named, means) in [
            (json!(["user"]), Some(vec!["user"]), Named::Stream(Stream::User)),
            (json!(["list", "12"]), Some(vec!["list", "12"]), list()),
            (json!(["list", 12]), Some(vec!["list", "12"]), list()),
            (json!(["list:12"]), Some(vec!["list", "12"]), list()),
            (json!("list:12"), Some(vec!["list", "12"]), list()),
            (json!(["list"]), Some(vec!["list"]), Named::Kind(Plain::line("list"))),
            (json!(["list", null]), Some(vec!["list"]), Named::Kind(Plain::line("list"))),
            (json!(["list:"]), Some(vec!["list"]), Named::Kind(Plain::line("list"))),
            (json!(["list", long]), Some(vec!["list", &long]), Named::Unknown),
            (json!(["hashtag", "Rust"]), Some(vec!["hashtag", "Rust"]), rust(false)),
            (json!(["hashtag:rust"]), Some(vec!["hashtag", "rust"]), rust(false)),
            (json!(["hashtag:local", "rust"]), Some(vec!["hashtag:local", "rust"]), rust(true)),
            (json!(["hashtag:local:rust"]), Some(vec!["hashtag:local", "rust"]), rust(true)),
            (json!(["hashtag:local"]), Some(vec!["hashtag:local"]), Named::Kind(Plain::line("hashtag:local"))),
            (json!(["hashtag"]), Some(vec!["hashtag"]), Named::Kind(Plain::line("hashtag"))),
            (json!("public:local"), Some(vec!["public:local"]), local),
            (json!(["public:bubble"]), Some(vec!["public:bubble"]), Named::Unknown),
            (json!(["\u{1b}[2J"]), Some(vec!["▯[2J"]), Named::Unknown),
            (json!(null), None, Named::Nothing),
            (json!([]), None, Named::Nothing),
            (json!({"name": "user"}), None, Named::Unknown),
            (json!([["user"]]), None, Named::Unknown),
            (json!(7), Some(vec!["7"]), Named::Unknown),
        ] {
            let decoded = event(&json!({"stream": raw, "event": "delete", "payload": "1"}).to_string());
            let named: Option<Vec<Plain>> = named.map(|parts| parts.into_iter().map(Plain::line).collect());
            assert_eq!((decoded.named, decoded.stream), (named, means), "{raw}");
        }
        assert_eq!(event(r#"{"event":"delete","payload":"1"}"#).stream, Named::Nothing);
    }

    #[test]
    fn what_needs_no_payload_has_none_and_what_needs_one_complains() {
        for payload in ["", r#","payload":"""#, r#","payload":"undefined""#, r#","payload":null"#, r#","payload":5"#] {
            let text = |name: &str| format!(r#"{{"stream":["user"],"event":"{name}"{payload}}}"#);
            assert_eq!(event(&text("filters_changed")).payload, Payload::FiltersChanged);
            assert_eq!(event(&text("notifications_merged")).payload, Payload::NotificationsMerged);
            assert_eq!(event(&text("some.future.event")).payload, Payload::Other);
            assert_eq!(decode(&text("pleroma:respond"), true), Message::Nothing);
            for name in ["update", "status.update", "notification", "conversation", "announcement", "announcement.reaction"] {
                assert!(complaint(&text(name)).starts_with(&format!("`{name}` with")), "{}", complaint(&text(name)));
            }
        }
        for payload in ["null", "5", "true", "{}", "[]", r#""""#, r#"" ""#, r#""1\u001b[2J""#] {
            let text = |name: &str| format!(r#"{{"stream":["user"],"event":"{name}","payload":{payload}}}"#);
            for name in ["delete", "announcement.delete"] {
                assert!(complaint(&text(name)).starts_with(&format!("`{name}` with")));
            }
        }
    }

    #[test]
    fn pleromas_answers_are_refusals_where_they_say_error() {
        let text = |inner: &str| json!({"event": "pleroma:respond", "payload": inner}).to_string();
        assert_eq!(decode(&text(r#"{"type":"subscribe","result":"success"}"#), true), Message::Nothing);
        let refusal = decode(&text(r#"{"type":"subscribe","result":"error","error":"bad_topic"}"#), true);
        assert_eq!(refusal, Message::Error { text: Plain::line("bad_topic"), status: None });
    }

    #[test]
    fn the_payload_is_kept_as_it_was_written_and_only_when_asked_for() {
        let delete = r#"{"stream":["user"],"event":"delete","payload":"116"}"#;
        assert_eq!(event(delete).raw.as_deref(), Some("116"));
        assert!(matches!(decode(delete, false), Message::Event(Decoded { raw: None, .. })));
        assert_eq!(event(r#"{"event":"x","payload":{"a": 1}}"#).raw.as_deref(), Some(r#"{"a": 1}"#));
        assert_eq!(event(r#"{"event":"x","payload":"{\"a\":\t1}"}"#).raw.as_deref(), Some("{\"a\":\t1}"));
        assert_eq!(event(r#"{"event":"filters_changed"}"#).raw, None);
    }

    #[test]
    fn errors_have_words_and_sometimes_a_status() {
        let error = |text: &str| decode(text, false);
        let said = |text: &str, status| Message::Error { text: Plain::line(text), status };
        assert_eq!(error(r#"{"error":"Unknown stream type","status":400}"#), said("Unknown stream type", Some(400)));
        assert_eq!(error(r#"{"error":"Error unsubscribing from channel"}"#), said("Error unsubscribing from channel", None));
        assert_eq!(error(r#"{"status":"401","error":"a\u001b]0;b"}"#), said("a▯]0;b", Some(401)));
        assert_eq!(error(r#"{"error":"x","status":70000}"#), said("x", None));
    }

    #[test]
    fn silence_is_nothing_and_noise_is_a_complaint() {
        for text in ["", " ", "\n", "\r\n\t"] {
            assert_eq!(decode(text, true), Message::Nothing);
        }
        for text in ["pong", "null", "5", "[]", "[{}]", "{", "{}{}", "\"x\"", "\u{0}", r#"{"event":"update""#, r#"{"event":"x"} y"#] {
            assert_eq!(complaint(text), "a message that is no JSON object", "{text}");
        }
        for text in ["{}", r#"{"event":5}"#, r#"{"event":""}"#, r#"{"error":{}}"#, r#"{"error":null,"status":500}"#] {
            assert_eq!(complaint(text), "a message that is neither event nor error", "{text}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_costs_a_letter() {
        let text = r#"{"event":"update","payload":"{\"id\":\"1\",\"account\":{\"id\":\"2\",\"acct\":\"a\"},\"content\":\"x\\ud800y\"}"}"#;
        let Payload::Update(bundle) = event(text).payload else { panic!() };
        let content = bundle.main().unwrap().content.text();
        assert!(content.starts_with('x') && content.ends_with('y'), "{content}");
        assert_eq!(event(r#"{"event":"a\ud800b","payload":""}"#).payload, Payload::Other);
    }

    #[test]
    fn nesting_without_end_costs_only_what_is_nested() {
        for deep in
            ["[".repeat(200) + &"]".repeat(200), "{\"a\":".repeat(200) + "1" + &"}".repeat(200), "[".repeat(100_000) + &"]".repeat(100_000)]
        {
            let account = r#"{"id":"2","acct":"a"}"#;
            for field in ["x_future", "media_attachments", "card", "poll", "content", "quote", "filtered", "mentions"] {
                let status = format!(r#"{{"id":"1","account":{account},"{field}":{deep}}}"#);
                let text = json!({"stream": ["user"], "event": "update", "payload": status}).to_string();
                assert!(matches!(event(&text).payload, Payload::Update(_)), "{field}");
            }
            let around = format!(r#"{{"stream":{deep},"event":"delete","payload":"1","x":{deep}}}"#);
            assert_eq!(event(&around).stream, Named::Unknown);
            assert_eq!(complaint(&deep.replace('{', "[")), "a message that is no JSON object");
        }
        let boosts = (0..5_000)
            .fold("null".to_owned(), |inner, id| format!(r#"{{"id":"{id}","account":{{"id":"2"}},"reblog":{inner},"quote":null}}"#));
        let Payload::Update(bundle) = event(&json!({"event": "update", "payload": boosts}).to_string()).payload else { panic!() };
        assert_eq!(bundle.statuses.len(), 2);
    }

    /// Every place in a value, as JSON pointers.
    fn places(value: &Value, here: &str, into: &mut Vec<String>) {
        let mut inner = |key: String, value: &Value| {
            let place = format!("{here}/{key}");
            into.push(place.clone());
            places(value, &place, into);
        };
        match value {
            Value::Object(map) => map.iter().for_each(|(key, value)| inner(key.clone(), value)),
            Value::Array(list) => list.iter().take(1).for_each(|value| inner("0".to_owned(), value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn recorded(file: &str, row: usize) -> (String, Value) {
        let (_, _, text) = RECORDED.iter().find(|(name, at, _)| name == file && *at == row).unwrap();
        let envelope: Value = serde_json::from_str(text).unwrap();
        let payload = serde_json::from_str(envelope["payload"].as_str().unwrap()).unwrap();
        (envelope["event"].as_str().unwrap().to_owned(), payload)
    }

    #[test]
    fn a_field_of_another_type_or_missing_costs_itself_only() {
        let necessary = ["/id", "/account", "/account/id", "/type"];
        let mut tried = 0;
        for (file, row) in [
            ("wire/ws-home-mixed.jsonl", 4),
            ("wire/ws-home-mixed.jsonl", 13),
            ("wire/ws-custom-filters.jsonl", 7),
            ("wire/ws-notifications-every-type.jsonl", 15),
            ("wire/ws-notifications-every-type.jsonl", 16),
            ("wire/ws-conversations.jsonl", 4),
            ("wire/ws-system-events.jsonl", 3),
            ("wire-gotosocial/media.jsonl", 3),
        ] {
            let (name, whole) = recorded(file, row);
            let before = payload_summary(&event(&frame(&name, &whole)).payload);
            let mut all = Vec::new();
            places(&whole, "", &mut all);
            for place in all {
                let (parent, key) = place.rsplit_once('/').unwrap();
                for other in [None, Some(json!(null)), Some(json!(-1.5)), Some(json!(true)), Some(json!([[1]])), Some(json!({"0": "x"}))] {
                    let mut changed = whole.clone();
                    match (changed.pointer_mut(parent).unwrap(), other) {
                        (Value::Object(map), None) => drop(map.remove(key)),
                        (Value::Array(list), None) => drop(list.remove(0)),
                        (_, Some(other)) => *changed.pointer_mut(&place).unwrap() = other,
                        (scalar, None) => panic!("{scalar} has no {place}"),
                    }
                    tried += 1;
                    match decode(&frame(&name, &changed), false) {
                        Message::Event(_) => {}
                        other @ (Message::Error { .. } | Message::Nothing | Message::Malformed(_)) => {
                            assert!(necessary.contains(&place.as_str()), "{file} {row} {place}: {other:?} (before: {before})");
                        }
                    }
                }
            }
        }
        assert!(tried > 3_000, "{tried}");
    }

    #[test]
    fn the_rest_of_a_status_survives_a_broken_field() {
        let (name, mut whole) = recorded("wire/ws-home-mixed.jsonl", 4);
        let Payload::Update(before) = event(&frame(&name, &whole)).payload else { panic!() };
        whole["created_at"] = json!(["2026"]);
        whole["media_attachments"][1] = json!("x");
        whole["poll"] = json!([1]);
        whole["reblogs_count"] = json!(-3);
        let Payload::Update(after) = event(&frame(&name, &whole)).payload else { panic!() };
        let mut should = before.main().unwrap().clone();
        should.created_at = None;
        should.media_attachments.remove(1);
        should.omitted = 1;
        assert_eq!(after.main(), Some(&should));
    }

    #[test]
    fn we_ask_for_streams_as_the_documentation_has_it() {
        let list = Stream::List(ListId::new("12").unwrap());
        assert_eq!(subscribe(&Stream::User), r#"{"type":"subscribe","stream":"user"}"#);
        assert_eq!(subscribe(&list), r#"{"type":"subscribe","stream":"list","list":"12"}"#);
        let tag = Stream::Hashtag { tag: Tag::new("#R\"st").unwrap(), local: true };
        assert_eq!(unsubscribe(&tag), r#"{"type":"unsubscribe","stream":"hashtag:local","tag":"R\"st"}"#);
    }

    /// What is read in one pass is what is read field by field; says whether it was read so.
    fn read_alike(text: &str) -> bool {
        let swift = swiftly(text, true);
        let is_read = swift.is_some();
        if let Some(decoded) = swift {
            assert_eq!(Message::Event(decoded), leniently(text, true), "{text}");
        }
        is_read
    }

    #[test]
    fn nearly_all_that_servers_send_is_read_in_one_pass() {
        let usual = |event: &str| matches!(event, "update" | "status.update" | "notification" | "delete");
        let (mut all, mut swift) = (0, 0);
        for (file, row, text) in RECORDED.iter() {
            let is_usual = serde_json::from_str::<Value>(text).is_ok_and(|message| message["event"].as_str().is_some_and(usual));
            let is_read = read_alike(text);
            assert!(is_usual || !is_read, "{file} {row}");
            all += usize::from(is_usual);
            swift += usize::from(is_read);
        }
        assert!(swift * 100 >= all * 90, "{swift} of {all}");
    }

    proptest! {
        /// Values of all types in all places, fields twice, lists too long, and white space.
        #[test]
        fn what_is_read_in_one_pass_is_what_is_read_field_by_field(
            which in any::<prop::sample::Index>(),
            at in any::<prop::sample::Index>(),
            odd in prop_oneof![
                Just("null"), Just("7"), Just("-1.5"), Just("1e3"), Just("true"), Just("[]"), Just("{}"), Just("[null]"), Just("[[]]"),
                Just("\"\""), Just("\"x\\u0000\\ud83c\""), Just("\"\\ud83c\\udf89 \\u003c\\/p\\n\\\\\""), Just("{\"id\":\"3\",\"account\":{\"id\":\"4\"}}"),
                Just("{\"id\":\"3\",\"id\":\"4\"}"), Just("[{\"name\":\"a\"},{\"acct\":\"b\",\"acct\":\"c\"},3]"), Just("\"12\""),
                Just("{\"state\":\"accepted\",\"quoted_status\":{\"id\":\"3\",\"account\":{\"id\":\"4\"}}}"),
            ],
            how in 0..4_u8,
            times in 1..40_usize,
        ) {
            let (_, _, text) = &RECORDED[which.index(RECORDED.len())];
            let message: Value = serde_json::from_str(text).unwrap_or_default();
            let Some(Ok(mut payload)) = message["payload"].as_str().map(serde_json::from_str::<Value>) else { return Ok(()) };
            let mut all = Vec::new();
            places(&payload, "", &mut all);
            if all.is_empty() {
                return Ok(());
            }
            let place = &all[at.index(all.len())];
            let target = payload.pointer_mut(place).unwrap();
            let before = target.take();
            *target = json!("@HERE@");
            let put = match how {
                0 | 1 => odd.to_owned(),
                2 => format!("{before},\"{}\":{odd}", place.rsplit('/').next().unwrap()),
                _ => format!("[{}]", vec![if before.is_array() { "{\"url\":\"x\"}".to_owned() } else { before.to_string() }; times].join(",")),
            };
            let payload = payload.to_string().replace("\"@HERE@\"", &put);
            let head = format!("{{\"stream\":{},\"event\":{},\"payload\":", message["stream"], message["event"]);
            read_alike(&format!("{head}{}}}", json!(payload)));
            read_alike(&format!("{head}{}}}", json!(payload.replacen(':', ": ", 1))));
        }

        #[test]
        fn a_mutated_message_never_panics(
            which in any::<prop::sample::Index>(),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0..3_u8, "[\\PC\\x00-\\x1f\"\\\\{}\\[\\],:0-9]{1,3}"), 1..12),
        ) {
            let (_, _, text) = &RECORDED[which.index(RECORDED.len())];
            let mut letters: Vec<char> = text.chars().take(20_000).collect();
            for (at, how, new) in edits {
                let at = at.index(letters.len());
                let end = if how == 0 { at } else { (at + new.len()).min(letters.len()) };
                letters.splice(at..end, if how == 2 { String::new() } else { new }.chars());
                if letters.is_empty() {
                    break;
                }
            }
            let text: String = letters.into_iter().collect();
            read_alike(&text);
            if let Message::Malformed(what) = decode(&text, true) {
                prop_assert!(what.as_str().len() < 800 && !what.is_blank(), "{}", what);
            }
        }

        #[test]
        fn any_payload_of_any_event_is_decoded_or_complained_about(
            name in "(update|status.update|delete|notification|conversation|announcement|announcement.reaction|announcement.delete|\\PC{0,9})",
            payload in "\\PC{0,40}|\\{\"id\":(\"\\PC{0,9}\"|[0-9]{1,30}|null),\"(account|type|name)\":\\PC{0,9}\\}",
        ) {
            let text = json!({"stream": ["user"], "event": name, "payload": payload}).to_string();
            match decode(&text, true) {
                Message::Event(decoded) => prop_assert_eq!(decoded.raw.as_deref(), Some(payload.as_str())),
                Message::Malformed(_) | Message::Nothing => {}
                Message::Error { .. } => prop_assert!(false, "an event is no error"),
            }
        }
    }
}
