//! What a terminal is told beside the screen: its title.
//!
//! A text in such a sequence ends at the first control character, and what follows would be obeyed. So none gets in,
//! whoever made the text. Absent on purpose: what is told, and when.

/// Most characters of a title.
const LONGEST_TITLE: usize = 80;

/// The window's title (OSC 2), of ASCII alone.
pub(super) fn title(text: &str) -> Vec<u8> {
    let text: String = text.chars().filter(|ch| ch.is_ascii_graphic() || *ch == ' ').take(LONGEST_TITLE).collect();
    format!("\x1b]2;{text}\x07").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_title_is_one_sequence_whatever_is_in_it(text in "\\PC*|[\\x00-\\x1f\\x7f-\\u{9f}a;]*") {
            let out = String::from_utf8(title(&text)).unwrap();
            let inner = out.strip_prefix("\x1b]2;").unwrap().strip_suffix('\x07').unwrap();
            prop_assert!(inner.len() <= LONGEST_TITLE && inner.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "{inner:?}");
        }
    }
}
