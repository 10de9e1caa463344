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
