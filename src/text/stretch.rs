//! `Stretch`: a text in an allocation that it may share with others, and [`pack`], which brings texts together.
//!
//! A post has a dozen texts, most of them short, and thousands of posts are held for long. Each text in an allocation of its own
//! costs some 40 bytes beside its letters, and leaves holes when it goes. Absent on purpose: what the letters are: whoever
//! makes one has cleaned it or keeps it shut.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

/// What every empty text shares: most posts have several.
static EMPTY: LazyLock<Arc<str>> = LazyLock::new(|| Arc::from(""));

/// A text. Cheap to clone; equal, ordered and hashed as its letters are.
#[derive(Clone)]
pub(crate) struct Stretch {
    whole: Arc<str>,
    from: u32,
    to: u32,
}

impl Stretch {
    /// Takes a text of at most 4 GiB; of a longer one nothing.
    pub(super) fn new(text: &str) -> Self {
        match u32::try_from(text.len()) {
            Ok(to @ 1..) => Self { whole: Arc::from(text), from: 0, to },
            Ok(0) | Err(_) => Self::default(),
        }
    }

    /// The part of a text between two of its bytes; nothing where no letters begin and end there.
    pub(crate) fn part(whole: &Arc<str>, from: usize, to: usize) -> Self {
        let has_letters = whole.get(from..to).is_some_and(|letters| !letters.is_empty());
        match (u32::try_from(from), u32::try_from(to)) {
            (Ok(from), Ok(to)) if has_letters => Self { whole: Arc::clone(whole), from, to },
            _ => Self::default(),
        }
    }

    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        let (Ok(from), Ok(to)) = (usize::try_from(self.from), usize::try_from(self.to)) else { return "" };
        // The ends lie where texts were put together, and so between letters.
        self.whole.get(from..to).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.from == self.to
    }

    fn len(&self) -> u32 {
        self.to - self.from
    }
}

impl Default for Stretch {
    fn default() -> Self {
        Self { whole: Arc::clone(&EMPTY), from: 0, to: 0 }
    }
}

impl PartialEq for Stretch {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Stretch {}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Stretch {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// Some texts, one after the other.
pub(crate) fn together(texts: &[&mut Stretch]) -> String {
    let mut whole = String::with_capacity(texts.iter().map(|text| text.as_str().len()).sum());
    whole.extend(texts.iter().map(|text| text.as_str()));
    whole
}

/// Brings texts that come and go together into one allocation; none of them reads differently afterwards.
pub(crate) fn pack(mut texts: Vec<&mut Stretch>) {
    texts.retain(|text| !text.is_empty());
    if texts.len() < 2 {
        return;
    }
    let whole: Arc<str> = together(&texts).into();
    if u32::try_from(whole.len()).is_err() {
        return;
    }
    let mut from = 0;
    for text in texts {
        let to = from + text.len();
        *text = Stretch { whole: Arc::clone(&whole), from, to };
        from = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    #[test]
    fn what_is_packed_lies_together_and_lets_go_of_what_it_lay_in() {
        let [mut one, mut empty, mut two] = ["één", "", "漢字"].map(Stretch::new);
        let before = Arc::downgrade(&one.whole);
        pack(vec![&mut one, &mut empty, &mut two]);
        assert_eq!([one.as_str(), empty.as_str(), two.as_str()], ["één", "", "漢字"]);
        assert_eq!(&*one.whole, "één漢字");
        assert!(Arc::ptr_eq(&one.whole, &two.whole) && before.upgrade().is_none());
        assert!(Arc::ptr_eq(&empty.whole, &EMPTY));
    }

    proptest! {
        #[test]
        fn packing_changes_no_letter(words in proptest::collection::vec(".{0,12}", 0..8), again in any::<bool>()) {
            let mut texts: Vec<Stretch> = words.iter().map(|word| Stretch::new(word)).collect();
            let copy = texts.clone();
            for _ in 0..=usize::from(again) {
                pack(texts.iter_mut().collect());
            }
            prop_assert!(texts == copy);
            prop_assert_eq!(texts.iter().map(Stretch::as_str).collect::<Vec<_>>(), words);
            prop_assert!(texts.iter().collect::<HashSet<_>>() == copy.iter().collect());
        }
    }
}
