//! What hangs on a post: media, poll, link preview, quoted post.

use crate::model::{Card as Preview, Media, MediaKind, Poll, PollOption, QuoteState, Status};
use crate::text::{Plain, wrap};
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::{Card, CardLine, cut, ellipsize, hang, plain, rich};
use crate::ui::pictures;
use crate::ui::row::dim_line;
use crate::ui::theme::Theme;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Media named one by one in a timeline.
const BRIEF_MEDIA: usize = 3;
/// Lines of a quoted post in a timeline.
const BRIEF_QUOTE: usize = 4;
/// Options of a poll in a timeline.
const BRIEF_OPTIONS: usize = 6;
/// The widest bar of a poll.
const WIDEST_BAR: usize = 24;

/// Attached media: what they are and what their authors say is on them.
pub(crate) fn media(setting: Setting<'_>, status: &Status, blurred: bool, veiled: bool) -> Vec<CardLine> {
    let all = &status.media_attachments;
    let theme = setting.theme;
    if all.is_empty() {
        return Vec::new();
    }
    if blurred {
        let words = format!("{} {} media hidden by a filter  space shows", theme.glyphs().media, all.len());
        let mut lines = pictures::strip(setting, all, true);
        lines.push(CardLine::text(dim_line(theme, words)));
        return lines;
    }
    let hidden = Hidden { sensitive: status.sensitive, veiled };
    if setting.shape == Shape::Whole {
        return all
            .chunks(1)
            .flat_map(|medium| {
                let mut lines = pictures::strip(setting, medium, veiled);
                lines.extend(medium.iter().flat_map(|medium| medium_lines(setting, hidden, medium)).map(CardLine::text));
                lines
            })
            .collect();
    }
    let mut lines = pictures::strip(setting, all, veiled);
    lines.extend(all.iter().take(BRIEF_MEDIA).flat_map(|medium| medium_lines(setting, hidden, medium)).map(CardLine::text));
    if let Some(more) = all.len().checked_sub(BRIEF_MEDIA).filter(|more| *more > 0) {
        lines.push(CardLine::text(dim_line(theme, format!("  and {more} more"))));
    }
    lines
}

/// Whether media are sensitive, and whether only a hint of them is shown.
#[derive(Debug, Clone, Copy)]
struct Hidden {
    sensitive: bool,
    veiled: bool,
}

fn medium_lines(setting: Setting<'_>, hidden: Hidden, medium: &Media) -> Vec<Line<'static>> {
    let (theme, whole) = (setting.theme, setting.shape == Shape::Whole);
    let (glyph, kind) = kind(theme, &medium.kind);
    let mut about = Vec::new();
    if hidden.sensitive {
        about.push(if hidden.veiled { "sensitive, space shows it" } else { "sensitive" }.to_owned());
    }
    if whole || medium.kind != MediaKind::Image {
        about.push(kind.to_string());
    }
    about.extend(length(medium));
    if whole && let Some((width, height)) = medium.size {
        about.push(format!("{width}{}{height}", theme.glyphs().times));
    }
    let described = medium.description.as_ref().filter(|text| !text.is_blank());
    if described.is_none() {
        about.push("no description".to_owned());
    }
    let about = about.join(&format!(" {} ", theme.glyphs().dot));
    let room = setting.width.saturating_sub(2);
    let mark = Span::styled(format!("{glyph} "), theme.dim());
    if whole {
        let mut lines = if about.is_empty() { Vec::new() } else { plain(&about, room, theme.dim()) };
        lines.extend(described.map(|text| plain(text.as_str(), room, Style::new())).unwrap_or_default());
        return hang(lines, &mark, &Span::raw("  "));
    }
    let words = described.map(|text| text.as_str().split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default();
    let gap = if about.is_empty() || words.is_empty() { "" } else { ": " };
    let words = cut(&format!("{about}{gap}{words}"), usize::from(room), theme).into_owned();
    vec![Line::from(vec![mark, Span::styled(words, theme.dim())])]
}

/// How long a medium is, where that is known: `1:23`.
pub(crate) fn length(medium: &Media) -> Option<String> {
    medium.seconds.filter(|seconds| *seconds > 0).map(|seconds| format!("{}:{:02}", seconds / 60, seconds % 60))
}

/// A mark and a word for what a medium is.
pub(crate) fn kind<'a>(theme: &Theme, kind: &'a MediaKind) -> (&'static str, &'a str) {
    let glyphs = theme.glyphs();
    let mark = match kind {
        MediaKind::Image | MediaKind::Unknown | MediaKind::Other(_) => glyphs.media,
        MediaKind::Gifv | MediaKind::Video => glyphs.moving,
        MediaKind::Audio => glyphs.sound,
    };
    (mark, if let MediaKind::Other(word) = kind { word.as_str() } else { kind.word() })
}

/// What a post without words is, in a word or two.
pub(crate) fn in_a_word(status: &Status) -> &'static str {
    if !status.media_attachments.is_empty() {
        "media without words"
    } else if status.poll.is_some() {
        "a poll"
    } else {
        "no words"
    }
}

