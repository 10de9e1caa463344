//! `Server`: what the instance says about itself, and what follows for its streams.

use crate::model::{ListId, Reach, Stream, Tag};
use crate::text::Plain;

/// What a server says about itself.
///
/// Source: <https://docs.joinmastodon.org/entities/Instance/> (v2) and its v1 form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its domain.
    pub domain: Plain,
    /// Its title.
    pub title: Plain,
    /// Version text as the server gives it.
    pub version: Plain,
    /// Which software answers.
    pub software: Software,
    /// Host (and port) that carries the streams.
    pub streaming_host: Plain,
    /// Which feeds it has switched off.
    pub timelines_access: TimelinesAccess,
}

/// Who may see the live feeds and the hashtags, as the server's admins set it; told since Mastodon 4.5.
///
/// Source: `configuration.timelines_access` of <https://docs.joinmastodon.org/entities/Instance/> (transcript
/// `ws-feed-access-all-disabled`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimelinesAccess {
    /// Live feed of the server's own posts.
    pub local_live: FeedAccess,
    /// Live feed of posts from elsewhere.
    pub remote_live: FeedAccess,
    /// Hashtags in the server's own posts.
    pub local_topic: FeedAccess,
    /// Hashtags in posts from elsewhere.
    pub remote_topic: FeedAccess,
}

/// Who may see one kind of feed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FeedAccess {
    /// Not told, or in a word that we do not know.
    #[default]
    Unstated,
    /// Everybody.
    Public,
    /// Those who have an account.
    Authenticated,
    /// Nobody, but for roles that may.
    Disabled,
}

/// What of a stream the server withholds by its settings, though it takes the subscription and sends deletions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// Its own posts.
    Local,
    /// Posts from elsewhere.
    Remote,
    /// Every post.
    Everything,
}

impl TimelinesAccess {
    /// What of a stream is withheld; only the public streams and hashtags can be.
    pub fn withheld(&self, stream: &Stream) -> Option<Withheld> {
        let off = |access| access == FeedAccess::Disabled;
        let live = (off(self.local_live), off(self.remote_live));
        let topic = (off(self.local_topic), off(self.remote_topic));
        match stream {
            Stream::Public { reach, .. } => match reach {
                Reach::Federated => Withheld::of(live),
                Reach::Local => live.0.then_some(Withheld::Everything),
                Reach::Remote => live.1.then_some(Withheld::Everything),
            },
            Stream::Hashtag { local: false, .. } => Withheld::of(topic),
            Stream::Hashtag { local: true, .. } => topic.0.then_some(Withheld::Everything),
            Stream::User | Stream::UserNotification | Stream::List(_) | Stream::Direct => None,
        }
    }

    /// The feeds that are switched off, in words.
    pub fn switched_off(&self) -> Vec<&'static str> {
        [
            (self.local_live, "local live feed"),
            (self.remote_live, "remote live feed"),
            (self.local_topic, "hashtags in local posts"),
            (self.remote_topic, "hashtags in remote posts"),
        ]
        .into_iter()
        .filter_map(|(access, words)| (access == FeedAccess::Disabled).then_some(words))
        .collect()
    }
}

impl Withheld {
    /// Of a stream of local and remote posts, by which of them are switched off.
    fn of((local, remote): (bool, bool)) -> Option<Self> {
        match (local, remote) {
            (true, true) => Some(Self::Everything),
            (true, false) => Some(Self::Local),
            (false, true) => Some(Self::Remote),
            (false, false) => None,
        }
    }

    /// What that means, in words that fit a line.
    pub fn words(self) -> &'static str {
        match self {
            Self::Local => "local posts are switched off by the server",
            Self::Remote => "remote posts are switched off by the server",
            Self::Everything => "switched off by the server; only deletions come",
        }
    }
}

