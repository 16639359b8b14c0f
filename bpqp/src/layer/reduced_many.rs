//! Many right-hand sides of the KKT system on an active set: one pass of triangular solves for a block of them, and one pass
//! over the data for the residuals of as many as fit a register side by side.

use bpqp_traits::vector::max_nan;
use bpqp_traits::{LANES, Lane, ProgramRef, Result, Session};

use super::reduced::{KktSolution, ReducedKkt, SMALL_RESIDUAL, gather};

/// Right-hand sides solved together.
const BLOCK: usize = 8 * LANES;
/// A residual this small is enough; while one is larger, the whole block is corrected …
const ENOUGH: f64 = 1e-12;
/// … so many times at most.
const CORRECTIONS: u32 = 2;
/// What is above this then is solved by itself.
const POOR: f64 = 1e-11;

/// A right-hand side of [`ReducedKkt::solve`].
#[derive(Clone, Debug, Default)]
pub(crate) struct RightHandSide {
    /// Forces (`n`).
    pub(crate) g: Vec<f64>,
    /// Row values (`m`), read at active rows.
    pub(crate) r: Vec<f64>,
    /// Bound values (`n`), read at variables at a bound.
    pub(crate) fixed: Vec<f64>,
}

/// Solutions side by side, with what they leave.
struct Group {
    z: Vec<Lane>,
    y: Vec<Lane>,
    /// `−(g + P z + Aᵀy)`.
    forces: Vec<Lane>,
    /// `r − A z`.
    gaps: Vec<Lane>,
}

impl Group {
    fn new(n: usize, m: usize) -> Self {
        let zeros = |len| vec![[0.0; LANES]; len];
        Self { z: zeros(n), y: zeros(m), forces: zeros(n), gaps: zeros(m) }
    }

    /// The right-hand sides with `z` zero but at the variables at a bound, and `y` zero.
    fn start(&mut self, kkt: &ReducedKkt, program: &ProgramRef<'_>, rhs: &[RightHandSide]) {
        let mut moved = false;
        for (lane, rhs) in rhs.iter().enumerate() {
            for j in kkt.active.active_bounds() {
                self.z[j][lane] = rhs.fixed[j];
                moved |= rhs.fixed[j] != 0.0;
            }
        }
        if moved { self.multiply(program, rhs) } else { self.take(rhs) }
    }

    fn take(&mut self, rhs: &[RightHandSide]) {
        for (lane, rhs) in rhs.iter().enumerate() {
            self.forces.iter_mut().zip(&rhs.g).for_each(|(force, g)| force[lane] = -g);
            self.gaps.iter_mut().zip(&rhs.r).for_each(|(gap, r)| gap[lane] = *r);
        }
    }

    /// What the solutions leave of the right-hand sides.
    fn multiply(&mut self, program: &ProgramRef<'_>, rhs: &[RightHandSide]) {
        self.take(rhs);
        program.p().symmetric_mul_add_lanes(-1.0, &self.z, &mut self.forces);
        program.a().mul_both_add_lanes(-1.0, (&self.z, &mut self.gaps), (&self.y, &mut self.forces));
    }

    /// The largest entry that is left at a free variable or an active row, in every lane.
    fn left(&self, kkt: &ReducedKkt) -> Lane {
        let mut worst = [0.0; LANES];
        let mut see = |v: &Lane| worst.iter_mut().zip(v).for_each(|(worst, v)| *worst = max_nan(v.abs(), *worst));
        kkt.free.iter().for_each(|&j| see(&self.forces[j]));
        kkt.rows.iter().for_each(|&i| see(&self.gaps[i]));
        worst
    }
}

/// A block with the vectors that the factor sees, one right-hand side after another.
struct Block {
    groups: Vec<Group>,
    count: usize,
    g: Vec<f64>,
    r: Vec<f64>,
    z: Vec<f64>,
    y: Vec<f64>,
}

impl Block {
    /// Takes what is left for the factor's right-hand sides.
    fn gather(&mut self, kkt: &ReducedKkt) {
        self.g.clear();
        self.r.clear();
        for s in 0..self.count {
            let (group, lane) = (&self.groups[s / LANES], s % LANES);
            self.g.extend(kkt.free.iter().map(|&j| -group.forces[j][lane]));
            self.r.extend(kkt.rows.iter().map(|&i| group.gaps[i][lane]));
        }
    }

    /// Adds what the factor found, `factor` times, for those that `which` says.
    fn add(&mut self, kkt: &ReducedKkt, factor: f64, which: impl Fn(usize) -> bool) {
        let (d, k) = (kkt.free.len(), kkt.rows.len());
        for s in (0..self.count).filter(|&s| which(s)) {
            let (group, lane) = (&mut self.groups[s / LANES], s % LANES);
            kkt.free.iter().zip(&self.z[s * d..]).for_each(|(&j, z)| group.z[j][lane] += factor * z);
            kkt.rows.iter().zip(&self.y[s * k..]).for_each(|(&i, y)| group.y[i][lane] += factor * y);
        }
    }

