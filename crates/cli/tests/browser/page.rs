//! A running `crudder local` with its console open in a browser.

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{Running, crudder};
use crate::driver::Browser;

/// The page and all that is behind it.
pub(crate) struct Page {
    pub(crate) browser: Browser,
    pub(crate) running: Running,
    _data: TempDir,
}

impl Page {
    pub(crate) async fn open() -> Self {
        Self::of_size(1400, 900).await
    }

    pub(crate) async fn of_size(width: u32, height: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let running = Running::start(crudder(data.path())).await;
        let browser = Browser::open(width, height).await;
        browser.go(&running.console).await;
        browser.until("document.querySelector('.state.live')").await;
        Self { browser, running, _data: data }
    }

    /// Goes where an address in the page leads.
    pub(crate) async fn go(&self, hash: &str) {
        self.browser.value(&format!("(location.hash = {}, 1)", json!(hash))).await;
    }

    /// Waits for a text somewhere in what a selector finds.
    pub(crate) async fn text(&self, selector: &str, text: &str) -> Value {
        let (selector, text) = (json!(selector), json!(text));
        self.browser
            .until(&format!("[...document.querySelectorAll({selector})].some((one) => one.innerText.includes({text}))"))
            .await
    }

    /// The trace that is open, once one is.
    pub(crate) async fn trace(&self) -> String {
        let open = self.browser.until("document.querySelector('.detail')?.dataset.trace").await;
        open.as_str().unwrap().to_owned()
    }

    /// Ends both, after a look at whether the browser has anything to complain of.
    pub(crate) async fn close(self) {
        let violations = self.browser.violations().await;
        assert_eq!(violations, Vec::<String>::new(), "the browser complains");
        self.browser.close().await;
        self.running.end(Signal::INT).await;
    }
}
