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
    /// Not by frame, but its events come on another stream while that one is wanted too; else on a socket of its own.
    Within(Stream),
    /// Only on a socket of its own, which names it in its address.
    Socket,
    /// It never brings anything, but the timeline can be asked for.
    Polling,
    /// Not at all.
    Never,
}

impl Server {
    /// What it does not carry as subscriptions on the shared socket, in words, each with what there is instead.
    pub fn lacks(&self) -> Vec<String> {
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

    /// How this server carries a stream, by its software and version.
    ///
    /// Before Mastodon 3.3 a socket carried the one stream that its address named
    /// (<https://docs.joinmastodon.org/methods/streaming/#websocket>); Akkoma takes lists and hashtags only there.
    pub fn carriage(&self, stream: &Stream) -> Carriage {
        match (self.software, stream) {
            (Software::Mastodon, _) if self.is_before(3, 3) => Carriage::Socket,
            (Software::Pleroma, Stream::List(_) | Stream::Hashtag { .. }) if self.is_akkoma() => Carriage::Socket,
            _ => self.software.carriage(stream),
        }
    }

    /// Whether it may stream as server-sent events; some software is known not to.
    pub fn may_send_events(&self) -> bool {
        match self.software {
            Software::Mastodon | Software::Other => true,
            Software::GoToSocial | Software::Pleroma => false,
        }
    }

    /// Whether its version is an older one than this; one that cannot be read is not.
    fn is_before(&self, major: u32, minor: u32) -> bool {
        let mut numbers = self.version.as_str().split('.').map(|part| part.parse::<u32>().ok());
        match (numbers.next().flatten(), numbers.next().flatten()) {
            (Some(own_major), Some(own_minor)) => (own_major, own_minor) < (major, minor),
            _ => false,
        }
    }

    fn is_akkoma(&self) -> bool {
        self.version.as_str().to_ascii_lowercase().contains("akkoma")
    }
}

impl Software {
    /// How this software carries a stream, whatever its version (transcripts `multiplex`, `single-*` of GoToSocial).
    pub fn carriage(self, stream: &Stream) -> Carriage {
        match (self, stream) {
            (Self::GoToSocial, Stream::UserNotification) => Carriage::Within(Stream::User),
            (Self::GoToSocial, Stream::Hashtag { .. }) => Carriage::Polling,
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
            crate::model::Spec::List(_) | crate::model::Spec::Merged(_) => panic!("{spec} is no stream by itself"),
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
    fn what_a_server_lacks_follows_from_how_it_carries() {
        let lacks = |software, version: &str| {
            let words = || Plain::line("social.example");
            let access = TimelinesAccess::default();
            let version = Plain::line(version);
            Server { domain: words(), title: words(), version, software, streaming_host: words(), timelines_access: access }.lacks()
        };
        assert_eq!(
            lacks(Software::GoToSocial, "0.20.0"),
            ["notifications come with home", "hashtags: not streamed, but polled", "the remote feed, media only feeds: not there at all"]
        );
        assert_eq!(lacks(Software::Mastodon, "4.5.0"), Vec::<String>::new());
        assert!(lacks(Software::Mastodon, "3.2.2").join(" ").contains("lists, direct messages: on a socket of their own"));
    }

    #[test]
    fn how_a_stream_is_carried_depends_on_software_and_version() {
        let words = || Plain::line("social.example");
        let server = |software, version: &str| Server {
            domain: words(),
            title: words(),
            version: Plain::line(version),
            software,
            streaming_host: words(),
            timelines_access: TimelinesAccess::default(),
        };
        let list = Stream::List(ListId::new("12").unwrap());
        let akkoma = "2.7.2 (compatible; Akkoma 3.13.2-0-g050bc74)";
        for (software, version, stream, expected) in [
            (Software::Mastodon, "4.7.0-alpha.2+glitch", stream("home"), Carriage::Frame),
            (Software::Mastodon, "3.3.0rc1", stream("home"), Carriage::Frame),
            (Software::Mastodon, "3.2.2", stream("home"), Carriage::Socket),
            (Software::Mastodon, "2.9.3", stream("#rust"), Carriage::Socket),
            (Software::Mastodon, "10.0.0", list.clone(), Carriage::Frame),
            (Software::Mastodon, "unknown", list.clone(), Carriage::Frame),
            (Software::Pleroma, akkoma, list.clone(), Carriage::Socket),
            (Software::Pleroma, akkoma, stream("#rust"), Carriage::Socket),
            (Software::Pleroma, akkoma, stream("notifications"), Carriage::Frame),
            (Software::Pleroma, "2.7.2 (compatible; Pleroma 2.6.0)", list.clone(), Carriage::Frame),
            (Software::GoToSocial, "0.20.0", stream("notifications"), Carriage::Within(Stream::User)),
            (Software::GoToSocial, "0.20.0", stream("#rust:local"), Carriage::Polling),
            (Software::GoToSocial, "0.20.0", stream("local:media"), Carriage::Never),
            (Software::GoToSocial, "0.20.0", list.clone(), Carriage::Frame),
            (Software::Other, "1.2.3", list, Carriage::Frame),
        ] {
            assert_eq!(server(software, version).carriage(&stream), expected, "{stream:?} of {software:?} {version}");
        }
    }
}
