//! Every command with its keys, by group.

use super::{inner_width, keys_of, more, panel, words};
use crate::command::{COMMANDS, Command, Group, Row};
use crate::filter::TERMS;
use crate::keymap::Sequence;
use crate::state::{OverlayPane, State};
use crate::text::wrap;
use crate::ui::line::{Card, cols, hang, plain};
use crate::ui::paint::Painter;
use crate::ui::theme::Theme;
use crate::ui::timeline::cells;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;

/// From this inner width on the groups stand in two columns.
const TWO_COLUMNS: u16 = 88;
/// Below this inner width there is little room.
const NARROW: u16 = 44;
/// Most columns of the keys.
const KEYS: usize = 24;

/// Draws the help.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, scroll: u16) -> OverlayPane {
    let width = inner_width(body, 116);
    let columns = columns(state, width, painter.theme);
    let tallest = columns.iter().map(Card::height).max().unwrap_or(0);
    let area = panel(painter, body, "Help", (width, tallest));
    let most = tallest.saturating_sub(area.height);
    let scroll = scroll.min(most);
    let each = area.width / cols(columns.len()).max(1);
    for (column, x) in columns.iter().zip((area.x..).step_by(usize::from(each.max(1)))) {
        let gap = if columns.len() > 1 { 2 } else { 0 };
        painter.card(Rect { x, width: each.saturating_sub(gap), ..area }, column, scroll);
    }
    more(painter, area, body, most - scroll);
    OverlayPane { area: cells(area), first: (area.y, usize::from(scroll)), entries: usize::from(area.height), most }
}

fn columns(state: &State, width: u16, theme: &Theme) -> Vec<Card> {
    let mut sections = Group::ALL.map(|group| (group.title(), entries(state, group))).to_vec();
    sections.push(("In a filter", TERMS.iter().map(|(form, help)| ((*form).to_owned(), *help)).collect()));
    if width < TWO_COLUMNS {
        return vec![column(&sections, width, theme)];
    }
    // In the order of the groups, cut where the taller column is least tall.
    let tall = |sections: &[Section]| sections.iter().map(|(_, entries)| entries.len() + 2).sum::<usize>();
    let cut = (0..=sections.len()).min_by_key(|cut| {
        let (left, right) = sections.split_at(*cut);
        tall(left).max(tall(right))
    });
    let (left, right) = sections.split_at(cut.unwrap_or(0));
    [left, right].map(|sections| column(sections, width / 2 - 2, theme)).into()
}

/// A heading, and keys with what they do.
type Section = (&'static str, Vec<(String, &'static str)>);

fn entries(state: &State, group: Group) -> Vec<(String, &'static str)> {
    let mut entries = Vec::new();
    let mut numbers = false;
    for row in COMMANDS.iter().filter(|row| row.group == group) {
        // The nine commands of the numbers are one line.
        let number = matches!(row.command, Command::SelectTab(_)) && has_own_keys(state, row);
        if number && std::mem::replace(&mut numbers, true) {
            continue;
        }
        entries.push(if number { ("1 to 9".to_owned(), "the tab with that number") } else { (keys_of(state, row), row.help) });
    }
    entries
}

/// Sections beneath each other; what keys do begins beside the longest ones.
fn column(sections: &[Section], width: u16, theme: &Theme) -> Card {
    let widest = sections.iter().flat_map(|(_, entries)| entries).map(|(keys, _)| wrap::width(keys)).max().unwrap_or(0);
    // Where there is little room, what keys do has most of it.
    let share = if width < NARROW { usize::from(width) * 2 / 5 } else { usize::from(width) / 2 };
    let keys_width = (widest + 2).min(KEYS).min(share);
    let mut card = Card::default();
    for (title, entries) in sections {
        if card.height() > 0 {
            card.blank();
        }
        card.push(Line::from(words(*title, theme.fresh())));
        for (keys, help) in entries {
            let pad = keys_width.saturating_sub(wrap::width(keys) + 1);
            let first = words(format!("{keys}{} ", " ".repeat(pad)), theme.bold());
            let room = cols(usize::from(width).saturating_sub(wrap::width(&first.content)));
            let later = words(" ".repeat(wrap::width(&first.content)), Style::new());
            card.extend(hang(plain(help, room, Style::new()), &first, &later));
        }
    }
    card
}

/// Whether a command has the keys of the table.
fn has_own_keys(state: &State, row: &Row) -> bool {
    state.settings.keymap.keys(row.command).iter().map(Sequence::as_str).eq(row.keys.iter().copied())
}
