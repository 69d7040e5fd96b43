//! What came of a call, recorded when it is over and waited for by nobody.

use std::sync::Arc;

use crate::catalog::NodeType;
use crate::domain::Moment;
use crate::domain::audit::{CallEvent, Event};
use crate::domain::usage::{Called, Counted, Heard};
use crate::upstream::passing::{End, Told};
use crate::upstream::{Failure, Refused};

use super::request::Counter;
use super::{CallRefusal, Means};
use crate::actions::audit::Origin;
use crate::actions::renewing::Renewer;
use crate::actions::uses::Use;
use crate::actions::using::Ready;

/// Everything that the second entry says, as it becomes known.
pub(super) struct Outcome {
    renewer: Arc<Renewer>,
    /// As the first entry counted it.
    of: Use,
    origin: Origin,
    name: String,
    began: Moment,
    sent: Counter,
    status: Option<u16>,
    /// What each status means here.
    refusing: Vec<u16>,
    limiting: Vec<u16>,
    /// Whether the call was handed on: what Keyrack itself stopped is no call, and upstream has failed at nothing.
    left: bool,
    told: bool,
}

/// Whoever waits for an answer may go away at any moment; what was begun has an end all the same.
impl Drop for Outcome {
    fn drop(&mut self) {
        if !self.told {
            self.record(Some(GONE.to_owned()), 0);
        }
    }
}

const GONE: &str = "whoever asked had gone away";

impl Outcome {
    pub fn new(means: &Means, (first, ready): (Use, &Ready), description: Option<&NodeType>, sent: Counter) -> Self {
        let probe = description.and_then(|of| of.probe.as_ref());
        let limits = description.and_then(|of| of.rate_limits.as_ref());
        Self {
            began: means.renewer.now(),
            renewer: means.renewer.clone(),
            of: first,
            origin: ready.origin.clone(),
            name: ready.name.to_string(),
            sent,
            status: None,
            refusing: probe.map(|probe| probe.rejected.clone()).unwrap_or_default(),
            limiting: limits.map(|limits| limits.statuses.clone()).unwrap_or_default(),
            left: false,
            told: false,
        }
    }

    pub fn leaves(&mut self) {
        self.left = true;
    }

    pub fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    pub fn heard(&self) -> Heard {
        Heard::of(self.status, &self.refusing, &self.limiting)
    }

    /// There was no answer, or nothing was asked.
    pub fn came_to_nothing(&mut self, why: CallRefusal) -> CallRefusal {
        // The address is looked at on the way out, and nothing goes to one that is refused. A name that leads nowhere is
        // upstream's own trouble.
        if let CallRefusal::Failed(Failure::Refused(refused)) = why {
            self.left &= refused == Refused::NoSuchName;
        }
        self.record(Some(why.to_string()), 0);
        why
    }

    /// The value could not be opened, and nothing was sent.
    pub fn not_sent(&mut self) {
        self.record(Some("nothing was sent".to_owned()), 0);
    }

    pub fn over(mut self, how: End, received: u64) {
        let failure = match how {
            End::Whole => None,
            End::Broken(failure) => Some(failure.to_string()),
            End::Left => Some(GONE.to_owned()),
        };
        self.record(failure, received);
    }

    /// Records it when the body has ended.
    pub fn teller(self) -> Told {
        Box::new(move |how, received| self.over(how, received))
    }

    fn record(&mut self, failure: Option<String>, received: u64) {
        self.told = true;
        let now = self.renewer.now();
        let millis = i64::try_from(now.since(self.began).as_millis()).unwrap_or(i64::MAX);
        let received = i64::try_from(received).unwrap_or(i64::MAX);
        let sent = if self.left { self.sent.so_far() } else { 0 };
        let event = CallEvent::Ended {
            secret: self.of.secret.clone(),
            name: self.name.clone(),
            status: self.status,
            failure,
            sent,
            received,
            millis,
        };
        let called = Called { heard: self.heard(), status: self.status, millis, sent, received };
        let entry = self.origin.entry(now, Event::Call(event));
        let counted = if self.left { Counted::Call(called) } else { Counted::Nothing };
        self.renewer.recorder.note(Use { counted, entry: Arc::new(entry), ..self.of.clone() });
    }
}
