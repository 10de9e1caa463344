//! One text message of the streaming server, decoded; and the two messages that we send.
//!
//! Decoding is a pure function and total: whatever does not decode is [`Message::Malformed`] and costs itself alone. Absent
//! on purpose: sockets, and knowledge of what we are subscribed to.

use crate::mastodon::entities::{self, Envelope, Id, Many, Raw};
use crate::mastodon::ingest;
use crate::model::{AnnouncementId, Payload, StatusId, Stream};
use crate::text::Plain;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

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
    if event == "pleroma:respond" {
        return Message::Nothing;
    }
    let words = envelope.payload.0.and_then(entities::text);
    let payload = match payload(event, words.as_deref()) {
        Ok(payload) => payload,
        Err(what) => return malformed(&format!("`{event}` with {what}")),
    };
    let (named, stream) = name(envelope.stream);
    let exact = words.as_deref().or(envelope.payload.0);
    Message::Event(Decoded { named, stream, name: Plain::line(event), payload, raw: exact.filter(|_| keep_raw).map(Arc::from) })
}

/// The message that asks for a stream.
pub(crate) fn subscribe(stream: &Stream) -> String {
    ask("subscribe", stream)
}

/// The message that ends a stream.
pub(crate) fn unsubscribe(stream: &Stream) -> String {
    ask("unsubscribe", stream)
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

/// Reads the `stream` key: normally a list of name and parameter; elsewhere also `["list:12"]`, `"user"`, or nothing.
fn name(raw: Raw<'_>) -> (Option<Vec<Plain>>, Named) {
    let Some(raw) = raw.0 else { return (None, Named::Nothing) };
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
    (Some(parts.into_iter().map(Plain::line).collect()), stream)
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
            other => panic!("{text}: {other:?}"),
        }
    }

    fn complaint(text: &str) -> String {
        match decode(text, true) {
            Message::Malformed(what) => what.to_string(),
            other => panic!("{text}: {other:?}"),
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
        match &status.visibility {
            Visibility::Public => {}
            other => add(format!("{other:?}").to_lowercase()),
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
            let state = match &quote.state {
                QuoteState::Other(word) => word.to_string(),
                known => format!("{known:?}"),
            };
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
            NotificationKind::AdminReport { target, category } => format!(
                "admin-report of {} as {}",
                target.as_ref().map_or("nobody", |id| acct(bundle, id)),
                category.as_ref().map_or("nothing", |word| word.as_str())
            ),
            NotificationKind::SeveredRelationships { cause, target_name, followers, following } => format!(
                "severed {} {} {}/{}",
                cause.as_ref().unwrap(),
                target_name.as_ref().unwrap(),
                followers.unwrap(),
                following.unwrap()
            ),
            NotificationKind::ModerationWarning { action, text } => {
                format!("warning {} {}", action.as_ref().unwrap(), words(text.as_ref().unwrap().as_str()))
            }
            NotificationKind::AnnualReport { year } => format!("annual-report {}", year.as_ref().map_or("unstated", |year| year.as_str())),
            NotificationKind::AddedToCollection { name } => format!("added-to {}", words(name.as_ref().unwrap().as_str())),
            NotificationKind::CollectionUpdate { name } => format!("collection-update {}", words(name.as_ref().unwrap().as_str())),
            NotificationKind::Other(name) => format!("other {name}"),
            plain => format!("{plain:?}"),
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
}
