//! `Measured`: what the last drawing found. It flows back into the next update and never causes a draw.

use crate::model::{Sources, StatusId, Stream, Timestamp};
use crate::state::tabs::Anchor;
use crate::state::timeline::RowKey;
use crate::text::WebAddress;
use std::sync::Arc;

/// A part of the screen in cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Area {
    /// Column of its left edge.
    pub x: u16,
    /// Row of its top edge.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Whether a cell lies in it.
    pub fn contains(&self, x: u16, y: u16) -> bool {
        x >= self.x && y >= self.y && x - self.x < self.width && y - self.y < self.height
    }
}

/// What the last drawing found, one record per pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measured {
    /// The timeline of the open tab.
    pub timeline: Option<TimelinePane>,
    /// The timelines of the tabs that stand beside it as columns, from left to right.
    pub beside: Vec<TimelinePane>,
    /// The reader.
    pub reader: Option<ReaderPane>,
    /// Columns that tabs take in the bar: from, to (exclusive), index of the tab. They stand in the first screen row.
    pub tabs: Vec<(u16, u16, usize)>,
    /// The list or text of the top overlay.
    pub overlay: Option<OverlayPane>,
    /// Where links stand, from top to bottom.
    pub links: Vec<LinkSpan>,
    /// Rows that the links of the top overlay take: from, to (exclusive), index of the link.
    pub choices: Vec<(u16, u16, usize)>,
    /// The open profile.
    pub profile: Option<ProfilePane>,
    /// Pictures in view, whether they are here already or not.
    pub pictures: Vec<PicturePlace>,
    /// When something on screen reads differently without anything happening (an age).
    pub next_change: Option<Timestamp>,
}

impl Measured {
    /// The pane of the tab of these streams, where it was drawn.
    pub fn of(&self, sources: &Sources) -> Option<&TimelinePane> {
        self.timelines().find(|pane| pane.sources == *sources)
    }

    /// Every timeline in view, that of the open tab first.
    pub fn timelines(&self) -> impl Iterator<Item = &TimelinePane> {
        self.timeline.iter().chain(&self.beside)
    }

    /// The link at a cell.
    pub fn link_at(&self, x: u16, y: u16) -> Option<&LinkSpan> {
        self.links.iter().find(|link| link.y == y && (link.from..link.to).contains(&x))
    }
}

/// Cells of one row that stand for a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSpan {
    /// Their screen row.
    pub y: u16,
    /// The column of the first.
    pub from: u16,
    /// The column after the last.
    pub to: u16,
    /// Where it leads.
    pub target: WebAddress,
    /// The target's number: of one frame to the next, and from row to row, the same number is the same target.
    pub number: u32,
}

/// The timeline as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelinePane {
    /// Where.
    pub area: Area,
    /// Of which tab.
    pub sources: Sources,
    /// The anchor that was asked for. Where the tab has another one by now, `top` is out of date.
    pub asked: Anchor,
    /// The row at the top and how many of its lines are above the pane: where the view settled.
    pub top: Option<(RowKey, u16)>,
    /// An anchor that gives this very view again: the chosen row where it begins in view, else the row at the top. Held by
    /// the chosen row, it stays where it is on screen also when rows above it in view change their height.
    pub hold: Option<(RowKey, i32)>,
    /// Rows in view from top to bottom.
    pub visible: Vec<VisibleRow>,
}

impl TimelinePane {
    /// Whether it is of a tab that shows a stream, and a row was in view.
    pub fn shows(&self, stream: &Stream, key: &RowKey) -> bool {
        self.sources.contains(stream) && self.visible.iter().any(|row| row.key == *key)
    }
}

/// A row in view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibleRow {
    /// Which.
    pub key: RowKey,
    /// Screen row of its first line in view.
    pub y: u16,
    /// Lines in view.
    pub height: u16,
    /// Whether all of it is in view.
    pub whole: bool,
}

/// The reader as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderPane {
    /// Where its posts stand; what is above them is not part of it.
    pub area: Area,
    /// The post that it shows, or the one with the cursor in a thread.
    pub status: Option<StatusId>,
    /// The line at which that post was to begin, and where it does.
    pub line: (i32, i32),
    /// Posts of the thread in view from top to bottom; none where no thread is open.
    pub visible: Vec<VisiblePost>,
    /// Whether there is more below what is in view.
    pub more: bool,
}

impl ReaderPane {
    /// The post of the thread that stands at a row of the screen.
    pub fn post_at(&self, y: u16) -> Option<&StatusId> {
        let line = i32::from(y) - i32::from(self.area.y);
        self.visible.iter().find(|post| (post.line..post.line + post.height).contains(&line)).map(|post| &post.id)
    }
}

/// A post in view in the reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisiblePost {
    /// Which.
    pub id: StatusId,
    /// The pane's line at which it begins; negative where that is above.
    pub line: i32,
    /// All its lines.
    pub height: i32,
}

/// A list or text over the tabs as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverlayPane {
    /// Where.
    pub area: Area,
    /// Screen row of the first entry in view and its index.
    pub first: (u16, usize),
    /// Entries in view.
    pub entries: usize,
    /// The farthest it can be scrolled, in lines or entries.
    pub most: u16,
}

/// A profile as it was drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfilePane {
    /// Lines in view.
    pub height: u16,
    /// The farthest it can be scrolled, in lines.
    pub most: u16,
    /// The first line of each recent post, counted from the profile's first, and how many it has.
    pub posts: Vec<(u16, u16)>,
}

/// A picture in view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PicturePlace {
    /// Where it is to be had; nothing where only a hint of it is to be seen.
    pub address: Option<Arc<str>>,
    /// Column of its left edge.
    pub x: u16,
    /// Screen row of its first row in view.
    pub y: u16,
    /// Columns of the whole of it.
    pub columns: u16,
    /// Rows of the whole of it.
    pub rows: u16,
    /// Rows above those in view.
    pub above: u16,
    /// Rows in view.
    pub shown: u16,
    /// Whether the screen shows through where it is transparent.
    pub clear: bool,
}