impl Software {
    /// What it is called, where that is known.
    pub fn name(self) -> &'static str {
        match self {
            Self::Mastodon => "Mastodon",
            Self::GoToSocial => "GoToSocial",
            Self::Pleroma => "Pleroma or kin",
            Self::Other => "unknown software",
        }
    }

    /// What it does not carry as subscriptions on the shared socket, in words, each with what there is instead.
    pub fn lacks(self) -> Vec<String> {
        let public = |reach, only_media| Stream::Public { reach, only_media };
        let kinds = [
            Some(Stream::UserNotification),
            Some(public(Reach::Local, false)),
            Some(public(Reach::Remote, false)),
            Some(public(Reach::Local, true)),
            Tag::new("tag").map(|tag| Stream::Hashtag { tag, local: false }),
            ListId::new("1").map(Stream::List),
            Some(Stream::Direct),
        ];
        let (mut lacks, mut never, mut polled, mut apart) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for stream in kinds.into_iter().flatten() {
            match self.carriage(&stream) {
                Carriage::Frame => {}
                Carriage::Within(other) => lacks.push(format!("{} come with {}", stream.kind(), other.kind())),
                Carriage::Socket => apart.push(stream.kind()),
                Carriage::Polling => polled.push(stream.kind()),
                Carriage::Never => never.push(stream.kind()),
            }
        }
        for (kinds, words) in [(apart, "on a socket of their own"), (polled, "not streamed, but polled"), (never, "not there at all")] {
            if !kinds.is_empty() {
                lacks.push(format!("{}: {words}", kinds.join(", ")));
            }
        }
        lacks
    }
}

/// Which software answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Software {
    /// Mastodon or a close fork.
    Mastodon,
    /// GoToSocial.
    GoToSocial,
    /// Reads the token in the subprotocol, not in the header: Pleroma, Akkoma, Iceshrimp, Firefish and kin.
    Pleroma,
    /// Anything else.
    Other,
}

/// How a server carries one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carriage {
    /// By a subscribe frame on the shared socket.
    Frame,
    /// Not by frame, but its events come on another stream.
    Within(Stream),
    /// Only on a socket of its own, which names it in its address.
    Socket,
    /// It never brings anything, but the timeline can be asked for.
    Polling,
    /// Not at all.
    Never,
}

impl Software {
    /// How this software carries a stream on one multiplexed socket (transcripts `multiplex`, `single-*` of GoToSocial).
    pub fn carriage(self, stream: &Stream) -> Carriage {
        match (self, stream) {
            (Self::GoToSocial, Stream::UserNotification) => Carriage::Within(Stream::User),
            (Self::GoToSocial, Stream::Hashtag { .. }) => Carriage::Never,
            (Self::GoToSocial, Stream::Public { reach, only_media }) if *only_media || *reach == Reach::Remote => Carriage::Never,
            _ => Carriage::Frame,
        }
    }
}

/// One of the reader's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its id.
    pub id: ListId,
    /// Its title.
    pub title: Plain,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(spec: &str) -> Stream {
        match spec.parse().unwrap() {
            crate::model::Spec::Stream(stream) => stream,
            crate::model::Spec::List(_) => panic!("{spec} is a list"),
        }
    }

    #[test]
    fn a_stream_is_switched_off_where_every_post_of_it_is() {
        let (on, off) = (FeedAccess::Authenticated, FeedAccess::Disabled);
        let none = TimelinesAccess::default();
        let remote_live = TimelinesAccess { local_live: on, remote_live: off, ..none };
        let live = TimelinesAccess { local_live: off, remote_live: off, ..none };
        let topic = TimelinesAccess { remote_topic: off, ..none };
        for (access, spec, expected) in [
            (none, "federated", None),
            (remote_live, "federated", Some(Withheld::Remote)),
            (remote_live, "remote:media", Some(Withheld::Everything)),
            (remote_live, "local", None),
            (remote_live, "#rust", None),
            (live, "federated:media", Some(Withheld::Everything)),
            (live, "local", Some(Withheld::Everything)),
            (live, "home", None),
            (live, "direct", None),
            (topic, "#rust", Some(Withheld::Remote)),
            (topic, "#rust:local", None),
        ] {
            assert_eq!(access.withheld(&stream(spec)), expected, "{spec} under {access:?}");
        }
        assert_eq!(live.switched_off(), ["local live feed", "remote live feed"]);
    }

    #[test]
    fn what_a_software_lacks_follows_from_how_it_carries() {
        let lacks = Software::GoToSocial.lacks();
        assert!(lacks.iter().any(|words| words.contains("hashtags")), "{lacks:?}");
        assert!(lacks.iter().any(|words| words.contains("notifications")), "{lacks:?}");
        assert!(lacks.iter().any(|words| words.contains("the remote feed")), "{lacks:?}");
        assert!(!lacks.iter().any(|words| words.contains("lists") || words.contains("the local feed")), "{lacks:?}");
        assert_eq!(Software::Mastodon.lacks(), Vec::<String>::new());
    }
}
