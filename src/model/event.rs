//! What can be told to us: events of the stream, answers to questions, and failures.

use crate::model::{
    Account, AccountId, Announcement, AnnouncementId, Conversation, List, Notification, Server, Status, StatusId, Stream, Tag, Timestamp,
    by_age,
};
use crate::text::Plain;
use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

/// Where an event or answer came from. A stale one (older epoch) is dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Which account of this run, counted from zero.
    pub account: u16,
    /// Which life of the connection, counted from one; zero before the first.
    pub epoch: u64,
}

/// A fact from the server or the connection.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The connection changed its state.
    Connection(Connection),
    /// Our standing with one stream changed.
    Subscription {
        /// The stream.
        stream: Stream,
        /// The standing.
        standing: Subscription,
        /// By which means its events come, or are to come.
        rung: Rung,
    },
    /// Where the server's streams as a whole stand on the ladder of transports.
    Ladder {
        /// The rung.
        rung: Rung,
        /// Why it is not a higher one; `None` on the highest.
        reason: Option<Plain>,
        /// When a higher one is tried again, counted from when this was said.
        climb_in: Option<Duration>,
    },
    /// What has gone over all links so far, in bytes of messages; said now and then while something comes.
    Traffic {
        /// Received.
        received: u64,
        /// Sent.
        sent: u64,
    },
    /// The server was asked about itself (again).
    Server(Server),
    /// The server sent something on one or several streams.
    Stream(StreamEvent),
    /// Updates were shed because nobody took them; everything after the last one seen may be missing.
    Lagged {
        /// How many were shed, by stream.
        shed: Vec<(Stream, u64)>,
    },
    /// A round trip on the socket, measured by our own ping.
    Ping(Duration),
    /// A message that was not what it should be; it cost itself only.
    Malformed {
        /// What was wrong, in a few words.
        what: Plain,
    },
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    /// The first attempt, or one that the reader asked for.
    Connecting,
    /// The socket is open and every wanted stream has been asked for.
    Live,
    /// The connection ended or an attempt failed; the next one is due.
    Reconnecting {
        /// Why, in words.
        reason: Plain,
        /// How many attempts have failed in a row.
        attempt: u32,
        /// When the next attempt starts, counted from when this was said.
        retry_in: Duration,
    },
    /// The server said when to come back.
    RateLimited {
        /// Why, in words.
        reason: Plain,
        /// Time until the next attempt, counted from when this was said.
        retry_in: Duration,
    },
    /// The name does not resolve or the network is unreachable; attempts go on.
    Offline {
        /// Why, in words.
        reason: Plain,
        /// How many attempts have failed in a row.
        attempt: u32,
        /// When the next attempt starts, counted from when this was said.
        retry_in: Duration,
    },
    /// The token is not accepted; no more attempts.
    SignedOut {
        /// The server's words and what to do.
        reason: Plain,
    },
    /// The server cannot be used (not Mastodon, TLS failure, no streaming); tried again once a minute, or when the reader asks.
    Failed {
        /// What is wrong and what to do.
        reason: Plain,
    },
}

/// Our standing with one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subscription {
    /// Asked for; the server never acknowledges.
    Requested,
    /// An event came, or nothing spoke against it for long enough.
    Open,
    /// The server refused it, in its own words.
    Refused(Plain),
    /// The link of its own that carried it was lost, for this reason; it is being opened again. Streams that share the
    /// multiplexed socket are interrupted with the connection, which says so itself.
    Interrupted(Plain),
    /// This server has no such stream and no page that could be asked for instead (known from its software).
    NotStreamed,
}

/// By which means the events of a stream come: the rungs of the ladder of transports, best first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rung {
    /// By subscription on the socket that all streams share.
    #[default]
    Multiplexed,
    /// On a WebSocket of its own, which names the stream in its address.
    Socket,
    /// As server-sent events, on a connection of its own.
    ServerSentEvents,
    /// Not at all: its timeline is asked for again and again.
    Polling,
}

impl Rung {
    /// What it is called on screen.
    pub fn words(self) -> &'static str {
        match self {
            Self::Multiplexed => "multiplexed WebSocket",
            Self::Socket => "a WebSocket of its own",
            Self::ServerSentEvents => "server-sent events",
            Self::Polling => "polling",
        }
    }

    /// What it is called in what scripts read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Multiplexed => "multiplexed",
            Self::Socket => "websocket",
            Self::ServerSentEvents => "sse",
            Self::Polling => "polling",
        }
    }
}

/// Something the server sent on one or several streams.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamEvent {
    /// The streams it counts for, resolved against what we asked for; empty if the server named none that we know.
    pub streams: Vec<Stream>,
    /// The stream as the server named it, normalised (`["list","12"]`); `None` if it named none. Kept for `tail`.
    pub named: Option<Vec<Plain>>,
    /// The event's own name, such as `status.update`.
    pub name: Plain,
    /// What it says.
    pub payload: Payload,
    /// The payload's exact text, where the connection was told to keep it; `None` also where there was none.
    pub raw: Option<Arc<str>>,
}

