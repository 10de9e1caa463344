//! Opens an address in the reader's browser.
//!
//! Only addresses of the web, one argument, no shell, nothing of ours in its environment, and not over SSH, where a browser
//! would open on the wrong screen or in the terminal. Absent on purpose: waiting for the browser to end.

use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use url::Url;

/// How long an opener may take to say that it cannot.
const PATIENCE: Duration = Duration::from_secs(2);

/// Hands the address to the first opener that takes it; why not, in words, where none does.
pub(super) async fn open(url: &Url) -> Result<(), String> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err("it is not an address of the web".to_owned());
    }
    if ["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"].iter().any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err("you are here over SSH".to_owned());
    }
    for launcher in open::commands(url.as_str()) {
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
    Err("no browser was found".to_owned())
}
