//! The door: what every string from a server passes before anything else looks at it.
//!
//! A pass over the characters that decides each one by what has already been let through, so cleaning clean text changes
//! nothing and the work is linear. Line ends are breaks or spaces, other controls become [`REPLACEMENT`], direction and
//! format characters go, joiners and variation selectors stay where they do their work, clusters are bounded, and every
//! cluster that leaves here takes at least one column. Absent on purpose: judging look-alikes, and anything about HTML.

use crate::text::{runs, wrap};
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthChar as _;

/// Stands for a character that must not reach a terminal; not U+FFFD, which some terminals do not print.
pub const REPLACEMENT: char = '\u{25AF}';

/// Most columns of a one-line field.
pub const LINE_COLUMNS: usize = 200;

/// Most bytes of a body.
pub const BODY_BYTES: usize = 64 * 1024;

/// Cleans a one-line field: line ends and tabs become spaces, spaces around it go, more than 200 columns are cut to end
/// in `…`.
pub fn line(raw: &str) -> Cow<'_, str> {
    if runs::is_printable(raw) {
        return wrap::truncate(raw.trim_matches(' '), LINE_COLUMNS);
    }
    // Every cluster has a column and at most 48 bytes: what lies behind this many bytes cannot be within the columns.
    let clean = Door::new(Mode::Line, 2 * LINE_COLUMNS * 4 * CODE_POINTS).clean(raw);
    match wrap::truncate(&clean, LINE_COLUMNS) {
        Cow::Borrowed(_) => Cow::Owned(clean),
        Cow::Owned(cut) => Cow::Owned(cut),
    }
}

/// Cleans a body: line ends of every kind become `\n`, a tab four spaces, more than 64 KiB are cut to end in `…`.
pub fn lines(raw: &str) -> Cow<'_, str> {
    if raw.len() <= BODY_BYTES && raw.split('\n').all(runs::is_printable) {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(Door::new(Mode::Lines, BODY_BYTES).clean(raw))
}

/// Cleans a link target as one line of at most 64 KiB; no columns are counted, for a cut address leads elsewhere.
pub(crate) fn address(raw: &str) -> Cow<'_, str> {
    if raw.len() <= BODY_BYTES && runs::is_printable(raw) {
        return Cow::Borrowed(raw.trim_matches(' '));
    }
    Cow::Owned(Door::new(Mode::Line, BODY_BYTES).clean(raw))
}

/// Whether a character shows nothing: white space and the blank Braille pattern.
pub(crate) fn blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

/// Most marks on one base.
const MARKS: u8 = 4;

/// Most code points of one cluster.
const CODE_POINTS: usize = 12;

const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const EMOJI_SELECTOR: char = '\u{FE0F}';
const KEYCAP: char = '\u{20E3}';

/// What line ends become.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Line,
    Lines,
}

/// What the door does with a character on its own.
enum Kind {
    Keep,
    Break,
    Tab,
    Replace,
    Drop,
    Joiner,
    EmojiSelector,
    MongolianSelector,
}

/// The cluster at the end of the output.
#[derive(Clone, Copy)]
struct Cluster {
    start: usize,
    code_points: usize,
    /// Marks since the last base.
    marks: u8,
    /// Whether anything in it takes a column.
    visible: bool,
    /// Whether it ends in a pictograph with no more than marks after it.
    pictograph: bool,
    /// The last character of the output.
    last: char,
    /// Whether `last` is of a kind after which a [`simple`] character always begins a new cluster.
    simple: bool,
}

struct Door {
    out: String,
    mode: Mode,
    limit: usize,
    /// The last cluster start at which the output can be cut to stay within the limit.
    cut: usize,
    cluster: Cluster,
    /// A joiner or keycap selector that waits for its right neighbour.
    pending: Option<char>,
}

