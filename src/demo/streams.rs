//! The streams of the socket: subscribe messages read, answered and named exactly as Mastodon's streaming server does.
//!
//! Deliberately shares no code with the client's idea of streams, so that each checks the other.
//! Sources: transcripts `ws-subscribe-errors`, `ws-unsubscribe-cases`, `ws-malformed-client-input`, `ws-every-stream-name`,
//! `ws-hashtag-normalisation`, `ws-list-id-echo`.

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;
use url::form_urlencoded;

/// Where events are published; a subscription listens to one or two of these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Channel {
    Home,
    Notifications,
    Direct,
    List(String),
    Public {
        reach: Reach,
        media: bool,
    },
    /// The tag is folded.
    Hashtag {
        tag: String,
        local: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    All,
    Local,
    Remote,
}

/// One subscription of one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subscription {
    /// What it listens to; also what makes two subscriptions the same.
    pub(super) channels: Vec<Channel>,
    /// The wire name.
    pub(super) name: String,
    /// The tag or list as the client wrote it.
    pub(super) parameter: Option<String>,
    /// The JSON of the `stream` array in its events.
    pub(super) label: String,
    /// The feeds that were off when it began: the real server reads them once, at subscribe.
    pub(super) off: Off,
}

/// Which feeds are switched off, as `configuration.timelines_access` says; posts of local people cannot be kept from hashtags.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Off {
    pub(super) live_local: bool,
    pub(super) live_remote: bool,
    pub(super) topic_remote: bool,
}

impl Off {
    /// Whether a post of a local person, or of another, is withheld from a channel (transcript `ws-feed-access-all-disabled`).
    pub(super) fn withholds(self, channel: &Channel, local: bool) -> bool {
        match channel {
            Channel::Public { .. } if local => self.live_local,
            Channel::Public { .. } => self.live_remote,
            Channel::Hashtag { .. } => !local && self.topic_remote,
            Channel::Home | Channel::Notifications | Channel::Direct | Channel::List(_) => false,
        }
    }
}

impl Subscription {
    /// Name and parameter with a space between, as in `hashtag rust`.
    pub(super) fn spec(&self) -> String {
        match &self.parameter {
            Some(parameter) => format!("{} {parameter}", self.name),
            None => self.name.clone(),
        }
    }

    /// Whether it carries what is published on these channels, about a post by someone local or not if it is about one.
    pub(super) fn hears(&self, to: &[Channel], local: Option<bool>) -> bool {
        let withheld = |channel: &Channel| local.is_some_and(|local| self.off.withholds(channel, local));
        self.channels.iter().any(|channel| to.contains(channel) && !withheld(channel))
    }

    /// Whether this is the stream of that name and parameter, whatever their spelling.
    pub(super) fn is(&self, name: &str, parameter: Option<&str>) -> bool {
        let request = Request::of(name, parameter);
        request.resolve(&|_| true).is_ok_and(|asked| asked.channels == self.channels && asked.name == self.name)
    }
}

/// A subscribe or unsubscribe message; the values are as the client sent them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Request {
    pub(super) stream: Value,
    pub(super) list: Value,
    pub(super) tag: Value,
}

/// What a client's text frame asks for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Subscribe(Request),
    Unsubscribe(Request),
}

/// Why a subscribe was refused: an error frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) error: String,
    pub(super) status: u16,
}

impl Refused {
    pub(super) fn new(error: &str, status: u16) -> Self {
        Self { error: error.to_owned(), status }
    }

    pub(super) fn frame(&self) -> String {
        // Written by hand for the real server's key order.
        format!("{{\"error\":{},\"status\":{}}}", json!(self.error), self.status)
    }
}

/// What an unsubscribe of an impossible stream is answered with; it has no status.
pub(super) const UNSUBSCRIBE_ERROR: &str = r#"{"error":"Error unsubscribing from channel"}"#;

