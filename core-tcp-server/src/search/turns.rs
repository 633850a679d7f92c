//! Turns for searching. A few searches run at a time, at most one per user, and waiting searches are taken user by
//! user, so that users with many searches only delay themselves.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::limits::{BUSY_RETRY_MS, SEARCHES_MAX, SEARCHES_PER_USER_MAX, TURN_WAIT_MS};
use crate::error::Error;
use crate::store::UserId;

/// The turns of all users.
#[derive(Default)]
pub struct Turns(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    running: HashSet<UserId>,
    /// The waiting searches by user; absent if none.
    waiting: HashMap<UserId, VecDeque<oneshot::Sender<Turn>>>,
    /// The users with waiting searches, in the order of their turns.
    order: VecDeque<UserId>,
}

/// A turn, returned when dropped.
pub struct Turn {
    turns: Arc<Turns>,
    user: UserId,
}

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// `rate_limited` if this user already has too many searches waiting; `busy` if the wait takes too long.
    pub async fn take(self: &Arc<Self>, user: UserId) -> Result<Turn, Error> {
        let told = {
            let mut inner = self.inner();
            if inner.running.len() < SEARCHES_MAX && inner.order.is_empty() && inner.running.insert(user) {
                return Ok(Turn { turns: Arc::clone(self), user });
            }
            let waiting = inner.waiting.entry(user).or_default();
            waiting.retain(|tell| !tell.is_closed());
            if waiting.len() >= SEARCHES_PER_USER_MAX {
                let msg = "you have 8 searches waiting: wait for their answers before you send more";
                return Err(Error::too_often(msg, BUSY_RETRY_MS));
            }
            let (tell, told) = oneshot::channel();
            waiting.push_back(tell);
            if !inner.order.contains(&user) {
                inner.order.push_back(user);
            }
            told
        };
        self.hand_out();
        match tokio::time::timeout(Duration::from_millis(TURN_WAIT_MS), told).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(Error::busy("others search too: try again in a moment", BUSY_RETRY_MS)),
        }
    }

    /// Gives free turns to waiting searches.
    fn hand_out(self: &Arc<Self>) {
        loop {
            let next = self.inner().next();
            let Some((user, tell)) = next else { return };
            // If nobody waits for it any more, it is dropped, and thereby returned.
            drop(tell.send(Turn { turns: Arc::clone(self), user }));
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Returns the next search, if a turn is free.
    fn next(&mut self) -> Option<(UserId, oneshot::Sender<Turn>)> {
        if self.running.len() >= SEARCHES_MAX {
            return None;
        }
        let at = self.order.iter().position(|user| !self.running.contains(user))?;
        let user = self.order.remove(at)?;
        let waiting = self.waiting.get_mut(&user)?;
        let tell = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&user);
        } else {
            self.order.push_back(user);
        }
        let tell = tell?;
        self.running.insert(user);
        Some((user, tell))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.inner().running.remove(&self.user);
        self.turns.hand_out();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use wardroom_protocol::Code;

    use super::*;

    #[tokio::test]
    async fn one_user_with_many_searches_holds_up_nobody_else() {
        let turns = Arc::new(Turns::default());
        let (ann, ben, cleo) = (UserId(1), UserId(2), UserId(3));
        let first = turns.take(ann).await.unwrap();
        let ask = |user| {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(user).await })
        };
        let mut waiting: Vec<_> = (0..64).map(|_| ask(ann)).collect();
        tokio::task::yield_now().await;
        // Ann gets one turn, however many she asks for: Ben gets the other at once.
        let of_ben = turns.take(ben).await.unwrap();
        let of_cleo = ask(cleo);
        tokio::task::yield_now().await;
        drop(of_ben);
        let of_cleo = of_cleo.await.unwrap().unwrap();
        let refused = waiting.split_off(SEARCHES_PER_USER_MAX);
        for task in refused {
            assert_eq!(task.await.unwrap().err().unwrap().code, Code::RateLimited);
        }
        drop((first, of_cleo));
        for task in waiting {
            drop(task.await.unwrap().unwrap());
        }
        assert!(turns.inner().waiting.is_empty() && turns.inner().order.is_empty() && turns.inner().running.is_empty());
    }

    #[tokio::test]
    async fn whoever_gives_up_keeps_no_turn() {
        let turns = Arc::new(Turns::default());
        let held = turns.take(UserId(1)).await.unwrap();
        let waiting = {
            let turns = Arc::clone(&turns);
            tokio::spawn(async move { turns.take(UserId(1)).await.map(drop) })
        };
        tokio::task::yield_now().await;
        assert_eq!(turns.inner().waiting.len(), 1);
        waiting.abort();
        drop(waiting.await);
        drop(held);
        drop(turns.take(UserId(1)).await.unwrap());
        assert!(turns.inner().running.is_empty());
    }
}
