//! One post as lines: who, to whom, the words, and what hangs on it.
//!
//! Parts that are lists (media, options) live in `attached`. Absent on purpose: the row around it, its age, its selection.

use crate::model::{Account, AccountId, Status, StatusId, Visibility};
use crate::state::{Entry, RowKey, Shown, Told};
use crate::text::{with_addresses, wrap};
use crate::ui::aside;
use crate::ui::attached;
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::{Card, CardLine, Head, cols, cut, ellipsize, hang, plain, rich, shorten};
use crate::ui::row::{dim_line, tombstone};
use crate::ui::theme::Theme;
use crate::ui::times;
use ratatui::text::{Line, Span};
use std::borrow::Cow;

/// Lines of a post's words in a timeline.
const BRIEF_WORDS: usize = 12;

/// Lays out a post or a boost.
pub(crate) fn card(setting: Setting<'_>, id: &StatusId) -> Card {
    let store = &setting.state.store;
    let mut card = Card::default();
    let Some((outer, entry)) = store.status(id).zip(store.shown(id)) else {
        return if store.is_deleted(id) { tombstone(setting, id) } else { unheld(setting) };
    };
    match setting.shape {
        Shape::Whole => whole(setting, id, entry, &mut card),
        Shape::Brief(_) | Shape::Reply => {
            context(setting, outer.status(), entry.status(), &mut card);
            let (aside, first) = (aside::beside_post(setting, Some(entry.account())), card.lines.len());
            let setting = Setting { width: aside::room(setting.width, aside.as_ref()), ..setting };
            card.lines.push(head(setting, entry.status()));
            if let (Some(whence), Some(CardLine::Head(head))) = (whence(setting, id), card.lines.last_mut()) {
                head.word = [Some(whence), head.word.take()].into_iter().flatten().reduce(|whence, word| format!("{whence} {word}"));
            }
            body(setting, id, entry, &mut card);
            let most = if let Shape::Brief(most) = setting.shape { most } else { u16::MAX };
            cut_card(&mut card, most, setting.theme);
            aside::put(&mut card, first, aside.as_ref(), most);
        }
        Shape::Glance => {
            card.lines.push(head(setting, entry.status()));
            body(setting, id, entry, &mut card);
        }
    }
    card
}

/// Keeps a card to `most` lines and says how many more there are.
pub(crate) fn cut_card(card: &mut Card, most: u16, theme: &Theme) {
    shorten(&mut card.lines, usize::from(most.max(2)), |more| CardLine::text(more_lines(theme, more)));
}

fn more_lines(theme: &Theme, more: usize) -> Line<'static> {
    let lines = if more == 1 { "line" } else { "lines" };
    dim_line(theme, format!("{} {more} more {lines} {} enter reads", theme.glyphs().ellipsis, theme.glyphs().dot))
}

fn unheld(setting: Setting<'_>) -> Card {
    let mut card = Card::default();
    card.push(dim_line(setting.theme, "a post that is not held any more"));
    card
}

/// Which of several streams of a tab have a row, in as many words as fit a quarter of the line.
fn whence(setting: Setting<'_>, id: &StatusId) -> Option<String> {
    let sources = setting.sources.filter(|sources| sources.is_merged())?;
    let key = RowKey::Status(id.clone());
    let titles: Vec<String> =
        setting.state.carriers(sources, &key).map(|stream| stream.title(&setting.state.offer.lists).to_string()).collect();
    let room = usize::from(setting.width / 4).max(8);
    let all = titles.join(", ");
    let (first, more) = (titles.first()?, titles.len() - 1);
    Some(match more {
        _ if wrap::width(&all) <= room => all,
        0 => cut(first, room, setting.theme).into_owned(),
        more => format!("{} +{more}", cut(first, room - 3, setting.theme)),
    })
}