/// A poll: bars with percentages, or only its options while the server hides the counts.
pub(crate) fn poll(setting: Setting<'_>, status: &Status) -> Vec<CardLine> {
    let Some(poll) = &status.poll else { return Vec::new() };
    let theme = setting.theme;
    let most = if setting.shape == Shape::Whole { usize::MAX } else { BRIEF_OPTIONS };
    let mut card = Card::default();
    for (index, option) in poll.options.iter().enumerate().take(most) {
        let title = theme.emojis().marked(option.title.as_str(), &status.emojis);
        card.extend(option_lines(setting, poll, index, &title, option));
    }
    if let Some(more) = poll.options.len().checked_sub(most).filter(|more| *more > 0) {
        card.push(dim_line(theme, format!("and {more} more")));
    }
    let mut foot = sums(poll);
    foot.push_str(if foot.is_empty() { "" } else { " \u{b7} " });
    let foot = foot.replace('\u{b7}', theme.glyphs().dot);
    match (poll.expired, poll.expires_at) {
        (false, Some(until)) => card.lines.push(CardLine::Left(dim_line(theme, foot), until)),
        (true, _) => card.push(dim_line(theme, format!("{foot}ended"))),
        (false, None) => card.push(dim_line(theme, format!("{foot}open"))),
    }
    card.lines
}

pub(crate) fn sums(poll: &Poll) -> String {
    let mut parts = Vec::new();
    let hidden = poll.options.iter().all(|option| option.votes_count.is_none());
    if hidden && !poll.expired {
        parts.push("counts are hidden until the end".to_owned());
    } else {
        parts.push(if poll.votes_count == 1 { "1 vote".to_owned() } else { format!("{} votes", poll.votes_count) });
        if poll.multiple
            && let Some(voters) = poll.voters_count
        {
            parts.push(format!("{voters} voted"));
        }
    }
    if poll.multiple {
        parts.push("several choices".to_owned());
    }
    parts.join(" \u{b7} ")
}

fn option_lines(setting: Setting<'_>, poll: &Poll, index: usize, title: &str, option: &PollOption) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let glyphs = theme.glyphs();
    let mine = poll.own_votes.iter().flatten().any(|vote| *vote == index);
    let Some(votes) = option.votes_count else {
        let mark = if mine {
            glyphs.check
        } else if poll.multiple {
            glyphs.choice_many
        } else {
            glyphs.choice_one
        };
        let style = if mine { theme.good() } else { theme.dim() };
        return label_lines(setting, title, &[Span::styled(format!("{mark} "), style)], 2, "", false);
    };
    let Standing { percent, first, word } = standing(poll, votes, mine);
    let width = (usize::from(setting.width) / 3).clamp(4, WIDEST_BAR);
    let full = width * percent / 100;
    let ink = if mine { theme.good() } else { theme.bar() };
    let before = [
        Span::styled(glyphs.thick.repeat(full), ink),
        Span::styled(glyphs.horizontal.repeat(width - full), theme.rule()),
        Span::raw(format!(" {percent:>3} % ")),
        Span::styled(if mine { format!("{} ", glyphs.check) } else { "  ".to_owned() }, theme.good()),
    ];
    label_lines(setting, title, &before, width + 9, word, first)
}

/// How an option of a poll stands.
pub(crate) struct Standing {
    pub(crate) percent: usize,
    pub(crate) first: bool,
    pub(crate) word: &'static str,
}

