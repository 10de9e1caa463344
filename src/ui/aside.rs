//! `Aside`: the picture of a person left of what they say, where the reader wants such pictures.
//!
//! Its room is there before it is, and also where there is none: names stand beneath each other. Absent on purpose: fetching
//! and drawing (`pictures`).

use crate::model::{Account, AccountId};
use crate::state::State;
use crate::text::Plain;
use crate::ui::cards::Setting;
use crate::ui::line::{Card, CardLine, cols};
use crate::ui::pictures::{PictureFrame, Strip};
use ratatui::text::Line;
use std::sync::Arc;

/// Columns and rows of a picture beside a post: about a square, and as high as the shortest post.
const BESIDE_POST: (u16, u16) = (4, 2);
/// Columns and rows of a picture in a profile.
const IN_PROFILE: (u16, u16) = (8, 4);
/// Columns between a picture and the words.
const BETWEEN: u16 = 1;
/// Columns below which the words need all the room that there is.
const LEAST_COLUMNS: u16 = 32;

/// A picture left of lines.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Aside {
    /// Columns before the lines.
    pub(crate) indent: u16,
    pub(crate) strip: Strip,
}

/// The room beside a post or what somebody did; nothing where none is wanted.
pub(crate) fn beside_post(setting: Setting<'_>, account: Option<&AccountId>) -> Option<Arc<Aside>> {
    let account = account.and_then(|id| setting.state.store.account(id));
    of(setting.state, setting.width, account, BESIDE_POST)
}

/// The room beside the head of a profile; nothing where none is wanted.
pub(crate) fn in_profile(state: &State, width: u16, account: Option<&Account>) -> Option<Arc<Aside>> {
    of(state, width, account, IN_PROFILE)
}

fn of(state: &State, width: u16, account: Option<&Account>, (columns, rows): (u16, u16)) -> Option<Arc<Aside>> {
    if !state.shows_avatars() || width < LEAST_COLUMNS {
        return None;
    }
    let address = account.and_then(|account| account.avatar.as_ref()).map(Plain::as_str).map(Arc::from);
    let frame = PictureFrame { x: 0, columns, address, blurhash: None, clear: true };
    Some(Arc::new(Aside { indent: columns + BETWEEN, strip: Strip { rows, frames: vec![frame] } }))
}

/// Columns that are left for words beside it.
pub(crate) fn room(width: u16, aside: Option<&Arc<Aside>>) -> u16 {
    width.saturating_sub(aside.map_or(0, |aside| aside.indent))
}

/// Puts a picture left of the lines of a card from `first` on; there are made as many as it is high, up to `most` in all.
pub(crate) fn put(card: &mut Card, first: usize, aside: Option<&Arc<Aside>>, most: u16) {
    let Some(aside) = aside else { return };
    while card.lines.len() < (first + usize::from(aside.strip.rows)).min(usize::from(most)) {
        card.blank();
    }
    for (row, line) in card.lines.iter_mut().skip(first).enumerate() {
        let inner = std::mem::replace(line, CardLine::text(Line::default()));
        *line = CardLine::Beside(Arc::clone(aside), cols(row), Box::new(inner));
    }
}
