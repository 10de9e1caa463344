//! `Tape`: a recording read into memory, checked line by line before anything is played.
//!
//! It reads what `--record` writes and the captured transcripts (`tests/fixtures/README.md`), server-sent events included.
//! Absent on purpose: what a message means, except which stream it names, so that there is a tab for it.

use crate::model::Stream;
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use url::Url;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1024 * 1024 * 1024;
/// The most tabs that a recording opens.
const TABS: usize = 40;

/// A recording.
#[derive(Debug, Default, PartialEq)]
pub struct Tape {
    messages: Vec<Recorded>,
    answers: Vec<Answer>,
    streams: Vec<Stream>,
    lists: Vec<String>,
    is_truncated: bool,
}

/// A message of the server.
#[derive(Debug, PartialEq)]
pub(super) struct Recorded {
    /// How long after the one before it, in milliseconds; the first: after the beginning.
    pub(super) pause_ms: u64,
    /// The message.
    pub(super) text: String,
}

/// An answer with status 200.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    /// How many messages had come by then.
    after: usize,
    key: String,
    /// The `Link` header.
    pub(super) link: Option<String>,
    /// The body.
    pub(super) body: String,
}

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("the recording {path} cannot be read: {error}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is too large to be held.
    #[error("the recording {0} is larger than 1 GiB, which is more than is played")]
    TooLarge(PathBuf),
    /// A line is not one of a recording.
    #[error("{path}, line {line}: {what}; a recording has a JSON object a line, with `dir`, `t_ms`, `kind` and `data`")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, counted from one.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// There is nothing in it.
    #[error("{0}: nothing in it comes from a server, so there is nothing to play")]
    Empty(PathBuf),
}

/// A line of a recording, as far as it is looked at.
#[derive(Deserialize)]
struct Line {
    dir: String,
    t_ms: u64,
    kind: String,
    #[serde(default)]
    data: Value,
    #[serde(default)]
    link: Option<u16>,
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    status: Option<u16>,
}

impl Tape {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is larger than 1 GiB, has a line that is none of a recording, or nothing to play. A last line
    /// that breaks off is left out.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let failed = |error| Error::Read { path: path.to_owned(), error };
        let mut bytes = Vec::new();
        File::open(path).map_err(failed)?.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if u64::try_from(bytes.len()).is_ok_and(|size| size > LARGEST) {
            return Err(Error::TooLarge(path.to_owned()));
        }
        let tape = Self::read(&bytes).map_err(|(line, what)| Error::Line { path: path.to_owned(), line, what })?;
        if tape.messages.is_empty() && tape.answers.is_empty() { Err(Error::Empty(path.to_owned())) } else { Ok(tape) }
    }

    /// Whether the last line broke off, as when a program ends in the middle of writing.
    pub fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// The streams that it names: home first, then notifications where there are any, then as they came. Never none.
    pub fn streams(&self) -> &[Stream] {
        &self.streams
    }

    /// The ids of the lists among them.
    pub(super) fn lists(&self) -> impl Iterator<Item = &str> {
        self.lists.iter().map(String::as_str)
    }

    /// A message by its number.
    pub(super) fn message(&self, number: usize) -> Option<&Recorded> {
        self.messages.get(number)
    }

    /// What was answered to a question once so many messages had come: the newest answer until the next one, or else the
    /// earliest. Page sizes do not matter.
    pub(super) fn answer(&self, asked: &str, position: usize) -> Option<&Answer> {
        let key = key(asked);
        let same = || self.answers.iter().filter(|answer| answer.key == key);
        same().rfind(|answer| answer.after <= position).or_else(|| same().next())
    }

    /// A post as the newest of the first `position` messages has it, or else an answer.
    pub(super) fn status(&self, id: &str, position: usize) -> Option<Value> {
        let is_it = |status: &Value| field(status, "id") == id;
        let inside = |entity: &Value| {
            ["reblog", "status", "last_status"].into_iter().map(|name| field(entity, name)).find(|inner| is_it(inner)).cloned()
        };
        let heard = self.messages.get(..position.min(self.messages.len()))?;
        let heard = heard.iter().rev().filter(|message| message.text.contains(id)).find_map(|message| {
            let frame: Value = serde_json::from_str(&message.text).ok()?;
            let entity: Value = serde_json::from_str(field(&frame, "payload").as_str()?).ok()?;
            let is_post = matches!(field(&frame, "event").as_str(), Some("update" | "status.update"));
            if is_post && is_it(&entity) { Some(entity) } else { inside(&entity) }
        });
        heard.or_else(|| {
            let pages = self.answers.iter().filter(|answer| answer.key.starts_with("/api/v1/timelines/") && answer.body.contains(id));
            pages.rev().find_map(|answer| {
                let page: Vec<Value> = serde_json::from_str(&answer.body).ok()?;
                page.iter().find(|status| is_it(status)).cloned().or_else(|| page.iter().find_map(inside))
            })
        })
    }

    fn read(bytes: &[u8]) -> Result<Self, (usize, String)> {
        let mut reader = Reader::default();
        for (number, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let is_whole = raw.ends_with(b"\n");
            let raw = raw.trim_ascii();
            if raw.is_empty() {
                continue;
            }
            match serde_json::from_slice::<Line>(raw) {
                Ok(line) => reader.take(line).map_err(|what| (number + 1, what))?,
                // The first line of another kind of file must not pass for a recording of nothing.
                Err(error) if !is_whole && error.is_eof() && number > 0 => reader.tape.is_truncated = true,
                Err(error) => return Err((number + 1, complaint(&error))),
            }
        }
        Ok(reader.finish())
    }
}

