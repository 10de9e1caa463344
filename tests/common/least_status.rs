//! A post with nothing but what a post must have.

use trunkline::model::{AccountId, Counts, Personal, Status, StatusId, Visibility};
use trunkline::text::{Html, Plain};

pub(crate) fn least_status(id: StatusId, account: AccountId, html: &str) -> Status {
    Status {
        id,
        account,
        created_at: None,
        edited_at: None,
        visibility: Visibility::Public,
        language: None,
        spoiler_text: Plain::default(),
        content: Html::new(html),
        sensitive: false,
        reblog: None,
        in_reply_to_id: None,
        in_reply_to_account_id: None,
        media_attachments: Vec::new(),
        poll: None,
        card: None,
        quote: None,
        mentions: Vec::new(),
        tags: Vec::new(),
        emojis: Vec::new(),
        counts: Counts::default(),
        personal: Personal::default(),
        filtered: None,
        url: None,
        omitted: 0,
    }
}
