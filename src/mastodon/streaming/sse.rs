//! Server-sent events: bytes to events, and where a stream's events are.
//!
//! A [`Parser`] takes a body in pieces of any size and gives whole events; it never fails: what is too large costs that
//! event alone. As Mastodon sends them (transcripts `sse-*`), and otherwise by the standard
//! (<https://html.spec.whatwg.org/multipage/server-sent-events.html>). Absent on purpose: `id:` and `retry:`, which no
//! Mastodon sends, reconnecting, and what an event says (`frame`).

use crate::model::{Reach, Stream};
use crate::text::runs::lossy;
use url::Url;

/// The largest event and line that is taken, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// Something that came on an event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sent {
    /// An event.
    Event {
        /// Its name; `message` where it has none.
        name: String,
        /// Its data, several lines joined by line feeds.
        data: String,
    },
    /// An event of more than 4 MiB, which was skipped.
    TooLarge,
}

/// Takes an event stream apart.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the bytes so far")]
pub(crate) struct Parser {
    line: Vec<u8>,
    name: String,
    /// The data so far; `None` where there was no line of it.
    data: Option<String>,
    /// The event under way is too large and is skipped up to its end.
    is_too_large: bool,
    /// The rest of a line of a skipped event is dropped unread.
    skips_line: bool,
    /// The byte before was a carriage return, so that a line feed belongs to the same line end.
    after_return: bool,
    /// The byte order mark can only stand before everything else.
    has_begun: bool,
}

impl Parser {
    /// Takes the next piece of the body and adds what it completes to `sent`.
    pub(crate) fn take(&mut self, piece: &[u8], sent: &mut Vec<Sent>) {
        let mut rest = piece;
        while let Some((first, after)) = rest.split_first() {
            if std::mem::take(&mut self.after_return) && *first == b'\n' {
                rest = after;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, after) = rest.split_at(end.unwrap_or(rest.len()));
            self.extend(part);
            let Some((end, after)) = after.split_first() else { return };
            self.after_return = *end == b'\r';
            self.end_line(sent);
            rest = after;
        }
    }

    fn extend(&mut self, part: &[u8]) {
        if self.skips_line {
            return;
        }
        if self.line.len() + part.len() > LARGEST {
            self.skips_line = true;
            self.spoil();
            self.line = Vec::new();
            return;
        }
        self.line.extend_from_slice(part);
    }

    fn spoil(&mut self) {
        self.is_too_large = true;
        self.data = None;
    }

    fn end_line(&mut self, sent: &mut Vec<Sent>) {
        if std::mem::take(&mut self.skips_line) {
            self.has_begun = true;
            return;
        }
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.has_begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            self.end_event(sent);
            return;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = lossy(value.strip_prefix(b" ").unwrap_or(value));
        match field {
            b"event" => self.name = value.into_owned(),
            b"data" if !self.is_too_large => {
                let held = self.data.as_ref().map_or(0, |data| data.len() + 1);
                if held + value.len() > LARGEST {
                    self.spoil();
                    return;
                }
                match &mut self.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(&value);
                    }
                    None => self.data = Some(value.into_owned()),
                }
            }
            // A comment (no field's name), or a field that means nothing to us.
            _ => {}
        }
    }

    fn end_event(&mut self, sent: &mut Vec<Sent>) {
        let name = std::mem::take(&mut self.name);
        let data = self.data.take();
        if std::mem::take(&mut self.is_too_large) {
            sent.push(Sent::TooLarge);
        } else if let Some(data) = data {
            sent.push(Sent::Event { name: if name.is_empty() { "message".to_owned() } else { name }, data });
        }
    }
}

