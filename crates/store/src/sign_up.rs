//! Signing up: a person and a handle that nobody else has.

use std::time::Duration;

use crudder_domain::{Handle, SignUp, User};
use tokio::time::timeout;

use crate::error::{Error, Result};
use crate::transaction::{Outcome, Transaction};
use crate::{Store, user_item};

/// How much sooner than other calls this one gives up: they have 7 s, and Cognito waits 5 s for its trigger. It asks again, and by
/// then a clear answer is better than one more attempt.
const SOONER: Duration = Duration::from_secs(3);

impl Store {
    /// Takes in somebody whom Cognito has confirmed; doing it twice changes nothing. A handle that is taken gets part of the
    /// `sub` as a suffix. Each handle tried is one transaction; the first is usual, the second rare, the third next to never.
    ///
    /// # Errors
    /// [`Error::Busy`], also when it is not done within 4 s; [`Error::Refused`].
    pub async fn sign_up(&self, sign_up: &SignUp) -> Result<User> {
        let late = |_| Err(Error::Busy { attempts: 1, source: "signing up took longer than Cognito waits".into() });
        let within = self.table().retry_within.saturating_sub(SOONER);
        timeout(within, self.claim_handle(sign_up)).await.unwrap_or_else(late)
    }

    async fn claim_handle(&self, sign_up: &SignUp) -> Result<User> {
        for handle in sign_up.candidates() {
            let mut write = Transaction::default();
            let person = write.put_new(user_item::profile(sign_up, &handle));
            let _ = write.put_new(user_item::claim(sign_up, &handle));
            match write.commit(self.table()).await? {
                Outcome::Written => return Ok(fresh(sign_up, handle)),
                Outcome::Unmet(unmet) if unmet.contains(&person) => return self.user_by_sub(&sign_up.sub).await,
                Outcome::Unmet(_) => (),
            }
        }
        // The last candidate holds the whole `sub`: whoever has it chose it out of malice.
        Err(Error::Busy { attempts: 5, source: "every form of the handle is taken".into() })
    }
}

fn fresh(sign_up: &SignUp, handle: Handle) -> User {
    let (sub, display_name) = (sign_up.sub.clone(), sign_up.display_name.clone());
    User { sub, handle, display_name, bio: None, cruds_count: 0 }
}