impl Cluster {
    /// No cluster: the beginning of a text or of a line.
    fn none(start: usize) -> Self {
        Self { start, code_points: 0, marks: 0, visible: false, pictograph: false, last: '\n', simple: true }
    }
}

impl Door {
    fn new(mode: Mode, limit: usize) -> Self {
        Self { out: String::new(), mode, limit, cut: 0, cluster: Cluster::none(0), pending: None }
    }

    fn clean(mut self, raw: &str) -> String {
        self.out.reserve(raw.len().min(self.limit));
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            if self.out.len() > self.limit {
                self.out.truncate(self.cut);
                self.out.push('…');
                return self.out;
            }
            let run = self.run(rest);
            if run > 0 {
                let (plain, behind) = rest.split_at(run);
                self.push_run(plain);
                rest = behind;
                continue;
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
            match kind(c) {
                Kind::Keep => self.accept(c),
                Kind::Break => {
                    if c == '\r' {
                        rest = rest.strip_prefix('\n').unwrap_or(rest);
                    }
                    self.line_break();
                }
                Kind::Tab => {
                    for _ in 0..if self.mode == Mode::Line { 1 } else { 4 } {
                        self.accept(' ');
                    }
                }
                Kind::Replace => self.accept(REPLACEMENT),
                Kind::Drop => {}
                Kind::Joiner => {
                    self.pending.get_or_insert(c);
                }
                Kind::EmojiSelector => self.emoji_selector(c),
                Kind::MongolianSelector => {
                    if self.pending.is_none() && matches!(self.cluster.last, '\u{1820}'..='\u{18AA}') {
                        self.append(c);
                    }
                }
            }
        }
        self.finish()
    }

    /// How many bytes at the start of `rest` are printable ASCII that can be let through as a whole.
    fn run(&self, rest: &str) -> usize {
        let leading = self.mode == Mode::Line && self.out.is_empty();
        if self.pending.is_some() || !self.cluster.simple || leading {
            return 0;
        }
        runs::printable(rest.as_bytes())
    }

    fn push_run(&mut self, run: &str) {
        let from = self.out.len();
        self.out.push_str(run);
        let start = self.out.len() - 1;
        let within = start.min(self.limit.saturating_sub('…'.len_utf8()));
        if within >= from {
            self.cut = within;
        }
        let last = run.chars().next_back().unwrap_or(' ');
        self.cluster = Cluster { start, code_points: 1, visible: true, last, ..Cluster::none(start) };
    }

    fn line_break(&mut self) {
        match self.mode {
            Mode::Line => self.accept(' '),
            Mode::Lines => {
                self.settle();
                self.out.push('\n');
                self.cluster = Cluster::none(self.out.len());
            }
        }
    }

    /// Lets a selector through behind a character that has an emoji form. Behind a digit it waits for the keycap.
    fn emoji_selector(&mut self, selector: char) {
        if self.pending.is_some() {
            return;
        }
        let last = self.cluster.last;
        if matches!(last, '0'..='9' | '#' | '*') {
            if selector == EMOJI_SELECTOR {
                self.pending = Some(selector);
            }
        } else if has_emoji_form(last) {
            self.append(selector);
        }
    }

    /// Lets a character through together with the joiner before it, if that does its work there, or without it.
    fn accept(&mut self, c: char) {
        if c == ' ' && self.mode == Mode::Line && self.out.is_empty() {
            return;
        }
        if let Some(joiner) = self.pending
            && self.keeps(joiner, c)
        {
            let (cluster, cut, length) = (self.cluster, self.cut, self.out.len());
            self.append(joiner);
            if self.place(c) {
                self.pending = None;
                return;
            }
            (self.cluster, self.cut) = (cluster, cut);
            self.out.truncate(length);
        }
        if self.place(c) {
            self.pending = None;
        }
    }