/// What is wrong with a line, without the place that the library counts in the line itself.
fn complaint(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let words = words.split_once(" at line ").map_or(words.as_str(), |(words, _)| words);
    if error.is_data() { words.to_owned() } else { format!("not JSON ({words})") }
}

/// What is known while reading.
#[derive(Default)]
struct Reader {
    tape: Tape,
    last_ms: u64,
    streams: Vec<Stream>,
    has_notifications: bool,
    /// What each link was opened for, by its number; transcripts of one connection number none.
    links: HashMap<Option<u16>, Opened>,
}

/// A socket or an event stream that was opened for one stream.
#[derive(Default)]
struct Opened {
    stream: Option<Stream>,
    /// The event under way: its name, and its data so far.
    event: String,
    data: Option<String>,
}

impl Opened {
    /// The stream as a message on a shared socket names it.
    fn name(&self) -> Option<Value> {
        let stream = self.stream.as_ref()?;
        let parameter = stream.wire_parameter().map(|(_, value)| value);
        Some([Some(stream.wire_name()), parameter].into_iter().flatten().collect())
    }
}

impl Reader {
    fn take(&mut self, line: Line) -> Result<(), String> {
        let Line { dir, t_ms, kind, data, link, path, status } = line;
        let is_in = match dir.as_str() {
            "s2c" => true,
            "c2s" => false,
            "note" => return Ok(()),
            other => return Err(format!("`dir` is {other:?}, which is no direction")),
        };
        match (kind.as_str(), data) {
            ("text", Value::String(text)) => {
                if is_in {
                    self.text(t_ms, link, text);
                } else {
                    self.subscribed(&text);
                }
            }
            ("http", Value::String(text)) => {
                if !is_in {
                    self.requested(link, &text);
                } else if let (Some(path), Some(200)) = (path, status) {
                    self.answered(&path, &text);
                }
            }
            ("sse", Value::String(chunk)) if is_in => self.chunk(t_ms, link, &chunk),
            ("sse", Value::String(_)) => {}
            ("text" | "http" | "sse", _) => return Err(format!("`data` of {kind:?} is no text")),
            // Also of kinds that are still to come: nothing else is played.
            _ => {}
        }
        Ok(())
    }

    /// A message; on a socket of a stream's own it need not name that one, and on the one that is played it must.
    fn text(&mut self, t_ms: u64, link: Option<u16>, text: String) {
        if let Some(name) = self.links.get(&link).and_then(Opened::name)
            && let Ok(Value::Object(mut frame)) = serde_json::from_str::<Value>(&text)
            && frame.contains_key("event")
            && !frame.contains_key("stream")
        {
            frame.insert("stream".to_owned(), name);
            self.message(t_ms, Value::Object(frame).to_string());
        } else {
            self.message(t_ms, text);
        }
    }

