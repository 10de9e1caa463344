//! Ids: opaque text, ordered by length, then bytes.
//!
//! That order is time order for Mastodon's numbers and for GoToSocial's ULIDs; nothing is ever computed from an id.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

/// The longest id that is believed, in bytes. Real ones have at most 26.
pub const LONGEST: usize = 128;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes an id as a server sent it; `None` unless it is 1 to [`LONGEST`] printable ASCII characters.
            pub fn new(raw: &str) -> Option<Self> {
                believable(raw).then(|| Self(raw.into()))
            }

            /// The id as the server sent it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                by_age(&self.0, &other.0)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
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
    (left.len(), left).cmp(&(right.len(), right))
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
}
