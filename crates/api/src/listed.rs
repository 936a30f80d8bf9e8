//! The span around a list: what the course calls its custom span, with its two attributes.

use std::future::Future;
use std::time::SystemTime;

use crudder_domain::{Activity, ActivityPage, Message, MessageGroup, Moment, Notification, Page, UserPage};
use tracing::{Instrument as _, Span, field, info_span};

use crate::error::{ApiError, Result};

/// What has a length that is worth knowing.
pub trait Listed {
    /// How many items the list holds.
    fn result_length(&self) -> usize;
}

macro_rules! listed {
    ($($item:ty),*) => {
        $(impl Listed for Vec<$item> {
            fn result_length(&self) -> usize {
                self.len()
            }
        })*
    };
}

listed!(Activity, Message, MessageGroup, Notification);

impl Listed for UserPage {
    fn result_length(&self) -> usize {
        self.activities.len()
    }
}

impl Listed for ActivityPage {
    fn result_length(&self) -> usize {
        self.replies.len()
    }
}

/// Waits for a list inside a span called `name`, with `app.now` from its start and `app.result_length` from its end; the length is
/// searchable in X-Ray too.
///
/// # Errors
/// Those of `list`.
pub async fn listed<T: Listed, E>(
    name: &'static str,
    list: impl Future<Output = std::result::Result<Page<T>, E>>,
) -> Result<Page<T>>
where
    ApiError: From<E>,
{
    let now = Moment::from(SystemTime::now());
    let span = info_span!("listed", otel.name = name, app.now = %now, app.result_length = field::Empty);
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
