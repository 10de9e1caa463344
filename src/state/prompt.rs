//! `Prompt`: one editable line.

use unicode_segmentation::UnicodeSegmentation as _;

/// The longest text taken, in bytes.
const LONGEST: usize = 500;

/// One editable line with a cursor between graphemes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    text: String,
    /// Byte offset, always at a grapheme boundary.
    cursor: usize,
}

impl Prompt {
    /// What has been typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor.
    pub fn before_cursor(&self) -> &str {
        self.text.get(..self.cursor).unwrap_or_default()
    }

    /// Types text; control characters of a paste become spaces, and what does not fit is left out.
    pub fn insert(&mut self, text: &str) {
        for ch in text.chars() {
            let ch = if ch.is_control() { ' ' } else { ch };
            if self.text.len() + ch.len_utf8() > LONGEST {
                return;
            }
            self.text.insert(self.cursor, ch);
            self.cursor += ch.len_utf8();
        }
    }

    /// Deletes the grapheme before the cursor.
    pub fn backspace(&mut self) {
        let start = self.before_cursor().grapheme_indices(true).next_back().map(|(start, _)| start);
        if let Some(start) = start {
            self.text.replace_range(start..self.cursor, "");
            self.cursor = start;
        }
    }

    /// Deletes the grapheme under the cursor.
    pub fn delete(&mut self) {
        let end = self.text.get(self.cursor..).and_then(|rest| rest.graphemes(true).next()).map(|next| self.cursor + next.len());
        if let Some(end) = end {
            self.text.replace_range(self.cursor..end, "");
        }
    }

    /// Deletes the word before the cursor.
    pub fn delete_word(&mut self) {
        let kept = self.before_cursor().trim_end().rfind(' ').map_or(0, |space| space + 1);
        self.text.replace_range(kept..self.cursor, "");
        self.cursor = kept;
    }

    /// Deletes everything before the cursor.
    pub fn delete_to_start(&mut self) {
        self.text.replace_range(..self.cursor, "");
        self.cursor = 0;
    }

    /// Moves a grapheme to the left.
    pub fn left(&mut self) {
        self.cursor = self.before_cursor().grapheme_indices(true).next_back().map_or(0, |(start, _)| start);
    }

    /// Moves a grapheme to the right.
    pub fn right(&mut self) {
        if let Some(next) = self.text.get(self.cursor..).and_then(|rest| rest.graphemes(true).next()) {
            self.cursor += next.len();
        }
    }

    /// Moves to the start.
    pub fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves to the end.
    pub fn end(&mut self) {
        self.cursor = self.text.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn edits_go_by_grapheme() {
        let mut prompt = Prompt::default();
        prompt.insert("ab👩‍🚀é");
        prompt.left();
        prompt.backspace();
        assert_eq!(prompt.text(), "abé");
        prompt.home();
        prompt.delete();
        prompt.end();
        prompt.insert(" x\ny");
        assert_eq!(prompt.text(), "bé x y");
        prompt.delete_word();
        assert_eq!(prompt.text(), "bé x ");
        prompt.delete_to_start();
        assert_eq!(prompt.text(), "");
    }

    proptest! {
        #[test]
        fn any_keys_leave_a_cursor_inside_the_text(steps in proptest::collection::vec((0_u8..9, "\\PC{0,3}"), 0..60)) {
            let mut prompt = Prompt::default();
            for (step, text) in steps {
                match step {
                    0 => prompt.backspace(),
                    1 => prompt.delete(),
                    2 => prompt.delete_word(),
                    3 => prompt.left(),
                    4 => prompt.right(),
                    5 => prompt.home(),
                    6 => prompt.end(),
                    7 => prompt.delete_to_start(),
                    _ => prompt.insert(&text),
                }
                prop_assert!(prompt.text().is_char_boundary(prompt.cursor), "{:?}", prompt);
                prop_assert!(prompt.text().len() <= LONGEST);
            }
        }
    }
}
