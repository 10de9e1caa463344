//! `Stream`: what a server lets us subscribe to. `Spec`: what people type for it.

use crate::model::{FilterContext, List, ListId, Sources};
use crate::text::{Plain, nearest};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// One stream of the multiplexed socket.
///
/// Source: <https://docs.joinmastodon.org/methods/streaming/#streams>, transcript `ws-every-stream-name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// `user`: home, and the reader's notifications with it.
    User,
    /// `user:notification`: notifications only.
    UserNotification,
    /// `public` and its variants.
    Public {
        /// Posts from where.
        reach: Reach,
        /// Only posts with attachments.
        only_media: bool,
    },
    /// `hashtag`, `hashtag:local`.
    Hashtag {
        /// The tag.
        tag: Tag,
        /// Only posts from the reader's server.
        local: bool,
    },
    /// `list`.
    List(ListId),
    /// `direct`: conversations.
    Direct,
}

/// Posts from where a public stream shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Everywhere the server knows of (`public`).
    Federated,
    /// The reader's server.
    Local,
    /// Everywhere but the reader's server.
    Remote,
}

impl Stream {
    /// The name in a subscribe frame.
    pub fn wire_name(&self) -> &'static str {
        match self {
            Self::User => "user",
            Self::UserNotification => "user:notification",
            Self::Public { reach: Reach::Federated, only_media: false } => "public",
            Self::Public { reach: Reach::Federated, only_media: true } => "public:media",
            Self::Public { reach: Reach::Local, only_media: false } => "public:local",
            Self::Public { reach: Reach::Local, only_media: true } => "public:local:media",
            Self::Public { reach: Reach::Remote, only_media: false } => "public:remote",
            Self::Public { reach: Reach::Remote, only_media: true } => "public:remote:media",
            Self::Hashtag { local: false, .. } => "hashtag",
            Self::Hashtag { local: true, .. } => "hashtag:local",
            Self::List(_) => "list",
            Self::Direct => "direct",
        }
    }

    /// The parameter beside the name: `tag` for hashtags, `list` for lists.
    pub fn wire_parameter(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Hashtag { tag, .. } => Some(("tag", tag.spelling())),
            Self::List(id) => Some(("list", id.as_str())),
            Self::User | Self::UserNotification | Self::Public { .. } | Self::Direct => None,
        }
    }

    /// The stream that a server's name and parameter mean; `None` for unknown names and missing or bad parameters.
    pub fn from_wire(name: &str, parameter: Option<&str>) -> Option<Self> {
        let public = |reach, only_media| Some(Self::Public { reach, only_media });
        match name {
            "user" => Some(Self::User),
            "user:notification" => Some(Self::UserNotification),
            "public" => public(Reach::Federated, false),
            "public:media" => public(Reach::Federated, true),
            "public:local" => public(Reach::Local, false),
            "public:local:media" => public(Reach::Local, true),
            "public:remote" => public(Reach::Remote, false),
            "public:remote:media" => public(Reach::Remote, true),
            "hashtag" => Some(Self::Hashtag { tag: Tag::new(parameter?)?, local: false }),
            "hashtag:local" => Some(Self::Hashtag { tag: Tag::new(parameter?)?, local: true }),
            "list" => Some(Self::List(ListId::new(parameter?)?)),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }

    /// What the tab is called; a list is called by its own title where `lists` has it.
    pub fn title(&self, lists: &[List]) -> Plain {
        match self {
            Self::User => Plain::line("Home"),
            Self::UserNotification => Plain::line("Notifications"),
            Self::Public { reach, only_media } => {
                let name = match reach {
                    Reach::Federated => "Federated",
                    Reach::Local => "Local",
                    Reach::Remote => "Remote",
                };
                Plain::line(&if *only_media { format!("{name} (media only)") } else { name.to_owned() })
            }
            Self::Hashtag { tag, local: false } => Plain::line(&format!("#{tag}")),
            Self::Hashtag { tag, local: true } => Plain::line(&format!("#{tag} (local)")),
            Self::List(id) => match lists.iter().find(|list| list.id == *id) {
                Some(list) if !list.title.is_blank() => list.title.clone(),
                Some(_) | None => Plain::line(&format!("List {id}")),
            },
            Self::Direct => Plain::line("Direct"),
        }
    }

    /// The kind that it is of, in words: `hashtags`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::User => "home",
            Self::UserNotification => "notifications",
            Self::Public { only_media: true, .. } => "media only feeds",
            Self::Public { reach: Reach::Federated, .. } => "the federated feed",
            Self::Public { reach: Reach::Local, .. } => "the local feed",
            Self::Public { reach: Reach::Remote, .. } => "the remote feed",
            Self::Hashtag { .. } => "hashtags",
            Self::List(_) => "lists",
            Self::Direct => "direct messages",
        }
    }

    /// The filter context that counts in this stream's tab; none for conversations.
    pub fn filter_context(&self) -> Option<FilterContext> {
        match self {
            Self::User | Self::List(_) => Some(FilterContext::Home),
            Self::UserNotification => Some(FilterContext::Notifications),
            Self::Public { .. } | Self::Hashtag { .. } => Some(FilterContext::Public),
            Self::Direct => None,
        }
    }

    /// Whether the server pages it by the ids of its rows, so that what is missing can be asked for. Conversations have an
    /// order of their own.
    pub fn is_paged_by_id(&self) -> bool {
        *self != Self::Direct
    }

    /// Whether its rows are posts, which several streams can share. Notifications and conversations are placed by ids of their
    /// own.
    pub fn holds_posts(&self) -> bool {
        !matches!(self, Self::UserNotification | Self::Direct)
    }

    /// What people type for it.
    pub fn spec(&self) -> Spec {
        match self {
            Self::List(id) => Spec::List(Plain::line(id.as_str())),
            Self::User | Self::UserNotification | Self::Public { .. } | Self::Hashtag { .. } | Self::Direct => Spec::Stream(self.clone()),
        }
    }
}

