//! The span around reading a list, with the course's two attributes.

use std::future::Future;
use std::time::SystemTime;

use crudder_domain::{Activity, ActivityPage, Message, MessageGroup, Notification, Page, Timestamp, UserPage};
use tracing::{Instrument as _, Span, field, info_span};

use crate::error::{ApiError, Result};

/// The content of a page, which has a length to record.
pub trait List {
    /// Returns how many items the list holds.
    fn result_length(&self) -> usize;
}

macro_rules! impl_list {
    ($($item:ty),*) => {
        $(impl List for Vec<$item> {
            fn result_length(&self) -> usize {
                self.len()
            }
        })*
    };
}

impl_list!(Activity, Message, MessageGroup, Notification);

impl List for UserPage {
    fn result_length(&self) -> usize {
        self.activities.len()
    }
}

impl List for ActivityPage {
    fn result_length(&self) -> usize {
        self.replies.len()
    }
}

/// Waits for `list` inside a span named `name`.
///
/// The span has `app.now` from its start and `app.result_length` from its end. The length is also
/// an X-Ray annotation, so that traces can be searched by it.
///
/// # Errors
/// The error of `list`.
pub async fn list_span<T: List, E>(
    name: &'static str,
    list: impl Future<Output = std::result::Result<Page<T>, E>>,
) -> Result<Page<T>>
where
    ApiError: From<E>,
{
    let now = Timestamp::from(SystemTime::now());
    let span = info_span!("list", otel.name = name, app.now = %now, app.result_length = field::Empty);
    async {
        let page = list.await?;
        let length = page.content.result_length();
        Span::current().record("app.result_length", length);
        crudder_telemetry::set_annotation("result_length", i64::try_from(length).unwrap_or(i64::MAX));
        Ok(page)
    }
    .instrument(span)
    .await
}
