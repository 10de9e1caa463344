//! `RichText` and a width to lines; measures graphemes as ratatui does.
//!
//! Breaks come from the Unicode line breaking rules, dictionaries for Thai, Lao, Khmer and Burmese included; a word that
//! fits nowhere breaks between graphemes, and a grapheme that is wider than the line becomes [`STAND_IN`]. The work is
//! linear and total: any string and any width. Absent on purpose: colours, and any opinion on how wide text should be.

use crate::text::{Block, BlockKind, Indent, Mark, RichText, runs};
use icu_segmenter::options::LineBreakOptions;
use icu_segmenter::{LineSegmenter, LineSegmenterBorrowed};
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// Stands for a grapheme that is wider than the whole line, and ends what was cut. One column.
pub const STAND_IN: &str = "…";

/// One line that fits the width it was wrapped to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WrappedLine {
    /// Its pieces from left to right.
    pub pieces: Vec<Piece>,
}

/// A run of a line with one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Clean text without line breaks.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Words of the post.
    Text(Mark),
    /// Words of a heading.
    Heading(Mark),
    /// A quotation bar.
    Quote,
    /// A bullet or number, or the space that stands for it on later lines.
    Marker,
}

impl WrappedLine {
    /// Its width in terminal columns: the sum of its pieces, each measured as it will be drawn.
    pub fn width(&self) -> usize {
        self.pieces.iter().map(|piece| width(&piece.text)).sum()
    }
}

/// Width of clean text in terminal columns, counted per grapheme as ratatui counts.
pub fn width(text: &str) -> usize {
    if runs::is_printable(text) {
        return text.len();
    }
    columns_of_loners(text).unwrap_or_else(|| Graphemes::new(text, 0).map(|grapheme| grapheme.width).sum())
}

/// The graphemes of clean text from left to right, each with its columns; those that have none, and control characters, are
/// passed over.
pub fn graphemes(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut rest = text;
    let all = std::iter::from_fn(move || {
        let (length, columns) = first(rest)?;
        let (symbol, after) = rest.split_at_checked(length)?;
        rest = after;
        Some((symbol, columns))
    });
    // A control character shares its grapheme with none but another one.
    all.filter(|(symbol, columns)| *columns > 0 && !symbol.starts_with(char::is_control))
}

/// How many of `room` columns clean text takes when it is drawn: as many of its graphemes as fit from the left.
pub fn columns_within(text: &str, room: usize) -> usize {
    if runs::is_printable(text) {
        return text.len().min(room);
    }
    if let Some(columns) = columns_of_loners(text).filter(|columns| *columns <= room) {
        return columns;
    }
    let mut taken = 0;
    for (_, columns) in graphemes(text) {
        if taken + columns > room {
            break;
        }
        taken += columns;
    }
    taken
}

/// Wraps rich text to lines of at most `width` columns (at least 1). Spaced blocks have one blank line before them: a line
/// without pieces, or with the bars alone between two blocks of one quotation. Margins take at most half the width.
pub fn wrap(text: &RichText, width: u16) -> Vec<WrappedLine> {
    let width = usize::from(width.max(1));
    let mut lines = Vec::new();
    let mut margin = Margin::default();
    for block in &text.blocks {
        if block.spans.iter().all(|span| span.text.is_empty()) {
            continue;
        }
        let shared = margin.enter(block, width / 2);
        if block.spaced && !lines.is_empty() {
            lines.push(WrappedLine { pieces: margin.quotes(shared) });
        }
        wrap_block(block, width, &margin, &mut lines);
    }
    lines
}

/// Wraps clean text without marks to lines of at most `width` columns; `\n` breaks lines.
pub fn wrap_str(text: &str, width: u16) -> Vec<String> {
    let mut lines = Vec::new();
    let mut emit = |from: usize, to: usize, stand_in: bool| {
        lines.push(if stand_in { STAND_IN.to_owned() } else { text.get(from..to).unwrap_or_default().to_owned() });
    };
    let ends = [text.len()];
    for (start, line) in rows(text) {
        break_line(line, start, &ends, usize::from(width.max(1)), true, &mut emit);
    }
    lines
}

