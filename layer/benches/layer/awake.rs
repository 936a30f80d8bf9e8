//! Keeps the cores out of idle while something is measured. A core of a virtual machine that idles is given to others by the host, and
//! comes back late and with cold caches: measured, the bare function answers in 34 us on cores that stay awake, and in 87 to 124 on a
//! machine with nothing else to do. That is the host's cost, differs from hour to hour, and hides ours.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};

/// A process a core that spins at the scheduler's idle priority: whoever wants the core has it at once.
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// `chrt` is a part of util-linux, so of every Debian; without it, the cores idle as they like, and that is said.
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
            // It is gone, or goes now.
            let _ = spinner.kill();
            let _ = spinner.wait();
        }
    }
}

/// For threads that stand for what runs outside of a sandbox: whoever reads its lines, its datagrams, its vendors' connections. They take
/// no core from what is measured.
pub(crate) fn stand_back() {
    // On Linux a thread's own. Where it can't be had, figures are a little worse.
    let _ = rustix::process::nice(19);
}

/// The spinner itself: until whoever started it is gone, however that ends.
pub(crate) fn spin() -> ! {
    std::thread::spawn(|| {
        let _ = io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    loop {
        std::hint::spin_loop();
    }
}
