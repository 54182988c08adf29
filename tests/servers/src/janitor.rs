//! What kills a server and removes its folder when the process that started it is gone, in whatever way.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

/// A shell that waits for the end of its input: the pipe closes with this process, also when that is killed.
pub(crate) struct Janitor {
    shell: Child,
    pipe: Option<ChildStdin>,
}

/// Each process group in the file `groups` is killed; then the folder goes.
const SCRIPT: &str = "cat > /dev/null; while read -r group; do kill -s KILL -- \"-$group\"; done < \"$0/groups\" 2> /dev/null; \
                      for try in 1 2 3 4 5 6 7 8 9; do rm -rf \"$0\" && break; sleep 0.1; done";

impl Janitor {
    pub(crate) fn of(folder: &Path) -> Self {
        let mut shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Out of reach of a Ctrl-C that ends the tests.
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let pipe = shell.stdin.take();
        Self { shell, pipe }
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.pipe = None;
        // It ends by itself; waited for, so that the port and the folder are free when this returns.
        let _ = self.shell.wait();
    }
}
