//! `Question`: what can be asked of a server.
//!
//! Absent on purpose: how it is asked (`effects`), and what its answer does (`update::reply`).

use crate::model::{AccountId, Cursor, Markers, NotificationId, StatusId, Stream};

/// What can be asked of a server; each ends in a [`crate::update::Reply`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// A page of a stream's timeline; answered by `Reply::Page`.
    Page {
        /// The stream.
        stream: Stream,
        /// Where it starts; `None` for the newest.
        cursor: Option<Cursor>,
    },
    /// The page right above an id (`min_id`), to fill a gap; answered by `Reply::Newer`.
    Newer {
        /// The stream.
        stream: Stream,
        /// The id above which it starts.
        after: String,
        /// The number of the question, to be given back.
        asked: u64,
    },
    /// A page to hold it against what is held; answered by `Reply::Review`.
    Review {
        /// The stream.
        stream: Stream,
        /// Where it starts; `None` for the newest.
        cursor: Option<Cursor>,
        /// The number of the question, to be given back.
        asked: u64,
        /// Whether it is one of a deep pass, which is in no hurry.
        deep: bool,
    },
    /// Whether a post is still there; answered by `Reply::Status`.
    Status {
        /// The post.
        id: StatusId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// Whether a notification is still there; answered by `Reply::Notification`.
    Notification {
        /// The notification.
        id: NotificationId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// A post and its thread; answered by `Reply::Thread`.
    Thread {
        /// The post.
        id: StatusId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// All versions of a post; answered by `Reply::History`.
    History(StatusId),
    /// What an account tells of itself; answered by `Reply::Profile`.
    Profile(AccountId),
    /// The newest posts of an account; answered by `Reply::ProfilePosts`.
    ProfilePosts(AccountId),
    /// How the reader and an account stand; answered by `Reply::Relationship`.
    Relationship(AccountId),
    /// What matches some words; answered by `Reply::Search`.
    Search {
        /// The words.
        query: String,
        /// Whether the server is to ask others for what it does not know.
        resolve: bool,
    },
    /// Lists and followed hashtags; answered by `Reply::Offer`.
    Offer,
    /// Who the reader is; answered by `Reply::Account`.
    Account,
    /// Up to where was read; answered by `Reply::Markers`.
    Markers,
    /// Tell the server up to where was read, as far as it does not know better; answered by `Reply::Markers`.
    RaiseMarkers(Markers),
    /// How the streaming server is; answered by `Reply::Health`.
    Health,
    /// The scopes of the token; answered by `Reply::Scopes`.
    Scopes,
}
