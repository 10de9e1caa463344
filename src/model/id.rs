//! Ids: opaque text, ordered by length, then bytes.
//!
//! That order is time order for Mastodon's numbers and for GoToSocial's ULIDs; nothing is ever computed from an id.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// The longest id that is believed, in bytes. Real ones have at most 26.
pub const LONGEST: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Letters);

        impl $name {
            /// Takes an id as a server sent it; `None` unless it is 1 to [`LONGEST`] printable ASCII characters.
            pub fn new(raw: &str) -> Option<Self> {
                believable(raw).then(|| Self(Letters::new(raw)))
            }

            /// The id as the server sent it.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The same as bytes.
            #[inline]
            pub(crate) fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                bytes_by_age(self.as_bytes(), other.as_bytes())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.as_str())
            }
        }
    };
}

id!(
    /// Id of a status.
    StatusId
);
id!(
    /// Id of an account.
    AccountId
);
id!(
    /// Id of a notification; a space of its own.
    NotificationId
);
id!(
    /// Id of a conversation; not ordered by time.
    ConversationId
);
id!(
    /// Id of an announcement.
    AnnouncementId
);
id!(
    /// Id of a list.
    ListId
);

/// Which of two ids of one kind is newer: by length, then bytes.
pub fn by_age(left: &str, right: &str) -> Ordering {
    bytes_by_age(left.as_bytes(), right.as_bytes())
}

/// [`by_age`] of their bytes.
#[inline]
pub(crate) fn bytes_by_age(left: &[u8], right: &[u8]) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// The letters of an id, in place where they are as few as Mastodon's: ids are looked at all the time, and what lies elsewhere
/// has to be fetched each time.
#[derive(Clone, PartialEq, Eq)]
enum Letters {
    /// How many, then they, then zeros.
    Few(u8, [u8; FEW]),
    /// More than fit.
    Many(Arc<str>),
}

/// How many letters are kept in place.
const FEW: usize = 22;

impl Letters {
    fn new(raw: &str) -> Self {
        let mut letters = [0; FEW];
        match (u8::try_from(raw.len()), letters.get_mut(..raw.len())) {
            (Ok(length), Some(place)) => {
                place.copy_from_slice(raw.as_bytes());
                Self::Few(length, letters)
            }
            _ => Self::Many(raw.into()),
        }
    }

    #[inline]
    fn as_str(&self) -> &str {
        match self {
            // They are ASCII.
            Self::Few(..) => std::str::from_utf8(self.as_bytes()).unwrap_or_default(),
            Self::Many(letters) => letters,
        }
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Few(length, letters) => letters.get(..usize::from(*length)).unwrap_or_default(),
            Self::Many(letters) => letters.as_bytes(),
        }
    }
}

impl Hash for Letters {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            // Zeros stand behind them all, and none is a letter. The last word overlaps the one before.
            Self::Few(_, letters) => {
                let (words, _) = letters.as_chunks();
                for word in words {
                    state.write_u64(u64::from_le_bytes(*word));
                }
                if let Some(last) = letters.last_chunk() {
                    state.write_u64(u64::from_le_bytes(*last));
                }
            }
            Self::Many(letters) => letters.hash(state),
        }
    }
}

fn believable(raw: &str) -> bool {
    (1..=LONGEST).contains(&raw.len()) && raw.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_ids_come_first_and_equal_lengths_compare_by_bytes() {
        let ids = ["9", "10", "99", "100", "01M84J031QK2XTCWCVK3P3RAAC", "01M84J031QK2XTCWCVK3P3RAAD"];
        let parsed: Vec<_> = ids.iter().map(|raw| StatusId::new(raw).unwrap()).collect();
        let mut sorted = parsed.clone();
        sorted.sort();
        assert_eq!(parsed, sorted);
    }

    #[test]
    fn an_id_that_could_act_on_a_terminal_or_a_url_path_is_not_believed() {
        for raw in ["", " ", "1\u{1b}[2J", "1 2", "é", "1\n"] {
            assert_eq!(StatusId::new(raw), None, "{raw:?}");
        }
        assert_eq!(StatusId::new(&"1".repeat(LONGEST + 1)), None);
    }

    #[test]
    fn an_id_of_any_length_is_itself_alone() {
        let ids: Vec<_> = (1..=LONGEST).map(|length| "9".repeat(length)).collect();
        let parsed: Vec<_> = ids.iter().map(|raw| StatusId::new(raw).unwrap()).collect();
        assert!(parsed.is_sorted());
        assert!(parsed.iter().zip(&ids).all(|(id, raw)| id.as_str() == raw && id.as_bytes() == raw.as_bytes()));
        let different: std::collections::HashSet<_> = parsed.iter().cloned().collect();
        assert_eq!(different.len(), LONGEST);
        assert!(parsed.iter().all(|id| different.contains(id)));
        assert_eq!(size_of::<Option<StatusId>>(), 24);
    }
}