/// What an event says.
///
/// Source: <https://docs.joinmastodon.org/methods/streaming/#events>.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// `update`: a new status.
    Update(Bundle),
    /// `status.update`: a status was edited, or its quote changed state.
    Edit(Bundle),
    /// `delete`: a status is gone, or leaves this timeline.
    Delete(StatusId),
    /// `notification`.
    Notification(Notification, Bundle),
    /// `conversation`.
    Conversation(Conversation, Bundle),
    /// `announcement`: new or changed.
    Announcement(Announcement),
    /// `announcement.reaction`.
    AnnouncementReaction(AnnouncementReaction),
    /// `announcement.delete`.
    AnnouncementDelete(AnnouncementId),
    /// `filters_changed`.
    FiltersChanged,
    /// `notifications_merged`: load the notifications again.
    NotificationsMerged,
    /// Any other event.
    Other,
}

/// A new total for one reaction; zero means that it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnnouncementReaction {
    /// The announcement.
    pub announcement: AnnouncementId,
    /// The emoji or shortcode.
    pub name: Plain,
    /// The new total.
    pub count: u64,
}

/// One entity after parsing, with everything that was nested in it, flat: inner statuses first, the entity's own last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Accounts that statuses and the entity name.
    pub accounts: Vec<Account>,
    /// Statuses; in a bundle of an update the last is the update itself.
    pub statuses: Vec<Status>,
}

impl Bundle {
    /// The status that the bundle is about.
    pub fn main(&self) -> Option<&Status> {
        self.statuses.last()
    }
}

/// One element of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A status, by id; it is in the page's bundle.
    Status(StatusId),
    /// A notification.
    Notification(Notification),
    /// A conversation.
    Conversation(Conversation),
}

/// Up to where timelines were read, as the server keeps it for all of the reader's programs: the newest id of each.
///
/// Source: <https://docs.joinmastodon.org/methods/markers/>.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markers {
    /// Of the home timeline.
    pub home: Option<Arc<str>>,
    /// Of the notifications.
    pub notifications: Option<Arc<str>>,
}

impl Markers {
    /// The marker of a stream; `None` also where the server keeps none of its kind.
    pub fn of(&self, stream: &Stream) -> Option<&Arc<str>> {
        match stream {
            Stream::User => self.home.as_ref(),
            Stream::UserNotification => self.notifications.as_ref(),
            Stream::Public { .. } | Stream::Hashtag { .. } | Stream::List(_) | Stream::Direct => None,
        }
    }

    /// Of each timeline the newer of two markers.
    #[must_use]
    pub fn newer(self, other: Self) -> Self {
        let newer = |own: Option<Arc<str>>, theirs: Option<Arc<str>>| match (own, theirs) {
            (Some(own), Some(theirs)) => Some(if by_age(&theirs, &own) == Ordering::Greater { theirs } else { own }),
            (own, theirs) => own.or(theirs),
        };
        Self { home: newer(self.home, other.home), notifications: newer(self.notifications, other.notifications) }
    }
}

/// A page of a timeline as REST gave it, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// Its elements in the server's order.
    pub items: Vec<Item>,
    /// All statuses and accounts of it.
    pub bundle: Bundle,
    /// Where the next older page starts (the query of the `Link` header's `next`); `None` at the end.
    pub older: Option<Cursor>,
    /// Elements that could not be read.
    pub rejected: usize,
    /// The exact text of each of `items`, where the client was told to keep it; else empty.
    pub raw: Vec<Arc<str>>,
}

/// Where in a timeline a page starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// Strictly older than this id (`max_id`).
    Before(String),
    /// The page right above this id (`min_id`).
    After(String),
}

/// A status with what stands before and after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// From the root down.
    pub ancestors: Vec<StatusId>,
    /// Replies in the server's order.
    pub descendants: Vec<StatusId>,
    /// All of them.
    pub bundle: Bundle,
}

/// What a server found for some words.
///
/// Source: <https://docs.joinmastodon.org/entities/Search/>.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Accounts, in the server's order.
    pub accounts: Vec<AccountId>,
    /// Hashtags.
    pub tags: Vec<Tag>,
    /// Posts.
    pub statuses: Vec<StatusId>,
    /// All of them.
    pub bundle: Bundle,
}

/// Why a question to the server has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What can be done about it.
    pub kind: FailureKind,
    /// What happened, in words that can be shown: the server's own where it had any.
    pub reason: Plain,
}

/// What can be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Network trouble, 5xx: trying again later may help.
    Retry,
    /// The name does not resolve, or nobody answers there: the same, and most likely the network is away.
    Offline,
    /// Over the limit until then.
    RateLimited(Timestamp),
    /// 401: the token is not accepted.
    Unauthorized,
    /// 403: the server will not.
    Forbidden,
    /// 404 or 410: not there.
    NotFound,
    /// The answer is not what a Mastodon server says.
    Unusable,
}

/// What the reader's account can subscribe to beyond the fixed streams.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// The reader's lists.
    pub lists: Vec<List>,
    /// Hashtags that the reader follows, without `#`.
    pub followed_tags: Vec<Plain>,
}
