//! `Desktop`: alerts by the notification service of the desktop that this program runs on.
//!
//! A terminal that is known to tell the desktop itself is asked first, for such an alert leads back to its window. Over SSH
//! the service would speak on the wrong screen. One that fails or is silent is asked no more in this run. Absent on purpose:
//! how a terminal is asked (`osc`), and what is told (`update::alert`).

use super::osc::{self, Wrapping};
use crate::config::NotifyBy;
use crate::opener;
use crate::text::Plain;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long a service may take; less than lies between two alerts, so that two never wait for it.
const PATIENCE: Duration = Duration::from_secs(4);

/// The way to the desktop's service, as far as there is one.
#[derive(Debug)]
pub(super) struct Desktop {
    /// Whether a service may answer from here.
    is_near: bool,
    /// Whether the environment names a terminal that tells the desktop itself.
    is_terminal_able: bool,
    /// Whether it failed in this run.
    has_failed: bool,
    under_way: Option<JoinHandle<Result<(), Undelivered>>>,
}

/// An alert that the service did not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Undelivered {
    /// What was to be told.
    pub(super) words: Plain,
    /// Why it was not.
    pub(super) why: Plain,
}

impl Desktop {
    /// By what the environment says.
    pub(super) fn told(variable: impl Fn(&str) -> Option<String>) -> Self {
        let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        // Even with a display that was forwarded: the service of this machine is not the reader's.
        let is_remote = opener::is_over_ssh(is_set);
        let has_service = !cfg!(all(unix, not(target_os = "macos")))
            || is_set("DBUS_SESSION_BUS_ADDRESS")
            || variable("XDG_RUNTIME_DIR").is_some_and(|folder| std::path::Path::new(&folder).join("bus").exists());
        // Within tmux and screen the terminal may be any, and few settings let alerts through.
        let is_terminal_able = Wrapping::told(&variable) == Wrapping::Bare && osc::surely_tells(&variable);
        Self { is_near: has_service && !is_remote, is_terminal_able, has_failed: false, under_way: None }
    }

    /// Whether the next alert goes to the service; else it goes by way of the terminal.
    pub(super) fn is_wanted(&self, by: NotifyBy) -> bool {
        let wished = match by {
            NotifyBy::Auto => self.is_near && !self.is_terminal_able,
            NotifyBy::Desktop => true,
            NotifyBy::Terminal => false,
        };
        wished && cfg!(feature = "notify") && !self.has_failed && self.under_way.is_none()
    }

    /// Asks the service; needs a Tokio runtime.
    pub(super) fn tell(&mut self, words: Plain) {
        self.under_way = Some(tokio::spawn(async move {
            let said = words.clone();
            let why = match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(move || service::show(&said))).await {
                Ok(Ok(Ok(()))) => return Ok(()),
                Ok(Ok(Err(why))) => why,
                Ok(Err(_panicked)) => "it failed".to_owned(),
                Err(_) => format!("it did not answer within {} s", PATIENCE.as_secs()),
            };
            Err(Undelivered { words, why: Plain::line(&why) })
        }));
    }

    /// The alert under way, once it has ended: what was not taken, if it was not. Waits for ever where none is under way; can
    /// be dropped and asked again.
    pub(super) async fn next(&mut self) -> Option<Undelivered> {
        let Some(under_way) = &mut self.under_way else { return std::future::pending().await };
        let outcome = under_way.await;
        self.under_way = None;
        let undelivered = outcome.ok()?.err()?;
        self.has_failed = true;
        Some(undelivered)
    }
}

#[cfg(feature = "notify")]
mod service {
    use crate::text::Plain;
    use notify_rust::Notification;

    /// Blocks until the service has taken it.
    pub(super) fn show(words: &Plain) -> Result<(), String> {
        let mut notification = Notification::new();
        notification.appname("Trunkline").summary("Trunkline").body(&body(words));
        notification.show().map(|_| ()).map_err(|error| error.to_string())
    }

    /// Many services of the free desktop read a little HTML (<https://specifications.freedesktop.org/notification-spec/>); what
    /// a stranger wrote stays text in them.
    #[cfg(all(unix, not(target_os = "macos")))]
    fn body(words: &Plain) -> String {
        let reads_html = notify_rust::get_capabilities().is_ok_and(|able| able.iter().any(|word| word == "body-markup"));
        if reads_html { escape(words.as_str()) } else { words.as_str().to_owned() }
    }

    #[cfg(not(all(unix, not(target_os = "macos"))))]
    fn body(words: &Plain) -> String {
        words.as_str().to_owned()
    }

    #[cfg(all(unix, not(target_os = "macos")))]
    pub(super) fn escape(text: &str) -> String {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
    }
}

#[cfg(not(feature = "notify"))]
mod service {
    use crate::text::Plain;

    pub(super) fn show(_words: &Plain) -> Result<(), String> {
        Err("this build has no way to it".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "notify")]
    fn by(wished: NotifyBy, set: &[(&str, &str)]) -> bool {
        let set: Vec<(String, String)> = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Desktop::told(move |asked| set.iter().find(|(name, _)| name == asked).map(|(_, value)| value.clone())).is_wanted(wished)
    }

    #[cfg(feature = "notify")]
    #[test]
    fn the_service_is_asked_where_it_is_near_and_the_terminal_is_not_known_to_tell() {
        const BUS: (&str, &str) = ("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere");
        assert!(by(NotifyBy::Auto, &[BUS, ("TERM", "xterm-256color")]));
        assert!(by(NotifyBy::Auto, &[BUS, ("TERM", "tmux-256color"), ("TMUX", "x"), ("KITTY_WINDOW_ID", "1")]), "tmux keeps it to itself");
        for able in [("TERM", "xterm-kitty"), ("TERM", "foot-extra"), ("TERM_PROGRAM", "WezTerm"), ("KITTY_WINDOW_ID", "3")] {
            assert!(!by(NotifyBy::Auto, &[BUS, able]), "{able:?}");
            assert!(by(NotifyBy::Desktop, &[BUS, able]), "{able:?}");
        }
        for ssh in ["SSH_CONNECTION", "SSH_TTY"] {
            assert!(!by(NotifyBy::Auto, &[BUS, (ssh, "x"), ("DISPLAY", ":10")]), "over SSH it speaks on another screen");
        }
        assert!(!by(NotifyBy::Terminal, &[BUS]));
        if cfg!(all(unix, not(target_os = "macos"))) {
            assert!(!by(NotifyBy::Auto, &[("TERM", "xterm")]), "no bus");
        }
    }

    #[cfg(all(feature = "notify", unix, not(target_os = "macos")))]
    #[test]
    fn a_strangers_words_are_no_html() {
        assert_eq!(service::escape("<b>&amp;</b>"), "&lt;b&gt;&amp;amp;&lt;/b&gt;");
    }

    #[tokio::test]
    async fn a_service_that_fails_gives_the_words_back_and_is_asked_no_more() {
        let mut desktop = Desktop::told(|_| None);
        assert_eq!(desktop.is_wanted(NotifyBy::Desktop), cfg!(feature = "notify"));
        let undelivered = Undelivered { words: Plain::line("Ada mentioned you"), why: Plain::line("no one is there") };
        let failed = undelivered.clone();
        desktop.under_way = Some(tokio::spawn(async { Err(failed) }));
        assert!(!desktop.is_wanted(NotifyBy::Desktop), "one is under way");
        assert_eq!(desktop.next().await, Some(undelivered));
        assert!(!desktop.is_wanted(NotifyBy::Desktop));
    }
}
