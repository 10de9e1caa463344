//! The reader: one post whole, and with it open, its thread as a tree.
//!
//! Beside the timeline it follows the cursor with what is held already; over it, or with a post open, it shows the thread:
//! what the post answers above it, its replies below, each a step further in than what it answers. The post with the cursor
//! stays where it is whatever comes above or below it. Only what is in view is laid out.

use crate::command::Command;
use crate::model::{AccountId, StatusId, Stream};
use crate::state::{Detail, Gap, ReaderPane, Row, State, ThreadState, VisiblePost};
use crate::text::wrap;
use crate::ui::cards::{Cards, Setting, Shape};
use crate::ui::line::{Card, plain};
use crate::ui::paint::Painter;
use crate::ui::row::{dim_line, gap_fate, gap_words, tombstone};
use crate::ui::timeline::{MEASURE, cells};
use crate::ui::{notification, status};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;

/// How far each level of replies stands further in, in columns.
const STEP: u16 = 2;
/// Replies stand in by at most this part of the width: deeper ones would leave no room for words.
const MOST_INDENT: u16 = 4;

/// Draws the reader into its area.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, area: Rect) -> ReaderPane {
    let sources = state.tabs.active().map(|tab| &tab.sources);
    // Two columns for the bar beside a post of a thread. A post alone stands where it will in its thread: opening it moves nothing.
    let width = area.width.saturating_sub(3).clamp(1, MEASURE);
    let setting = Setting { state, theme: painter.theme, sources, in_profile: false, width, shape: Shape::Whole };
    let pane = match state.detail() {
        Some(detail) => thread(painter, cards, setting, detail, area),
        None => alone(painter, cards, setting, area),
    };
    if let Some(search) = &state.finding {
        // The line above a thread is about it.
        let above = if state.detail().is_some() { 1.min(area.height) } else { 0 };
        let text = Rect { x: area.x + 1, y: area.y + above, width: area.width.saturating_sub(1), height: area.height - above };
        painter.mark_found(text, &search.pattern);
    }
    pane
}

/// What is under the cursor of the timeline.
fn alone(painter: &mut Painter<'_>, cards: &mut Cards, setting: Setting<'_>, area: Rect) -> ReaderPane {
    let card = if painter.is_rushed { too_fast(setting, cards) } else { preview(setting, cards) };
    let text = Rect { x: area.x + 2, width: setting.width, ..area };
    painter.card(text, &card, 0);
    let more = card.height() > area.height;
    ReaderPane { area: cells(area), status: setting.state.reading(), line: (0, 0), visible: Vec::new(), more }
}

/// Said where the post on top is another one before anybody could read it.
fn too_fast(setting: Setting<'_>, cards: &mut Cards) -> Arc<Card> {
    let hold = setting.state.first_key(Command::HoldOrUnfold);
    let words = hold.map_or_else(String::new, |key| format!(" {key} holds the view."));
    cards.words(setting, &format!("Posts come too fast to be read here.{words}"))
}

/// The open post in its thread, with a line above that tells how much of it there is.
fn thread(painter: &mut Painter<'_>, cards: &mut Cards, setting: Setting<'_>, detail: &Detail, area: Rect) -> ReaderPane {
    let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
    let mut flow = Flow { setting, cards, detail, height: i32::from(body.height) };
    let line = flow.settle();
    let parts = flow.lay_out(line);
    let mut pane = ReaderPane {
        area: cells(body),
        status: Some(detail.cursor.clone()),
        line: (detail.line, line),
        visible: Vec::new(),
        more: parts.last().is_some_and(|part| part.line + part.item.height() > i32::from(body.height) || part.index + 1 < flow.len()),
    };
    let many = flow.len() > 1;
    for part in &parts {
        draw_part(painter, setting, part, body, many && part.index == detail.index());
        pane.visible.push(VisiblePost { id: part.id.clone(), line: part.line, height: part.item.height() });
    }
    head(painter, setting, detail, parts.first(), Rect { height: 1, ..area }, pane.more);
    if painter.cursor.is_none() {
        let y = parts.iter().find(|part| part.id == detail.cursor).map_or(0, |part| part.line);
        painter.cursor = Some((area.x, body.y + u16::try_from(y).unwrap_or(0).min(body.height.saturating_sub(1))));
    }
    pane
}

/// What there is of a thread: what is above the view, what is new, and whether there is more below.
fn head(painter: &mut Painter<'_>, setting: Setting<'_>, detail: &Detail, first: Option<&Part>, area: Rect, more: bool) {
    let (theme, glyphs) = (setting.theme, setting.theme.glyphs());
    let mut right = Line::default();
    if more {
        right.push_span(Span::styled("more below", theme.dim()));
    }
    let end = painter.line_to(area.right().saturating_sub(1), area.y, area.width / 2, &right);
    let mut line = Line::from(Span::styled("Thread", theme.bold()));
    let mut say = |words: String, style: Style| {
        line.push_span(Span::styled(format!(" {} ", glyphs.dot), theme.dim()));
        line.push_span(Span::styled(words, style));
    };
    let above = first.map_or(0, |first| first.index + usize::from(first.line < 0));
    if above > 0 {
        say(format!("{above} above"), theme.dim());
    }
    let unread = detail.unread_places().len();
    if unread > 0 {
        say(format!("{unread} new"), theme.fresh());
    }
    painter.line(area.x + 2, area.y, end.saturating_sub(area.x + 3), &line);
}

