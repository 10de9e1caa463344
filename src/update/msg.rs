//! `Msg`: everything that can change `State`. `Reply`: answers to effects.

use crate::command::Command;
use crate::keymap::Key;
use crate::model::{
    Account, AccountId, Bundle, Cursor, Event, Failure, Found, Markers, Notification, NotificationId, Offer, Origin, Page, Profile,
    Relationship, Sources, Spec, StatusEdit, StatusId, Stream, TerminalFact, Thread, Timestamp,
};
use crate::state::Settings;
use crate::text::Plain;
use std::sync::Arc;

/// Everything that can change `State`.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// A key went down.
    Key(Key),
    /// Text was pasted; never keys.
    Paste(String),
    /// The mouse did something at a cell.
    Mouse(Mouse, u16, u16),
    /// The terminal is the window that the reader works in from now on, or is not any more.
    Focused(bool),
    /// A command that came by no key (palette, tests).
    Command(Command),
    /// The connection or the server said something.
    Event(Origin, Event),
    /// An effect is done.
    Reply(Reply),
    /// It is now.
    Tick(Timestamp),
    /// The terminal has this many columns and rows.
    Resized(u16, u16),
    /// The process was continued after a stop, or the machine woke: nothing is known about the time between.
    Resumed,
    /// The terminal said something of itself.
    Answered(TerminalFact),
    /// What the last run kept of a tab.
    Remembered(Remembered),
    /// The configuration file was read again: what holds now, and the tabs that are new in it.
    Reloaded(Settings, Vec<Spec>),
    /// Something of ours failed; words for the screen.
    Failed(Plain),
    /// Something that was asked of the loop is done; words for the screen.
    Told(Plain),
}

/// What an earlier run kept of a tab: shown at once, and not proven of anything since.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// What the tab shows.
    pub sources: Sources,
    /// Of its streams those that no tab before it had, each with rows without a gap between them, newest first.
    pub pages: Vec<(Stream, Page)>,
    /// Place of the newest row that had been in view.
    pub read: Option<String>,
    /// When it was kept.
    pub at: Timestamp,
}

/// What the mouse did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mouse {
    /// The main button went down.
    Click,
    /// The wheel turned towards the reader: on.
    WheelDown,
    /// The wheel turned away: back.
    WheelUp,
}

/// An answer to an effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// To [`crate::update::Question::Page`].
    Page {
        /// Whose page.
        stream: Stream,
        /// Where it started; `None` for the newest.
        cursor: Option<Cursor>,
        /// The page.
        result: Result<Page, Failure>,
    },
    /// To [`crate::update::Question::Newer`].
    Newer {
        /// Whose page.
        stream: Stream,
        /// The number of the question.
        asked: u64,
        /// The page.
        result: Result<Page, Failure>,
    },
    /// To [`crate::update::Question::Review`].
    Review {
        /// Whose page.
        stream: Stream,
        /// The number of the question.
        asked: u64,
        /// The page.
        result: Result<Page, Failure>,
    },
    /// To [`crate::update::Question::Status`].
    Status {
        /// The post.
        id: StatusId,
        /// The store's moment when it was asked.
        asked: u64,
        /// The post as it is now; a failure of the kind `NotFound` says that it is gone.
        result: Result<Bundle, Failure>,
        /// Its exact text, where the client keeps that.
        raw: Option<Arc<str>>,
    },
    /// To [`crate::update::Question::Notification`].
    Notification {
        /// The notification.
        id: NotificationId,
        /// The store's moment when it was asked.
        asked: u64,
        /// The notification as it is now; a failure of the kind `NotFound` says that it is gone.
        result: Result<(Notification, Bundle), Failure>,
    },
    /// To [`crate::update::Question::Thread`]: the post itself and what stands before and after it.
    Thread {
        /// The post.
        id: StatusId,
        /// The store's moment when it was asked.
        asked: u64,
        /// The post as it is now, with its thread.
        result: Result<(Bundle, Thread), Failure>,
    },
    /// To [`crate::update::Question::History`]: all versions, oldest first.
    History(StatusId, Result<Vec<StatusEdit>, Failure>),
    /// To [`crate::update::Question::Profile`].
    Profile(AccountId, Result<(Box<Profile>, Bundle), Failure>),
    /// To [`crate::update::Question::ProfilePosts`].
    ProfilePosts(AccountId, Result<Page, Failure>),
    /// To [`crate::update::Question::Relationship`]; `None` where the server leaves it out.
    Relationship(AccountId, Result<Option<Relationship>, Failure>),
    /// To [`crate::update::Question::Search`].
    Search {
        /// The words that were asked for.
        query: String,
        /// What was found.
        result: Result<Found, Failure>,
    },
    /// To [`crate::update::Question::Offer`].
    Offer(Result<Offer, Failure>),
    /// To [`crate::update::Question::Account`].
    Account(Result<Account, Failure>),
    /// To [`crate::update::Question::Markers`] and [`crate::update::Question::RaiseMarkers`].
    Markers(Result<Markers, Failure>),
    /// To [`crate::update::Question::Health`]: whether it calls itself healthy; `None` where there is no such question.
    Health(Result<Option<bool>, Failure>),
    /// To [`crate::update::Question::Scopes`]; `None` where the server does not tell them.
    Scopes(Result<Option<Vec<Plain>>, Failure>),
}