/// Cuts clean text to at most `width` columns, ending in `…` (one column) where something was cut; never half a glyph.
pub fn truncate(text: &str, width: usize) -> Cow<'_, str> {
    // No character has more columns than bytes.
    if text.len() <= width {
        return Cow::Borrowed(text);
    }
    let (mut columns, mut fits) = (0, 0);
    for grapheme in Graphemes::new(text, 0) {
        columns += grapheme.width;
        if columns > width {
            let kept = text.get(..fits).unwrap_or_default().trim_end_matches(' ');
            return if width == 0 { Cow::Borrowed("") } else { Cow::Owned([kept, STAND_IN].concat()) };
        }
        if columns < width {
            fits = grapheme.end;
        }
    }
    Cow::Borrowed(text)
}

/// The rules, and dictionaries for the scripts that write without spaces: thirty times faster than the learned models.
static SEGMENTER: LazyLock<LineSegmenterBorrowed<'static>> = LazyLock::new(|| LineSegmenter::new_dictionary(LineBreakOptions::default()));

struct Grapheme {
    end: usize,
    width: usize,
    space: bool,
}

/// The graphemes of a text with their ends, counted from `base`.
struct Graphemes<'a> {
    text: &'a str,
    at: usize,
    base: usize,
}

impl<'a> Graphemes<'a> {
    fn new(text: &'a str, base: usize) -> Self {
        Self { text, at: 0, base }
    }
}

impl Iterator for Graphemes<'_> {
    type Item = Grapheme;

    fn next(&mut self) -> Option<Grapheme> {
        let rest = self.text.get(self.at..)?;
        let (length, width) = first(rest)?;
        self.at += length;
        Some(Grapheme { end: self.base + self.at, width, space: rest.starts_with(' ') && length == 1 })
    }
}

/// Bytes and columns of a text's first grapheme; nothing where there is none.
fn first(text: &str) -> Option<(usize, usize)> {
    // Two printable ASCII characters never share a grapheme.
    if let [b' '..=b'~'] | [b' '..=b'~', 0..=0x7f, ..] = text.as_bytes() {
        return Some((1, 1));
    }
    let mut letters = text.chars();
    let letter = letters.next()?;
    if let Some(columns) = columns_alone(letter)
        && letters.next().is_none_or(|next| next.is_ascii() || columns_alone(next).is_some())
    {
        return Some((letter.len_utf8(), columns));
    }
    let grapheme = text.graphemes(true).next()?;
    Some((grapheme.len(), grapheme_width(grapheme)))
}

/// Columns of text whose letters share a grapheme with none; nothing where it may have others.
fn columns_of_loners(text: &str) -> Option<usize> {
    text.chars().map(columns_alone).sum()
}

/// Columns of the letters that most text is made of, none of which shares a grapheme with another of them or with ASCII: asking the
/// tables for each takes thirty times as long.
fn columns_alone(letter: char) -> Option<usize> {
    match letter {
        ' '..='~'
        | '\u{a0}'..='\u{ac}'
        | '\u{ae}'..='\u{2ff}'
        | '\u{370}'..='\u{482}'
        | '\u{48a}'..='\u{52f}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2190}'..='\u{21ff}'
        | '\u{2500}'..='\u{25fc}' => Some(1),
        '\u{3001}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{ff01}'..='\u{ff60}'
        | '\u{1f600}'..='\u{1f64f}' => Some(2),
        _ => None,
    }
}

/// As ratatui 0.30.2 counts a cell: the string's width, one for a lone byte, and one more for each halfwidth sound mark.
fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        return 1;
    }
    grapheme.width() + grapheme.chars().filter(|c| matches!(c, '\u{FF9E}' | '\u{FF9F}')).count()
}

/// The rows between line breaks with their offsets; a break at the end begins no further row.
fn rows(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_terminator('\n').scan(0, |offset, row| {
        let start = *offset;
        *offset += row.len() + 1;
        Some((start, row))
    })
}

