//! `Effect`: something the world should do.

use crate::model::{Cursor, Markers, NotificationId, StatusId, Stream};
use crate::text::Plain;

/// Something the world should do. There is none for subscribing: the wanted streams are derived from the state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Ask for a page of a stream's timeline; answered by `Reply::Page`.
    FetchPage {
        /// The stream.
        stream: Stream,
        /// Where it starts; `None` for the newest.
        cursor: Option<Cursor>,
    },
    /// Ask for the page right above an id (`min_id`), to fill a gap; answered by `Reply::Newer`.
    FetchNewer {
        /// The stream.
        stream: Stream,
        /// The id above which it starts.
        after: String,
        /// The number of the question, to be given back.
        asked: u64,
    },
    /// Ask for a page to hold it against what is held; answered by `Reply::Review`.
    FetchReview {
        /// The stream.
        stream: Stream,
        /// Where it starts; `None` for the newest.
        cursor: Option<Cursor>,
        /// The number of the question, to be given back.
        asked: u64,
        /// Whether it is one of a deep pass, which is in no hurry.
        deep: bool,
    },
    /// Ask whether a post is still there; answered by `Reply::Status`.
    FetchStatus {
        /// The post.
        id: StatusId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// Ask whether a notification is still there; answered by `Reply::Notification`.
    FetchNotification {
        /// The notification.
        id: NotificationId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// Ask for a post and its thread; answered by `Reply::Thread`.
    FetchThread {
        /// The post.
        id: StatusId,
        /// The store's moment of asking, to be given back.
        asked: u64,
    },
    /// Ask for lists and followed hashtags; answered by `Reply::Offer`.
    FetchOffer,
    /// Ask who the reader is; answered by `Reply::Account`.
    FetchAccount,
    /// Ask up to where was read; answered by `Reply::Markers`.
    FetchMarkers,
    /// Tell the server up to where was read, as far as it does not know better; answered by `Reply::Markers`.
    RaiseMarkers(Markers),
    /// Ask the streaming server how it is; answered by `Reply::Health`.
    FetchHealth,
    /// Ask for the scopes of the token; answered by `Reply::Scopes`.
    FetchScopes,
    /// Leave the screen and stop the process; the loop does it.
    Suspend,
    /// Read the configuration file again; the loop does it, and answers with `Msg::Reloaded` or `Msg::Failed`.
    Reload,
    /// Tell the desktop of something while the reader is elsewhere, with the terminal's bell or without; the loop does it.
    Alert {
        /// What.
        words: Plain,
        /// Whether the bell rings.
        bell: bool,
    },
    /// Paint the whole screen again; the loop does it.
    Redraw,
    /// End, to go on with the account at this place among the saved ones; the loop does it.
    SwitchAccount(usize),
    /// End; the loop does it.
    Quit,
}
