//! Opens an address in the reader's browser.
//!
//! Only addresses of the web, one argument, no shell, nothing of ours in its environment and nothing of the terminal in its
//! hands, and not over SSH, where a browser would open on the wrong screen or in the terminal. Absent on purpose: waiting for
//! the browser to end.

use crate::text::WebAddress;
use std::ffi::OsString;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long an opener may take to say that it cannot.
const PATIENCE: Duration = Duration::from_secs(2);

/// Why nothing was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The screen that the reader sees is another machine's.
    #[error("you are here over SSH")]
    Remote,
    /// No opener took it.
    #[error("no browser was found")]
    NoBrowser,
}

/// Hands the address to the first opener that takes it.
pub async fn open(address: &WebAddress) -> Result<(), OpenError> {
    if is_remote() {
        return Err(OpenError::Remote);
    }
    for launcher in open::commands(address.as_str()) {
        let mut command = Command::from(launcher);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).env_remove("TRUNKLINE_TOKEN");
        // Not in our group: Ctrl-C here is not meant for the browser.
        #[cfg(unix)]
        command.process_group(0);
        let Ok(mut child) = command.spawn() else { continue };
        match tokio::time::timeout(PATIENCE, child.wait()).await {
            // Windows' opener has no exit code that says anything.
            Ok(Ok(status)) if !status.success() && cfg!(unix) => {}
            Ok(Ok(_) | Err(_)) | Err(_) => return Ok(()),
        }
    }
    Err(OpenError::NoBrowser)
}

/// Whether the reader sits at another machine, whose screen cannot be reached from here.
pub fn is_remote() -> bool {
    remote(|name| std::env::var_os(name))
}

fn remote(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let is_set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    // With a display that was forwarded a browser opens where the reader sits.
    is_over_ssh(is_set) && !["DISPLAY", "WAYLAND_DISPLAY"].into_iter().any(is_set)
}

/// Whether this machine is reached over SSH, with a display or without, by which variables of the environment are set.
pub fn is_over_ssh(is_set: impl Fn(&str) -> bool) -> bool {
    ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].into_iter().any(is_set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_ssh_without_a_display_nothing_is_opened() {
        let of = |set: &'static [&'static str]| remote(move |asked| set.contains(&asked).then(|| OsString::from("x")));
        assert!(of(&["SSH_CONNECTION"]) && of(&["SSH_TTY"]) && of(&["SSH_CLIENT", "TERM"]));
        assert!(!of(&[]) && !of(&["DISPLAY"]) && !of(&["SSH_CONNECTION", "DISPLAY"]) && !of(&["SSH_TTY", "WAYLAND_DISPLAY"]));
        assert!(!remote(|name| (name == "SSH_TTY").then(OsString::new)), "empty is not set");
    }
}
