//! `Viewer`: the media of a post, one at a time over the whole screen.
//!
//! It names the post and not what hangs on it: what is edited or deleted changes here at once. Absent on purpose: pictures.

use crate::model::{Media, StatusId};
use crate::state::State;

/// The media of a post, one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Viewer {
    /// The post (never a boost: the boosted post).
    pub status: StatusId,
    /// Which of its media.
    pub index: usize,
    /// Whether what is said of it is shown.
    pub words: bool,
    /// Whether only a hint of it is shown, until the reader asks for it.
    pub veiled: bool,
}

impl State {
    /// The post whose media `view` would show, where it has any.
    pub fn viewable(&self) -> Option<StatusId> {
        self.reading().filter(|id| self.store.status(id).is_some_and(|entry| !entry.status().media_attachments.is_empty()))
    }

    /// The medium that a viewer shows and how many there are; nothing where the post has gone, or they have.
    pub fn viewed(&self, viewer: &Viewer) -> Option<(&Media, usize, usize)> {
        let media = &self.store.status(&viewer.status)?.status().media_attachments;
        let index = viewer.index.min(media.len().checked_sub(1)?);
        media.get(index).map(|medium| (medium, index, media.len()))
    }
}