/// Who boosted it, and whom it answers.
fn context(setting: Setting<'_>, outer: &Status, inner: &Status, card: &mut Card) {
    let theme = setting.theme;
    let mut line = Line::default();
    if outer.reblog.is_some() {
        let mut all = told_in(setting, &RowKey::Status(outer.id.clone()));
        if all.count < 2 {
            all = Told { first: vec![&outer.account], count: 1 };
        }
        let names = names(setting, &all.first);
        line.push_span(Span::styled(theme.glyphs().again, theme.good()));
        // What else is in the line takes 26 columns at most.
        let widest = (usize::from(setting.width.saturating_sub(26)) / 2).max(6);
        line.push_span(Span::styled(format!(" {} boosted", several(&names, all.count, NAMED, widest, theme)), theme.dim()));
    }
    if setting.shape != Shape::Reply
        && let Some(whom) = answers(setting, inner)
    {
        let gap = if line.spans.is_empty() { "" } else { "  " };
        line.push_span(Span::styled(format!("{gap}{} {whom}", theme.glyphs().reply), theme.dim()));
    }
    if !line.spans.is_empty() {
        card.push(line);
    }
}

/// The most people that a row of a timeline names.
pub(crate) const NAMED: usize = 2;

/// Who is told of in a row, as far as its card names them; nobody beside a timeline.
pub(crate) fn told_in<'a>(setting: Setting<'a>, key: &RowKey) -> Told<'a> {
    let tab = setting.sources.and_then(|sources| setting.state.tabs.named(sources));
    tab.map(|tab| setting.state.told(tab, key, NAMED + 1)).unwrap_or_default()
}

/// The names of some accounts.
pub(crate) fn names<'a>(setting: Setting<'a>, ids: &[&'a AccountId]) -> Vec<Cow<'a, str>> {
    let theme = setting.theme;
    ids.iter().map(|id| setting.state.store.account(id).map_or("someone".into(), |account| name(theme, account))).collect()
}

/// The name of an account as it is laid out: with the pictures of its custom emoji, where those are drawn.
pub(crate) fn name<'a>(theme: &Theme, account: &'a Account) -> Cow<'a, str> {
    theme.emojis().marked(account.name().as_str(), &account.emojis)
}

/// So many people in words, given the first `most` names and one more: `Ada`, `Ada and Bo`, `Ada, Bo and Cy`, `Ada, Bo and 2 others`.
/// Where there are several none is longer than `widest` columns, so that it can be read how many there are.
pub(crate) fn several(names: &[impl AsRef<str>], count: usize, most: usize, widest: usize, theme: &Theme) -> String {
    let short = |name: &str| cut(name, widest.max(4), theme).into_owned();
    match names {
        [] => "someone".to_owned(),
        [name] if count <= 1 => name.as_ref().to_owned(),
        [first @ .., last] if count <= most + 1 => {
            let first: Vec<String> = first.iter().map(|name| short(name.as_ref())).collect();
            format!("{} and {}", first.join(", "), short(last.as_ref()))
        }
        _ => {
            let told: Vec<String> = names.iter().take(most).map(|name| short(name.as_ref())).collect();
            format!("{} and {} others", told.join(", "), count.saturating_sub(told.len()))
        }
    }
}

/// Whom a post answers, in words; `None` for one that answers nothing.
pub(crate) fn answers(setting: Setting<'_>, status: &Status) -> Option<String> {
    status.in_reply_to_id.as_ref()?;
    let whom = status.in_reply_to_account_id.as_ref();
    if whom == Some(&status.account) {
        return Some("continues a thread".to_owned());
    }
    let name = whom.and_then(|id| name_of(setting, status, id));
    Some(name.map_or_else(|| "answers a post".to_owned(), |name| format!("answers {name}")))
}

fn name_of(setting: Setting<'_>, status: &Status, id: &AccountId) -> Option<String> {
    let me = setting.state.me.as_ref().is_some_and(|me| me.id == *id);
    if me {
        return Some("you".to_owned());
    }
    let known = setting.state.store.account(id).map(|account| name(setting.theme, account).into_owned());
    known.or_else(|| status.mentions.iter().find(|mention| mention.id.as_ref() == Some(id)).map(|mention| format!("@{}", mention.acct)))
}

fn head(setting: Setting<'_>, status: &Status) -> CardLine {
    let theme = setting.theme;
    let account = setting.state.store.account(&status.account);
    let name = account.map_or("unknown account".into(), |account| name(theme, account));
    let mut rest = account.map(|account| format!("@{}", account.acct)).unwrap_or_default();
    if account.is_some_and(|account| account.bot) {
        rest.push_str(" bot");
    }
    CardLine::Head(Head {
        name: Line::from(Span::styled(name.into_owned(), theme.bold())),
        rest: dim_line(theme, rest),
        word: short_visibility(&status.visibility),
        at: status.created_at,
    })
}