/// How an option with so many votes stands; `mine` where the reader chose it.
pub(crate) fn standing(poll: &Poll, votes: u64, mine: bool) -> Standing {
    let base = poll.voters_count.filter(|voters| poll.multiple && *voters > 0).unwrap_or(poll.votes_count);
    let most = poll.options.iter().filter_map(|option| option.votes_count).max().unwrap_or(0);
    let first = votes == most && votes > 0;
    let word = match (first, mine, poll.expired) {
        (true, true, true) => "won, your choice",
        (true, false, true) => "won",
        (_, true, _) => "your choice",
        (true, false, false) => "leads",
        (false, false, _) => "",
    };
    Standing { percent: percent(votes, base), first, word }
}

fn label_lines(
    setting: Setting<'_>,
    title: &str,
    before: &[Span<'static>],
    before_width: usize,
    word: &str,
    first: bool,
) -> Vec<Line<'static>> {
    let theme = setting.theme;
    let room = usize::from(setting.width).saturating_sub(before_width).max(1);
    let style = if first { theme.bold() } else { Style::new() };
    let mut lines = plain(title, crate::ui::line::cols(room), style);
    if lines.is_empty() {
        lines.push(Line::default());
    }
    if setting.shape != Shape::Whole && lines.len() > 1 {
        let joined = title.split_whitespace().collect::<Vec<_>>().join(" ");
        lines = vec![Line::from(Span::styled(cut(&joined, room, theme).into_owned(), style))];
    }
    if let Some(last) = lines.last_mut()
        && !word.is_empty()
        && crate::ui::line::line_width(last) + 2 + wrap::width(word) <= room
    {
        last.push_span(Span::styled(format!("  {word}"), theme.dim()));
    }
    lines
        .into_iter()
        .enumerate()
        .map(|(index, mut line)| {
            if index == 0 {
                line.spans.splice(0..0, before.iter().cloned());
            } else {
                line.spans.insert(0, Span::raw(" ".repeat(before_width)));
            }
            line
        })
        .collect()
}

fn percent(votes: u64, base: u64) -> usize {
    if base == 0 {
        return 0;
    }
    let rounded = (u128::from(votes) * 100 + u128::from(base) / 2) / u128::from(base);
    usize::try_from(rounded).unwrap_or(100).min(100)
}

/// The preview of a linked page.
pub(crate) fn card(setting: Setting<'_>, status: &Status) -> Vec<CardLine> {
    let Some(preview) = &status.card else { return Vec::new() };
    let lines = if setting.shape == Shape::Whole { whole_preview(setting, preview) } else { brief_preview(setting, preview) };
    barred(setting.theme, lines).into_iter().map(CardLine::text).collect()
}

