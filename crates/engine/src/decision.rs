//! What the person decided, on whichever of their devices: it shows at once where it was decided, and in the
//! end the last one in the log of the own conversation stands everywhere (rule 26).

use crate::error::Result;
use crate::store::table::log;
use crate::store::table::outbox::{self as queue, Intent};
use crate::work::Work;
use crate::{block, keeping, own, verify};
use snug_wire::own::{Decision, Judgement};

/// Queues a decision for one's other devices; here it is made already.
pub(crate) fn tell(w: &mut Work<'_>, decision: Decision) -> Result<()> {
    own::send(w, Intent::Decide(decision))
}

/// The log has a decision, of this device or another. What this device said last about the same, and the log
/// does not have yet, will stand.
pub(crate) fn arrived(w: &mut Work<'_>, decision: &Decision, ours: bool) -> Result<()> {
    if is_overtaken(w, decision, ours)? {
        return Ok(());
    }
    match decision {
        Decision::Judged(who, Judgement::Blocked(name)) => {
            block::block(w, who, name)?;
        }
        Decision::Judged(who, Judgement::Unblocked) => {
            block::unblock(w, who)?;
        }
        Decision::Judged(who, Judgement::Verified(state, version)) => {
            verify::set(w, who, state, *version)?;
            verify::look_again(w, who)?;
        }
        Decision::Judged(who, Judgement::Unverified) => verify::unset(w, who)?,
        Decision::Strangers(refuse) => block::set_strangers(w, *refuse)?,
        Decision::Kept(chat, new) => keeping::apply(w, chat, new)?,
    }
    Ok(())
}

/// Whether a later decision of this device about the same waits to be sent.
fn is_overtaken(w: &Work<'_>, decision: &Decision, ours: bool) -> Result<bool> {
    let own = w.me()?.own;
    let is = |intent: &Intent| matches!(intent, Intent::Decide(other) if is_about_the_same(decision, other));
    let mut waiting = 0;
    for log in log::of(w.db, &own)? {
        let lane = queue::of_lane(w.db, &log.address)?;
        waiting += lane.iter().filter(|row| is(&row.intent)).count();
    }
    // Ours is among them until it is settled.
    Ok(waiting > usize::from(ours))
}

fn is_about_the_same(a: &Decision, b: &Decision) -> bool {
    use Judgement::{Blocked, Unblocked};
    let blocks = |judged: &Judgement| matches!(judged, Blocked(_) | Unblocked);
    match (a, b) {
        (Decision::Judged(a, x), Decision::Judged(b, y)) => a == b && blocks(x) == blocks(y),
        (Decision::Kept(a, _), Decision::Kept(b, _)) => a == b,
        (Decision::Strangers(_), Decision::Strangers(_)) => true,
        _ => false,
    }
}
