//! Keeps the cores busy during a measurement. The host gives an idle core of a virtual machine to
//! others, and it comes back late and with cold caches: the bare function was measured to respond
//! in 34 us on busy cores, and in 87 to 124 us on a machine with nothing else to do. That is the
//! host's cost, varies from hour to hour, and hides ours.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};

/// One process per core that spins at the scheduler's idle priority: every other process gets the
/// core at once.
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// Starts the processes with `chrt` of util-linux. Without it the cores may idle, and a line
    /// says so.
    pub(crate) fn start() -> io::Result<Self> {
        let cores = std::thread::available_parallelism()?.get();
        let program = std::env::current_exe()?;
        let spinner =
            || Command::new("chrt").args(["--idle", "0"]).arg(&program).arg("keep-awake").stdin(Stdio::piped()).spawn();
        let spinners: io::Result<Vec<_>> = (0..cores).map(|_| spinner()).collect();
        match spinners {
            Ok(spinners) => Ok(Self(spinners)),
            Err(error) => {
                println!("the cores may idle, which costs each request: no `chrt` ({error})");
                Ok(Self(Vec::new()))
            }
        }
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for spinner in &mut self.0 {
            // It may have ended already.
            let _ = spinner.kill();
            let _ = spinner.wait();
        }
    }
}

/// Lowers the priority of a thread that represents something outside of the sandbox: a reader of
/// lines or datagrams, or a destination. It must not take a core from what is measured.
pub(crate) fn lower_priority() {
    // On Linux this concerns only this thread. If it fails, figures are a little worse.
    let _ = rustix::process::nice(19);
}

/// Spins until the process that started it has ended.
pub(crate) fn spin() -> ! {
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    loop {
        std::hint::spin_loop();
    }
}
