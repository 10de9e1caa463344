//! `Account`: who wrote something.

use crate::model::{AccountId, Emoji};
use crate::text::{Plain, pack};

/// An account, as far as reading timelines needs it.
///
/// Source: <https://docs.joinmastodon.org/entities/Account/>.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Id on the reader's server.
    pub id: AccountId,
    /// `username` or `username@domain`; never empty.
    pub acct: Plain,
    /// The name it shows; may be blank, see [`Account::name`].
    pub display_name: Plain,
    /// Address of its page, where the server gave one.
    pub url: Option<Plain>,
    /// Whether it says that it is automated.
    pub bot: bool,
    /// Whether it approves followers by hand.
    pub locked: bool,
    /// Address of its picture, one that does not move, where the server gave one.
    pub avatar: Option<Plain>,
    /// Custom emoji in its name.
    pub emojis: Vec<Emoji>,
}

impl Account {
    /// Brings all its texts into one allocation: for keeping it.
    pub(crate) fn pack(&mut self) {
        let Self { id: _, acct, display_name, url, bot: _, locked: _, avatar, emojis } = self;
        let texts = [Some(acct), Some(display_name), url.as_mut(), avatar.as_mut()].into_iter().flatten();
        pack(texts.chain(emojis.iter_mut().flat_map(Emoji::texts)).map(Plain::stretch).collect());
    }

    /// What to call it: the display name, or the account where nothing of the name is visible.
    pub fn name(&self) -> &Plain {
        if self.display_name.is_blank() { &self.acct } else { &self.display_name }
    }
}
