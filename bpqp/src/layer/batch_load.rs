//! The vectors of a batch's members, in lanes.

use bpqp_traits::{LANES, Lane, LaneVectors, ProgramRef};
use pulp::Arch;

use crate::program::{Blocks, Values};

/// Puts the program's vectors into all lanes.
pub(super) fn fill(vectors: &mut LaneVectors, program: &ProgramRef<'_>) {
    let LaneVectors { q, l, u, lb, ub } = vectors;
    let blocks = [(q, program.q()), (l, program.l()), (u, program.u()), (lb, program.lb()), (ub, program.ub())];
    for (lanes, values) in blocks {
        lanes.iter_mut().zip(values).for_each(|(lanes, v)| *lanes = [*v; LANES]);
    }
}

/// Puts the vectors that are given, whose lengths have been checked, into one lane.
pub(super) fn load(vectors: &mut LaneVectors, blocks: &Blocks, lane: usize, values: &Values<'_>) {
    let put = |lanes: &mut [Lane], values: Option<&[f64]>| {
        if let Some(values) = values {
            lanes.iter_mut().zip(values).for_each(|(lanes, v)| lanes[lane] = *v);
        }
    };
    let LaneVectors { q, l, u, lb, ub } = vectors;
    put(q, values.q);
    put(&mut l[blocks.equalities.clone()], values.b);
    put(&mut u[blocks.equalities.clone()], values.b);
    put(&mut u[blocks.inequalities.clone()], values.h);
    put(&mut l[blocks.rows.clone()], values.l);
    put(&mut u[blocks.rows.clone()], values.u);
    put(lb, values.lb);
    put(ub, values.ub);
}

/// Whether each lane's vectors are those of a program: finite linear terms, no side that is not a number, or infinite the wrong
/// way, or beyond the other.
pub(super) fn is_valid(vectors: &LaneVectors) -> [bool; LANES] {
    Arch::new().dispatch(|| {
        let LaneVectors { q, l, u, lb, ub } = vectors;
        let mut invalid = [0.0; LANES];
        for q in q {
            for k in 0..LANES {
                invalid[k] += if q[k].is_finite() { 0.0 } else { 1.0 };
            }
        }
        for (l, u) in l.iter().zip(u).chain(lb.iter().zip(ub)) {
            for k in 0..LANES {
                // Not a number is not below.
                let ordered = l[k] <= u[k] && l[k] < f64::INFINITY && u[k] > f64::NEG_INFINITY;
                invalid[k] += if ordered { 0.0 } else { 1.0 };
            }
        }
        invalid.map(|invalid| invalid == 0.0)
    })
}