/// The address of a stream's own event stream beneath the streaming address. The paths are exact: a slash at the end is
/// another one (transcript `sse-refused-trailing-slash`).
pub(crate) fn address(streaming: &Url, stream: &Stream) -> Url {
    let mut url = streaming.clone();
    let path = match stream {
        Stream::User => "user",
        Stream::UserNotification => "user/notification",
        Stream::Public { reach: Reach::Federated, .. } => "public",
        Stream::Public { reach: Reach::Local, .. } => "public/local",
        Stream::Public { reach: Reach::Remote, .. } => "public/remote",
        Stream::Hashtag { local: false, .. } => "hashtag",
        Stream::Hashtag { local: true, .. } => "hashtag/local",
        Stream::List(_) => "list",
        Stream::Direct => "direct",
    };
    url.set_path(&format!("{}/{path}", streaming.path().trim_end_matches('/')));
    if let Stream::Public { only_media: true, .. } = stream {
        url.query_pairs_mut().append_pair("only_media", "true");
    }
    if let Some((name, value)) = stream.wire_parameter() {
        url.query_pairs_mut().append_pair(name, value);
    }
    url
}

/// The address of a stream's own socket (<https://docs.joinmastodon.org/methods/streaming/#websocket>).
pub(crate) fn socket_address(streaming: &Url, stream: &Stream) -> Url {
    let mut url = streaming.clone();
    url.query_pairs_mut().append_pair("stream", stream.wire_name());
    if let Some((name, value)) = stream.wire_parameter() {
        url.query_pairs_mut().append_pair(name, value);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ListId, Spec};
    use proptest::prelude::*;
    use serde_json::Value;
    use std::path::Path;

    fn parse(pieces: &[&[u8]]) -> Vec<Sent> {
        let mut parser = Parser::default();
        let mut sent = Vec::new();
        for piece in pieces {
            parser.take(piece, &mut sent);
        }
        sent
    }

    fn event(name: &str, data: &str) -> Sent {
        Sent::Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn events_are_lines_with_a_blank_one_after() {
        for (body, expected) in [
            (":)\n:thump\n\n", vec![]),
            ("event: update\ndata: {}\n\n", vec![event("update", "{}")]),
            ("event:delete\r\ndata:17\r\n\r\n", vec![event("delete", "17")]),
            ("event: a\rdata: 1\r\revent: b\rdata: 2\r\r", vec![event("a", "1"), event("b", "2")]),
            ("\u{feff}data: first\n\n\u{feff}data: no field\n\n", vec![event("message", "first")]),
            ("data: one\ndata:\ndata:  two\n\n", vec![event("message", "one\n\n two")]),
            ("data\n\n", vec![event("message", "")]),
            ("event: nothing\n\ndata: x\n\n", vec![event("message", "x")]),
            ("id: 7\nretry: 5\nunknown: x\ndata: y\n: note\n\n", vec![event("message", "y")]),
            ("event: cut\ndata: off\n", vec![]),
        ] {
            assert_eq!(parse(&[body.as_bytes()]), expected, "{body:?}");
        }
        assert_eq!(parse(&[b"data: \xff\xe2\x82\n\n"]), [event("message", "\u{fffd}\u{fffd}")]);
        assert_eq!(parse(&[b"data: 1\r", b"\n\r", b"\ndata: 2\n\n"]), [event("message", "1"), event("message", "2")]);
    }

    #[test]
    fn what_is_too_large_costs_that_event_alone() {
        let long = vec![b'x'; LARGEST];
        let after: &[u8] = b"event: late\ndata: lost\n\ndata: next\n\n";
        let whole = [b"data: ", &long[..], b"\n", after].concat();
        assert_eq!(parse(&[&whole]), [Sent::TooLarge, event("message", "next")]);
        let half = [b"data: ", &long[..LARGEST / 2 + 8], b"\n"].concat();
        assert_eq!(parse(&[&half, &half, after]), [Sent::TooLarge, event("message", "next")]);
        let mut parser = Parser::default();
        let mut sent = Vec::new();
        for _ in 0..64 {
            parser.take(&long, &mut sent);
            assert!(parser.line.capacity() <= 2 * LARGEST, "{}", parser.line.capacity());
        }
        parser.take(b"\n\ndata: 1\n\n", &mut sent);
        assert_eq!(sent, [Sent::TooLarge, event("message", "1")]);
    }

    /// Every recorded event stream: what its lines hold is what is parsed.
    #[test]
    fn recorded_event_streams_parse_to_what_they_hold() {
        let mut events = 0;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/wire");
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let rows: Vec<Value> =
                    std::fs::read_to_string(&path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                let chunks: Vec<&str> = rows.iter().filter(|row| row["kind"] == "sse").map(|row| row["data"].as_str().unwrap()).collect();
                let names = chunks.iter().flat_map(|chunk| chunk.lines()).filter_map(|line| line.strip_prefix("event: "));
                let data = chunks.iter().flat_map(|chunk| chunk.lines()).filter_map(|line| line.strip_prefix("data: "));
                let expected: Vec<Sent> = names.zip(data).map(|(name, data)| event(name, data)).collect();
                let pieces: Vec<&[u8]> = chunks.iter().map(|chunk| chunk.as_bytes()).collect();
                assert_eq!(parse(&pieces), expected, "{}", path.display());
                events += expected.len();
            }
        }
        assert!(events > 20, "{events} recorded events");
    }

    proptest! {
        #[test]
        fn however_a_body_is_cut_the_events_are_the_same(
            lines in proptest::collection::vec(prop_oneof![
                Just(&b"event: update"[..]), Just(&b"data: {\"id\":\"1\"}"[..]), Just(&b"data:\xc3\xa9"[..]), Just(&b"data"[..]),
                Just(&b":thump"[..]), Just(&b""[..]), Just(&b""[..]), Just(&b"\xef\xbb\xbfdata: x"[..]),
                Just(&b"data: \xff\xf0\x9f"[..]), Just(&b"id: 4"[..]),
            ], 0..24),
            ends in proptest::collection::vec(prop_oneof![Just(&b"\n"[..]), Just(&b"\r\n"[..]), Just(&b"\r"[..])], 24),
            cuts in proptest::collection::vec(1_usize..9, 1..64),
        ) {
            let body: Vec<u8> = lines.iter().zip(&ends).flat_map(|(line, end)| [*line, *end].concat()).collect();
            let mut pieces = Vec::new();
            let mut rest = body.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            prop_assert_eq!(parse(&pieces), parse(&[&body]));
        }

        #[test]
        fn no_bytes_at_all_make_it_stumble(body in proptest::collection::vec(any::<u8>(), 0..512)) {
            parse(&[&body]);
            let single: Vec<&[u8]> = body.chunks(1).collect();
            prop_assert_eq!(parse(&single), parse(&[&body]));
        }
    }

    #[test]
    fn every_stream_has_its_exact_address() {
        let streaming = Url::parse("wss://streaming.example/api/v1/streaming").unwrap();
        for (spec, events, socket) in [
            ("home", "user", "stream=user"),
            ("notifications", "user/notification", "stream=user%3Anotification"),
            ("direct", "direct", "stream=direct"),
            ("federated", "public", "stream=public"),
            ("federated:media", "public?only_media=true", "stream=public%3Amedia"),
            ("local", "public/local", "stream=public%3Alocal"),
            ("remote:media", "public/remote?only_media=true", "stream=public%3Aremote%3Amedia"),
            ("#Rüst & so", "hashtag?tag=R%C3%BCst+%26+so", "stream=hashtag&tag=R%C3%BCst+%26+so"),
            ("#rust:local", "hashtag/local?tag=rust", "stream=hashtag%3Alocal&tag=rust"),
        ] {
            let Spec::Stream(stream) = spec.parse().unwrap() else { panic!("{spec}") };
            assert_eq!(address(&streaming, &stream).as_str(), format!("{streaming}/{events}"));
            assert_eq!(socket_address(&streaming, &stream).as_str(), format!("{streaming}?{socket}"));
        }
        let list = Stream::List(ListId::new("12").unwrap());
        assert_eq!(address(&streaming, &list).as_str(), format!("{streaming}/list?list=12"));
    }
}
