//! The nouns: what a server has and what can be told to us.
//!
//! Entities are named as the Mastodon API documentation names them. Everything here has been parsed, bounded and cleaned
//! (`mastodon::ingest` is the only maker). Absent on purpose: JSON, sockets, the screen, and what the program does with it.

pub mod account;
pub mod announcement;
pub mod canvas;
pub mod conversation;
pub mod edit;
pub mod emoji;
pub mod event;
pub mod id;
pub mod notification;
pub mod profile;
pub mod server;
pub mod sources;
pub mod status;
pub mod stream;

pub use account::Account;
pub use announcement::{Announcement, Reaction};
pub use canvas::{Canvas, Form, TerminalFact};
pub use conversation::Conversation;
pub use edit::StatusEdit;
pub use emoji::Emoji;
pub use event::{
    AnnouncementReaction, Bundle, Connection, Cursor, Event, Failure, FailureKind, Found, Item, Markers, Offer, Origin, Page, Payload,
    Rung, StreamEvent, Subscription, Thread,
};
pub(crate) use id::bytes_by_age;
pub use id::{AccountId, AnnouncementId, ConversationId, ListId, NotificationId, StatusId, by_age};
pub use notification::{AccountWarning, Notification, NotificationKind, RelationshipSeveranceEvent, Report};
pub use profile::{AccountMark, Field, Profile, Relationship, Tie};
pub use server::{Carriage, FeedAccess, List, Server, Software, TimelinesAccess, Withheld};
pub use sources::Sources;
pub use status::{
    Card, Counts, FilterAction, FilterContext, FilterMatch, Media, MediaKind, Mention, Personal, Poll, PollOption, Quote, QuoteState,
    Status, StatusTag, Visibility,
};
pub use stream::{Reach, Spec, SpecError, Stream, Tag};

/// A moment as servers state it; wall time in UTC.
pub use jiff::Timestamp;
