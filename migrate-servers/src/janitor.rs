//! Cleans up when this process is gone, however it ended.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Command, Stdio};

use crate::error::Error;

/// A shell that waits for the end of its input: the pipe closes with this process, also after `kill -9`.
pub struct Janitor {
    shell: Child,
    pipe: Option<ChildStdin>,
}

/// Kills each process group in the file `groups` of a folder, then removes the folder. A server of PostgreSQL that is killed
/// leaves a segment of shared memory, and a system has few of them: the last number in the seventh line of its
/// `postmaster.pid` is the segment.
pub const OF_SERVER: &str = "while read -r group; do kill -s KILL -- \"-$group\"; done < \"$0/groups\" 2> /dev/null; \
    segment=$(sed -n 's/^ *[0-9-]* *\\([0-9]*\\)$/\\1/; 7p' \"$0/data/postmaster.pid\") && ipcrm -m \"$segment\"; \
    for try in 1 2 3 4 5 6 7 8 9; do rm -rf \"$0\" && break; sleep 0.1; done";

/// The file in the folder of a shared server that says that it can be joined.
pub const RUNNING: &str = "running";

/// Waits until no user of a shared server has been alive for this many seconds. Who joins writes its file among the users
/// first and then looks for `running`; this removes `running` first and then looks for users.
pub const OF_SHARED_SERVER: &str = "used() { any=1; for user in \"$0\"/users/*; do [ -e \"$user\" ] || continue; \
    name=${user##*/}; if kill -0 \"${name%%.*}\" 2> /dev/null; then any=0; else rm -f \"$user\"; fi; done; return $any; }; \
    idle=0; while :; do if used; then idle=0; elif [ \"$idle\" -ge SECONDS ]; then \
    mv \"$0/running\" \"$0/stopping\"; used || break; mv \"$0/stopping\" \"$0/running\"; idle=0; \
    else idle=$((idle + 1)); fi; sleep 1; done; ";

/// Removes a container. One that is just being created is not known yet.
pub const OF_CONTAINER: &str =
    "for try in 1 2 3; do docker rm --force --volumes \"$0\" && break; sleep 1; done";

impl Janitor {
    /// One that runs `script` about `subject` in the end.
    pub fn of(script: &str, subject: &OsStr) -> Result<Self, Error> {
        let mut shell = Command::new("sh")
            .args(["-c", &format!("cat > /dev/null; {script}")])
            .arg(subject)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of a Ctrl-C that ends this process.
            .process_group(0)
            .spawn()
            .map_err(|error| Error::io("sh cannot be started", &error))?;
        let pipe = shell.stdin.take();
        Ok(Self { shell, pipe })
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.pipe = None;
        // It ends by itself; waited for, so that the port and the folder are free when this returns.
        let _ = self.shell.wait();
    }
}