pub(crate) fn short_visibility(visibility: &Visibility) -> Option<String> {
    match visibility {
        Visibility::Public => None,
        Visibility::Unlisted => Some("unlisted".to_owned()),
        Visibility::Private => Some("followers".to_owned()),
        Visibility::Direct => Some("direct".to_owned()),
        Visibility::Other(word) => Some(word.to_string()),
    }
}

pub(crate) fn visibility(visibility: &Visibility) -> String {
    match visibility {
        Visibility::Public => "public".to_owned(),
        Visibility::Unlisted => "unlisted".to_owned(),
        Visibility::Private => "followers only".to_owned(),
        Visibility::Direct => "only those mentioned".to_owned(),
        Visibility::Other(word) => word.to_string(),
    }
}

/// The words of a post and what hangs on it, or what they are folded behind. `id` is the row's: of the boost, if it is one.
pub(crate) fn body(setting: Setting<'_>, id: &StatusId, entry: &Entry, card: &mut Card) {
    let status = entry.status();
    let shown = setting.place().map_or(Shown::Open, |place| setting.state.shown(place, id));
    match shown {
        Shown::Warned => card.extend(fold(setting, &setting.theme.emojis().marked(status.spoiler_text.as_str(), &status.emojis), "")),
        Shown::Filtered(title) => card.extend(fold(setting, title.as_str(), "filtered: ")),
        Shown::Hidden => card.push(dim_line(setting.theme, "hidden by a filter")),
        Shown::Open => open_body(setting, entry, card),
    }
}

fn fold(setting: Setting<'_>, words: &str, before: &str) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let mark = Span::styled(format!("{} ", theme.glyphs().folded), theme.mark());
    let mut lines = plain(&format!("{before}{words}"), setting.width.saturating_sub(2), theme.aside());
    if setting.shape != Shape::Whole {
        ellipsize(&mut lines, 3, setting.width.saturating_sub(2), theme);
    }
    let hint = "  space unfolds";
    match lines.last_mut() {
        Some(last) if crate::ui::line::line_width(last) + 2 + hint.len() <= usize::from(setting.width) => {
            last.push_span(Span::styled(hint, theme.dim()));
        }
        Some(_) | None => lines.push(dim_line(theme, hint.trim_start())),
    }
    hang(lines, &mark, &Span::raw("  "))
}

fn open_body(setting: Setting<'_>, entry: &Entry, card: &mut Card) {
    let (theme, status) = (setting.theme, entry.status());
    if !status.spoiler_text.is_blank() {
        let mark = Span::styled(format!("{} ", theme.glyphs().notice), theme.mark());
        let words = theme.emojis().marked(status.spoiler_text.as_str(), &status.emojis);
        let lines = plain(&words, setting.width.saturating_sub(2), theme.aside());
        card.extend(hang(lines, &mark, &Span::raw("  ")));
    }
    card.extend(words(setting, entry));
    if setting.shape == Shape::Glance {
        return;
    }
    let spaced = setting.shape == Shape::Whole;
    for part in [quote(setting, status), media(setting, status), attached::poll(setting, status), attached::card(setting, status)] {
        if !part.is_empty() {
            if spaced {
                card.blank();
            }
            card.lines.extend(part);
        }
    }
    if status.omitted > 0 {
        card.push(dim_line(theme, format!("and {} more that the server sent", status.omitted)));
    }
    if !spaced && let Some(line) = counts(setting, status) {
        card.push(line);
    }
}

