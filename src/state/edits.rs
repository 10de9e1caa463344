//! `Edits`: the versions of a post and what changed from one to the next, word by word.
//!
//! The words are those that the reader would see, addresses of links included. Differences are worked out once, when the
//! history comes, and at a bounded cost whatever a server sends: where it would be exceeded, all that differs counts as
//! replaced. Absent on purpose: what a version looks like on screen.

use crate::model::{Media, StatusEdit, StatusId, Timestamp};
use crate::state::checks::Answer;
use crate::text::{Indent, LinkKind, Plain, RichText};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_segmentation::UnicodeSegmentation as _;

/// How much work all differences of a history may be, in words compared with words.
const MOST_WORK: usize = 64_000_000;

/// The history of a post's edits, open over the tabs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edits {
    /// The post (never a boost: the boosted post).
    pub status: StatusId,
    /// Lines scrolled.
    pub scroll: u16,
    /// The versions, newest first.
    pub history: Answer<Vec<Version>>,
    /// The time of the edit that was the newest one when the history was last asked for; `None` before it was.
    pub asked_for: Option<Option<Timestamp>>,
}

impl Edits {
    /// The history of a post, which is not asked for yet.
    pub fn of(status: StatusId) -> Self {
        Self { status, scroll: 0, history: Answer::Asked, asked_for: None }
    }
}

/// One version of a post, against the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Version {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// The words.
    pub words: Vec<Piece>,
    /// What else changed, or was there from the start: what it is in a word or two, and its words.
    pub parts: Vec<(&'static str, Vec<Piece>)>,
    /// How many media or options a bound has cut off.
    pub omitted: u32,
}

/// A run of words with one fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The words; may hold `\n`.
    pub text: String,
    /// What became of them.
    pub fate: Fate,
}

/// What an edit did with words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They stayed.
    Kept,
    /// They came.
    Added,
    /// They went.
    Removed,
}

impl Version {
    /// Whether it differs from the one before in nothing that can be read.
    pub fn is_same(&self) -> bool {
        self.parts.is_empty() && self.words.iter().all(|piece| piece.fate == Fate::Kept)
    }
}

/// The versions of a history, newest first, each against the one before it.
pub fn versions(history: &[StatusEdit]) -> Vec<Version> {
    let mut work = MOST_WORK;
    let texts: Vec<String> = history.iter().map(|edit| words(&edit.content.open(&|_| None))).collect();
    let mut versions: Vec<Version> = Vec::with_capacity(history.len());
    for (index, (edit, text)) in history.iter().zip(&texts).enumerate() {
        let before = index.checked_sub(1).and_then(|before| history.get(before).zip(texts.get(before)));
        let words = match before {
            Some((_, old)) => difference(old, text, &mut work),
            None => whole(text, Fate::Kept),
        };
        let parts = parts(before.map(|(old, _)| old), edit, &mut work);
        versions.push(Version { at: edit.created_at, words, parts, omitted: edit.omitted });
    }
    versions.reverse();
    versions
}

fn whole(text: &str, fate: Fate) -> Vec<Piece> {
    if text.is_empty() { Vec::new() } else { vec![Piece { text: text.to_owned(), fate }] }
}

/// The words of a text as one string, with what stands before its blocks and where its links lead.
fn words(text: &RichText) -> String {
    let mut out = String::new();
    for block in &text.blocks {
        if !out.is_empty() {
            out.push_str(if block.spaced { "\n\n" } else { "\n" });
        }
        for indent in &block.indents {
            match indent {
                Indent::Quote => out.push_str("> "),
                Indent::Bullet => out.push_str("* "),
                Indent::Number(number) => out.extend([number.to_string().as_str(), ". "]),
                Indent::Hang => out.push_str("  "),
            }
        }
        let mut spans = block.spans.iter().peekable();
        while let Some(span) = spans.next() {
            let Some((index, LinkKind::Web)) = span.mark.link else {
                out.push_str(&span.text);
                continue;
            };
            let mut said = span.text.clone();
            while let Some(more) = spans.next_if(|next| next.mark.link == Some((index, LinkKind::Web))) {
                said.push_str(&more.text);
            }
            let url = text.links.get(usize::from(index)).map_or("", |link| link.url.as_str());
            let bare = said.trim_end_matches('…');
            if bare.is_empty() || url.is_empty() || !url.contains(bare) {
                out.push_str(&said);
                if !url.is_empty() {
                    out.extend([" (", url, ")"]);
                }
            } else {
                out.push_str(url);
            }
        }
    }
    out
}