    /// Whether a joiner does its work between the end of the output and `next`.
    fn keeps(&self, joiner: char, next: char) -> bool {
        let last = self.cluster.last;
        match joiner {
            EMOJI_SELECTOR => next == KEYCAP,
            ZERO_WIDTH_JOINER if self.cluster.pictograph => is_pictograph(next),
            ZERO_WIDTH_JOINER => is_virama(last) || (is_joining(last) && is_joining(next)),
            _ => is_joining(last) && is_joining(next),
        }
    }

    /// Adds an invisible character to the cluster, if there is something to see and room for it.
    fn append(&mut self, c: char) {
        if self.cluster.visible && self.cluster.code_points < CODE_POINTS {
            self.out.push(c);
            self.cluster.code_points += 1;
            self.cluster.last = c;
            self.cluster.simple = false;
        }
    }

    /// Adds a visible character or mark; false if it is one too many for its cluster, or a mark on nothing.
    fn place(&mut self, c: char) -> bool {
        let at = self.out.len();
        let (simple, plain_mark) = (simple(c), is_plain_mark(c));
        if simple && self.cluster.simple {
            self.out.push(c);
            self.begin(Cluster { code_points: 1, visible: true, last: c, ..Cluster::none(at) });
            return true;
        }
        if plain_mark && self.cluster.simple && self.cluster.visible {
            if self.cluster.code_points >= CODE_POINTS || self.cluster.marks >= MARKS {
                return false;
            }
            self.out.push(c);
            self.cluster.code_points += 1;
            self.cluster.marks += 1;
            self.cluster.last = c;
            return true;
        }
        self.out.push(c);
        let zero = c.width().unwrap_or(0) == 0;
        let joins = self.cluster.code_points > 0 && one_cluster(self.out.get(self.cluster.start..).unwrap_or_default());
        let cluster = if joins {
            let mark = is_mark(c);
            let full = self.cluster.code_points >= CODE_POINTS || (mark && self.cluster.marks >= MARKS);
            if full || (zero && !self.cluster.visible && !is_prefix(c)) {
                self.out.truncate(at);
                return false;
            }
            Cluster {
                start: self.cluster.start,
                code_points: self.cluster.code_points + 1,
                marks: if mark { self.cluster.marks + 1 } else { 0 },
                visible: self.cluster.visible || !zero,
                pictograph: if mark { self.cluster.pictograph } else { is_pictograph(c) },
                last: c,
                simple: simple || (plain_mark && self.cluster.simple),
            }
        } else {
            if zero && !is_prefix(c) {
                self.out.truncate(at);
                return false;
            }
            let pictograph = is_pictograph(c);
            Cluster { code_points: 1, visible: !zero, pictograph, last: c, simple, ..Cluster::none(at) }
        };
        self.begin(cluster);
        true
    }

    fn begin(&mut self, cluster: Cluster) {
        if cluster.start + '…'.len_utf8() <= self.limit {
            self.cut = cluster.start;
        }
        self.cluster = cluster;
    }

    /// Ends a line: a joiner behind a virama shows a letter's final form, and a prefix without a letter shows nothing.
    fn settle(&mut self) {
        if self.pending.take() == Some(ZERO_WIDTH_JOINER) && is_virama(self.cluster.last) {
            self.append(ZERO_WIDTH_JOINER);
        }
        if !self.cluster.visible {
            self.out.truncate(self.cluster.start);
        }
    }

    fn finish(mut self) -> String {
        self.settle();
        if self.mode == Mode::Line {
            while let Some(last) = self.out.chars().next_back()
                && (last == ' ' || (last.width() == Some(0) && is_prefix(last)))
            {
                self.out.pop();
            }
        }
        if self.out.len() > self.limit {
            self.out.truncate(self.cut);
            self.out.push('…');
        }
        self.out
    }
}

