//! Who in this process is at it: the others wait for them instead of asking the database again and again.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, Weak};

use tokio::sync::Mutex;

use crate::domain::SecretId;

#[derive(Clone, Default)]
pub(super) struct Turns(Arc<std::sync::Mutex<HashMap<SecretId, Weak<Mutex<()>>>>>);

impl Turns {
    pub fn of(&self, id: &SecretId) -> Arc<Mutex<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(id).and_then(Weak::upgrade) {
            return turn;
        }
        // Those that nobody waits for any more are forgotten now and then.
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::new(Mutex::new(()));
        turns.insert(id.clone(), Arc::downgrade(&turn));
        turn
    }
}