/// A hashtag: spelled as it was typed, equal as servers see it.
///
/// Servers fold spellings (transcript `ws-hashtag-normalisation`): NFKC, lower case, Latin letters without diacritics,
/// only letters, digits, `_`, `·` and the zero-width non-joiner.
#[derive(Clone)]
pub struct Tag {
    spelling: Plain,
    key: Box<str>,
}

impl Tag {
    /// Takes a tag with or without `#`; `None` if a server would find nothing in it.
    pub fn new(raw: &str) -> Option<Self> {
        let spelling = Plain::line(raw.trim().trim_start_matches(['#', '＃']).trim());
        let key = fold(spelling.as_str());
        (!key.is_empty()).then_some(Self { spelling, key: key.into() })
    }

    /// As it was typed, without `#`.
    pub fn spelling(&self) -> &str {
        self.spelling.as_str()
    }

    /// As servers compare it.
    pub fn key(&self) -> &str {
        &self.key
    }
}

fn fold(raw: &str) -> String {
    let lower: String = raw.nfkc().flat_map(char::to_lowercase).collect();
    let mut bare = String::with_capacity(lower.len());
    let mut after_latin = false;
    for ch in lower.nfd() {
        if is_combining_mark(ch) {
            if !after_latin {
                bare.push(ch);
            }
            continue;
        }
        after_latin = ('a'..='\u{24f}').contains(&ch);
        bare.push(ch);
    }
    bare.nfc().filter(|ch| ch.is_alphanumeric() || is_combining_mark(*ch) || matches!(ch, '_' | '·' | '\u{200c}')).collect()
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Tag {}

impl Hash for Tag {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl Ord for Tag {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Tag {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.spelling())
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.spelling())
    }
}

