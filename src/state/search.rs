//! `Search`: what the server was last asked to find, and what it found.
//!
//! Absent on purpose: searching in what is held already. Nothing is asked while one types: only enter asks.

use crate::model::{AccountId, Failure, Found, StatusId, Tag};
use crate::state::checks::Answer;

/// What the server was last asked to find.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// The words.
    pub query: String,
    /// How the question stands.
    pub answer: Answer<Found>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundOne {
    /// An account.
    Account(AccountId),
    /// A hashtag.
    Tag(Tag),
    /// A post.
    Post(StatusId),
}

impl Search {
    /// What was found for what is typed: accounts, then hashtags, then posts; nothing where something else was asked for.
    pub fn results(&self, typed: &str) -> Vec<FoundOne> {
        let Answer::Told(Some(found)) = &self.answer else { return Vec::new() };
        if !self.is_about(typed) {
            return Vec::new();
        }
        let accounts = found.accounts.iter().cloned().map(FoundOne::Account);
        let tags = found.tags.iter().cloned().map(FoundOne::Tag);
        accounts.chain(tags).chain(found.statuses.iter().cloned().map(FoundOne::Post)).collect()
    }

    /// Whether what is typed is what was asked for.
    pub fn is_about(&self, typed: &str) -> bool {
        self.answer != Answer::Unasked && typed.trim() == self.query
    }

    /// Asks for other words.
    pub fn ask(&mut self, query: &str) {
        *self = Self { query: query.to_owned(), answer: Answer::Asked };
    }

    /// Takes in an answer; says whether it is the one that is waited for.
    pub fn take(&mut self, query: &str, result: Result<Found, Failure>) -> bool {
        let is_due = self.answer == Answer::Asked && self.query == query;
        if is_due {
            self.answer.take(result.map(Some));
        }
        is_due
    }
}

/// Whether words are an address of a page.
pub fn is_address(words: &str) -> bool {
    let words = words.trim();
    ["https://", "http://"]
        .iter()
        .any(|scheme| words.len() > scheme.len() && words.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
        && !words.contains(char::is_whitespace)
}

/// Whether a server that does not know what words name is to ask the one that does: an address, or an account with its host.
pub fn wants_resolve(words: &str) -> bool {
    let words = words.trim();
    let name = words.strip_prefix('@').unwrap_or(words);
    let is_account = name.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.') && !host.contains('@'));
    is_address(words) || (is_account && !words.contains(char::is_whitespace))
}

/// The post that an address names by its id, where it is an address of this server: `/@name/ID`, `/@name/statuses/ID`,
/// `/users/name/statuses/ID`.
pub fn own_post(words: &str, domain: &str) -> Option<StatusId> {
    let (_, rest) = words.trim().split_once("://")?;
    let mut parts = rest.split(['?', '#']).next()?.trim_end_matches('/').split('/');
    let is_own = parts.next()?.eq_ignore_ascii_case(domain);
    let path: Vec<&str> = parts.collect();
    let id = match path.as_slice() {
        [name, id] if name.starts_with('@') => id,
        [name, "statuses", id] if name.starts_with('@') => id,
        ["users", _, "statuses", id] => id,
        _ => return None,
    };
    let id = id.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(id)?;
    StatusId::new(id).filter(|_| is_own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_accounts_with_a_host_are_looked_for_elsewhere_and_words_are_not() {
        for words in ["https://tide.example/@ada/5", " http://x.example/a ", "@ada@tide.example", "ada@tide.example", "HTTPS://x.example/"]
        {
            assert!(wants_resolve(words), "{words}");
        }
        for words in ["ada", "@ada", "#rust", "https://", "mail me at a@b.example now", "a@b@c.example", "ftp://x.example/a", "@@x.example"]
        {
            assert!(!wants_resolve(words), "{words}");
        }
    }

    #[test]
    fn an_address_of_this_server_names_its_post() {
        let own = |words| own_post(words, "tide.example").map(|id| id.to_string());
        for (words, id) in [
            ("https://tide.example/@ada/115", Some("115")),
            ("https://tide.example/@ada/115/?a=b", Some("115")),
            ("https://TIDE.example/@ada/statuses/01F8MH", Some("01F8MH")),
            ("https://tide.example/users/ada/statuses/115#x", Some("115")),
            ("https://tide.example/@ada", None),
            ("https://tide.example/@ada/following%2f", None),
            ("https://other.example/@ada/115", None),
            ("https://tide.example.evil.example/@ada/115", None),
            ("tide.example/@ada/115", None),
        ] {
            assert_eq!(own(words).as_deref(), id, "{words}");
        }
    }

    #[test]
    fn only_the_answer_that_is_waited_for_counts_and_only_for_its_own_words() {
        let mut search = Search::default();
        assert!(!search.take("rust", Ok(Found::default())), "nobody asked");
        search.ask("rust");
        assert!(!search.take("zig", Ok(Found::default())));
        let found = Found { tags: vec![Tag::new("rust").unwrap()], ..Found::default() };
        assert!(search.take("rust", Ok(found)) && !search.take("rust", Ok(Found::default())));
        assert_eq!((search.results(" rust ").len(), search.results("rusty").len()), (1, 0));
    }
}