fn kind(c: char) -> Kind {
    match c {
        '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Kind::Break,
        '\t' => Kind::Tab,
        // Controls, private use, noncharacters, and the characters that stand for something lost already; and unassigned
        // ones of two columns that `ui` puts in the place of custom emoji.
        '\0'..='\u{1F}'
        | '\u{7F}'..='\u{9F}'
        | '\u{E000}'..='\u{F8FF}'
        | '\u{FDD0}'..='\u{FDEF}'
        | '\u{FFFC}'..='\u{FFFF}'
        | '\u{3C000}'..='\u{3FFFF}'
        | '\u{F0000}'..='\u{10FFFF}' => Kind::Replace,
        c if u32::from(c) & 0xFFFE == 0xFFFE => Kind::Replace,
        ZERO_WIDTH_NON_JOINER | ZERO_WIDTH_JOINER => Kind::Joiner,
        '\u{FE0E}' | EMOJI_SELECTOR => Kind::EmojiSelector,
        '\u{180B}'..='\u{180D}' | '\u{180F}' => Kind::MongolianSelector,
        // Direction, tags, fillers, and everything else that has no look of its own.
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180E}'
        | '\u{200B}'
        | '\u{200E}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0D}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{13430}'..='\u{1343F}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}' => Kind::Drop,
        _ => Kind::Keep,
    }
}

/// Whether a character always begins a cluster behind another such character, takes a column, and is no pictograph: the
/// letters of most text, known without asking the tables.
fn simple(c: char) -> bool {
    matches!(c,
        ' '..='~'
        | '\u{C0}'..='\u{2FF}'
        | '\u{370}'..='\u{377}'
        | '\u{384}'..='\u{482}'
        | '\u{48A}'..='\u{52F}'
        | '\u{5D0}'..='\u{5EA}'
        | '\u{620}'..='\u{64A}'
        | '\u{671}'..='\u{6D3}'
        | '\u{904}'..='\u{939}'
        | '\u{93D}'
        | '\u{958}'..='\u{961}'
        | '\u{964}'..='\u{980}'
        | '\u{985}'..='\u{9B9}'
        | '\u{B83}'..='\u{BB9}'
        | '\u{E01}'..='\u{E30}'
        | '\u{E40}'..='\u{E46}'
        | '\u{2010}'..='\u{2027}'
        | '\u{2030}'..='\u{203B}'
        | REPLACEMENT
        | '\u{3001}'..='\u{3029}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30A0}'..='\u{30FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}'
        | '\u{FF01}'..='\u{FF60}')
}

/// Whether a character is a mark that always joins a simple character, and leaves it one: no joiner, prefix or linker.
fn is_plain_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{34E}'
        | '\u{350}'..='\u{36F}'
        | '\u{591}'..='\u{5BD}'
        | '\u{5BF}'
        | '\u{5C1}'..='\u{5C2}'
        | '\u{5C4}'..='\u{5C5}'
        | '\u{64B}'..='\u{65F}'
        | '\u{900}'..='\u{903}'
        | '\u{93A}'..='\u{93C}'
        | '\u{93E}'..='\u{94C}'
        | '\u{962}'..='\u{963}'
        | '\u{981}'..='\u{983}'
        | '\u{9BC}'
        | '\u{9BE}'..='\u{9C4}'
        | '\u{9C7}'..='\u{9C8}'
        | '\u{9CB}'..='\u{9CC}'
        | '\u{BBE}'..='\u{BC2}'
        | '\u{BC6}'..='\u{BC8}'
        | '\u{BCA}'..='\u{BCC}'
        | '\u{E31}'
        | '\u{E33}'..='\u{E3A}'
        | '\u{E47}'..='\u{E4E}')
}

/// Whether the whole text is one grapheme cluster.
fn one_cluster(text: &str) -> bool {
    let mut clusters = text.graphemes(true);
    clusters.next().is_some() && clusters.next().is_none()
}

fn one_cluster_of<const N: usize>(characters: [char; N]) -> bool {
    let mut bytes = [0; 16];
    let mut length = 0;
    for c in characters {
        if let Some(free) = bytes.get_mut(length..)
            && free.len() >= c.len_utf8()
        {
            length += c.encode_utf8(free).len();
        }
    }
    bytes.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).is_some_and(one_cluster)
}