/// What people type for a stream, or for several in one tab; a list is only known by id once the lists are.
///
/// Several are joined with `+`, with spaces around it or without. It joins only where a spec follows: a list may be called
/// `Rock + Roll`, and in a hashtag (`#c++`) servers overlook it. A list whose title goes on like a spec is named by its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// A stream that needs no looking up.
    Stream(Stream),
    /// `list:` with an id or a title.
    List(Plain),
    /// Several, none of which is of this kind itself.
    Merged(Vec<Self>),
}

/// What a mistyped spec may have meant.
const NAMES: [&str; 9] =
    ["home", "notifications", "local", "federated", "remote", "local:media", "federated:media", "remote:media", "direct"];

/// Why a spec means no stream.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing is called so.
    #[error(
        "unknown stream `{0}`: {near}write home, notifications, local, federated, remote (each of the last three also with :media), #tag, #tag:local, list:TITLE or direct; + joins several, as in home + #rust",
        near = nearest(.0, NAMES).map(|name| format!("did you mean `{name}`? ")).unwrap_or_default()
    )]
    Unknown(String),
    /// A hashtag in which a server would find nothing.
    #[error("`{0}` is not a hashtag: it needs at least one letter or digit, as in #rust")]
    BadTag(String),
    /// `list:` alone.
    #[error("`list:` needs the list's title or id, as in list:Friends")]
    NoListName,
    /// A stream whose rows are no posts among several.
    #[error("`{0}` cannot be merged with other streams: only posts can be; give it a tab of its own")]
    Unmergeable(String),
    /// No list matches.
    #[error("no list is called `{name}`{}", .candidates.as_deref().map(|them| format!("; there are: {them}")).unwrap_or_default())]
    NoSuchList {
        /// What was asked for.
        name: String,
        /// The lists there are.
        candidates: Option<String>,
    },
    /// Several lists match.
    #[error("several lists are called `{name}`: {candidates}; write list: and the id")]
    AmbiguousList {
        /// What was asked for.
        name: String,
        /// Those that match, with their ids.
        candidates: String,
    },
}

impl Spec {
    /// The streams it means, given the reader's lists: an exact id, then an exact title, then a unique title without
    /// regard to case.
    pub fn resolve(&self, lists: &[List]) -> Result<Sources, SpecError> {
        let parts = match self {
            Self::Stream(stream) => return Ok(stream.clone().into()),
            Self::List(wanted) => return Self::list(wanted, lists).map(Sources::from),
            Self::Merged(parts) => parts,
        };
        let mut streams = Vec::new();
        for part in parts {
            streams.extend(part.resolve(lists)?.all().iter().cloned());
        }
        Sources::merged(streams)
    }

    /// Whether the reader's lists have to be known for it.
    pub fn needs_lists(&self) -> bool {
        match self {
            Self::Stream(_) => false,
            Self::List(_) => true,
            Self::Merged(parts) => parts.iter().any(Self::needs_lists),
        }
    }

    /// Whether it names a stream, by itself or among others.
    pub fn names(&self, stream: &Stream) -> bool {
        match self {
            Self::Stream(own) => own == stream,
            Self::List(_) => false,
            Self::Merged(parts) => parts.iter().any(|part| part.names(stream)),
        }
    }

    fn list(wanted: &Plain, lists: &[List]) -> Result<Stream, SpecError> {
        if let Some(list) = lists.iter().find(|list| list.id.as_str() == wanted.as_str()) {
            return Ok(Stream::List(list.id.clone()));
        }
        let exact: Vec<&List> = lists.iter().filter(|list| list.title == *wanted).collect();
        let folded = wanted.as_str().to_lowercase();
        let alike: Vec<&List> = lists.iter().filter(|list| list.title.as_str().to_lowercase() == folded).collect();
        let found = if exact.is_empty() { alike } else { exact };
        match found.as_slice() {
            [only] => Ok(Stream::List(only.id.clone())),
            [] => Err(SpecError::NoSuchList { name: wanted.to_string(), candidates: (!lists.is_empty()).then(|| name_all(lists.iter())) }),
            several => Err(SpecError::AmbiguousList { name: wanted.to_string(), candidates: name_all(several.iter().copied()) }),
        }
    }
}

