//! What can be wrong before a server was asked anything: its name, the token, our own set-up.
//!
//! Absent on purpose: failed answers, which are [`crate::model::Failure`], and refused sockets; both are facts to show, not
//! mistakes of the caller.

use crate::text::Plain;

/// Why an account cannot be used at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing was typed.
    #[error("no server given: write its name, as in mastodon.social")]
    NoServer,
    /// What was typed is not the name of a server.
    #[error("`{name}` is not a server name ({reason}): write it as in mastodon.social")]
    BadServer {
        /// What was typed, cleaned.
        name: Plain,
        /// What is wrong with it.
        reason: Plain,
    },
    /// A user name or password stands before the server.
    #[error("the server name must not contain a password or a user name of its own: write it as in mastodon.social")]
    Credentials,
    /// Plain http to another machine.
    #[error("`{0}` would be reached without encryption: write https:// (http:// is only for this machine)")]
    PlainHttp(Plain),
    /// The token cannot be one.
    #[error("the access token is {0}: copy it again, on one line")]
    BadToken(&'static str),
    /// The network could not be set up on this machine.
    #[error("secure connections cannot be set up on this machine ({0}): check its CA certificates and proxy settings")]
    Setup(Plain),
}