/// Whether a character attaches to whatever stands before it.
fn is_mark(c: char) -> bool {
    one_cluster_of(['a', c])
}

/// Whether whatever stands behind a character attaches to it.
fn is_prefix(c: char) -> bool {
    one_cluster_of([c, 'a'])
}

/// Whether joiners connect a character to its like into one emoji.
fn is_pictograph(c: char) -> bool {
    let possible = matches!(c, '\u{A9}' | '\u{AE}' | '\u{203C}'..='\u{3299}' | '\u{1F000}'..='\u{1FBFF}');
    possible && one_cluster_of([c, ZERO_WIDTH_JOINER, c]) && !is_mark(c)
}

/// Whether a character has both a text and an emoji form, so that a selector has something to choose.
fn has_emoji_form(c: char) -> bool {
    use unicode_width::UnicodeWidthStr as _;
    if !is_pictograph(c) {
        return false;
    }
    // The width tables know the selector's effect on exactly these characters.
    let width = |selector: char| [c, selector].iter().collect::<String>().width();
    if c.width() == Some(1) {
        width(EMOJI_SELECTOR) == 2
    } else {
        width('\u{FE0E}') == 1 || matches!(c, '\u{1F200}'..='\u{1F2FF}' | '\u{3297}' | '\u{3299}' | '\u{3030}' | '\u{303D}')
    }
}

/// Whether a character is a letter or mark of a script whose letters change their shape beside each other.
fn is_joining(c: char) -> bool {
    let script = matches!(c,
        '\u{600}'..='\u{7FF}'
        | '\u{840}'..='\u{8FF}'
        | '\u{900}'..='\u{DFF}'
        | '\u{F00}'..='\u{109F}'
        | '\u{1780}'..='\u{18AF}'
        | '\u{1A20}'..='\u{1AAF}'
        | '\u{1B00}'..='\u{1BFF}'
        | '\u{1CD0}'..='\u{1CFF}'
        | '\u{A840}'..='\u{A8FF}'
        | '\u{A980}'..='\u{AAFF}'
        | '\u{ABC0}'..='\u{ABFF}'
        | '\u{FB50}'..='\u{FDFB}'
        | '\u{FE70}'..='\u{FEFC}'
        | '\u{10A00}'..='\u{10BFF}'
        | '\u{11000}'..='\u{11DFF}');
    // A prefix that has no width goes where nothing follows it, and must not leave a joiner behind.
    script && (c.is_alphabetic() || is_mark(c)) && (c.width() != Some(0) || !is_prefix(c))
}