fn name_all<'a>(lists: impl Iterator<Item = &'a List>) -> String {
    lists.take(20).map(|list| format!("{} ({})", list.title, list.id)).collect::<Vec<_>>().join(", ")
}

impl FromStr for Spec {
    type Err = SpecError;

    fn from_str(raw: &str) -> Result<Self, SpecError> {
        let parts = parts(raw);
        let [raw] = parts.as_slice() else {
            let parts = parts.into_iter().map(Self::one).collect::<Result<Vec<_>, _>>()?;
            let apart = |part: &&Self| matches!(part, Self::Stream(stream) if !stream.holds_posts());
            let others = |apart: &&Self| parts.iter().any(|part| part != *apart);
            return match parts.iter().find(apart).filter(others) {
                Some(apart) => Err(SpecError::Unmergeable(apart.to_string())),
                None => Ok(Self::Merged(parts)),
            };
        };
        match Self::one(raw) {
            // What follows a `+` is not known as a spec: the words that are not are named.
            Err(SpecError::Unknown(_)) if raw.contains('+') => {
                let unknown = raw.split('+').find_map(|part| Self::one(part).err());
                Err(unknown.unwrap_or_else(|| SpecError::Unknown(Plain::line(raw).to_string())))
            }
            other => other,
        }
    }
}

/// The text between those `+` that a spec follows.
fn parts(raw: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut rest, mut from) = (raw, 0);
    while let Some(at) = rest.get(from..).and_then(|tail| tail.find('+')).map(|at| from + at) {
        let Some((head, tail)) = rest.get(..at).zip(rest.get(at + 1..)) else { break };
        let next = tail.split('+').next().unwrap_or_default();
        if head.trim().is_empty() || matches!(Spec::one(next), Err(SpecError::Unknown(_))) {
            from = at + 1;
        } else {
            parts.push(head);
            (rest, from) = (tail, 0);
        }
    }
    parts.push(rest);
    parts
}

impl Spec {
    /// A spec without regard to `+`.
    fn one(raw: &str) -> Result<Self, SpecError> {
        let raw = raw.trim();
        let public = |reach, only_media| Ok(Self::Stream(Stream::Public { reach, only_media }));
        match raw.to_ascii_lowercase().as_str() {
            "home" | "user" => return Ok(Self::Stream(Stream::User)),
            "notifications" | "user:notification" => return Ok(Self::Stream(Stream::UserNotification)),
            "federated" | "public" => return public(Reach::Federated, false),
            "local" | "public:local" => return public(Reach::Local, false),
            "remote" | "public:remote" => return public(Reach::Remote, false),
            "federated:media" | "public:media" => return public(Reach::Federated, true),
            "local:media" | "public:local:media" => return public(Reach::Local, true),
            "remote:media" | "public:remote:media" => return public(Reach::Remote, true),
            "direct" => return Ok(Self::Stream(Stream::Direct)),
            _ => {}
        }
        if let Some(name) = strip_word(raw, "list:") {
            let name = Plain::line(name.trim());
            return if name.is_blank() { Err(SpecError::NoListName) } else { Ok(Self::List(name)) };
        }
        let tag = raw.strip_prefix(['#', '＃']).or_else(|| strip_word(raw, "hashtag:"));
        let Some(tag) = tag else {
            return Err(SpecError::Unknown(Plain::line(raw).to_string()));
        };
        let (tag, local) = match tag.rsplit_once(':') {
            Some((tag, suffix)) if suffix.eq_ignore_ascii_case("local") => (tag, true),
            Some(_) => return Err(SpecError::BadTag(Plain::line(raw).to_string())),
            None => (tag, false),
        };
        let tag = Tag::new(tag).ok_or_else(|| SpecError::BadTag(Plain::line(raw).to_string()))?;
        Ok(Self::Stream(Stream::Hashtag { tag, local }))
    }
}

