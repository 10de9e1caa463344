//! The media of a post, one at a time over the whole screen, with what is said of it beneath.

use crate::model::{Media, MediaKind};
use crate::state::{OverlayPane, PicturePlace, State, Viewer};
use crate::text::Plain;
use crate::ui::attached;
use crate::ui::line::{Card, ellipsize, plain};
use crate::ui::paint::Painter;
use crate::ui::pictures;
use crate::ui::row::dim_line;
use crate::ui::timeline::cells;
use ratatui::layout::Rect;
use ratatui::style::Style;
use std::sync::Arc;

/// How many times larger than it is a picture is made, so that small ones are seen.
const LARGER: u32 = 4;
/// The shape of one of which the server does not say it.
const USUAL: (u32, u32) = (16, 9);

/// Draws the viewer.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, viewer: &Viewer) -> OverlayPane {
    let screen = painter.screen();
    painter.clear(screen);
    painter.cursor = None;
    // What is beneath is not to be seen.
    painter.places.clear();
    painter.laid.clear();
    let inner = Rect { x: screen.x + 1, width: screen.width.saturating_sub(2), ..screen };
    let pane = OverlayPane { area: cells(inner), first: (inner.y, 0), entries: 0, most: 0 };
    let Some((medium, index, count)) = state.viewed(viewer) else {
        painter.line(inner.x, inner.y, inner.width, &dim_line(painter.theme, "the post was removed, or its media were"));
        return pane;
    };
    let words = words(painter, medium, viewer, (index, count), inner.width, screen.height / 2);
    let height = words.height().min(screen.height.saturating_sub(1));
    let room = Rect { height: screen.height - height, ..inner };
    picture(painter, state, viewer, medium, room);
    painter.card(Rect { y: room.bottom(), height, ..inner }, &words, 0);
    pane
}

fn picture(painter: &mut Painter<'_>, state: &State, viewer: &Viewer, medium: &Media, room: Rect) {
    let address = whole(medium);
    let Some((canvas, _)) = state.canvas().zip(address.or(medium.blurhash.as_ref())) else { return };
    let (width, height) = medium.size.filter(|(width, height)| *width > 0 && *height > 0).unwrap_or(USUAL);
    let larger = (width.saturating_mul(LARGER), height.saturating_mul(LARGER));
    let (columns, rows) = pictures::fit(larger, canvas.cell, (room.width, room.height));
    let place = PicturePlace {
        address: address.filter(|_| !viewer.veiled).map(|address| Arc::from(address.as_str())),
        x: room.x + (room.width - columns) / 2,
        y: room.y + (room.height - rows) / 2,
        columns,
        rows,
        above: 0,
        shown: rows,
        clear: false,
    };
    pictures::one(painter, place, medium.blurhash.as_ref().map(Plain::as_str), pictures::still(medium).filter(|_| !viewer.veiled));
}

/// Where the largest picture of a medium is.
fn whole(medium: &Media) -> Option<&Plain> {
    let own = medium.url.as_ref().filter(|_| medium.kind == MediaKind::Image);
    own.or(medium.preview.as_ref())
}

fn words(painter: &Painter<'_>, medium: &Media, viewer: &Viewer, (index, count): (usize, usize), width: u16, most: u16) -> Card {
    let theme = painter.theme;
    let dot = format!(" {} ", theme.glyphs().dot);
    let mut facts = Vec::new();
    if count > 1 {
        facts.push(format!("{} of {count}", index + 1));
    }
    facts.push(attached::kind(theme, &medium.kind).1.to_owned());
    facts.extend(medium.size.map(|(width, height)| format!("{width}{}{height}", theme.glyphs().times)));
    facts.extend(attached::length(medium));
    match medium.kind {
        MediaKind::Video | MediaKind::Gifv => facts.push("a still of it".to_owned()),
        MediaKind::Image | MediaKind::Audio | MediaKind::Unknown | MediaKind::Other(_) => {}
    }
    if viewer.veiled {
        facts.push("sensitive, space shows it".to_owned());
    }
    let mut card = Card::default();
    card.extend(plain(&facts.join(&dot), width, theme.bold()));
    if !viewer.words {
        return card;
    }
    let described = medium.description.as_ref().filter(|text| !text.is_blank());
    let mut lines = described.map_or_else(Vec::new, |text| plain(text.as_str(), width, Style::new()));
    ellipsize(&mut lines, usize::from(most.saturating_sub(4).max(1)), width, theme);
    card.extend(lines);
    if described.is_none() {
        card.push(dim_line(theme, "no description"));
    }
    if let Some(url) = &medium.url {
        let mut lines = plain(url.as_str(), width, theme.link());
        ellipsize(&mut lines, 2, width, theme);
        card.extend(lines);
    }
    let mut keys = Vec::new();
    if count > 1 {
        keys.push("h/l previous, next");
    }
    keys.push(if viewer.veiled { "space shows it" } else { "space words off and on" });
    keys.push("esc back");
    card.push(dim_line(theme, keys.join(&dot)));
    card
}