/// Breaks one row into lines and hands each out as a range, counted from `base`, or as a stand-in for that range. `ends`
/// are the ends of the spans: graphemes do not reach over them, because spans are drawn one by one. `words` keeps words
/// together and drops spaces at the ends of lines; else every column is used.
fn break_line(row: &str, base: usize, ends: &[usize], width: usize, words: bool, emit: &mut dyn FnMut(usize, usize, bool)) {
    let row_end = base + row.len();
    let trimmed = |from: usize, to: usize| {
        let text = row.get(from - base..to - base).unwrap_or_default();
        from + text.trim_end_matches(' ').len()
    };
    // No character has more columns than bytes.
    if row.len() <= width {
        emit(base, trimmed(base, row_end), false);
        return;
    }
    let mut breaks = words.then(|| SEGMENTER.segment_str(row).map(|at| base + at).peekable());
    // The line so far, the last place where it may break, and the columns of both.
    let (mut start, mut columns) = (base, 0);
    let mut chance: Option<(usize, usize)> = None;
    let mut emitted = false;
    let mut at = base;
    let mut ends = ends.iter().copied().filter(|end| *end > base).peekable();
    'words: while at < row_end {
        // Words of printable ASCII that fit are taken whole: each letter is a grapheme of one column.
        while let Some(breaks) = &mut breaks {
            while breaks.next_if(|place| *place <= at).is_some() {}
            let fits = |place: &usize| {
                let word = row.get(at - base..place - base).unwrap_or_default();
                let is_alone = row.as_bytes().get(place - base).is_none_or(u8::is_ascii);
                is_alone && runs::is_printable(word) && columns + word.trim_end_matches(' ').len() <= width
            };
            let Some(place) = breaks.next_if(fits) else { break };
            columns += place - at;
            at = place;
            chance = Some((at, columns));
        }
        while ends.next_if(|end| *end <= at).is_some() {}
        let span_end = ends.peek().copied().unwrap_or(row_end).min(row_end);
        for grapheme in Graphemes::new(row.get(at - base..span_end - base).unwrap_or_default(), at) {
            // Spaces hang over the end of the line and go when it breaks there.
            while (!grapheme.space || !words) && columns + grapheme.width > width && columns > 0 {
                let (end, used) = chance.take().unwrap_or((at, columns));
                let shown = if words { trimmed(start, end) } else { end };
                if shown > start {
                    emit(start, shown, false);
                    emitted = true;
                }
                (start, columns) = (end, columns - used);
            }
            if grapheme.width > width {
                if at > start {
                    emit(start, at, false);
                }
                emit(at, grapheme.end, true);
                emitted = true;
                (start, columns, chance) = (grapheme.end, 0, None);
            } else {
                columns += grapheme.width;
            }
            at = grapheme.end;
            if let Some(breaks) = &mut breaks {
                while breaks.next_if(|place| *place < at).is_some() {}
                if breaks.next_if(|place| *place == at).is_some() && at > start {
                    chance = Some((at, columns));
                    if row.as_bytes().get(at - base).is_some_and(u8::is_ascii) {
                        continue 'words;
                    }
                }
            }
        }
        at = at.max(span_end);
    }
    let shown = trimmed(start, row_end);
    if shown > start || !emitted {
        emit(start, shown, false);
    }
}

/// What stands left of a block, as far as half the width allows.
#[derive(Default)]
struct Margin {
    levels: Vec<Level>,
    width: usize,
}

struct Level {
    indent: Indent,
    width: usize,
    shown: bool,
}

impl Margin {
    /// Takes on a block's indents. Answers how many quotations, from the outside, it shares with the block before.
    fn enter(&mut self, block: &Block, most: usize) -> usize {
        let before = std::mem::take(&mut self.levels);
        self.width = 0;
        for (depth, indent) in block.indents.iter().enumerate() {
            let width = match indent {
                Indent::Quote | Indent::Bullet => 2,
                Indent::Number(number) => decimal_digits(*number) + 2,
                // As wide as the marker of the item that it belongs to.
                Indent::Hang => before.get(depth).map_or(2, |level| level.width),
            };
            let shown = self.width + width <= most;
            self.width += if shown { width } else { 0 };
            self.levels.push(Level { indent: *indent, width, shown });
        }
        let quoted = |levels: &[Level]| levels.iter().take_while(|level| level.indent == Indent::Quote).count();
        quoted(&before).min(quoted(&self.levels))
    }