fn strip_word<'a>(raw: &'a str, word: &str) -> Option<&'a str> {
    let head = raw.get(..word.len())?;
    if head.eq_ignore_ascii_case(word) { raw.get(word.len()..) } else { None }
}

impl fmt::Display for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stream = match self {
            Self::List(name) => return write!(f, "list:{name}"),
            Self::Stream(stream) => stream,
            Self::Merged(several) => {
                for (index, part) in several.iter().enumerate() {
                    write!(f, "{}{part}", if index == 0 { "" } else { " + " })?;
                }
                return Ok(());
            }
        };
        match stream {
            Stream::User => f.write_str("home"),
            Stream::UserNotification => f.write_str("notifications"),
            Stream::Public { reach, only_media } => {
                f.write_str(match reach {
                    Reach::Federated => "federated",
                    Reach::Local => "local",
                    Reach::Remote => "remote",
                })?;
                f.write_str(if *only_media { ":media" } else { "" })
            }
            Stream::Hashtag { tag, local } => {
                let spelled = format!("#{tag}{}", if *local { ":local" } else { "" });
                // A `+` that a spec follows would join two; servers overlook it in a hashtag.
                let is_one = parts(&spelled).len() == 1;
                f.write_str(&if is_one { spelled } else { spelled.replace('+', "") })
            }
            Stream::List(id) => write!(f, "list:{id}"),
            Stream::Direct => f.write_str("direct"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(raw: &str) -> Stream {
        match raw.parse::<Spec>() {
            Ok(Spec::Stream(stream)) => stream,
            other => panic!("{raw}: {other:?}"),
        }
    }

    fn list(id: &str, title: &str) -> List {
        List { id: ListId::new(id).unwrap(), title: Plain::line(title) }
    }

    #[test]
    fn our_words_and_the_apis_names_mean_the_same_streams() {
        for (ours, theirs) in [
            ("home", "user"),
            ("notifications", "user:notification"),
            ("federated", "public"),
            ("local", "public:local"),
            ("remote", "public:remote"),
            ("federated:media", "public:media"),
            ("local:media", "public:local:media"),
            ("remote:media", "public:remote:media"),
        ] {
            assert_eq!(parse(ours), parse(theirs));
            assert_eq!(parse(ours).wire_name(), theirs);
        }
        assert_eq!(parse("#Rust"), parse("hashtag:rust"));
        assert_eq!(parse("#rust:local"), parse("hashtag:RUST:local"));
        assert_ne!(parse("#rust"), parse("#rust:local"));
        assert_eq!(parse("direct").wire_name(), "direct");
    }

    #[test]
    fn tags_are_equal_as_servers_fold_them_and_keep_the_first_spelling() {
        let typed = Tag::new("#Rüst-Lang").unwrap();
        assert_eq!(typed, Tag::new("rustlang").unwrap());
        assert_eq!(typed.spelling(), "Rüst-Lang");
        assert_eq!(Tag::new("鉄道").unwrap().key(), "鉄道");
        assert_eq!(Tag::new("Ｒｕｓｔ").unwrap().key(), "rust");
        assert_eq!(Tag::new("#--"), None);
        assert!(matches!("#:local".parse::<Spec>(), Err(SpecError::BadTag(_))));
    }

    #[test]
    fn a_list_is_found_by_id_then_title_then_title_without_case() {
        let lists = [list("3", "Friends"), list("4", "friends"), list("5", "3"), list("6", "Slow mail")];
        let resolve = |raw: &str| raw.parse::<Spec>().unwrap().resolve(&lists);
        let found = |id: &str| Ok(Sources::from(Stream::List(ListId::new(id).unwrap())));
        assert_eq!(resolve("list:3"), found("3"));
        assert_eq!(resolve("list:friends"), found("4"));
        assert_eq!(resolve("list:slow MAIL"), found("6"));
        assert!(matches!(resolve("list:FRIENDS"), Err(SpecError::AmbiguousList { .. })));
        let missing = resolve("list:nobody").unwrap_err().to_string();
        assert!(missing.contains("nobody") && missing.contains("Slow mail"), "{missing}");
        assert_eq!("list: ".parse::<Spec>(), Err(SpecError::NoListName));
    }

    #[test]
    fn an_unknown_word_is_named_and_what_may_be_written_is_said() {
        let error = "hom\u{1b}[2J".parse::<Spec>().unwrap_err().to_string();
        assert!(error.contains("hom") && error.contains("home, notifications") && !error.contains('\u{1b}'), "{error}");
    }

    #[test]
    fn a_plus_joins_where_a_spec_follows() {
        let merged = |raw: &str| match raw.parse::<Spec>() {
            Ok(Spec::Merged(parts)) => parts.iter().map(Spec::to_string).collect::<Vec<_>>(),
            other => panic!("{raw}: {other:?}"),
        };
        assert_eq!(merged("home + #rust + #tokio"), ["home", "#rust", "#tokio"]);
        assert_eq!(merged("home+#rust:local+list:Slow mail"), ["home", "#rust:local", "list:Slow mail"]);
        assert_eq!(merged("#c++ + #rust"), ["#c++", "#rust"]);
        assert_eq!(merged("list:Rock + Roll + home"), ["list:Rock + Roll", "home"]);
        assert_eq!("list:Rock + Roll".parse(), Ok(Spec::List(Plain::line("Rock + Roll"))));
        assert_eq!(parse("#c++").title(&[]).as_str(), "#c++");
        let error = |raw: &str| raw.parse::<Spec>().unwrap_err();
        assert!(error("home + rust").to_string().starts_with("unknown stream `rust`"), "{}", error("home + rust"));
        assert!(error("lokal").to_string().starts_with("unknown stream `lokal`: did you mean `local`? write home,"), "{}", error("lokal"));
        assert!(matches!(error("home + #--"), SpecError::BadTag(_)));
        assert_eq!(error("home + list:"), SpecError::NoListName);
        assert_eq!(error("home + notifications"), SpecError::Unmergeable("notifications".to_owned()));
        assert!(matches!(error("+ home"), SpecError::Unknown(_)) && matches!(error("home +"), SpecError::Unknown(_)));
    }

    #[test]
    fn merged_specs_resolve_to_each_stream_once() {
        let lists = [list("3", "Friends")];
        let resolve = |raw: &str| raw.parse::<Spec>().unwrap().resolve(&lists).map(|sources| sources.spec().to_string());
        assert_eq!(resolve("user + list:friends + home"), Ok("home + list:3".to_owned()));
        assert_eq!(resolve("home + user"), Ok("home".to_owned()));
        assert!(resolve("home + list:nobody").unwrap_err().to_string().contains("nobody"));
    }

    proptest! {
        #[test]
        fn several_that_are_printed_parse_to_the_same(
            parts in proptest::collection::vec("(home|remote:media|#[a-c+ ]{1,6}|#[a-z+]{1,4}:local|list:[a-zA+ ]{1,6})", 1..4),
            joint in "( \\+ |\\+)",
        ) {
            if let Ok(spec) = parts.join(&joint).parse::<Spec>() {
                prop_assert_eq!(spec.to_string().parse::<Spec>(), Ok(spec));
            }
        }

        #[test]
        fn what_is_printed_parses_to_the_same(raw in "(home|direct|remote:media|#\\PC{1,12}|#\\PC{1,9}:local|list:[a-zA-Z0-9 ]{1,9})") {
            if let Ok(spec) = raw.parse::<Spec>() {
                let again = spec.to_string().parse::<Spec>();
                prop_assert_eq!(again, Ok(spec));
            }
        }
    }
}