fn brief_preview(setting: Setting<'_>, preview: &Preview) -> Vec<Line<'static>> {
    let (theme, room) = (setting.theme, usize::from(setting.width.saturating_sub(2)));
    let title = if preview.title.is_blank() { &preview.url } else { &preview.title };
    let title = cut(title.as_str(), room, theme).into_owned();
    let left = room.saturating_sub(wrap::width(&title) + 3);
    let mut line = Line::from(Span::raw(title));
    let from = source(preview, theme);
    if !from.is_empty() && left >= 6 {
        let provider = cut(&from, left, theme).into_owned();
        line.push_span(Span::styled(format!(" {} {provider}", theme.glyphs().dot), theme.dim()));
    }
    vec![line]
}

fn whole_preview(setting: Setting<'_>, preview: &Preview) -> Vec<Line<'static>> {
    let (theme, room) = (setting.theme, setting.width.saturating_sub(2));
    let from = source(preview, theme);
    let mut lines = Vec::new();
    for (text, style) in [
        (preview.title.as_str(), theme.bold()),
        (preview.description.as_str(), Style::new()),
        (&from, theme.dim()),
        (preview.url.as_str(), theme.link()),
    ] {
        if !text.trim().is_empty() {
            lines.extend(plain(text, room, style));
        }
    }
    lines
}

/// Who publishes a page, and who wrote it.
fn source(preview: &Preview, theme: &Theme) -> String {
    let authors: Vec<&str> = preview.authors.iter().map(Plain::as_str).collect();
    let by = (!authors.is_empty()).then(|| format!("by {}", crate::ui::status::several(&authors, authors.len(), 2, 40, theme)));
    let provider = (!preview.provider_name.is_blank()).then(|| preview.provider_name.to_string());
    let parts: Vec<String> = provider.into_iter().chain(by).collect();
    parts.join(&format!(" {} ", theme.glyphs().dot))
}

fn barred(theme: &Theme, lines: Vec<Line<'static>>) -> Vec<Line<'static>> {
    let bar = Span::styled(format!("{} ", theme.glyphs().quote), theme.rule());
    hang(lines, &bar, &bar)
}

/// A quoted post one level deep, or in words why it is not shown.
pub(crate) fn quote(setting: Setting<'_>, status: &Status) -> Vec<Line<'static>> {
    let Some(quote) = &status.quote else { return Vec::new() };
    let theme = setting.theme;
    let room = setting.width.saturating_sub(2);
    let lines = match unquoted(&quote.state) {
        Some(words) => plain(&words, room, theme.dim().patch(theme.aside())),
        None => quoted(Setting { width: room, ..setting }, quote.status.as_ref()),
    };
    barred(theme, lines)
}

/// Why a quoted post is not shown, in words; `None` where it is.
pub(crate) fn unquoted(state: &QuoteState) -> Option<String> {
    match state {
        QuoteState::Accepted => None,
        QuoteState::Pending => Some("a quoted post, which waits for its author's consent".to_owned()),
        QuoteState::Rejected => Some("a quoted post, whose author did not consent".to_owned()),
        QuoteState::Revoked => Some("a quoted post, whose author took the consent back".to_owned()),
        QuoteState::Deleted => Some("a quoted post, which was removed".to_owned()),
        QuoteState::Unauthorized => Some("a quoted post that you may not see".to_owned()),
        QuoteState::BlockedAccount => Some("a quoted post by an account that you block".to_owned()),
        QuoteState::BlockedDomain => Some("a quoted post from a server that you block".to_owned()),
        QuoteState::MutedAccount => Some("a quoted post by an account that you mute".to_owned()),
        QuoteState::Other(word) => Some(format!("a quoted post, which is not shown: {word}")),
    }
}

fn quoted(setting: Setting<'_>, id: Option<&crate::model::StatusId>) -> Vec<Line<'static>> {
    let (theme, store) = (setting.theme, &setting.state.store);
    let Some(entry) = id.and_then(|id| store.status(id)) else {
        let gone = id.is_some_and(|id| store.is_deleted(id));
        return vec![dim_line(theme, if gone { "a quoted post, which was removed" } else { "a quoted post that is not held" })];
    };
    let status = entry.status();
    let account = store.account(&status.account);
    let name = account.map_or("unknown account".into(), |account| crate::ui::status::name(theme, account));
    let acct = account.map(|account| format!(" @{}", account.acct)).unwrap_or_default();
    let head = Line::from(vec![Span::styled(name.into_owned(), theme.bold()), Span::styled(acct, theme.dim())]);
    let mut lines = vec![crate::ui::line::cut_line(&head, usize::from(setting.width), theme).into_owned()];
    let folded = setting.place().is_some_and(|place| setting.state.is_folded(place, &status.id));
    if folded || !status.spoiler_text.is_blank() {
        lines.extend(crate::ui::status::excerpt(setting, entry, 1));
        return lines;
    }
    let mut words = if entry.rich().is_blank() { Vec::new() } else { rich(entry.rich(), setting.width, theme, &status.emojis) };
    let most = if setting.shape == Shape::Whole { BRIEF_QUOTE * 4 } else { BRIEF_QUOTE };
    ellipsize(&mut words, most, setting.width, theme);
    lines.extend(words);
    let brief = Setting { shape: Shape::Brief(u16::MAX), ..setting };
    lines.extend(
        status
            .media_attachments
            .iter()
            .take(1)
            .flat_map(|medium| medium_lines(brief, Hidden { sensitive: status.sensitive, veiled: false }, medium)),
    );
    if status.quote.is_some() {
        lines.push(dim_line(theme, "quotes another post"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_rounded_and_bounded() {
        assert_eq!(percent(0, 0), 0);
        assert_eq!(percent(1, 3), 33);
        assert_eq!(percent(2, 3), 67);
        assert_eq!(percent(9, 3), 100);
        assert_eq!(percent(u64::MAX, 1), 100);
    }
}