/// A post in view.
struct Part {
    index: usize,
    id: StatusId,
    line: i32,
    item: Item,
}

/// A post of a thread as it is laid out, with what is said after it.
struct Item {
    indent: u16,
    card: Arc<Card>,
    /// Lines between it and the next post.
    after: Card,
    /// Whether those are worth as much as the post: what becomes of its replies.
    tells: bool,
}

impl Item {
    /// The lines that are to be read, without empty ones after it.
    fn height(&self) -> i32 {
        if self.tells { self.whole() } else { i32::from(self.card.height()) }
    }

    fn whole(&self) -> i32 {
        i32::from(self.card.height()) + i32::from(self.after.height())
    }
}

/// The posts of a thread one beneath the other.
struct Flow<'a, 'c> {
    setting: Setting<'a>,
    cards: &'c mut Cards,
    detail: &'a Detail,
    height: i32,
}

impl Flow<'_, '_> {
    fn len(&self) -> usize {
        self.detail.tree.order().places().len()
    }

    /// The line at which the post with the cursor begins: where it was, or as little beside that as brings it into view.
    fn settle(&mut self) -> i32 {
        let cursor = self.detail.index();
        let spare = self.height - self.item(cursor).map_or(0, |item| item.height());
        let line = self.detail.line.clamp(spare.min(0), spare.max(0));
        // No empty lines above the first post.
        let mut above = 0;
        for index in (0..cursor).rev() {
            if above >= line {
                return line;
            }
            above += self.item(index).map_or(0, |item| item.whole());
        }
        line.min(above)
    }

    /// The posts in view where the one with the cursor begins at `line`.
    fn lay_out(&mut self, line: i32) -> Vec<Part> {
        let cursor = self.detail.index();
        let mut parts = Vec::new();
        let mut top = line;
        for index in (0..cursor).rev() {
            if top <= 0 {
                break;
            }
            let Some(part) = self.part(index, 0) else { continue };
            top -= part.item.whole();
            parts.push(Part { line: top, ..part });
        }
        parts.reverse();
        let mut bottom = line;
        for index in cursor..self.len() {
            if bottom >= self.height {
                break;
            }
            let Some(part) = self.part(index, bottom) else { continue };
            bottom += part.item.whole();
            parts.push(part);
        }
        parts
    }

    fn part(&mut self, index: usize, line: i32) -> Option<Part> {
        let id = self.detail.tree.order().places().get(index)?.id.clone();
        Some(Part { index, id, line, item: self.item(index)? })
    }

    fn item(&mut self, index: usize) -> Option<Item> {
        let order = self.detail.tree.order();
        let place = order.places().get(index)?;
        let setting = self.setting;
        let mut after = Card::default();
        if index == order.focus() {
            let card = self.cards.post(setting, &place.id);
            after.blank();
            replies(setting, self.detail, &mut after);
            return Some(Item { indent: 0, card, after, tells: true });
        }
        let level = if index < order.focus() { place.level } else { place.level.saturating_sub(1) };
        let indent = level.saturating_mul(STEP).min(setting.width / MOST_INDENT) / STEP * STEP;
        let width = setting.width.saturating_sub(indent).max(1);
        let card = self.cards.post(Setting { shape: Shape::Reply, width, ..setting }, &place.id);
        let is_last = index + 1 == order.places().len();
        if !is_last {
            after.blank();
        }
        if !is_last && index == order.focus() + order.replies() {
            rule(setting, &mut after, "elsewhere in the thread");
        }
        Some(Item { indent, card, after, tells: false })
    }
}

fn draw_part(painter: &mut Painter<'_>, setting: Setting<'_>, part: &Part, body: Rect, chosen: bool) {
    let theme = setting.theme;
    let mut line = part.line;
    for (indent, card, is_post) in [(part.item.indent, &*part.item.card, true), (0, &part.item.after, false)] {
        let skip = u16::try_from(-line).unwrap_or(0);
        let from = u16::try_from(line).unwrap_or(0);
        let tall = card.height();
        line += i32::from(tall);
        if skip >= tall || from >= body.height {
            continue;
        }
        let area = Rect {
            x: body.x + 2 + indent,
            y: body.y + from,
            width: setting.width.saturating_sub(indent),
            height: (tall - skip).min(body.height - from),
        };
        painter.card(area, card, skip);
        if is_post && chosen {
            let style = if setting.state.focused { theme.accent() } else { theme.rule() };
            painter.column_of(area.x - 2, area.y, area.height, theme.glyphs().selection, style);
        } else if indent > 0 {
            painter.column_of(area.x - 2, area.y, area.height, theme.glyphs().vertical, theme.rule());
        }
    }
}

