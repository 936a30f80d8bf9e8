//! Sign-up: adds a user under a unique handle.

use std::time::Duration;

use crudder_domain::{Handle, SignUp, User};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::store::Store;
use crate::transaction::Transaction;
use crate::transaction_response::Outcome;
use crate::user_item;

/// How much earlier this call gives up than others. They retry for 7 s, but Cognito waits only 5 s
/// for its trigger. Cognito repeats the call, so an error in time is better than one more attempt.
const EARLIER: Duration = Duration::from_secs(3);

impl Store {
    /// Adds a user whom Cognito has confirmed. A second call changes nothing.
    ///
    /// If the handle is taken, the user gets it with a part of the `sub` as suffix. Each handle
    /// tried is one transaction. The first one usually succeeds, the second one rarely fails, and a
    /// third one is almost never needed.
    ///
    /// # Errors
    /// [`Error::Busy`], also after 4 s; [`Error::Refused`].
    pub async fn sign_up(&self, sign_up: &SignUp) -> Result<User> {
        let timed_out =
            |_| Err(Error::Busy { attempts: 1, source: "the sign-up took longer than Cognito waits".into() });
        let within = self.table().retry_within.saturating_sub(EARLIER);
        timeout(within, self.claim_handle(sign_up)).await.unwrap_or_else(timed_out)
    }

    async fn claim_handle(&self, sign_up: &SignUp) -> Result<User> {
        for handle in sign_up.candidates() {
            let mut write = Transaction::default();
            let profile = write.put_new(user_item::profile(sign_up, &handle));
            let _ = write.put_new(user_item::handle(sign_up, &handle));
            match write.commit(self.table()).await? {
                Outcome::Committed => return Ok(new_user(sign_up, handle)),
                Outcome::ConditionsFailed(failed) if failed.contains(&profile) => {
                    return self.user_by_sub(&sign_up.sub).await;
                }
                Outcome::ConditionsFailed(_) => (),
            }
        }
        // The last candidate contains the whole `sub`, so it was taken on purpose.
        Err(Error::Busy { attempts: 5, source: "every form of the handle is taken".into() })
    }
}

fn new_user(sign_up: &SignUp, handle: Handle) -> User {
    let (sub, display_name) = (sign_up.sub.clone(), sign_up.display_name.clone());
    User { sub, handle, display_name, bio: None, cruds_count: 0 }
}