/// Reads a client's text frame; everything but a well-formed subscribe or unsubscribe is silently ignored.
pub(super) fn read(frame: &str) -> Option<Asked> {
    let Ok(Value::Object(mut message)) = serde_json::from_str::<Value>(frame) else {
        return None;
    };
    let mut take = |key: &str| message.remove(key).unwrap_or(Value::Null);
    let (kind, request) = (take("type"), Request { stream: take("stream"), list: take("list"), tag: take("tag") });
    match kind.as_str()? {
        "subscribe" => Some(Asked::Subscribe(request)),
        "unsubscribe" => Some(Asked::Unsubscribe(request)),
        _ => None,
    }
}

impl Request {
    /// A request as a well-behaved client writes it.
    pub(super) fn of(name: &str, parameter: Option<&str>) -> Self {
        let parameter = parameter.map_or(Value::Null, Value::from);
        Self { stream: Value::from(name), list: parameter.clone(), tag: parameter }
    }

    /// What a request for server-sent events asks for: the part of the path below `/api/v1/streaming`, and the query
    /// (transcripts `sse-public-only-media`, `sse-refused-subscribe-path`). `None` where the real server has no such channel.
    pub(super) fn of_path(path: &str, query: &str) -> Option<Self> {
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let all = |wanted: &str| -> Value {
            let mut values: Vec<Value> =
                pairs.iter().filter(|(name, _)| name == wanted).map(|(_, value)| Value::from(value.as_str())).collect();
            if values.len() > 1 { Value::Array(values) } else { values.pop().unwrap_or_default() }
        };
        let only_media = pairs
            .iter()
            .find(|(name, _)| name == "only_media")
            .is_some_and(|(_, value)| !matches!(value.as_str(), "" | "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF"));
        let name = match (path, only_media) {
            ("/user", _) => "user",
            ("/user/notification", _) => "user:notification",
            ("/direct", _) => "direct",
            ("/public", false) => "public",
            ("/public", true) => "public:media",
            ("/public/local", false) => "public:local",
            ("/public/local", true) => "public:local:media",
            ("/public/remote", false) => "public:remote",
            ("/public/remote", true) => "public:remote:media",
            ("/hashtag", _) => "hashtag",
            ("/hashtag/local", _) => "hashtag:local",
            ("/list", _) => "list",
            _ => return None,
        };
        Some(Self { stream: Value::from(name), list: all("list"), tag: all("tag") })
    }

    /// The wire name asked for; of several the first, and empty where there is none.
    pub(super) fn name(&self) -> &str {
        let first = self.stream.as_array().map_or(Some(&self.stream), |several| several.first());
        first.and_then(Value::as_str).unwrap_or_default()
    }

    /// The stream that it means; `owns` knows the reader's lists.
    pub(super) fn resolve(&self, owns: &dyn Fn(&str) -> bool) -> Result<Subscription, Refused> {
        let name = self.name();
        let public = |reach, media| Ok((vec![Channel::Public { reach, media }], None));
        let (channels, parameter) = match name {
            "user" => Ok((vec![Channel::Home, Channel::Notifications], None)),
            "user:notification" => Ok((vec![Channel::Notifications], None)),
            "direct" => Ok((vec![Channel::Direct], None)),
            "public" => public(Reach::All, false),
            "public:media" => public(Reach::All, true),
            "public:local" => public(Reach::Local, false),
            "public:local:media" => public(Reach::Local, true),
            "public:remote" => public(Reach::Remote, false),
            "public:remote:media" => public(Reach::Remote, true),
            "hashtag" | "hashtag:local" => {
                let tag = self.tag()?;
                let channel = Channel::Hashtag { tag: fold_tag(tag), local: name == "hashtag:local" };
                Ok((vec![channel], Some(&self.tag)))
            }
            "list" => Ok((vec![Channel::List(self.list(owns)?)], Some(&self.list))),
            _ => Err(Refused::new("Unknown stream type", 400)),
        }?;
        let label = match parameter {
            Some(parameter) => json!([name, parameter]),
            None => json!([name]),
        };
        Ok(Subscription {
            channels,
            name: name.to_owned(),
            parameter: parameter.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)),
            label: label.to_string(),
            off: Off::default(),
        })
    }

    fn tag(&self) -> Result<&str, Refused> {
        if is_falsy(&self.tag) {
            return Err(Refused::new("Missing tag name parameter", 400));
        }
        self.tag.as_str().ok_or_else(|| Refused::new("An unexpected error occurred", 500))
    }

    fn list(&self, owns: &dyn Fn(&str) -> bool) -> Result<String, Refused> {
        if is_falsy(&self.list) {
            return Err(Refused::new("Missing list name parameter", 400));
        }
        let id = self.list.as_str().map_or_else(|| self.list.to_string(), str::to_owned);
        if owns(&id) { Ok(id) } else { Err(Refused::new("Not authorized to stream this list", 401)) }
    }
}

