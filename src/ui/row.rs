//! One row of a timeline as lines: posts and notifications by their own rooms; here are conversations, tombstones and gaps.

use crate::command::Command;
use crate::model::{Account, Connection, ConversationId, StatusId};
use crate::state::{Cause, Fill, Gap, Row};
use crate::text::wrap;
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::{Card, CardLine, Head, plain};
use crate::ui::status_bar::key_of;
use crate::ui::theme::Theme;
use crate::ui::{notification, status, times};
use ratatui::text::{Line, Span};

/// Lays out a row.
pub(crate) fn card(setting: Setting<'_>, row: &Row) -> Card {
    match row {
        Row::Status(id) => status::card(setting, id),
        Row::Notification(id) => notification::card(setting, id),
        Row::Conversation(id, _) => conversation(setting, id),
        Row::Tombstone(id) => tombstone(setting, id),
        Row::Gap(gap) => gap_card(setting, gap),
    }
}

/// What is left of a deleted post.
pub(crate) fn tombstone(setting: Setting<'_>, id: &StatusId) -> Card {
    let author = setting.state.store.deleted_author(id).map(Account::name);
    let words = author.map_or_else(|| "a post was removed".to_owned(), |name| format!("a post by {name} was removed"));
    let mut card = Card::default();
    card.push(Line::from(vec![
        Span::styled(format!("{} ", setting.theme.glyphs().cross), setting.theme.dim()),
        Span::styled(words, setting.theme.dim().patch(setting.theme.aside())),
    ]));
    card
}

/// What a gap says: where it lies and why.
pub(crate) fn gap_words(setting: Setting<'_>, gap: &Gap) -> String {
    let told = |at| times::moment(at, setting.state.now, &setting.theme.zone);
    let span = match (gap.since, gap.until) {
        (Some(since), Some(until)) if told(since) == told(until) => format!(", around {}", told(since)),
        (Some(since), Some(until)) => format!(", {} to {}", told(since), told(until)),
        (Some(since), None) => format!(", since {}", told(since)),
        (None, Some(until)) => format!(", until {}", told(until)),
        (None, None) => String::new(),
    };
    match (gap.cause, gap.lost) {
        (Cause::Disconnected, _) => format!("posts may be missing{span}"),
        (Cause::Shed, Some(1)) => format!("1 post was shed{span}"),
        (Cause::Shed, Some(lost)) => format!("{lost} posts were shed{span}"),
        (Cause::Shed, None) => format!("posts were shed{span}"),
        (Cause::Trimmed, _) => "posts were trimmed to save memory".to_owned(),
    }
}

/// What becomes of a gap: that it is being filled, or the key that fills it.
pub(crate) fn gap_fate(setting: Setting<'_>, gap: &Gap) -> Option<String> {
    let (state, glyphs) = (setting.state, setting.theme.glyphs());
    if state.line.state != Connection::Live {
        return None;
    }
    match gap.fill {
        Fill::Due | Fill::Filling => Some(format!("filling{}", glyphs.ellipsis)),
        Fill::Left => {
            setting.stream.filter(|stream| stream.is_paged_by_id())?;
            key_of(state, Command::Read).map(|key| format!("{key} fills"))
        }
    }
}

fn gap_card(setting: Setting<'_>, gap: &Gap) -> Card {
    let theme = setting.theme;
    let mut words = gap_words(setting, gap);
    if let Some(fate) = gap_fate(setting, gap) {
        words = format!("{words} {} {fate}", theme.glyphs().dot);
    }
    let width = usize::from(setting.width);
    let own = wrap::width(&words);
    let mut card = Card::default();
    if own + 6 > width {
        card.extend(plain(&words, setting.width, theme.mark().patch(theme.dim())));
        return card;
    }
    let dash = theme.glyphs().gap;
    let left = ((width - own - 2) / 2).min(6);
    let right = width - own - 2 - left;
    card.push(Line::from(vec![
        Span::styled(dash.repeat(left), theme.mark()),
        Span::raw(format!(" {words} ")),
        Span::styled(dash.repeat(right), theme.mark()),
    ]));
    card
}

fn conversation(setting: Setting<'_>, id: &ConversationId) -> Card {
    let (state, theme) = (setting.state, setting.theme);
    let mut card = Card::default();
    let Some(held) = state.store.conversation(id) else { return card };
    let names = people(setting, held.accounts.iter().filter_map(|id| state.store.account(id)));
    let mut name = Line::default();
    if held.unread {
        name.push_span(Span::styled(format!("{} ", theme.glyphs().live), theme.accent()));
    }
    name.push_span(Span::styled(names, theme.bold()));
    let last = held.last_status.as_ref().and_then(|id| state.store.status(id));
    let at = last.and_then(|entry| entry.status().created_at);
    let word = held.unread.then(|| "unread".to_owned());
    card.lines.push(CardLine::Head(Head { name, rest: Line::default(), word, at }));
    match last {
        Some(entry) => {
            let own = state.me.as_ref().is_some_and(|me| me.id == entry.status().account);
            if own {
                card.push(Line::styled(format!("{} you wrote last", theme.glyphs().reply), theme.dim()));
            } else if held.accounts.len() > 1
                && let Some(author) = state.store.account(&entry.status().account)
            {
                card.push(Line::styled(format!("{} {} wrote last", theme.glyphs().reply, author.name()), theme.dim()));
            }
            status::body(setting, &entry.status().id, entry, &mut card);
        }
        None => card.push(Line::styled("the last message was removed", theme.dim().patch(theme.aside()))),
    }
    if let Shape::Brief(most) = setting.shape {
        status::cut_card(&mut card, most, theme);
    }
    card
}

fn people<'a>(setting: Setting<'_>, accounts: impl Iterator<Item = &'a Account>) -> String {
    let mut names: Vec<&str> = accounts.map(|account| account.name().as_str()).collect();
    if names.is_empty() {
        return "yourself".to_owned();
    }
    let more = names.len().saturating_sub(4);
    names.truncate(4);
    let dot = format!(" {} ", setting.theme.glyphs().dot);
    let all = names.join(&dot);
    if more > 0 { format!("{all} and {more} more") } else { all }
}

/// A dim line.
pub(crate) fn dim_line(theme: &Theme, words: impl Into<String>) -> Line<'static> {
    Line::from(Span::styled(words.into(), theme.dim()))
}
