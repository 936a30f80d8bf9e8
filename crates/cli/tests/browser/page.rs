//! A running `crudder local` whose console is open in a browser.

use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::driver::Browser;
use crate::local_process::{LocalProcess, crudder_local};

/// The page in the browser, and the process that serves it.
pub(crate) struct Page {
    pub(crate) browser: Browser,
    pub(crate) local: LocalProcess,
    _data: TempDir,
}

impl Page {
    pub(crate) async fn open() -> Self {
        Self::open_with_size(1400, 900).await
    }

    pub(crate) async fn open_with_size(width: u32, height: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let local = LocalProcess::start(crudder_local(data.path())).await;
        let browser = Browser::open(width, height).await;
        browser.go(&local.console).await;
        browser.until("document.querySelector('.state.live')").await;
        Self { browser, local, _data: data }
    }

    /// Sets the fragment of the page's address, which selects a view.
    pub(crate) async fn go(&self, hash: &str) {
        self.browser.value(&format!("(location.hash = {}, 1)", json!(hash))).await;
    }

    /// Waits until an element that matches the selector contains a text.
    pub(crate) async fn text(&self, selector: &str, text: &str) -> Value {
        let (selector, text) = (json!(selector), json!(text));
        self.browser
            .until(&format!("[...document.querySelectorAll({selector})].some((one) => one.innerText.includes({text}))"))
            .await
    }

    /// Waits for a trace to be open, and returns its ID.
    pub(crate) async fn trace(&self) -> String {
        let open = self.browser.until("document.querySelector('.detail')?.dataset.trace").await;
        open.as_str().unwrap().to_owned()
    }

    /// Asserts that the browser logged no error, and stops both processes.
    pub(crate) async fn close(self) {
        let errors = self.browser.logged_errors().await;
        assert_eq!(errors, Vec::<String>::new(), "the browser logged errors");
        self.browser.close().await;
        self.local.end(Signal::INT).await;
    }
}
