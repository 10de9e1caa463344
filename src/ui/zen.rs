//! The screen without tabs, rules and hints: the timeline or the open post alone, in the middle.
//!
//! The last row is empty as long as all is well, and says so in words when it is not: nothing moves when that changes.

use crate::state::{Measured, State};
use crate::ui::cards::Cards;
use crate::ui::paint::Painter;
use crate::ui::timeline::MEASURE;
use crate::ui::{overlay, reader, status_bar, timeline};
use ratatui::layout::Rect;

/// Columns beside the text: the bar of the chosen post and the blanks around it.
const MARGINS: u16 = 3;

/// Draws the screen.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State) -> Measured {
    let mut measured = Measured::default();
    let screen = painter.screen();
    let whole = Rect { height: screen.height - 1, ..screen };
    let width = whole.width.min(MEASURE + MARGINS);
    let body = Rect { x: (whole.width - width) / 2, width, ..whole };
    if state.detail().is_some() {
        measured.reader = Some(reader::draw(painter, cards, state, body));
    } else {
        if state.tabs.active().is_none() {
            timeline::no_tab(painter, state, body);
        }
        measured.timeline = timeline::draw(painter, cards, state, body, true);
    }
    if state.is_amiss() {
        status_bar::alone(painter, state, screen.height - 1);
    }
    overlay::draw(painter, cards, state, whole, &mut measured);
    measured.next_change = painter.clock.next_change();
    measured
}
