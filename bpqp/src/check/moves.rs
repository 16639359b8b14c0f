//! Which entries of which blocks can be moved, and which to choose.

use std::ops::Range;

use crate::layer::Gradient;
use crate::program::{Program, Values};

type Set = for<'v> fn(&mut Values<'v>, &'v [f64], &'v [f64]);

/// A block's values and the moves that can be made there.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) values: Vec<f64>,
    /// The other side where both move together, else empty.
    pub(super) partner: Vec<f64>,
    pub(super) moves: Vec<Move>,
    /// Puts the moved values, and the partner's, into their places.
    pub(super) set: Set,
}

/// One entry to move, with its mirror image in `P`, and what the gradient says of moving them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Move {
    pub(super) place: usize,
    pub(super) mirror: Option<usize>,
    pub(super) gradient: f64,
}

/// All blocks of `program`, with `gradient` beside their entries.
pub(super) fn groups(program: &Program, gradient: &Gradient) -> Vec<Group> {
    let (stacked, blocks) = (program.as_stacked(), program.blocks());
    let part = |v: &[f64], rows: &Range<usize>| v[rows.clone()].to_vec();
    let entries = |rows| program.row_block(rows).values().to_vec();
    let (l, u) = (part(stacked.l(), &blocks.rows), part(stacked.u(), &blocks.rows));
    let (lb, ub) = (stacked.lb().to_vec(), stacked.ub().to_vec());
    let (rows, bounds) = ((gradient.l(), gradient.u()), (gradient.lb(), gradient.ub()));
    let cones = cones(program, gradient);
    let mut groups = vec![
        hessian(program, gradient.p().values()),
        plain("q", stacked.q().to_vec(), gradient.q(), |v, x, _| v.q = Some(x)),
        plain("A", entries(&blocks.equalities), gradient.a().values(), |v, x, _| v.a = Some(x)),
        plain("b", part(stacked.l(), &blocks.equalities), gradient.b(), |v, x, _| v.b = Some(x)),
        plain("G", entries(&blocks.inequalities), gradient.g().values(), |v, x, _| v.g = Some(x)),
        plain("h", part(stacked.u(), &blocks.inequalities), gradient.h(), |v, x, _| v.h = Some(x)),
        plain("rows", entries(&blocks.rows), gradient.rows().values(), |v, x, _| v.rows = Some(x)),
        one_side("l", &l, &u, rows.0, |v, x, _| v.l = Some(x)),
        one_side("u", &u, &l, rows.1, |v, x, _| v.u = Some(x)),
        both_sides("l=u", &l, &u, rows, |v, x, y| (v.l, v.u) = (Some(x), Some(y))),
        one_side("lb", &lb, &ub, bounds.0, |v, x, _| v.lb = Some(x)),
        one_side("ub", &ub, &lb, bounds.1, |v, x, _| v.ub = Some(x)),
        both_sides("lb=ub", &lb, &ub, bounds, |v, x, y| (v.lb, v.ub) = (Some(x), Some(y))),
    ];
    groups.extend(cones);
    groups
}

/// The cones' blocks: their first rows and the others apart.
fn cones(program: &Program, gradient: &Gradient) -> Vec<Group> {
    let stacked = program.as_stacked();
    let Some(cones) = stacked.cones() else { return Vec::new() };
    let mut is_head = vec![false; cones.num_rows()];
    program.cone_rows().for_each(|rows| is_head[rows.start] = true);
    let matrix = |name, head: bool| {
        let mut group =
            plain(name, cones.matrix().values().to_vec(), gradient.cones().values(), |v, x, _| v.cones = Some(x));
        group.moves.retain(|step| is_head[cones.matrix().row_idx()[step.place]] == head);
        group
    };
    let offset = |name, head: bool| {
        let mut group =
            plain(name, cones.offset().to_vec(), gradient.cone_offsets(), |v, x, _| v.cone_offsets = Some(x));
        group.moves.retain(|step| is_head[step.place] == head);
        group
    };
    vec![matrix("F", false), offset("g", false), matrix("c", true), offset("d", true)]
}