/// What changed beside the words; of the first version what it has.
fn parts(old: Option<&StatusEdit>, new: &StatusEdit, work: &mut usize) -> Vec<(&'static str, Vec<Piece>)> {
    let mut parts = Vec::new();
    let first = old.is_none();
    let (warning, options) = old.map_or(("", String::new()), |old| (old.spoiler_text.as_str(), lines(old)));
    let mut add = |label, old: &str, new: &str| {
        if first {
            let pieces = whole(new, Fate::Kept);
            parts.extend((!pieces.is_empty()).then_some((label, pieces)));
        } else if old != new {
            parts.push((label, difference(old, new, work)));
        }
    };
    add("warning", warning, new.spoiler_text.as_str());
    add("poll", &options, &lines(new));
    let was = old.map_or(&[][..], |old| &old.media_attachments);
    let is_same = |old: &Media, new: &Media| old.kind == new.kind && old.url == new.url;
    for medium in was.iter().filter(|old| !new.media_attachments.iter().any(|new| is_same(old, new))) {
        add(medium.kind.word(), &described(medium), "");
    }
    for medium in &new.media_attachments {
        match was.iter().find(|old| is_same(old, medium)) {
            Some(old) => add(medium.kind.word(), &described(old), &described(medium)),
            None => add(medium.kind.word(), "", &described(medium)),
        }
    }
    let hidden = |edit: &StatusEdit| if edit.sensitive { "hidden" } else { "shown" };
    if !new.media_attachments.is_empty() {
        match old {
            Some(old) => add("media", hidden(old), hidden(new)),
            None if new.sensitive => add("media", "", hidden(new)),
            None => {}
        }
    }
    parts
}

fn lines(edit: &StatusEdit) -> String {
    edit.poll_options.iter().map(Plain::as_str).collect::<Vec<_>>().join("\n")
}

fn described(medium: &Media) -> String {
    let text = medium.description.as_ref().filter(|text| !text.is_blank());
    text.map_or_else(|| "no description".to_owned(), |text| text.as_str().to_owned())
}

/// What became of the words of `old` on the way to `new`: what went stands before what came in its place.
fn difference(old: &str, new: &str, work: &mut usize) -> Vec<Piece> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.split_word_bounds().collect(), new.split_word_bounds().collect());
    let head = before.iter().zip(&after).take_while(|(left, right)| left == right).count();
    let tails = before.iter().skip(head).rev().zip(after.iter().skip(head).rev());
    let tail = tails.take_while(|(left, right)| left == right).count();
    let middle = |words: &[&str]| words.len() - head - tail;
    let cost = (middle(&before) + middle(&after)).saturating_pow(2);
    let mut script = Script::default();
    if cost > *work {
        let cut = |words: &[&str]| words.iter().skip(head).take(middle(words)).copied().collect::<String>();
        script.kept(&before.iter().take(head).copied().collect::<String>());
        script.changed(&cut(&before), &cut(&after));
        script.kept(&before.iter().skip(before.len() - tail).copied().collect::<String>());
        return script.finish();
    }
    *work -= cost;
    let text = |words: &[&str], from: usize, len: usize| words.iter().skip(from).take(len).copied().collect::<String>();
    for op in capture_diff_slices(Algorithm::Myers, &before, &after) {
        match op {
            DiffOp::Equal { old_index, len, .. } => script.kept(&text(&before, old_index, len)),
            DiffOp::Delete { old_index, old_len, .. } => script.changed(&text(&before, old_index, old_len), ""),
            DiffOp::Insert { new_index, new_len, .. } => script.changed("", &text(&after, new_index, new_len)),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                script.changed(&text(&before, old_index, old_len), &text(&after, new_index, new_len));
            }
        }
    }
    script.finish()
}

/// Puts a difference together: two replaced words with nothing but a space between them are one replacement.
#[derive(Default)]
struct Script {
    pieces: Vec<Piece>,
    removed: String,
    added: String,
    /// A space after a replacement, of which it is not known yet where it belongs.
    space: String,
}

impl Script {
    fn kept(&mut self, text: &str) {
        let is_space = !text.is_empty() && text.chars().all(|ch| ch == ' ');
        if is_space && !self.removed.is_empty() && !self.added.is_empty() && self.space.is_empty() {
            text.clone_into(&mut self.space);
            return;
        }
        self.flush();
        self.push(text, Fate::Kept);
    }

    fn changed(&mut self, old: &str, new: &str) {
        if !self.space.is_empty() && !old.is_empty() && !new.is_empty() {
            self.removed.push_str(&self.space);
            self.added.push_str(&self.space);
            self.space.clear();
        } else if !self.space.is_empty() {
            self.flush();
        }
        self.removed.push_str(old);
        self.added.push_str(new);
    }

    fn flush(&mut self) {
        let (removed, added, space) = (std::mem::take(&mut self.removed), std::mem::take(&mut self.added), std::mem::take(&mut self.space));
        self.push(&removed, Fate::Removed);
        self.push(&added, Fate::Added);
        self.push(&space, Fate::Kept);
    }

