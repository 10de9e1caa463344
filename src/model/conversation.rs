//! `Conversation`: direct messages with the same people.

use crate::model::{AccountId, ConversationId, StatusId};

/// A conversation; a later one with the same id replaces it.
///
/// Source: <https://docs.joinmastodon.org/entities/Conversation/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Id; says nothing about time.
    pub id: ConversationId,
    /// The others in it.
    pub accounts: Vec<AccountId>,
    /// Whether its last message is unread.
    pub unread: bool,
    /// Its last message; none after the only one was deleted.
    pub last_status: Option<StatusId>,
}