    fn quotes(&self, count: usize) -> Vec<Piece> {
        let shown = self.levels.iter().take(count).filter(|level| level.shown);
        shown.map(|_| Piece { text: "│ ".to_owned(), role: Role::Quote }).collect()
    }

    /// The pieces before a line of text; markers stand on the first line only.
    fn pieces(&self, first: bool) -> Vec<Piece> {
        let shown = self.levels.iter().filter(|level| level.shown);
        shown
            .map(|level| match level.indent {
                Indent::Quote => Piece { text: "│ ".to_owned(), role: Role::Quote },
                Indent::Bullet if first => Piece { text: "• ".to_owned(), role: Role::Marker },
                Indent::Number(number) if first => Piece { text: format!("{number}. "), role: Role::Marker },
                Indent::Bullet | Indent::Number(_) | Indent::Hang => Piece { text: " ".repeat(level.width), role: Role::Marker },
            })
            .collect()
    }
}

fn decimal_digits(number: u16) -> usize {
    number.checked_ilog10().map_or(1, |digits| digits as usize + 1)
}

fn wrap_block(block: &Block, width: usize, margin: &Margin, lines: &mut Vec<WrappedLine>) {
    let role = |mark: Mark| match block.kind {
        BlockKind::Heading => Role::Heading(mark),
        BlockKind::Paragraph | BlockKind::Preformatted => Role::Text(mark),
    };
    let text: Cow<'_, str> = match block.spans.as_slice() {
        [only] => Cow::Borrowed(&only.text),
        spans => Cow::Owned(spans.iter().map(|span| span.text.as_str()).collect()),
    };
    let mut end = 0;
    let spans: Vec<(usize, Mark)> = block
        .spans
        .iter()
        .map(|span| {
            end += span.text.len();
            (end, span.mark)
        })
        .collect();
    let ends: Vec<usize> = spans.iter().map(|(end, _)| *end).collect();
    let mut current = 0;
    let mut first = true;
    let mut emit = |from: usize, to: usize, stand_in: bool| {
        let mut pieces = margin.pieces(std::mem::take(&mut first));
        let mut at = from;
        while at < to {
            while spans.get(current).is_some_and(|(end, _)| *end <= at) {
                current += 1;
            }
            let (end, mark) = spans.get(current).copied().unwrap_or((to, Mark::default()));
            let shown = if stand_in { STAND_IN } else { text.get(at..end.min(to)).unwrap_or_default() };
            pieces.push(Piece { text: shown.to_owned(), role: role(mark) });
            at = if stand_in { to } else { end.min(to) };
        }
        lines.push(WrappedLine { pieces });
    };
    let words = block.kind != BlockKind::Preformatted;
    // The span list is walked along with the rows, so that many spans in many rows stay linear.
    let mut passed = 0;
    for (start, row) in rows(&text) {
        while ends.get(passed).is_some_and(|end| *end <= start) {
            passed += 1;
        }
        break_line(row, start, ends.get(passed..).unwrap_or_default(), width - margin.width, words, &mut emit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::clean::{self, tests::hostile};
    use crate::text::{LinkKind, Span};
    use proptest::prelude::*;

    fn block(kind: BlockKind, indents: &[Indent], spaced: bool, spans: &[(&str, Mark)]) -> Block {
        let spans = spans.iter().map(|(text, mark)| Span { text: (*text).to_owned(), mark: *mark }).collect();
        Block { kind, indents: indents.to_vec(), spaced, spans }
    }

    fn paragraph(indents: &[Indent], spaced: bool, text: &str) -> Block {
        block(BlockKind::Paragraph, indents, spaced, &[(text, Mark::default())])
    }

    fn shown(blocks: Vec<Block>, width: u16) -> Vec<String> {
        let lines = wrap(&RichText { blocks, links: Vec::new() }, width);
        lines.iter().map(|line| line.pieces.iter().map(|piece| piece.text.as_str()).collect()).collect()
    }

    #[test]
    fn width_counts_as_ratatui_does() {
        for (text, columns) in [
            ("", 0),
            ("abc", 3),
            ("漢字", 4),
            ("👩‍👩‍👧‍👦", 2),
            ("🇩🇪", 2),
            ("1️⃣", 2),
            ("👍🏽", 2),
            ("☎︎", 1),
            ("☎️", 2),
            ("e\u{301}", 1),
            ("กำ", 2),
            ("क्षि", 3),
            ("한", 2),
            ("▯", 1),
            ("…", 1),
            ("│ ", 2),
            ("\r\n", 1),
            ("• ", 2),
        ] {
            assert_eq!(width(text), columns, "{text:?}");
        }
    }

    /// Graphemes as the tables have them, with their columns.
    fn by_the_tables(text: &str) -> Vec<(&str, usize)> {
        text.graphemes(true).map(|grapheme| (grapheme, grapheme_width(grapheme))).collect()
    }

    fn measured(text: &str) -> Vec<(&str, usize)> {
        let ends = Graphemes::new(text, 0).scan(0, |start, grapheme| {
            let from = std::mem::replace(start, grapheme.end);
            Some((text.get(from..grapheme.end)?, grapheme.width))
        });
        ends.collect()
    }

    #[test]
    fn letters_that_are_not_looked_up_are_as_the_tables_have_them() {
        let mut count = 0;
        for letter in ('\0'..=char::MAX).filter(|letter| columns_alone(*letter).is_some()) {
            let beside = format!("{letter}a{letter}한{letter}é😀{letter}");
            for text in [letter.to_string(), format!("{beside}\u{301}"), beside] {
                let known = by_the_tables(&text);
                assert_eq!(measured(&text), known, "{letter:?}");
                assert_eq!(width(&text), known.iter().map(|(_, columns)| columns).sum::<usize>(), "{letter:?}");
            }
            count += 1;
        }
        assert!(count > 30_000, "{count}");
    }

    #[test]
    fn words_wrap_and_spaces_at_line_ends_go() {
        assert_eq!(wrap_str("the moss is delighted; I am not", 10), ["the moss", "is", "delighted;", "I am not"]);
        assert_eq!(wrap_str("one   two", 4), ["one", "two"]);
        assert_eq!(wrap_str("one two  ", 20), ["one two"]);
        assert_eq!(wrap_str("  led", 20), ["  led"]);
        assert_eq!(wrap_str("exact", 5), ["exact"]);
        assert_eq!(wrap_str("salut !", 6), ["salut", "!"]);
    }

    #[test]
    fn line_breaks_stay() {
        assert_eq!(wrap_str("a\n\nb\n", 10), ["a", "", "b"]);
        assert_eq!(wrap_str("", 10), [""; 0]);
        assert_eq!(wrap_str("\n", 10), [""]);
        assert_eq!(wrap_str("              x", 4), ["x"]);
    }

    #[test]
    fn long_words_break_between_graphemes() {
        assert_eq!(wrap_str("aaaaaaa", 3), ["aaa", "aaa", "a"]);
        assert_eq!(wrap_str("go aaaaaaa", 3), ["go", "aaa", "aaa", "a"]);
        assert_eq!(wrap_str("漢字漢", 3), ["漢", "字", "漢"]);
        assert_eq!(wrap_str("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), ["👩‍👩‍👧‍👦", "👩‍👩‍👧‍👦"]);
        assert_eq!(wrap_str("ｶﾞｶﾞｶﾞ", 2).len(), wrap_str("ｶﾞｶﾞｶﾞ", 3).len());
        let long = "x".repeat(100_000);
        assert_eq!(wrap_str(&long, 80).concat(), long);
    }

    #[test]
    fn what_fits_nowhere_is_stood_in_for() {
        assert_eq!(wrap_str("a漢b", 1), ["a", "…", "b"]);
        assert_eq!(wrap_str("漢", 0), ["…"]);
        assert_eq!(wrap_str("क्षि", 2), ["…"]);
    }

    #[test]
    fn scripts_without_spaces_break_where_their_readers_would() {
        assert_eq!(wrap_str("これは、文章です。", 8), ["これは、", "文章で", "す。"]);
        let thai = wrap_str("ภาษาไทยเขียนติดกัน", 8);
        assert_eq!(thai.concat(), "ภาษาไทยเขียนติดกัน");
        assert_eq!(thai[0], "ภาษาไทย");
        assert_eq!(wrap_str("https://a.example/some/path", 12), ["https://", "a.example/", "some/path"]);
    }

    #[test]
    fn blocks_have_their_margins() {
        let blocks = vec![
            paragraph(&[], false, "one two"),
            paragraph(&[Indent::Quote], true, "quoted words"),
            paragraph(&[Indent::Quote], true, "more"),
            paragraph(&[Indent::Bullet], true, "item with words"),
            paragraph(&[Indent::Hang], true, "more"),
            paragraph(&[Indent::Number(10)], false, "ten and so on"),
            paragraph(&[Indent::Hang, Indent::Bullet], false, "in"),
            paragraph(&[], true, "end"),
        ];
        assert_eq!(
            shown(blocks, 12),
            [
                "one two",
                "",
                "│ quoted",
                "│ words",
                "│ ",
                "│ more",
                "",
                "• item with",
                "  words",
                "",
                "  more",
                "10. ten and",
                "    so on",
                "    • in",
                "",
                "end"
            ]
        );
    }

    #[test]
    fn margins_take_at_most_half() {
        let deep = [Indent::Quote; 16];
        assert_eq!(shown(vec![paragraph(&deep, false, "word")], 10), ["│ │ word"]);
        assert_eq!(shown(vec![paragraph(&[Indent::Number(10)], false, "word")], 4), ["word"]);
        assert_eq!(shown(vec![paragraph(&[Indent::Bullet], false, "ab")], 1), ["a", "b"]);
        assert_eq!(shown(vec![paragraph(&[Indent::Number(0)], false, "zero")], 10), ["0. zero"]);
    }

    #[test]
    fn preformatted_text_uses_every_column() {
        let code = |text: &str| vec![block(BlockKind::Preformatted, &[], false, &[(text, Mark::default())])];
        assert_eq!(shown(code("fn main() {\n    x\n\n}"), 8), ["fn main(", ") {", "    x", "", "}"]);
        assert_eq!(shown(code("a      b"), 4), ["a   ", "   b"]);
    }

    #[test]
    fn roles_and_marks_follow_the_spans() {
        let link = Mark { link: Some((0, LinkKind::Web)), ..Mark::default() };
        let strong = Mark { strong: true, ..Mark::default() };
        let spans = [("see ", Mark::default()), ("the link", link), (" now", strong)];
        let text = RichText { blocks: vec![block(BlockKind::Paragraph, &[], false, &spans)], links: Vec::new() };
        let lines = wrap(&text, 8);
        let pieces: Vec<Vec<(&str, Role)>> =
            lines.iter().map(|line| line.pieces.iter().map(|piece| (piece.text.as_str(), piece.role)).collect()).collect();
        assert_eq!(
            pieces,
            [
                vec![("see ", Role::Text(Mark::default())), ("the", Role::Text(link))],
                vec![("link", Role::Text(link)), (" now", Role::Text(strong))],
            ]
        );
        let heading = block(BlockKind::Heading, &[], false, &[("Title", strong)]);
        let lines = wrap(&RichText { blocks: vec![heading], links: Vec::new() }, 8);
        assert_eq!(lines[0].pieces[0].role, Role::Heading(strong));
    }

    #[test]
    fn graphemes_do_not_reach_over_spans() {
        // Drawn as two spans these are two glyphs of two columns each, though one string would be one glyph.
        let strong = Mark { strong: true, ..Mark::default() };
        let spans = [("👍", Mark::default()), ("🏽", strong)];
        let text = RichText { blocks: vec![block(BlockKind::Paragraph, &[], false, &spans)], links: Vec::new() };
        assert!(wrap(&text, 2).iter().all(|line| line.width() <= 2));
        assert_eq!(wrap(&text, 2).len(), 2);
    }

    #[test]
    fn truncation() {
        assert_eq!(truncate("short", 5), "short");
        assert_eq!(truncate("longer", 5), "long…");
        assert_eq!(truncate("four words here", 6), "four…");
        assert_eq!(truncate("漢字漢字", 5), "漢字…");
        assert_eq!(truncate("漢字漢字", 4), "漢…");
        assert_eq!(truncate("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3), "👩‍👩‍👧‍👦…");
        assert_eq!(truncate("漢字", 1), "…");
        assert_eq!(truncate("漢字", 0), "");
        assert_eq!(truncate("", 0), "");
        assert!(matches!(truncate("漢字", 4), Cow::Borrowed("漢字")));
    }

    fn any_mark() -> impl Strategy<Value = Mark> {
        prop_oneof![Just(Mark::default()), Just(Mark { strong: true, ..Mark::default() })]
    }

    fn any_block() -> impl Strategy<Value = Block> {
        let kind = prop::sample::select(vec![BlockKind::Paragraph, BlockKind::Heading, BlockKind::Preformatted]);
        let indent = prop_oneof![Just(Indent::Quote), Just(Indent::Bullet), any::<u16>().prop_map(Indent::Number), Just(Indent::Hang)];
        let span = (hostile(), any_mark()).prop_map(|(text, mark)| Span { text: clean::lines(&text).into_owned(), mark });
        (kind, prop::collection::vec(indent, 0..5), any::<bool>(), prop::collection::vec(span, 0..4))
            .prop_map(|(kind, indents, spaced, spans)| Block { kind, indents, spaced, spans })
    }

    fn visible(text: &str) -> String {
        text.chars().filter(|c| !matches!(c, ' ' | '\n')).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn graphemes_are_as_the_tables_have_them(letters in prop::collection::vec(
            prop::sample::select("a é1#\u{301}\u{fe0f}\u{200d}\u{20e3}ж–│▌漢か\u{3099}한\u{1100}\u{1161}\u{11a8}ﾊ\u{ff9e}😀🏽👩🇩©→☎\u{ad}\u{e33}กि".chars().collect::<Vec<_>>()), 0..12)
        ) {
            let text: String = letters.into_iter().collect();
            prop_assert_eq!(measured(&text), by_the_tables(&text));
        }

        #[test]
        fn any_string_fits_any_width(raw in hostile(), columns in 1_u16..=300) {
            for text in [raw.clone(), clean::lines(&raw).into_owned()] {
                for line in wrap_str(&text, columns) {
                    prop_assert!(width(&line) <= usize::from(columns), "{:?} of {:?}", line, text);
                }
            }
            for narrow in 1..6 {
                for line in wrap_str(&raw, narrow) {
                    prop_assert!(width(&line) <= usize::from(narrow), "{:?} of {:?}", line, raw);
                }
            }
            prop_assert!(width(&truncate(&raw, usize::from(columns))) <= usize::from(columns));
        }

        #[test]
        fn letters_of_ascii_wrap_as_others_of_one_column_do(
            letters in prop::collection::vec(prop::sample::select("aaaaaaaa     ,.-(\"!/漢\u{301}".chars().collect::<Vec<_>>()), 0..80),
            columns in 1_u16..30,
        ) {
            let ascii: String = letters.into_iter().collect();
            let others: String = ascii.replace('a', "ä");
            let wrapped: Vec<String> = wrap_str(&ascii, columns).iter().map(|line| line.replace('a', "ä")).collect();
            prop_assert_eq!(wrapped, wrap_str(&others, columns), "{:?}", ascii);
        }

        #[test]
        fn every_visible_word_is_kept(raw in hostile(), columns in 30_u16..=80) {
            let text = clean::lines(&raw);
            prop_assert_eq!(visible(&wrap_str(&text, columns).concat()), visible(&text));
        }

        #[test]
        fn any_blocks_fit_any_width(blocks in prop::collection::vec(any_block(), 0..4), columns in 1_u16..=300) {
            let text = RichText { blocks, links: Vec::new() };
            let mut words = String::new();
            for line in wrap(&text, columns) {
                prop_assert!(line.width() <= usize::from(columns), "{:?}", line);
                for piece in &line.pieces {
                    prop_assert!(!piece.text.contains(char::is_control));
                    if matches!(piece.role, Role::Text(_) | Role::Heading(_)) {
                        words.push_str(&piece.text);
                    }
                }
            }
            if columns >= 60 {
                prop_assert_eq!(visible(&words), visible(&text.text()));
            }
        }
    }
}
