//! The server's announcements.

use super::{inner_width, more, panel, words};
use crate::model::Announcement;
use crate::state::{OverlayPane, State};
use crate::ui::cards::Cards;
use crate::ui::line::{Card, plain, rich};
use crate::ui::paint::Painter;
use crate::ui::row::dim_line;
use crate::ui::theme::Theme;
use crate::ui::timeline::cells;
use crate::ui::times;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Draws the announcements.
pub(super) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, body: Rect, scroll: u16) -> OverlayPane {
    let width = inner_width(body, 80);
    let card = cards.announcements(&state.announcements, width, |all| card(all, painter.theme, width));
    let area = panel(painter, body, "Announcements", (width, card.height()));
    let most = card.height().saturating_sub(area.height);
    let scroll = scroll.min(most);
    painter.card(area, &card, scroll);
    more(painter, area, body, most - scroll);
    OverlayPane { area: cells(area), first: (area.y, usize::from(scroll)), entries: usize::from(area.height), most }
}

fn card(all: &[Announcement], theme: &Theme, width: u16) -> Card {
    let mut card = Card::default();
    for announcement in all {
        if card.height() > 0 {
            card.blank();
        }
        let when = announcement.published_at.map_or_else(|| "date unknown".to_owned(), |at| times::full(at, &theme.zone));
        card.push(dim_line(theme, when));
        card.extend(rich(&announcement.content.open(&|_| None), width, theme, &[]));
        let reactions: Vec<String> =
            announcement.reactions.iter().map(|reaction| format!("{} {}", reaction.name, reaction.count)).collect();
        if !reactions.is_empty() {
            card.extend(plain(&reactions.join("   "), width, theme.dim()));
        }
    }
    if card.height() == 0 {
        card.push(Line::from(words("There are none.", theme.dim())));
    }
    card
}
