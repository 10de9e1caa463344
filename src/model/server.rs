//! `Server`: what the instance says about itself, and what follows for its streams.

use crate::model::{ListId, Stream};
use crate::text::Plain;

/// What a server says about itself.
///
/// Source: <https://docs.joinmastodon.org/entities/Instance/> (v2) and its v1 form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its domain.
    pub domain: Plain,
    /// Its title.
    pub title: Plain,
    /// Version text as the server gives it.
    pub version: Plain,
    /// Which software answers.
    pub software: Software,
    /// Host (and port) that carries the streams.
    pub streaming_host: Plain,
}

/// Which software answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Software {
    /// Mastodon or a close fork.
    Mastodon,
    /// GoToSocial.
    GoToSocial,
    /// Reads the token in the subprotocol, not in the header: Pleroma, Akkoma, Iceshrimp, Firefish and kin.
    Pleroma,
    /// Anything else.
    Other,
}

/// How a server carries one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carriage {
    /// By a subscribe frame on the shared socket.
    Frame,
    /// Not by frame, but its events come on another stream.
    Within(Stream),
    /// Not at all.
    Never,
}

impl Software {
    /// How this software carries a stream on one multiplexed socket (transcripts `multiplex`, `single-*` of GoToSocial).
    pub fn carriage(self, stream: &Stream) -> Carriage {
        match (self, stream) {
            (Self::GoToSocial, Stream::UserNotification) => Carriage::Within(Stream::User),
            (Self::GoToSocial, Stream::Hashtag { .. }) => Carriage::Never,
            (Self::GoToSocial, Stream::Public { reach, only_media }) if *only_media || *reach == crate::model::Reach::Remote => {
                Carriage::Never
            }
            _ => Carriage::Frame,
        }
    }
}

/// One of the reader's lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List {
    /// Its id.
    pub id: ListId,
    /// Its title.
    pub title: Plain,
}