/// Entries that move alone; infinite ones cannot.
fn plain(name: &'static str, values: Vec<f64>, gradient: &[f64], set: Set) -> Group {
    let finite = (0..values.len()).filter(|&place| values[place].is_finite());
    let moves = finite.map(|place| Move { place, mirror: None, gradient: gradient[place] }).collect();
    Group { name, values, partner: Vec::new(), moves, set }
}

/// The sides that differ from the other one.
fn one_side(name: &'static str, values: &[f64], other: &[f64], gradient: &[f64], set: Set) -> Group {
    let mut group = plain(name, values.to_vec(), gradient, set);
    group.moves.retain(|step| values[step.place] != other[step.place]);
    group
}

/// The sides that are equal, moved together: the gradient is the sum of both.
fn both_sides(name: &'static str, lower: &[f64], upper: &[f64], gradient: (&[f64], &[f64]), set: Set) -> Group {
    let sum: Vec<f64> = gradient.0.iter().zip(gradient.1).map(|(l, u)| l + u).collect();
    let mut group = plain(name, lower.to_vec(), &sum, set);
    group.moves.retain(|step| lower[step.place] == upper[step.place]);
    group.partner = upper.to_vec();
    group
}

/// Entries of `P`, each with its mirror image.
fn hessian(program: &Program, gradient: &[f64]) -> Group {
    let p = program.p();
    let place_of = |i: usize, j: usize| {
        let column = p.col_ptr()[j]..p.col_ptr()[j + 1];
        p.row_idx()[column.clone()].binary_search(&i).ok().map(|k| column.start + k)
    };
    let upper = p.entries().enumerate().filter(|(_, (i, j, _))| i <= j);
    let moves = upper.map(|(place, (i, j, _))| {
        let mirror = if i == j { None } else { place_of(j, i) };
        Move { place, mirror, gradient: gradient[place] + mirror.map_or(0.0, |k| gradient[k]) }
    });
    let moves = moves.collect();
    Group { name: "P", values: p.values().to_vec(), partner: Vec::new(), moves, set: |v, x, _| v.p = Some(x) }
}

/// All moves, or `count` of them chosen at random, in order.
pub(super) fn choose(moves: &[Move], count: usize, seed: u64) -> Vec<Move> {
    if moves.len() <= count {
        return moves.to_vec();
    }
    let mut random = SplitMix(seed);
    let (mut left, mut wanted) = (moves.len() as u64, count as u64);
    // Selection sampling: each entry is taken with the chance that fills the quota from what is left.
    let mut take = |_: &&Move| {
        let taken = random.next() % left < wanted;
        left -= 1;
        wanted -= u64::from(taken);
        taken
    };
    moves.iter().filter(|step| take(step)).copied().collect()
}

/// Steele, Lea and Flood's generator: enough for a choice that can be repeated.
pub(super) struct SplitMix(u64);

impl SplitMix {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in ±[½, 1].
    pub(super) fn sign(&mut self) -> f64 {
        let bits = self.next();
        let size = 0.5 + 0.5 * (bits >> 11) as f64 / (1_u64 << 53) as f64;
        if bits & 1 == 0 { size } else { -size }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_has_its_size_and_can_be_repeated() {
        let moves: Vec<Move> = (0..100).map(|place| Move { place, mirror: None, gradient: 0.0 }).collect();
        for seed in 0..20 {
            let chosen = choose(&moves, 7, seed);
            assert_eq!(chosen.len(), 7);
            assert!(chosen.windows(2).all(|w| w[0].place < w[1].place));
            assert_eq!(chosen, choose(&moves, 7, seed));
        }
        assert_ne!(choose(&moves, 7, 1), choose(&moves, 7, 2));
        assert_eq!(choose(&moves, 100, 0), moves);
        assert!(choose(&moves, 0, 0).is_empty());
    }
}