/// Whether a character takes the vowel from the letter before it; a joiner behind it shows a half or final form.
fn is_virama(c: char) -> bool {
    matches!(
        c,
        '\u{94D}'
            | '\u{9CD}'
            | '\u{A4D}'
            | '\u{ACD}'
            | '\u{B4D}'
            | '\u{BCD}'
            | '\u{C4D}'
            | '\u{CCD}'
            | '\u{D3B}'
            | '\u{D3C}'
            | '\u{D4D}'
            | '\u{DCA}'
            | '\u{11046}'
            | '\u{1107F}'
            | '\u{110B9}'
            | '\u{11133}'
            | '\u{111C0}'
            | '\u{11235}'
            | '\u{1134D}'
            | '\u{11442}'
            | '\u{114C2}'
            | '\u{115BF}'
            | '\u{1163F}'
            | '\u{116B6}'
            | '\u{119E0}'
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn printable_ascii_passes_untouched() {
        assert!(matches!(line("Ferrous Wheel ~!"), Cow::Borrowed("Ferrous Wheel ~!")));
        assert!(matches!(lines("two\nlines"), Cow::Borrowed("two\nlines")));
        assert!(matches!(address("https://a.example/?q=1#f"), Cow::Borrowed("https://a.example/?q=1#f")));
    }

    #[test]
    fn line_ends_of_every_kind() {
        let raw = "a\nb\rc\r\nd\u{b}e\u{c}f\u{85}g\u{2028}h\u{2029}i";
        assert_eq!(lines(raw), "a\nb\nc\nd\ne\nf\ng\nh\ni");
        assert_eq!(line(raw), "a b c d e f g h i");
        assert_eq!(lines("\r\n\r\n\n\r"), "\n\n\n\n");
        assert_eq!(line("\n name \r\n"), "name");
    }

    #[test]
    fn tabs_are_spaces() {
        assert_eq!(line("a\tb"), "a b");
        assert_eq!(lines("a\tb"), "a    b");
    }

    #[test]
    fn controls_become_visible_and_what_they_carried_stays() {
        assert_eq!(line("\u{1b}[2J\u{1b}[H\u{1b}]0;owned\u{7}cleared?"), "▯[2J▯[H▯]0;owned▯cleared?");
        assert_eq!(line("\u{9b}31mC1 CSI\u{9b}0m and \u{90}DCS\u{9c}"), "▯31mC1 CSI▯0m and ▯DCS▯");
        assert_eq!(line("\u{1b}P+q544e\u{1b}\\ \u{1b}[6n"), "▯P+q544e▯\\ ▯[6n");
        assert_eq!(lines("back\u{8}\u{8}space\0\u{7f}"), "back▯▯space▯▯");
        assert_eq!(line("\u{1b}[31mred alt\nsecond line"), "▯[31mred alt second line");
    }

    #[test]
    fn private_use_and_noncharacters_become_visible() {
        assert_eq!(line("\u{e000}\u{f8ff}\u{f0000}\u{10fffd}\u{fdd0}\u{fffe}\u{1ffff}\u{fffd}\u{fffc}"), "▯▯▯▯▯▯▯▯▯");
    }

    #[test]
    fn direction_and_format_characters_go() {
        assert_eq!(line("\u{202e}RTL override\u{202c} and \u{2066}isolate left open"), "RTL override and isolate left open");
        assert_eq!(line("\u{200b}\u{200c}\u{200d}\u{feff}\u{ad}\u{2060}invisible\u{2060}"), "invisible");
        assert_eq!(line("zero\u{200b}width \u{200d}join \u{feff}bom"), "zerowidth join bom");
        assert_eq!(line("\u{e0041}\u{e0042} tags \u{ad} soft"), "tags  soft");
        assert_eq!(line("invoice\u{202e}gpj.exe"), "invoicegpj.exe");
        assert_eq!(line("\u{200e}\u{200f}\u{61c}\u{2069}\u{3164}\u{115f}\u{1160}\u{ffa0}\u{180e}\u{fff9}\u{1d173}x"), "x");
    }

    #[test]
    fn words_are_never_joined() {
        for separator in ["\n", "\r\n", "\t", "\u{b}", "\u{85}", "\u{2028}", " "] {
            assert_eq!(line(&format!("one{separator}two")), "one two", "{separator:?}");
        }
    }

    #[test]
    fn emoji_stay_whole() {
        for text in ["👩‍👩‍👧‍👦", "🏳️‍🌈", "🏳️‍⚧️", "👩🏽‍🚀", "👨🏿‍❤️‍💋‍👨🏻", "👍🏽", "🇺🇦🇩🇪", "1️⃣#️⃣*️⃣", "☎️", "☎︎", "☺️", "❤️‍🔥", "🫃🏽", "©️", "㊗️", "🈚️"]
        {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn joiners_and_selectors_go_where_they_do_nothing() {
        assert_eq!(line("a\u{200d}b\u{200c}c\u{fe0f}d"), "abcd");
        assert_eq!(line("1\u{fe0f}2 3\u{fe0e}"), "12 3");
        assert_eq!(line("👩\u{200d}a \u{200d}👩 👩\u{200d}"), "👩a 👩 👩");
        assert_eq!(line("👩\u{200d}\u{200d}\u{200d}👩"), "👩\u{200d}👩");
        assert_eq!(line("❤\u{fe0f}\u{fe0f}\u{fe0e}"), "❤\u{fe0f}");
        assert_eq!(line("漢\u{fe00}字\u{e0100}"), "漢字");
        assert_eq!(line("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}"), "🏴");
    }

    #[test]
    fn joiners_stay_in_the_scripts_that_need_them() {
        for text in ["می\u{200c}خواهم", "ക്\u{200d}ഷ", "അവന്\u{200d}", "ශ්\u{200d}රී", "র\u{200d}্যা", "क्\u{200d}ष"]
        {
            assert_eq!(line(text), text);
        }
        assert_eq!(line("می\u{200c} خ\u{200c}."), "می خ.");
    }

    #[test]
    fn living_scripts_pass_untouched() {
        for text in [
            "汽車の春香",
            "日本語の文章です。全角ＡＢＣ",
            "ليلى النهر",
            "דב כוכבי",
            "हिन्दी ക്ഷ്മി স্ত্রী",
            "ภาษาไทย น้ำ กำำำำ",
            "한국어 각",
            "\u{1112}\u{1161}\u{11ab}",
            "Việt Nam e\u{323}\u{301}",
            "བོད་སྐད་",
            "မြန်မာ",
            "ខ្មែរ",
            "ﷺ ﷽ 𒐫 ⸻",
            "ｶﾞｷﾞ",
            "ᠮᠣᠩᠭᠣᠯ\u{180b}",
            "שָׁלוֹם",
            "أَهْلًا",
            "𠮷野家",
            "ü ï",
        ] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn clusters_are_bounded() {
        assert_eq!(line(&format!("o{}x", "\u{301}".repeat(1000))), format!("o{}x", "\u{301}".repeat(4)));
        assert_eq!(line("Z\u{338}\u{321}\u{31b}\u{333}\u{355}a\u{353}"), "Z\u{338}\u{321}\u{31b}\u{333}a\u{353}");
        let family = line("👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩\u{200d}👩").into_owned();
        assert_eq!(family.chars().filter(|c| *c == '👩').count(), 8);
        let jamo = "\u{1100}".repeat(40);
        for text in [family, line(&jamo).into_owned()] {
            for cluster in text.graphemes(true) {
                assert!(cluster.chars().count() <= CODE_POINTS, "{cluster:?}");
            }
        }
    }

    #[test]
    fn marks_on_nothing_go() {
        assert_eq!(line("\u{301}\u{301}name"), "name");
        assert_eq!(lines("a\n\u{301}b"), "a\nb");
        assert_eq!(line(" \u{301}x"), "x");
        assert_eq!(line("a \u{301}x"), "a \u{301}x");
        assert_eq!(line("\u{d4e}"), "");
    }

    #[test]
    fn bounds() {
        let long = line(&"x".repeat(100_000)).into_owned();
        assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
        let wide = line(&"漢".repeat(100_000)).into_owned();
        assert_eq!(wrap::width(&wide), 199);
        assert_eq!(line(&"x".repeat(200)).len(), 200);
        let body = lines(&"é\n".repeat(100_000)).into_owned();
        assert!(body.len() <= BODY_BYTES && body.len() > BODY_BYTES - 8 && body.ends_with('…'), "{}", body.len());
        let controls = lines(&"\0".repeat(60_000)).into_owned();
        assert!(controls.len() <= BODY_BYTES && controls.ends_with("▯…"));
        assert_eq!(line(&"\u{200b}".repeat(1_000_000)), "");
    }

    #[test]
    fn the_tables_agree_with_the_segmentation() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            if simple(c) {
                assert!(!one_cluster_of(['a', c]) && !one_cluster_of([c, 'a']) && !one_cluster_of(['क', c]), "{c:?}");
                assert!(c.width() > Some(0) && !is_pictograph(c) && matches!(kind(c), Kind::Keep), "{c:?}");
            }
            if is_plain_mark(c) {
                assert!(is_mark(c) && !is_prefix(c) && !is_virama(c) && !simple(c) && matches!(kind(c), Kind::Keep), "{c:?}");
                assert!(!one_cluster_of(['क', c, 'क']) && !one_cluster_of(['ক', c, 'ক']), "{c:?}");
            }
        }
    }

    #[test]
    fn every_code_point_alone_and_between_letters() {
        // The planes between these hold nothing.
        let planes = (0..0x3_2400).chain(0xE_0000..0xE_1100).chain((0..0x11).flat_map(|plane| {
            let end = (plane + 1) * 0x1_0000;
            end - 3..end
        }));
        let characters: Vec<char> = planes.filter_map(char::from_u32).collect();
        for some in characters.chunks(64) {
            check(&some.iter().flat_map(|c| [*c, '\n']).collect::<String>());
            check(&some.iter().flat_map(|c| ['a', *c, 'b']).collect::<String>());
        }
    }

    /// What holds of everything that has passed the door.
    fn check(raw: &str) {
        for (clean, again) in [(line(raw), line(&line(raw)).into_owned()), (lines(raw), lines(&lines(raw)).into_owned())] {
            assert_eq!(clean, again, "not idempotent on {raw:?}");
            for c in clean.chars().filter(|c| *c != '\n') {
                assert!(!c.is_control(), "{c:?} from {raw:?}");
                assert!(!matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'));
                assert!(
                    !matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{E0FFF}' | '\u{F0000}'..='\u{10FFFF}'),
                    "{c:?} from {raw:?}"
                );
            }
            for row in clean.split('\n') {
                for cluster in row.graphemes(true) {
                    assert!(wrap::width(cluster) > 0, "{cluster:?} of {clean:?} from {raw:?} has no width");
                    assert!(cluster.chars().count() <= CODE_POINTS, "{cluster:?} from {raw:?}");
                }
            }
        }
        assert!(!line(raw).contains('\n'));
        assert!(wrap::width(&line(raw)) <= LINE_COLUMNS);
    }

    /// Text with more than its share of what the door is for.
    pub(crate) fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            2 => prop::sample::select(vec![
                "\n", "\r", "\t", "\u{1b}[2J", "\u{9b}", "\u{85}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{fe0e}", "\u{fe0f}", "\u{20e3}",
                "\u{202e}", "\u{2066}", "\u{feff}", "\u{301}", "\u{338}", "\u{1f3fd}", "\u{e0067}", "\u{d4e}", "\u{600}", "\u{605}", "\u{903}",
                "\u{e33}", "\u{ff9e}", "\u{a8fa}", "\u{17d2}", "\u{94d}", "\u{d4d}", "\u{1100}", "\u{1161}", "\u{11a8}", "\u{180b}", "\u{e000}",
                "\u{110bd}", "\u{111c2}",
            ]).prop_map(str::to_owned),
            2 => prop::sample::select(vec![
                " ", "  ", "a", "word", "1", "#", "-", "漢", "가", "か", "ｶ", "ก", "क", "ക", "ل", "ا", "א", "ᠮ", "👩", "❤", "🏳", "🇩", "☎", "👍",
                "ᄀ", "ភ", "\u{a0}", "\u{3000}", ")", "…", "﷽", "https://a.example/b?c=d",
            ]).prop_map(str::to_owned),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_door_holds(raw in hostile()) {
            check(&raw);
        }

        #[test]
        fn visible_words_pass(raw in "[a-zA-Z0-9 ,.é漢か가ก😀-]{0,60}") {
            prop_assert_eq!(lines(&raw), raw.as_str());
        }
    }
}