    fn message(&mut self, t_ms: u64, text: String) {
        if let Ok(frame) = serde_json::from_str::<Value>(&text) {
            self.has_notifications |= field(&frame, "event") == "notification";
            let parts: Vec<String> = field(&frame, "stream").as_array().into_iter().flatten().filter_map(word).collect();
            let stream = match parts.as_slice() {
                // GoToSocial puts the list behind a colon.
                [one] => match one.strip_prefix("list:") {
                    Some(list) => Stream::from_wire("list", Some(list)),
                    None => Stream::from_wire(one, None),
                },
                [name, parameter] => Stream::from_wire(name, Some(parameter)),
                _ => None,
            };
            self.named(stream);
        }
        self.tape.messages.push(Recorded { pause_ms: t_ms.saturating_sub(self.last_ms), text });
        self.last_ms = self.last_ms.max(t_ms);
    }

    fn subscribed(&mut self, text: &str) {
        let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
        if field(&frame, "type") == "subscribe"
            && let Some(name) = field(&frame, "stream").as_str()
        {
            let parameter = word(field(&frame, "tag")).or_else(|| word(field(&frame, "list")));
            self.named(Stream::from_wire(name, parameter.as_deref()));
        }
    }

    /// A request's head: which stream a socket or an event stream was opened for.
    fn requested(&mut self, link: Option<u16>, text: &str) {
        let Some(url) = text.split_whitespace().nth(1).and_then(url) else { return };
        let Some(rest) = url.path().strip_prefix("/api/v1/streaming") else { return };
        let value = |wanted: &str| url.query_pairs().find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned());
        let mut name = match rest.trim_matches('/') {
            "" => value("stream").unwrap_or_default(),
            path => path.replace('/', ":"),
        };
        if value("only_media").is_some_and(|value| value == "true" || value == "1") {
            name.push_str(":media");
        }
        let stream = Stream::from_wire(&name, value("tag").or_else(|| value("list")).as_deref());
        self.links.insert(link, Opened { stream: stream.clone(), ..Opened::default() });
        self.named(stream);
    }

    fn answered(&mut self, path: &str, text: &str) {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let link = head.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("link"));
        self.tape.answers.push(Answer {
            after: self.tape.messages.len(),
            key: key(path),
            link: link.map(|(_, value)| value.trim().to_owned()),
            body: body.to_owned(),
        });
    }

    /// Lines of an event stream, made into the messages that a socket would have brought.
    fn chunk(&mut self, t_ms: u64, link: Option<u16>, chunk: &str) {
        let opened = self.links.entry(link).or_default();
        let mut frames = Vec::new();
        for line in chunk.lines() {
            if let Some(event) = line.strip_prefix("event:") {
                event.trim().clone_into(&mut opened.event);
            } else if let Some(data) = line.strip_prefix("data:") {
                let data = data.strip_prefix(' ').unwrap_or(data);
                match &mut opened.data {
                    Some(held) => held.extend(["\n", data]),
                    None => opened.data = Some(data.to_owned()),
                }
            } else if line.is_empty() {
                let event = std::mem::take(&mut opened.event);
                if let Some(data) = opened.data.take() {
                    frames.push(serde_json::json!({"stream": opened.name(), "event": event, "payload": data}).to_string());
                }
            }
        }
        for frame in frames {
            self.message(t_ms, frame);
        }
    }

    fn named(&mut self, stream: Option<Stream>) {
        if let Some(stream) = stream.filter(|stream| !self.streams.contains(stream) && self.streams.len() < TABS) {
            self.streams.push(stream);
        }
    }

    fn finish(self) -> Tape {
        let Self { mut tape, mut streams, has_notifications, .. } = self;
        if has_notifications && !streams.contains(&Stream::UserNotification) {
            streams.push(Stream::UserNotification);
        }
        if streams.is_empty() {
            streams.push(Stream::User);
        }
        streams.sort_by_key(|stream| match stream {
            Stream::User => 0,
            Stream::UserNotification => 1,
            Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) | Stream::Direct => 2,
        });
        tape.lists =
            streams.iter().filter_map(|stream| if let Stream::List(id) = stream { Some(id.as_str().to_owned()) } else { None }).collect();
        tape.streams = streams;
        tape
    }
}

