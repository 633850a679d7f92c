//! The bulk data of a write: output of runs, and downloads.

use bytes::Bytes;

use super::Writer;
use crate::flow::Step;
use crate::limits::BULK_FRAMES_PER_WRITE_MAX;

impl Writer {
    /// Takes the next frames of the raw flow.
    pub(super) async fn take_alone(&mut self, out: &mut Vec<Bytes>) {
        let Some(flow) = &mut self.alone else { return };
        let mut step = flow.take(BULK_FRAMES_PER_WRITE_MAX, out);
        if step == Step::Load {
            flow.load().await;
            step = flow.take(BULK_FRAMES_PER_WRITE_MAX, out);
        }
        if step == Step::Done {
            self.alone = None;
        }
        if step != Step::Wait {
            self.sender.wake();
        }
    }

    /// Takes frames of all flows in turn, up to the bound of one write.
    pub(super) async fn take_bulk(&mut self, out: &mut Vec<Bytes>) {
        let mut index = 0;
        let until = out.len() + BULK_FRAMES_PER_WRITE_MAX;
        let rounds = self.flows.len();
        for _ in 0..rounds {
            if out.len() >= until {
                // The next round starts with the flows that got no turn in this one.
                self.flows.rotate_left(index.min(rounds));
                return self.sender.wake();
            }
            let Some(flow) = self.flows.get_mut(index) else { break };
            let from = out.len();
            let mut step = flow.take(until - from, out);
            if step == Step::Load {
                flow.load().await;
                step = flow.take(until - from, out);
            }
            if let Some(render) = &mut self.render {
                for frame in out.iter_mut().skip(from) {
                    *frame = render.render(std::mem::take(frame));
                }
            }
            match step {
                Step::Done => drop(self.flows.remove(index)),
                Step::Wait => index += 1,
                Step::More | Step::Load => {
                    index += 1;
                    self.sender.wake();
                }
            }
        }
    }
}
