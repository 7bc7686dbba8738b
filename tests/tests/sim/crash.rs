//! Where an engine is interrupted: after so many steps inside transactions from now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts down over the steps of all operations; at zero the operation is abandoned.
#[derive(Clone, Default)]
pub struct Fuse(Arc<AtomicU64>);

impl Fuse {
    /// Burns out at the `steps`th step from now.
    pub fn light(&self, steps: u64) {
        self.0.store(steps, Ordering::Relaxed);
    }

    /// Will not burn out.
    pub fn douse(&self) {
        self.light(0);
    }

    /// What the engine asks at every step.
    pub fn interrupt(&self) -> snug_engine::Interrupt {
        let left = self.0.clone();
        Box::new(move |_| match left.load(Ordering::Relaxed) {
            0 => false,
            1 => {
                left.store(0, Ordering::Relaxed);
                true
            }
            n => {
                left.store(n - 1, Ordering::Relaxed);
                false
            }
        })
    }
}