    fn push(&mut self, text: &str, fate: Fate) {
        match self.pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.fate == fate => last.text.push_str(text),
            Some(_) | None => self.pieces.push(Piece { text: text.to_owned(), fate }),
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MediaKind;
    use crate::text::Html;
    use proptest::prelude::*;

    fn edit(html: &str) -> StatusEdit {
        StatusEdit {
            created_at: None,
            spoiler_text: Plain::default(),
            content: Html::new(html),
            sensitive: false,
            poll_options: Vec::new(),
            media_attachments: Vec::new(),
            omitted: 0,
        }
    }

    fn image(url: &str, alt: &str) -> Media {
        let (url, description) = (Some(Plain::line(url)), (!alt.is_empty()).then(|| Plain::line(alt)));
        Media { kind: MediaKind::Image, description, url, size: None, seconds: None, preview: None, blurhash: None }
    }

    /// Pieces as text: what went in square brackets, what came in braces.
    fn told(pieces: &[Piece]) -> String {
        pieces
            .iter()
            .map(|piece| match piece.fate {
                Fate::Kept => piece.text.clone(),
                Fate::Added => format!("{{{}}}", piece.text),
                Fate::Removed => format!("[{}]", piece.text),
            })
            .collect()
    }

    fn diff(old: &str, new: &str) -> String {
        told(&difference(old, new, &mut MOST_WORK.clone()))
    }

    #[test]
    fn words_that_changed_are_told_as_words() {
        assert_eq!(diff("the quick brown fox", "the slow red fox"), "the [quick brown]{slow red} fox");
        assert_eq!(diff("a b", "a x b"), "a {x }b");
        assert_eq!(diff("meet at eight.", "meet at nine."), "meet at [eight]{nine}.");
        assert_eq!(diff("", "new"), "{new}");
        assert_eq!(diff("same", "same"), "same");
        assert_eq!(diff("one\ntwo", "one\nthree"), "one\n[two]{three}");
        assert_eq!(diff("始発列車", "始発電車"), "始発[列]{電}車", "a script without spaces is compared by its characters");
    }

    #[test]
    fn versions_come_newest_first_each_against_the_one_before() {
        let history = [edit("<p>Doors at eight.</p>"), edit("<p>Doors at nine.</p>"), edit("<p>Doors at nine.</p><p>Bring cake.</p>")];
        let told: Vec<String> = versions(&history).iter().map(|version| told(&version.words)).collect();
        assert_eq!(told, ["Doors at nine.{\n\nBring cake.}", "Doors at [eight]{nine}.", "Doors at eight."]);
        assert!(versions(&[]).is_empty());
    }

    #[test]
    fn a_link_that_leads_elsewhere_is_a_change() {
        let link = |url: &str| edit(&format!("<p>See <a href=\"{url}\">the map</a></p>"));
        let versions = versions(&[link("https://tide.example/a"), link("https://evil.example/a")]);
        let said = told(&versions[0].words);
        assert!(said.contains("{evil.example}") || said.contains("{evil"), "{said}");
    }

    #[test]
    fn warning_poll_and_media_are_told_where_they_change() {
        let first = StatusEdit {
            spoiler_text: Plain::line("tea"),
            media_attachments: vec![image("1", "a cup"), image("2", "")],
            ..edit("<p>x</p>")
        };
        let second = StatusEdit {
            spoiler_text: Plain::line("green tea"),
            media_attachments: vec![image("1", "a green cup"), image("3", "a pot")],
            sensitive: true,
            poll_options: vec![Plain::line("Tea"), Plain::line("Coffee")],
            ..edit("<p>x</p>")
        };
        let versions = versions(&[first, second.clone(), second]);
        assert!(versions[0].is_same());
        let parts: Vec<(&str, String)> = versions[1].parts.iter().map(|(label, pieces)| (*label, told(pieces))).collect();
        let expected = [
            ("warning", "{green }tea"),
            ("poll", "{Tea\nCoffee}"),
            ("image", "[no description]"),
            ("image", "a {green }cup"),
            ("image", "{a pot}"),
            ("media", "[shown]{hidden}"),
        ];
        assert_eq!(parts, expected.map(|(label, words)| (label, words.to_owned())));
        let first: Vec<&str> = versions[2].parts.iter().map(|(label, _)| *label).collect();
        assert_eq!(first, ["warning", "image", "image"]);
    }

    #[test]
    fn what_would_cost_too_much_counts_as_replaced() {
        let words = |word: &str| (0..50).map(|n| format!("{word}{n}")).collect::<Vec<_>>().join(" ");
        let (old, new) = (format!("start {} end", words("a")), format!("start {} end", words("b")));
        let pieces = difference(&old, &new, &mut 10);
        assert_eq!(told(&pieces), format!("start [{}]{{{}}} end", words("a"), words("b")));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn both_versions_can_be_read_out_of_a_difference(old in "[ab c\n]{0,24}", new in "[ab c\n]{0,24}", work in prop_oneof![Just(0), Just(MOST_WORK)]) {
            let pieces = difference(&old, &new, &mut work.clone());
            let read = |gone: Fate| pieces.iter().filter(|piece| piece.fate != gone).map(|piece| piece.text.as_str()).collect::<String>();
            prop_assert_eq!(read(Fate::Added), old);
            prop_assert_eq!(read(Fate::Removed), new);
            prop_assert!(pieces.iter().all(|piece| !piece.text.is_empty()));
        }
    }
}
