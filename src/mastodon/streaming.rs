//! The streams: one multiplexed WebSocket and what is said on it.

pub(crate) mod frame;