/// What an object has under a name; null where there is none.
fn field<'a>(value: &'a Value, name: &str) -> &'a Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A name or number as text.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn url(path: &str) -> Option<Url> {
    Url::parse("http://recording").ok()?.join(path).ok()
}

/// What makes two questions the same: path and query, in whatever order, without the page's size.
fn key(asked: &str) -> String {
    let Some(url) = url(asked) else { return asked.to_owned() };
    let mut pairs: Vec<String> =
        url.query_pairs().filter(|(name, _)| name != "limit").map(|(name, value)| format!("{name}={value}")).collect();
    pairs.sort();
    format!("{}?{}", url.path(), pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Tape, (usize, String)> {
        Tape::read(text.as_bytes())
    }

    #[test]
    fn a_recording_gives_messages_with_pauses_answers_and_tabs() {
        let tape = read(concat!(
            "{\"dir\":\"c2s\",\"t_ms\":0,\"kind\":\"text\",\"data\":\"{\\\"type\\\":\\\"subscribe\\\",\\\"stream\\\":\\\"list\\\",\\\"list\\\":12}\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":5,\"kind\":\"http\",\"path\":\"/api/v1/timelines/public?limit=40&local=true\",\"status\":200,\"data\":\"HTTP/1.1 200 OK\\r\\nlink: <a>\\r\\n\\r\\n[{\\\"id\\\":\\\"3\\\"}]\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":10,\"kind\":\"text\",\"data\":\"{\\\"stream\\\":[\\\"public\\\"],\\\"event\\\":\\\"update\\\",\\\"payload\\\":\\\"{\\\\\\\"id\\\\\\\":\\\\\\\"7\\\\\\\"}\\\"}\"}\n\n",
            "{\"dir\":\"s2c\",\"t_ms\":12,\"kind\":\"http\",\"path\":\"/api/v1/timelines/public?local=true\",\"status\":200,\"data\":\"HTTP/1.1 200 OK\\r\\n\\r\\n[2]\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":3,\"kind\":\"text\",\"data\":\"{\\\"stream\\\":[\\\"user\\\"],\\\"event\\\":\\\"notification\\\",\\\"payload\\\":\\\"{}\\\"}\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":40,\"kind\":\"something new\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":40,\"ki"
        ))
        .unwrap();
        assert!(tape.is_truncated());
        assert_eq!(tape.messages.iter().map(|message| message.pause_ms).collect::<Vec<_>>(), [10, 0]);
        let titles: Vec<String> = tape.streams().iter().map(|stream| stream.title(&[]).to_string()).collect();
        assert_eq!(titles, ["Home", "Notifications", "List 12", "Federated"]);
        assert_eq!(tape.lists().collect::<Vec<_>>(), ["12"]);
        let body = |position| tape.answer("/api/v1/timelines/public?local=true&limit=20", position).unwrap().body.as_str();
        assert_eq!((body(0), body(1), body(9)), ("[{\"id\":\"3\"}]", "[2]", "[2]"));
        assert_eq!(tape.answer("/api/v1/timelines/public?local=true", 0).unwrap().link.as_deref(), Some("<a>"));
        assert!(tape.answer("/api/v1/timelines/public", 9).is_none());
        assert_eq!((tape.status("7", 0), tape.status("7", 1).unwrap()["id"].as_str()), (None, Some("7")));
        assert_eq!(tape.status("3", 0), Some(serde_json::json!({"id": "3"})));
        assert_eq!(tape.status("4", 9), None);
    }

    #[test]
    fn event_streams_become_messages_of_their_stream() {
        let tape = read(concat!(
            "{\"dir\":\"c2s\",\"t_ms\":0,\"kind\":\"http\",\"data\":\"GET /api/v1/streaming/hashtag/local?tag=rust HTTP/1.1\\r\\n\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":1,\"kind\":\"sse\",\"data\":\":)\\n\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":2,\"kind\":\"sse\",\"data\":\"event: delete\\n\"}\n",
            "{\"dir\":\"s2c\",\"t_ms\":2,\"kind\":\"sse\",\"data\":\"data: 17\\n\\n\"}\n",
        ))
        .unwrap();
        let frame: Value = serde_json::from_str(&tape.messages[0].text).unwrap();
        assert_eq!(frame, serde_json::json!({"stream": ["hashtag:local", "rust"], "event": "delete", "payload": "17"}));
        assert_eq!(tape.streams().len(), 1);
    }

    #[test]
    fn several_links_are_told_apart_and_played_as_one() {
        let row = |dir: &str, link: u16, kind: &str, data: &str| {
            serde_json::json!({"dir": dir, "t_ms": 1, "kind": kind, "data": data, "link": link, "life": 1}).to_string() + "\n"
        };
        let tape = read(
            &[
                row("c2s", 1, "http", "GET /api/v1/streaming/user HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n"),
                row("c2s", 2, "http", "GET /api/v1/streaming/public/local?only_media=true HTTP/1.1\r\n\r\n"),
                row("c2s", 3, "http", "GET /api/v1/streaming?stream=list&list=12 HTTP/1.1\r\nUpgrade: websocket\r\n\r\n"),
                row("s2c", 1, "sse", ":)\nevent: delete\n"),
                row("s2c", 2, "sse", "event: update\ndata: {\ndata: }\n\nevent: delete\ndata: 2\n\n"),
                row("s2c", 3, "text", r#"{"event":"delete","payload":"3"}"#),
                row("s2c", 3, "text", r#"{"stream":["list","12"],"event":"delete","payload":"4"}"#),
                row("s2c", 3, "text", r#"{"error":"words"}"#),
                row("s2c", 1, "sse", "data: 1\n\n:thump\n\n"),
            ]
            .concat(),
        )
        .unwrap();
        let frames: Vec<Value> = tape.messages.iter().map(|message| serde_json::from_str(&message.text).unwrap()).collect();
        assert_eq!(
            frames,
            [
                serde_json::json!({"stream": ["public:local:media"], "event": "update", "payload": "{\n}"}),
                serde_json::json!({"stream": ["public:local:media"], "event": "delete", "payload": "2"}),
                serde_json::json!({"stream": ["list", "12"], "event": "delete", "payload": "3"}),
                serde_json::json!({"stream": ["list", "12"], "event": "delete", "payload": "4"}),
                serde_json::json!({"error": "words"}),
                serde_json::json!({"stream": ["user"], "event": "delete", "payload": "1"}),
            ]
        );
        let titles: Vec<String> = tape.streams().iter().map(|stream| stream.title(&[]).to_string()).collect();
        assert_eq!(titles, ["Home", "Local (media only)", "List 12"]);
    }

    #[test]
    fn what_is_no_recording_is_named_with_its_line() {
        let good = "{\"dir\":\"s2c\",\"t_ms\":1,\"kind\":\"text\",\"data\":\"x\"}\n";
        for (bad, wanted) in [
            ("hello\n", "not JSON"),
            ("{\"dir\":\"s2c\"}\n", "missing field `t_ms`"),
            ("{\"dir\":\"up\",\"t_ms\":1,\"kind\":\"text\",\"data\":\"x\"}\n", "no direction"),
            ("{\"dir\":\"s2c\",\"t_ms\":-1,\"kind\":\"text\",\"data\":\"x\"}\n", "expected u64"),
            ("{\"dir\":\"s2c\",\"t_ms\":1,\"kind\":\"text\",\"data\":7}\n", "is no text"),
            ("[1,2]\n", "invalid"),
            ("{\"dir\":\"s2c\",\n", "not JSON"),
            ("{\"dir\" \"s2c\"", "not JSON"),
        ] {
            let (line, what) = read(&format!("{good}\n{bad}")).unwrap_err();
            assert!(line == 3 && what.contains(wanted), "{bad}: {line} {what}");
        }
        assert_eq!(read("{\"dir\"").unwrap_err().0, 1, "a first line that breaks off is nobody's recording");
    }
}
