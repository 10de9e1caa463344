//! What changed from version to version of a post, newest first.
//!
//! What came and what went is told by signs as well as by colour: `+` and a line beneath, `-` and a line through; where only
//! ASCII is drawn, in brackets that end it as well.

use super::{inner_width, panel, words};
use crate::state::edits::{Fate, Piece, Version};
use crate::state::{Answer, Edits, OverlayPane, State};
use crate::text::{Block, BlockKind, Mark, RichText, Span, wrap};
use crate::ui::line::{Card, hang, plain};
use crate::ui::paint::Painter;
use crate::ui::row::dim_line;
use crate::ui::theme::Theme;
use crate::ui::timeline::cells;
use crate::ui::times;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

/// Draws the history of a post.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, edits: &Edits) -> OverlayPane {
    let width = inner_width(body, 90);
    let card = card(state, painter.theme, edits, width);
    let area = panel(painter, body, "Edits", (width, card.height()));
    let most = card.height().saturating_sub(area.height);
    let scroll = edits.scroll.min(most);
    painter.card(area, &card, scroll);
    super::more(painter, area, body, most - scroll);
    OverlayPane { area: cells(area), first: (area.y, usize::from(scroll)), entries: usize::from(area.height), most }
}

fn card(state: &State, theme: &Theme, edits: &Edits, width: u16) -> Card {
    let mut card = Card::default();
    match &edits.history {
        _ if state.store.is_deleted(&edits.status) => card.push(dim_line(theme, "The post was removed, and its history with it.")),
        Answer::Unasked | Answer::Asked => card.push(dim_line(theme, format!("loading what was edited{}", theme.glyphs().ellipsis))),
        Answer::Failed(failure) => {
            card.extend(plain("The history of edits could not be loaded.", width, theme.bold()));
            let mark = words(format!("{} ", theme.glyphs().cross), theme.bad());
            card.extend(hang(plain(failure.reason.as_str(), width.saturating_sub(2), Style::new()), &mark, &words("  ", Style::new())));
        }
        Answer::Told(None) => card.push(dim_line(theme, "The server tells no history of this post.")),
        Answer::Told(Some(versions)) => told(theme, versions, width, &mut card),
    }
    card
}

fn told(theme: &Theme, versions: &[Version], width: u16, card: &mut Card) {
    match versions {
        [] => card.push(dim_line(theme, "The server tells no history of this post.")),
        [_] => card.extend(plain("It has not been edited: this is its only version.", width, theme.dim())),
        _ => {
            let mut legend = Line::from(words(format!("{} versions, newest first   ", versions.len()), theme.dim()));
            let added = Piece { text: "came".to_owned(), fate: Fate::Added };
            let removed = Piece { text: "went".to_owned(), fate: Fate::Removed };
            legend.push_span(words(signed(&added, theme), style(Fate::Added, theme)));
            legend.push_span(words("  ", theme.dim()));
            legend.push_span(words(signed(&removed, theme), style(Fate::Removed, theme)));
            card.push(legend);
        }
    }
    for (index, version) in versions.iter().enumerate() {
        card.blank();
        let at = version.at.map_or_else(|| "date unknown".to_owned(), |at| times::full(at, &theme.zone));
        let which = match index {
            _ if index + 1 == versions.len() => "as it was written",
            0 => "as it is now",
            _ => "an edit between",
        };
        let head = format!("{at} {} {which}", theme.glyphs().dot);
        card.extend(plain(&head, width, theme.bold()));
        card.extend(pieces(&version.words, width, theme));
        for (label, changed) in &version.parts {
            let first = Piece { text: format!("{label}: "), fate: Fate::Kept };
            let all: Vec<Piece> = std::iter::once(first).chain(changed.iter().cloned()).collect();
            card.extend(pieces(&all, width, theme));
        }
        if version.omitted > 0 {
            card.push(dim_line(theme, format!("and {} more that the server sent", version.omitted)));
        }
        if version.is_same() && index + 1 < versions.len() {
            card.push(dim_line(theme, "nothing that can be read changed"));
        }
    }
}

/// Pieces as lines, each run with its sign.
fn pieces(all: &[Piece], width: u16, theme: &Theme) -> Vec<Line<'static>> {
    let spans = all.iter().map(|piece| Span { text: signed(piece, theme), mark: mark(piece.fate) }).collect();
    let block = Block { kind: BlockKind::Paragraph, indents: Vec::new(), spaced: false, spans };
    let text = RichText { blocks: vec![block], links: Vec::new() };
    wrap::wrap(&text, width.max(1))
        .into_iter()
        .map(|line| {
            let spans = line.pieces.into_iter().map(|piece| match piece.role {
                wrap::Role::Text(Mark { strike: true, .. }) => words(piece.text, style(Fate::Removed, theme)),
                wrap::Role::Text(Mark { strong: true, .. }) => words(piece.text, style(Fate::Added, theme)),
                wrap::Role::Text(_) | wrap::Role::Heading(_) | wrap::Role::Quote | wrap::Role::Marker => words(piece.text, Style::new()),
            });
            Line::from(spans.collect::<Vec<_>>())
        })
        .collect()
}

/// How a fate is carried through wrapping.
fn mark(fate: Fate) -> Mark {
    Mark { strike: fate == Fate::Removed, strong: fate == Fate::Added, ..Mark::default() }
}

/// The words with their sign, on every line of them anew.
fn signed(piece: &Piece, theme: &Theme) -> String {
    let (before, after) = match (piece.fate, theme.is_ascii()) {
        (Fate::Kept, _) => return piece.text.clone(),
        (Fate::Added, true) => ("{+", "+}"),
        (Fate::Removed, true) => ("[-", "-]"),
        (Fate::Added, false) => ("+", ""),
        (Fate::Removed, false) => ("-", ""),
    };
    let line = |line: &str| if line.is_empty() { String::new() } else { format!("{before}{line}{after}") };
    piece.text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn style(fate: Fate, theme: &Theme) -> Style {
    match fate {
        Fate::Kept => Style::new(),
        Fate::Added => theme.good().add_modifier(Modifier::UNDERLINED),
        Fate::Removed => theme.bad().add_modifier(Modifier::CROSSED_OUT),
    }
}
