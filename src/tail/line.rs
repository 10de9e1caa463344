//! The lines that `tail` prints: a contract with scripts.

use super::{Form, id, words_of};
use crate::model::{Account, AccountId, Connection, Payload, Rung, Stream, StreamEvent, Timestamp};
use crate::text::Plain;
use serde::Serialize;
use serde_json::value::RawValue;
use std::fmt::Write as _;

/// How many columns of a post's words a line shows.
const WORDS: usize = 100;

/// How an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// By the stream, as it happened.
    Live,
    /// With a page that was asked for.
    Refill,
}

/// A hole that could not be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hole {
    /// The stream.
    pub(super) stream: Stream,
    /// The id above which something may be missing; `None` where nothing is known beneath it.
    pub(super) after: Option<String>,
    /// The id from which on nothing is missing; `None` where that is not known.
    pub(super) before: Option<String>,
    /// Since when something may be missing.
    pub(super) since: Option<Timestamp>,
    /// Until when; `None` for now.
    pub(super) until: Option<Timestamp>,
    /// Why, in a word for scripts.
    pub(super) reason: &'static str,
    /// How much is missing, where it was counted.
    pub(super) lost: Option<u64>,
    /// Why it could not be filled, where the server said so.
    pub(super) failure: Option<Plain>,
}

/// Prints events in one form.
#[derive(Debug)]
pub(super) struct Printer {
    form: Form,
}

/// What a line says of an event; its `payload` is written behind it.
#[derive(Serialize)]
struct EventLine<'a> {
    stream: Option<Vec<&'a str>>,
    event: &'a str,
    id: Option<&'a str>,
    at: String,
    source: &'a str,
}

#[derive(Serialize)]
struct ConnectionLine<'a> {
    event: &'a str,
    state: &'a str,
    at: String,
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct SubscriptionLine<'a> {
    event: &'a str,
    stream: Vec<&'a str>,
    state: &'a str,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct GapLine<'a> {
    event: &'a str,
    stream: Vec<&'a str>,
    after: Option<&'a str>,
    before: Option<&'a str>,
    since: Option<String>,
    until: String,
    reason: &'a str,
    lost: Option<u64>,
}

impl Printer {
    pub(super) fn new(form: Form) -> Self {
        Self { form }
    }

    /// Adds a line for an event of the server.
    pub(super) fn event(&self, event: &StreamEvent, source: Source, now: Timestamp, out: &mut String) {
        match self.form {
            Form::Nothing => {}
            Form::Words => out.push_str(&words(event, source, now)),
            Form::Json => {
                let head = EventLine {
                    stream: event.named.as_ref().map(|named| named.iter().map(Plain::as_str).collect()),
                    event: event.name.as_str(),
                    id: id(event),
                    at: stamp(now),
                    source: match source {
                        Source::Live => "live",
                        Source::Refill => "refill",
                    },
                };
                let head = serde_json::to_string(&head).unwrap_or_default();
                escape(head.strip_suffix('}').unwrap_or(&head), out);
                out.push_str(",\"payload\":");
                put_payload(event, out);
                out.push_str("}\n");
            }
        }
    }

    /// A line for a change of the connection, and the same in words where it is worth saying beside the output.
    pub(super) fn connection(&self, connection: &Connection, rung: Rung, now: Timestamp) -> (String, Option<String>) {
        // Live, but not as well as can be.
        let below = (rung != Rung::Multiplexed).then(|| Plain::line(rung.words()));
        let (state, reason) = match connection {
            Connection::Connecting => ("connecting", None),
            Connection::Live => ("live", below.as_ref()),
            Connection::Reconnecting { reason, .. } => ("reconnecting", Some(reason)),
            Connection::RateLimited { reason, .. } => ("rate_limited", Some(reason)),
            Connection::Offline { reason, .. } | Connection::Failed { reason } => ("offline", Some(reason)),
            Connection::SignedOut { reason } => ("signed_out", Some(reason)),
        };
        let wait = match connection {
            Connection::Reconnecting { retry_in, .. } | Connection::RateLimited { retry_in, .. } | Connection::Offline { retry_in, .. } => {
                format!("; next try in {} s", retry_in.as_secs_f64().ceil())
            }
            Connection::Connecting | Connection::Live | Connection::SignedOut { .. } | Connection::Failed { .. } => String::new(),
        };
        let words = match connection {
            Connection::Reconnecting { .. } | Connection::RateLimited { .. } | Connection::Offline { .. } => {
                reason.map(|reason| format!("{}: {reason}{wait}", state.replace('_', " ")))
            }
            Connection::Live => reason.map(|rung| format!("live, by {rung}")),
            // Ends are said by the error that they are; a good start needs no words.
            Connection::Connecting | Connection::SignedOut { .. } | Connection::Failed { .. } => None,
        };
        let line = match self.form {
            Form::Json => line(&ConnectionLine { event: "connection", state, at: stamp(now), reason: reason.map(Plain::as_str) }),
            Form::Words | Form::Nothing => String::new(),
        };
        (line, words)
    }