    /// Multiplies all groups, and tells what each right-hand side has left.
    fn multiply(&mut self, kkt: &ReducedKkt, program: &ProgramRef<'_>, rhs: &[RightHandSide]) -> Vec<f64> {
        self.groups.iter_mut().zip(rhs.chunks(LANES)).for_each(|(group, rhs)| group.multiply(program, rhs));
        self.left(kkt)
    }

    fn left(&self, kkt: &ReducedKkt) -> Vec<f64> {
        let mut left: Vec<f64> = self.groups.iter().flat_map(|group| group.left(kkt)).collect();
        left.truncate(self.count);
        left
    }
}

impl ReducedKkt {
    /// [`solve`](Self::solve) for many right-hand sides.
    pub(crate) fn solve_many(
        &mut self,
        program: &ProgramRef<'_>,
        mut session: Option<&mut (dyn Session + 'static)>,
        rhs: &[RightHandSide],
    ) -> Result<Vec<KktSolution>> {
        let mut solutions = Vec::with_capacity(rhs.len());
        let is_single = rhs.len() == 1 || self.null_space.is_some();
        for block in rhs.chunks(if is_single { 1 } else { BLOCK }) {
            if let ([rhs], true) = (block, is_single) {
                solutions.push(self.solve_determined(program, session.as_deref_mut(), &rhs.g, &rhs.r, &rhs.fixed)?);
            } else {
                self.solve_block(program, session.as_deref_mut(), block, &mut solutions)?;
            }
        }
        Ok(solutions)
    }

    fn solve_block(
        &mut self,
        program: &ProgramRef<'_>,
        mut session: Option<&mut (dyn Session + 'static)>,
        rhs: &[RightHandSide],
        solutions: &mut Vec<KktSolution>,
    ) -> Result<()> {
        let (n, m, count) = (program.num_vars(), program.num_rows(), rhs.len());
        let start = |rhs| {
            let mut group = Group::new(n, m);
            group.start(self, program, rhs);
            group
        };
        let groups = rhs.chunks(LANES).map(start).collect();
        let [g, r] = [Vec::new(), Vec::new()];
        let (z, y) = (vec![0.0; count * self.free.len()], vec![0.0; count * self.rows.len()]);
        let mut block = Block { groups, count, g, r, z, y };
        let sizes = block.left(self);
        let mut left = sizes.clone();
        for correction in 0..=CORRECTIONS {
            block.gather(self);
            let factor = self.factor(session.as_deref_mut())?;
            factor.solve_many(count, (&block.g, &block.r), (&mut block.z, &mut block.y))?;
            block.add(self, 1.0, |_| true);
            let before = std::mem::replace(&mut left, block.multiply(self, program, rhs));
            // What did not gain is taken back; not a number is no gain.
            let is_worse = |left: &[f64], s: usize| !matches!(left[s], new if new < before[s]);
            if correction > 0 && (0..count).any(|s| is_worse(&left, s)) {
                block.add(self, -1.0, |s| is_worse(&left, s));
                left = block.multiply(self, program, rhs);
            }
            // Not a number is not enough.
            if left.iter().zip(&sizes).all(|(left, size)| *left <= ENOUGH * size) {
                break;
            }
        }
        for (s, rhs) in rhs.iter().enumerate() {
            let residual = if sizes[s] > 0.0 { left[s] / sizes[s] } else { left[s] };
            let mut solution = self.taken(program, rhs, (&block.groups[s / LANES], s % LANES), residual);
            let is_good = residual <= POOR;
            if !is_good {
                let alone = self.solve_determined(program, session.as_deref_mut(), &rhs.g, &rhs.r, &rhs.fixed)?;
                let is_better = !matches!(residual, old if old <= alone.residual);
                solution = if is_better { alone } else { solution };
            }
            solutions.push(solution);
        }
        Ok(())
    }

    /// The solution in one lane.
    fn taken(
        &self,
        program: &ProgramRef<'_>,
        rhs: &RightHandSide,
        (group, lane): (&Group, usize),
        residual: f64,
    ) -> KktSolution {
        let read = |lanes: &[Lane]| lanes.iter().map(|v| v[lane]).collect::<Vec<_>>();
        let (z, y, mut zeta) = (read(&group.z), read(&group.y), read(&group.forces));
        self.free.iter().for_each(|&j| zeta[j] = 0.0);
        let mut rounding = 0.0;
        let is_small = residual <= SMALL_RESIDUAL;
        if !is_small {
            let (g, r) = (gather(&rhs.g, &self.free), gather(&rhs.r, &self.rows));
            rounding = self.rounding(program, (&g, &r), &z, &y);
        }
        KktSolution { z, y, zeta, residual, rounding, undetermined: 0.0, along_face: Some(Vec::new()) }
    }
}
