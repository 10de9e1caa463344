//! `Announcement`: a message from the server's own staff.

use crate::model::{AnnouncementId, Timestamp};
use crate::text::{Html, Plain};

/// An announcement.
///
/// Source: <https://docs.joinmastodon.org/entities/Announcement/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// Id; an announcement that comes again replaces the one held.
    pub id: AnnouncementId,
    /// Its words.
    pub content: Html,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// Reactions with their counts; zero ones are left out.
    pub reactions: Vec<Reaction>,
}

/// One reaction to an announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// An emoji, or the shortcode of a custom one.
    pub name: Plain,
    /// How many reacted so.
    pub count: u64,
}
