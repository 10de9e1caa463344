//! The built-in server without a story, for tests that run against it.

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use trunkline::demo::{Control, Options, Server, Story};

/// A server of its own for each test; it stops with this.
pub(crate) struct Demo {
    pub(crate) url: String,
    pub(crate) control: Control,
    _stops: DropGuard,
}

pub(crate) async fn demo() -> Demo {
    let shutdown = CancellationToken::new();
    let stops = shutdown.clone().drop_guard();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(listener, Options { story: Story::Empty, ..Options::default() }, shutdown).await.unwrap();
    Demo { url: server.url().to_owned(), control: server.control(), _stops: stops }
}
