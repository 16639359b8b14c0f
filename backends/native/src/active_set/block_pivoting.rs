//! Exchanges of all constraints of the wrong sign at once.

use super::budget::{Budget, Stop};
use super::engine::Engine;

/// Exchanges without fewer wrong signs before the method gives way.
const TRIES: u32 = 3;
/// Fewer violated constraints than this are left to the steps of Goldfarb and Idnani.
const FEW: usize = 4;

impl Engine {
    /// Exchanges until the working set is consistent (true) or there is no progress (false), from a point that need not be
    /// exact.
    pub(super) fn block_pivot(&mut self, warm: bool, budget: &mut Budget) -> Result<bool, Stop> {
        let (mut best, mut tries) = (usize::MAX, TRIES);
        loop {
            self.find_violated();
            let wrong = self.count_wrong();
            let bad = wrong + self.violated.len();
            if bad == 0 {
                if !self.refine_rows(self.target()) || self.is_consistent() {
                    return Ok(true);
                }
                continue;
            }
            if !warm && best == usize::MAX && self.violated.len() < FEW {
                self.refine_rows(self.target());
                return Ok(false);
            }
            if bad < best {
                (best, tries) = (bad, TRIES);
            } else {
                tries -= 1;
            }
            if tries == 0 || self.factor.members.len() - wrong + self.violated.len() > self.data.n {
                self.refine_rows(self.target());
                return Ok(false);
            }
            budget.spend()?;
            if !self.exchange() {
                self.recover();
                return Ok(false);
            }
            self.recover_roughly();
        }
    }

    /// Drops the wrong signs and adds the violated constraints; false, with the working set as it was, where these are
    /// not independent.
    fn exchange(&mut self) -> bool {
        self.drop_wrong_signs();
        let Self { factor, data, violated, removed, .. } = self;
        factor.columns.ensure(data, &factor.llt, violated.iter().map(|w| w.index));
        if factor.append_all(violated) {
            return true;
        }
        removed.iter().for_each(|w| {
            factor.append(*w);
        });
        false
    }

    /// Removes the members of the wrong sign, and lists them; the multipliers are those before.
    fn drop_wrong_signs(&mut self) {
        let Self { factor, removed, positions, y, .. } = self;
        let is_wrong = |p: &usize| factor.members[*p].sign * y[*p] < 0.0;
        positions.clear();
        positions.extend((0..factor.members.len()).filter(is_wrong));
        removed.clear();
        removed.extend(positions.iter().map(|&p| factor.members[p]));
        factor.remove_all(positions);
    }

    /// Drops members until no multiplier has the wrong sign.
    pub(super) fn make_dual_feasible(&mut self, budget: &mut Budget) -> Result<(), Stop> {
        while self.count_wrong() > 0 {
            budget.spend()?;
            self.drop_wrong_signs();
            self.recover();
        }
        Ok(())
    }
}