/// The words of a post as they fit its shape.
fn words(setting: Setting<'_>, entry: &Entry) -> Vec<Line<'static>> {
    let (theme, width, emojis) = (setting.theme, setting.width, &entry.status().emojis);
    if entry.rich().is_blank() {
        return Vec::new();
    }
    if setting.shape == Shape::Whole {
        return rich(&with_addresses(entry.rich()), width, theme, emojis);
    }
    let mut lines = rich(entry.rich(), width, theme, emojis);
    match setting.shape {
        Shape::Brief(_) => shorten(&mut lines, BRIEF_WORDS, |more| more_lines(theme, more)),
        Shape::Glance => ellipsize(&mut lines, 2, width, theme),
        Shape::Reply | Shape::Whole => {}
    }
    lines
}

fn media(setting: Setting<'_>, status: &Status) -> Vec<CardLine> {
    let blurred = setting.place().is_some_and(|place| setting.state.blurs_media(place, &status.id));
    let veiled = setting.place().is_some_and(|place| setting.state.veils_media(place, &status.id));
    attached::media(setting, status, blurred, veiled)
}

/// A quoted post, one level deep.
fn quote(setting: Setting<'_>, status: &Status) -> Vec<CardLine> {
    attached::quote(setting, status).into_iter().map(CardLine::text).collect()
}

/// Counts as marks, and whether it was edited: the last line in a timeline.
fn counts(setting: Setting<'_>, status: &Status) -> Option<Line<'static>> {
    let (theme, glyphs) = (setting.theme, setting.theme.glyphs());
    let mut line = Line::default();
    let mut add = |mark: &str, words: String, own: bool| {
        let gap = if line.spans.is_empty() { "" } else { "   " };
        line.push_span(Span::styled(gap, theme.dim()));
        line.push_span(Span::styled(format!("{mark} "), if own { theme.mark() } else { theme.dim() }));
        line.push_span(Span::styled(words, theme.dim()));
    };
    if let Some(edited) = status.edited_at {
        add(glyphs.edited, format!("edited {}", times::moment(edited, setting.state.now, &theme.zone)), false);
    }
    let (counts, mine) = (status.counts, status.personal);
    for (mark, count, own) in [
        (glyphs.reply, counts.replies, false),
        (glyphs.again, counts.reblogs, mine.reblogged == Some(true)),
        (glyphs.star, counts.favourites, mine.favourited == Some(true)),
        (glyphs.quoting, counts.quotes, false),
    ] {
        if count > 0 || own {
            add(mark, if own { format!("{} {} yours", short_count(count), glyphs.dot) } else { short_count(count) }, own);
        }
    }
    (!line.spans.is_empty()).then_some(line)
}

/// A count in few columns: `999`, `1.2k`, `34k`, `5.6M`.
pub(crate) fn short_count(count: u64) -> String {
    let scaled = |unit: u64, word: char| {
        let tenths = count / (unit / 10);
        if tenths < 100 && !tenths.is_multiple_of(10) {
            format!("{}.{}{word}", tenths / 10, tenths % 10)
        } else {
            format!("{}{word}", tenths / 10)
        }
    };
    match count {
        ..1_000 => count.to_string(),
        1_000..1_000_000 => scaled(1_000, 'k'),
        1_000_000..1_000_000_000 => scaled(1_000_000, 'M'),
        _ => scaled(1_000_000_000, 'G'),
    }
}

/// The post as the reader pane shows it.
fn whole(setting: Setting<'_>, id: &StatusId, entry: &Entry, card: &mut Card) {
    let (theme, status) = (setting.theme, entry.status());
    let (aside, first) = (aside::beside_post(setting, Some(&status.account)), card.lines.len());
    let beside = Setting { width: aside::room(setting.width, aside.as_ref()), ..setting };
    who(beside, &status.account, card);
    card.extend(plain(&about(setting, status), beside.width, theme.dim()));
    if let Some(whom) = answers(setting, status) {
        card.extend(plain(&format!("{} {whom}", theme.glyphs().reply), beside.width, theme.dim()));
    }
    aside::put(card, first, aside.as_ref(), u16::MAX);
    card.blank();
    body(setting, id, entry, card);
    let sums = sums(setting, status);
    if !sums.is_empty() || status.url.is_some() {
        card.blank();
    }
    card.extend(plain(&sums, setting.width, theme.dim()));
    if let Some(url) = &status.url {
        card.extend(plain(url.as_str(), setting.width, theme.link()));
    }
}

/// The name and the full account, on one line where both fit.
pub(crate) fn who(setting: Setting<'_>, id: &AccountId, card: &mut Card) {
    let (theme, width) = (setting.theme, setting.width);
    let Some(account) = setting.state.store.account(id) else {
        card.push(dim_line(theme, "unknown account"));
        return;
    };
    let acct = format!("@{}", account.acct);
    let name = name(theme, account);
    if wrap::width(&name) + 2 + wrap::width(&acct) <= usize::from(width) {
        card.push(Line::from(vec![Span::styled(name.into_owned(), theme.bold()), Span::styled(format!("  {acct}"), theme.dim())]));
    } else {
        card.extend(plain(&name, width, theme.bold()));
        card.extend(plain(&acct, width, theme.dim()));
    }
}

fn about(setting: Setting<'_>, status: &Status) -> String {
    let zone = &setting.theme.zone;
    let mut parts = vec![status.created_at.map_or_else(|| "date unknown".to_owned(), |at| times::full(at, zone))];
    parts.push(visibility(&status.visibility));
    parts.extend(status.language.as_ref().map(ToString::to_string));
    parts.extend(status.edited_at.map(|at| {
        let same_day = status.created_at.unwrap_or(setting.state.now);
        format!("edited {}", times::moment(at, same_day, zone))
    }));
    if setting.state.store.account(&status.account).is_some_and(|account| account.bot) {
        parts.push("automated".to_owned());
    }
    parts.join(&format!(" {} ", setting.theme.glyphs().dot))
}

/// Counts and the reader's own relation in words.
pub(crate) fn sums(setting: Setting<'_>, status: &Status) -> String {
    let counted = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        _ => Some(format!("{count} {many}")),
    };
    let counts = status.counts;
    let mut parts: Vec<String> = [
        counted(counts.replies, "reply", "replies"),
        counted(counts.reblogs, "boost", "boosts"),
        counted(counts.favourites, "favourite", "favourites"),
        counted(counts.quotes, "quote", "quotes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mine = status.personal;
    for (said, words) in [
        (mine.reblogged, "boosted by you"),
        (mine.favourited, "favourited by you"),
        (mine.bookmarked, "bookmarked"),
        (mine.muted, "conversation muted"),
        (mine.pinned, "pinned"),
    ] {
        if said == Some(true) {
            parts.push(words.to_owned());
        }
    }
    parts.join(&format!(" {} ", setting.theme.glyphs().dot))
}

/// The first words of a post in at most `most` dim lines, for where it is only mentioned.
pub(crate) fn excerpt(setting: Setting<'_>, entry: &Entry, most: usize) -> Vec<Line<'static>> {
    let (theme, status) = (setting.theme, entry.status());
    let folded = setting.place().is_some_and(|place| setting.state.is_folded(place, &status.id));
    if folded || !status.spoiler_text.is_blank() {
        return fold_excerpt(setting, status);
    }
    let words = theme.emojis().in_words(entry.rich(), &status.emojis).text();
    let mut lines = plain(words.trim(), setting.width, theme.dim());
    lines.retain(|line| line.spans.iter().any(|span| !span.content.trim().is_empty()));
    ellipsize(&mut lines, most, setting.width, theme);
    if lines.is_empty() {
        lines.push(dim_line(theme, attached::in_a_word(status)));
    }
    lines
}

fn fold_excerpt(setting: Setting<'_>, status: &Status) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let words = if status.spoiler_text.is_blank() { "filtered" } else { status.spoiler_text.as_str() };
    let words = theme.emojis().marked(words, &status.emojis);
    let short = cut(&words, usize::from(setting.width.saturating_sub(2)), theme).into_owned();
    debug_assert!(cols(wrap::width(&short)) <= setting.width);
    vec![Line::from(vec![
        Span::styled(format!("{} ", theme.glyphs().folded), theme.mark()),
        Span::styled(short, theme.aside().patch(theme.dim())),
    ])]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_names_stay_countable() {
        let theme = Theme::new(true, false, jiff::tz::TimeZone::UTC);
        let told = |names: &[&str], most| several(&names[..names.len().min(most + 1)], names.len(), most, 8, &theme);
        assert_eq!(told(&["Ada"], 2), "Ada");
        assert_eq!(told(&["Ada", "Bo"], 2), "Ada and Bo");
        assert_eq!(told(&["Ada", "Bo", "Cy"], 2), "Ada, Bo and Cy");
        assert_eq!(told(&["Ada", "Bo", "Cy", "Dee"], 2), "Ada, Bo and 2 others");
        assert_eq!(told(&["Ada", "Bo", "Cy"], 1), "Ada and 2 others");
        assert_eq!(told(&["A name that goes on", "Bo"], 1), "A name… and Bo");
    }

    #[test]
    fn counts_stay_short() {
        for (count, words) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1k"),
            (1_234, "1.2k"),
            (34_567, "34k"),
            (999_999, "999k"),
            (5_600_000, "5.6M"),
            (u64::MAX, "18446744073G"),
        ] {
            assert_eq!(short_count(count), words);
        }
    }
}