    /// A line for a stream that was refused.
    pub(super) fn refused(&self, stream: &Stream, error: &Plain, _now: Timestamp) -> String {
        match self.form {
            Form::Json => {
                line(&SubscriptionLine { event: "subscription", stream: names(stream), state: "refused", error: Some(error.as_str()) })
            }
            Form::Words | Form::Nothing => String::new(),
        }
    }

    /// A line for a stream that does not come by itself: its timeline is asked for again and again.
    pub(super) fn polled(&self, stream: &Stream) -> String {
        match self.form {
            Form::Json => line(&SubscriptionLine { event: "subscription", stream: names(stream), state: "polled", error: None }),
            Form::Words | Form::Nothing => String::new(),
        }
    }

    /// A line for a hole in a stream.
    pub(super) fn gap(&self, hole: &Hole, now: Timestamp) -> String {
        match self.form {
            Form::Nothing => String::new(),
            Form::Json => line(&GapLine {
                event: "gap",
                stream: names(&hole.stream),
                after: hole.after.as_deref(),
                before: hole.before.as_deref(),
                since: hole.since.map(stamp),
                until: stamp(hole.until.unwrap_or(now)),
                reason: hole.reason,
                lost: hole.lost,
            }),
            Form::Words => {
                let place = hole.stream.spec().to_string();
                let lost = hole.lost.map(|lost| format!(" ({lost})")).unwrap_or_default();
                let above = hole.after.as_ref().map(|after| format!(" above {after}")).unwrap_or_default();
                let failure = hole.failure.as_ref().map(|failure| format!("; could not be filled: {failure}")).unwrap_or_default();
                format!("{} {place:<14} gap: posts may be missing{lost}{above}, {}{failure}\n", clock(now), hole.reason)
            }
        }
    }
}

/// The stream as the server names it, in the form of an event's `stream`.
pub(super) fn names(stream: &Stream) -> Vec<&str> {
    let parameter = stream.wire_parameter().map(|(_, value)| value);
    std::iter::once(stream.wire_name()).chain(parameter).collect()
}

/// Adds a payload as parsed JSON, every field and number as sent; as a JSON string where it is not JSON.
fn put_payload(event: &StreamEvent, out: &mut String) {
    let Some(raw) = event.raw.as_deref() else { return out.push_str("null") };
    match event.payload {
        Payload::Delete(_) | Payload::AnnouncementDelete(_) | Payload::FiltersChanged => out.push_str("null"),
        // They were read from this very text.
        Payload::Update(_)
        | Payload::Edit(_)
        | Payload::Notification(..)
        | Payload::Conversation(..)
        | Payload::Announcement(_)
        | Payload::AnnouncementReaction(_) => escape(raw.trim(), out),
        Payload::NotificationsMerged | Payload::Other => match serde_json::from_str::<&RawValue>(raw) {
            Ok(value) => escape(value.get(), out),
            Err(_) => escape(&serde_json::to_string(raw).unwrap_or_default(), out),
        },
    }
}

fn line(value: &impl Serialize) -> String {
    let mut out = String::new();
    escape(&serde_json::to_string(value).unwrap_or_default(), &mut out);
    out.push('\n');
    out
}