/// Between the open post and its replies: how many there are, or why there are none.
fn replies(setting: Setting<'_>, detail: &Detail, card: &mut Card) {
    let ellipsis = setting.theme.glyphs().ellipsis;
    let count = detail.tree.order().replies();
    let counted = setting.state.store.status(&detail.status).map_or(0, |entry| entry.status().counts.replies);
    let there = match count {
        0 if counted > 0 => "no replies that this server has".to_owned(),
        0 => "no replies".to_owned(),
        1 => "1 reply".to_owned(),
        count => format!("{count} replies"),
    };
    match (&detail.thread, count) {
        (ThreadState::Here, _) => rule(setting, card, &there),
        (ThreadState::Again, _) => rule(setting, card, &format!("{there}, asking again{ellipsis}")),
        (ThreadState::Asked, 0) => rule(setting, card, &format!("loading replies{ellipsis}")),
        (ThreadState::Asked, _) => rule(setting, card, &format!("{there}, loading more{ellipsis}")),
        (ThreadState::Failed(_), 0) => rule(setting, card, "replies could not be loaded"),
        (ThreadState::Failed(_), _) => rule(setting, card, &format!("{there}, others could not be loaded")),
    }
    if let ThreadState::Failed(failure) = &detail.thread {
        card.extend(plain(failure.reason.as_str(), setting.width, Style::new()));
        card.blank();
    }
}

fn rule(setting: Setting<'_>, card: &mut Card, words: &str) {
    let theme = setting.theme;
    let dash = theme.glyphs().horizontal;
    let after = usize::from(setting.width).saturating_sub(wrap::width(words) + 4);
    card.push(Line::from(vec![
        Span::styled(format!("{} ", dash.repeat(2)), theme.rule()),
        Span::styled(words.to_owned(), theme.dim()),
        Span::styled(format!(" {}", dash.repeat(after)), theme.rule()),
    ]));
}

/// What is under the cursor, from what is held already.
fn preview(setting: Setting<'_>, cards: &mut Cards) -> Arc<Card> {
    let state = setting.state;
    let mut card = Card::default();
    let Some(row) = state.cursor_row() else { return Arc::new(card) };
    if let Some(id) = state.status_of(row) {
        let post = cards.post(setting, &id);
        let Some(who) = told_together(setting, row) else { return post };
        card.extend(plain(&who, setting.width, setting.theme.dim()));
        card.blank();
        card.lines.extend(post.lines.iter().cloned());
        return Arc::new(card);
    }
    match row {
        Row::Notification(id) => {
            if let Some(held) = state.store.notification(id) {
                card.extend(plain(&notification::words(setting, held), setting.width, Style::new()));
                notification::people(held).for_each(|id| account(setting, id, &mut card));
            }
        }
        Row::Gap(gap) => gap_text(setting, gap, &mut card),
        Row::Tombstone(id) => card = tombstone(setting, id),
        Row::Conversation(..) => card.push(dim_line(setting.theme, "the last message was removed")),
        Row::Status(_) => {}
    }
    Arc::new(card)
}

/// Who did what a row tells of several people, in words: the first dozen by name.
fn told_together(setting: Setting<'_>, row: &Row) -> Option<String> {
    const NAMED: usize = 12;
    let all = setting.state.told(setting.state.tabs.active()?, &row.key(), NAMED + 1);
    let who = status::several(&status::names(setting, &all.first), all.count, NAMED, usize::from(MEASURE), setting.theme);
    match row {
        Row::Notification(id) if all.count > 1 => {
            let (_, what) = notification::told(setting, setting.state.store.notification(id)?);
            Some(format!("{who} {what}"))
        }
        Row::Status(_) if all.count > 1 => Some(format!("{} boosted by {who}", setting.theme.glyphs().again)),
        Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
    }
}

fn account(setting: Setting<'_>, id: &AccountId, card: &mut Card) {
    let Some(account) = setting.state.store.account(id) else { return };
    let theme = setting.theme;
    card.blank();
    status::who(setting, id, card);
    let about: Vec<&str> = [(account.bot, "automated"), (account.locked, "approves followers by hand")]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect();
    card.extend(plain(&about.join(&format!(" {} ", theme.glyphs().dot)), setting.width, theme.dim()));
    if let Some(url) = &account.url {
        card.extend(plain(url.as_str(), setting.width, theme.link()));
    }
}

fn gap_text(setting: Setting<'_>, gap: &Gap, card: &mut Card) {
    let notifications = setting.sources.is_some_and(|sources| *sources == Stream::UserNotification);
    let things = if notifications { "Notifications" } else { "Posts" };
    card.extend(plain(&gap_words(setting, gap), setting.width, setting.theme.bold()));
    if let Some(fate) = gap_fate(setting, gap) {
        card.extend(plain(&fate, setting.width, Style::new()));
    }
    card.blank();
    let why =
        format!("{things} between the rows above and below were not seen by this program. What is below is older, what is above is newer.");
    card.extend(plain(&why, setting.width, setting.theme.dim()));
}