/// What JavaScript, in which the real server is written, takes for nothing.
fn is_falsy(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(yes) => !yes,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    }
}

/// Folds a hashtag as servers compare it: NFKC, lower case, Latin letters without diacritics, then only letters, digits,
/// `_`, `·` and the zero-width non-joiner.
pub(super) fn fold_tag(tag: &str) -> String {
    tag.nfkc()
        .flat_map(char::to_lowercase)
        .map(to_ascii)
        .filter(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '·' | '\u{200c}'))
        .collect()
}

/// The Latin letters up to U+017F without their marks, as in Mastodon's table; all else unchanged.
fn to_ascii(ch: char) -> char {
    match ch {
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ı' => 'i',
        'ĸ' => 'k',
        'ł' | 'ŀ' => 'l',
        'ŋ' | 'ŉ' => 'n',
        'ø' => 'o',
        'ŧ' => 't',
        'ſ' => 's',
        'à'..='ž' => {
            let bare = std::iter::once(ch).nfd().next().unwrap_or(ch);
            if bare.is_ascii_alphabetic() { bare } else { ch }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(frame: &str) -> Option<String> {
        let owns = |id: &str| id == "12" || id == "14";
        match read(frame)? {
            Asked::Subscribe(request) => request.resolve(&owns).err().map(|refused| refused.frame()),
            Asked::Unsubscribe(request) => request.resolve(&owns).err().map(|_| UNSUBSCRIBE_ERROR.to_owned()),
        }
    }

    #[test]
    fn every_refusal_is_worded_as_the_real_server_words_it() {
        // Transcript `ws-subscribe-errors`, in its order.
        for (frame, expected) in [
            (r#"{"type":"subscribe"}"#, r#"{"error":"Unknown stream type","status":400}"#),
            (r#"{"type":"subscribe","stream":"nope"}"#, r#"{"error":"Unknown stream type","status":400}"#),
            (r#"{"type":"subscribe","stream":"User"}"#, r#"{"error":"Unknown stream type","status":400}"#),
            (r#"{"type":"subscribe","stream":5}"#, r#"{"error":"Unknown stream type","status":400}"#),
            (r#"{"type":"subscribe","stream":"public:allow_local_only"}"#, r#"{"error":"Unknown stream type","status":400}"#),
            (r#"{"type":"subscribe","stream":"hashtag"}"#, r#"{"error":"Missing tag name parameter","status":400}"#),
            (r#"{"type":"subscribe","stream":"hashtag","tag":""}"#, r#"{"error":"Missing tag name parameter","status":400}"#),
            (r#"{"type":"subscribe","stream":"hashtag:local"}"#, r#"{"error":"Missing tag name parameter","status":400}"#),
            (r#"{"type":"subscribe","stream":"hashtag","tag":5}"#, r#"{"error":"An unexpected error occurred","status":500}"#),
            (r#"{"type":"subscribe","stream":"hashtag","tag":["rust"]}"#, r#"{"error":"An unexpected error occurred","status":500}"#),
            (r#"{"type":"subscribe","stream":"list"}"#, r#"{"error":"Missing list name parameter","status":400}"#),
            (r#"{"type":"subscribe","stream":"list","list":"13"}"#, r#"{"error":"Not authorized to stream this list","status":401}"#),
            (r#"{"type":"subscribe","stream":"list","list":"abc"}"#, r#"{"error":"Not authorized to stream this list","status":401}"#),
            (r#"{"type":"unsubscribe"}"#, UNSUBSCRIBE_ERROR),
            (r#"{"type":"unsubscribe","stream":"nope"}"#, UNSUBSCRIBE_ERROR),
            (r#"{"type":"unsubscribe","stream":"hashtag"}"#, UNSUBSCRIBE_ERROR),
            (r#"{"type":"unsubscribe","stream":"list","list":"13"}"#, UNSUBSCRIBE_ERROR),
        ] {
            assert_eq!(answer(frame).as_deref(), Some(expected), "{frame}");
        }
    }

    #[test]
    fn malformed_messages_are_ignored() {
        // Transcript `ws-malformed-client-input`.
        for frame in [
            "not json",
            "",
            "null",
            "123",
            "\"subscribe\"",
            "[]",
            "{}",
            r#"{"type":"ping"}"#,
            r#"{"type":"subscribe","stream":"public""#,
            r#"{"stream":"public"}"#,
            r#"{"type":"SUBSCRIBE","stream":"public"}"#,
        ] {
            assert_eq!(read(frame), None, "{frame}");
        }
    }

    #[test]
    fn twelve_streams_are_named_as_asked() {
        let label = |frame: &str| match read(frame) {
            Some(Asked::Subscribe(request)) => request.resolve(&|_| true).unwrap().label,
            other => panic!("{frame}: {other:?}"),
        };
        for name in [
            "user",
            "user:notification",
            "direct",
            "public",
            "public:media",
            "public:local",
            "public:local:media",
            "public:remote",
            "public:remote:media",
        ] {
            assert_eq!(label(&format!(r#"{{"type":"subscribe","stream":"{name}"}}"#)), format!(r#"["{name}"]"#));
        }
        assert_eq!(label(r##"{"type":"subscribe","stream":"hashtag","tag":"#Rüst-Lang"}"##), r##"["hashtag","#Rüst-Lang"]"##);
        assert_eq!(label(r#"{"type":"subscribe","stream":"hashtag:local","tag":"x"}"#), r#"["hashtag:local","x"]"#);
        assert_eq!(label(r#"{"type":"subscribe","stream":"list","list":14}"#), r#"["list",14]"#);
        assert_eq!(label(r#"{"type":"subscribe","stream":["public","user"]}"#), r#"["public"]"#);
    }

    #[test]
    fn paths_of_server_sent_events_are_exact() {
        let name = |path, query| Request::of_path(path, query).map(|request| request.name().to_owned());
        for (path, query, wanted) in [
            ("/user", "", Some("user")),
            ("/user/notification", "", Some("user:notification")),
            ("/direct", "", Some("direct")),
            ("/public", "only_media=0", Some("public")),
            ("/public", "only_media=", Some("public")),
            ("/public", "only_media=no", Some("public:media")),
            ("/public/local", "only_media=true", Some("public:local:media")),
            ("/public/remote", "", Some("public:remote")),
            ("/hashtag", "tag=x", Some("hashtag")),
            ("/hashtag/local", "tag=x", Some("hashtag:local")),
            ("/list", "list=12", Some("list")),
            ("/user/", "", None),
            ("/public/media", "", None),
            ("", "", None),
        ] {
            assert_eq!(name(path, query).as_deref(), wanted, "{path}?{query}");
        }
        let twice = Request::of_path("/hashtag", "tag=a&tag=b").unwrap().resolve(&|_| true).unwrap_err();
        assert_eq!((twice.error.as_str(), twice.status), ("An unexpected error occurred", 500));
    }

    #[test]
    fn spellings_of_a_tag_are_one() {
        // Transcript `ws-hashtag-normalisation`.
        for spelling in ["#Rüst-Lang", "rustlang", "RUSTLANG", "Ｒｕｓｔ lang"] {
            assert_eq!(fold_tag(spelling), "rustlang");
        }
        assert_eq!(fold_tag("鉄道"), "鉄道");
        assert_eq!(fold_tag("Øł_đ·ß"), "ol_d·ß");
        assert_eq!(fold_tag("###"), "");
        let first = Request::of("hashtag", Some("#Rüst-Lang")).resolve(&|_| true).unwrap();
        assert!(first.is("hashtag", Some("rustlang")) && !first.is("hashtag:local", Some("rustlang")));
    }
}