/// Adds JSON text with control, bidi and other invisible characters as `\u` escapes: they can only stand inside its strings.
/// Line ends can only stand between its tokens, where a space says the same.
fn escape(json: &str, out: &mut String) {
    out.reserve(json.len());
    let mut rest = json;
    loop {
        let plain = rest.bytes().take_while(|byte| matches!(byte, b' '..=b'~')).count();
        let (run, behind) = rest.split_at(plain);
        out.push_str(run);
        let mut chars = behind.chars();
        let Some(ch) = chars.next() else { return };
        rest = chars.as_str();
        let hidden = ch.is_control()
            || matches!(ch, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
        if matches!(ch, '\n' | '\r' | '\t') {
            out.push(' ');
        } else if hidden {
            for unit in ch.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(ch);
        }
    }
}

fn stamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

fn clock(time: Timestamp) -> String {
    jiff::tz::TimeZone::system().to_datetime(time).strftime("%H:%M:%S").to_string()
}

/// A line to read: when, where, what, who, first words.
fn words(event: &StreamEvent, source: Source, now: Timestamp) -> String {
    let place = match event.streams.first() {
        Some(stream) => stream.spec().to_string(),
        None => event.named.as_ref().map(|named| named.iter().map(Plain::as_str).collect::<Vec<_>>().join(" ")).unwrap_or_default(),
    };
    let said = match &event.payload {
        Payload::Update(bundle) | Payload::Edit(bundle) => bundle.main().map_or_else(String::new, |status| {
            let who = name(&bundle.accounts, &status.account);
            let boosted = if status.reblog.is_some() {
                let author = words_of(&event.payload).map(|inner| name(&bundle.accounts, &inner.account)).unwrap_or_default();
                format!(" boosts {author}")
            } else {
                String::new()
            };
            format!("{who}{boosted}: {}", first_words(&event.payload))
        }),
        Payload::Delete(id) => id.to_string(),
        Payload::Notification(notification, bundle) => {
            let who = notification.account.as_ref().map(|account| name(&bundle.accounts, account)).unwrap_or_default();
            let kind = event.raw.as_deref().and_then(kind).unwrap_or_default();
            format!("{kind} {who}: {}", first_words(&event.payload))
        }
        Payload::Conversation(conversation, bundle) => {
            let people: Vec<String> = conversation.accounts.iter().map(|account| name(&bundle.accounts, account)).collect();
            people.join(", ")
        }
        Payload::Announcement(announcement) => announcement.content.text().replace('\n', " "),
        Payload::AnnouncementReaction(reaction) => format!("{} {}", reaction.name, reaction.count),
        Payload::AnnouncementDelete(id) => id.to_string(),
        Payload::FiltersChanged | Payload::NotificationsMerged | Payload::Other => String::new(),
    };
    let said = said.trim().trim_end_matches(':');
    let mark = match source {
        Source::Live => "",
        Source::Refill => "(refill) ",
    };
    format!("{} {place:<14} {:<13} {mark}{said}\n", clock(now), event.name.as_str())
}

/// The `type` of a notification as the server spells it.
fn kind(raw: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Kind {
        r#type: String,
    }
    let kind: Kind = serde_json::from_str(raw).ok()?;
    Some(Plain::line(&kind.r#type).to_string())
}

fn name(accounts: &[Account], id: &AccountId) -> String {
    accounts.iter().find(|account| account.id == *id).map(|account| format!("{} @{}", account.name(), account.acct)).unwrap_or_default()
}

fn first_words(payload: &Payload) -> String {
    let Some(status) = words_of(payload) else { return String::new() };
    let mut text = String::new();
    if !status.spoiler_text.is_blank() {
        let _ = write!(text, "[{}] ", status.spoiler_text);
    }
    text.push_str(&status.content.text().replace('\n', " "));
    crate::text::wrap::truncate(&text, WORDS).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{StatusId, Tag};

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn event(name: &str, payload: Payload, raw: Option<&str>) -> StreamEvent {
        let tag = Tag::new("rust").unwrap();
        StreamEvent {
            streams: vec![Stream::Hashtag { tag, local: false }],
            named: Some(vec![Plain::line("hashtag"), Plain::line("rust")]),
            name: Plain::line(name),
            payload,
            raw: raw.map(Into::into),
        }
    }

    fn printed(event: &StreamEvent) -> String {
        let mut out = String::new();
        Printer::new(Form::Json).event(event, Source::Live, now(), &mut out);
        out
    }

    #[test]
    fn a_payload_over_several_lines_is_on_one() {
        let raw = " {\n\t\"id\":\"1\",\r\n\"bidi\":\"\u{202e}\"}\n";
        for payload in [Payload::Other, Payload::Update(crate::model::Bundle::default())] {
            let line = printed(&event("update", payload, Some(raw)));
            assert!(line.ends_with("\"payload\":{  \"id\":\"1\",  \"bidi\":\"\\u202e\"}}\n"), "{line}");
        }
    }

    #[test]
    fn a_json_line_holds_the_entity_as_it_was_sent() {
        let raw = "{\"id\":\"1\",\"big\":12345678901234567890,\"x\":1.50,\"bell\":\"\\u0007\",\"bidi\":\"\u{202e}\",\"c1\":\"\u{9b}\"}";
        let line = printed(&event("some.event", Payload::Other, Some(raw)));
        assert_eq!(
            line,
            "{\"stream\":[\"hashtag\",\"rust\"],\"event\":\"some.event\",\"id\":null,\"at\":\"2026-11-23T12:00:00.000Z\",\"source\":\"live\",\
             \"payload\":{\"id\":\"1\",\"big\":12345678901234567890,\"x\":1.50,\"bell\":\"\\u0007\",\"bidi\":\"\\u202e\",\"c1\":\"\\u009b\"}}\n"
        );
    }

    #[test]
    fn a_delete_has_its_id_and_no_payload_and_what_is_not_json_is_a_string() {
        let line = printed(&event("delete", Payload::Delete(StatusId::new("7").unwrap()), Some("7")));
        assert!(line.contains("\"id\":\"7\"") && line.contains("\"payload\":null"), "{line}");
        let line = printed(&event("odd", Payload::Other, Some("not\njson")));
        assert!(line.contains("\"payload\":\"not\\njson\"") && line.matches('\n').count() == 1, "{line}");
    }

    #[test]
    fn connection_subscription_and_gap_lines_have_their_fields() {
        let printer = Printer::new(Form::Json);
        let state = Connection::RateLimited { reason: Plain::line("429"), retry_in: std::time::Duration::from_secs(3) };
        let (line, words) = printer.connection(&state, Rung::Multiplexed, now());
        let expected = "{\"event\":\"connection\",\"state\":\"rate_limited\",\"at\":\"2026-11-23T12:00:00.000Z\",\"reason\":\"429\"}\n";
        assert_eq!(line, expected);
        assert_eq!(words.as_deref(), Some("rate limited: 429; next try in 3 s"));
        let (line, words) = printer.connection(&Connection::Live, Rung::ServerSentEvents, now());
        assert!(line.contains("\"state\":\"live\"") && line.contains("\"reason\":\"server-sent events\""), "{line}");
        assert_eq!(words.as_deref(), Some("live, by server-sent events"));
        assert_eq!(printer.connection(&Connection::Live, Rung::Multiplexed, now()).1, None);
        let stream = Stream::List(crate::model::ListId::new("13").unwrap());
        assert_eq!(
            printer.refused(&stream, &Plain::line("no"), now()),
            "{\"event\":\"subscription\",\"stream\":[\"list\",\"13\"],\"state\":\"refused\",\"error\":\"no\"}\n"
        );
        let hole = Hole { after: Some("5".to_owned()), ..super::super::gaps::without_row(&stream, None, "shed", Some(2)) };
        assert_eq!(
            printer.gap(&hole, now()),
            "{\"event\":\"gap\",\"stream\":[\"list\",\"13\"],\"after\":\"5\",\"before\":null,\"since\":null,\
             \"until\":\"2026-11-23T12:00:00.000Z\",\"reason\":\"shed\",\"lost\":2}\n"
        );
    }
}
