//! KKT residuals of several programs at once, one in each lane.

use pulp::Arch;

use crate::{KktResiduals, LANES, Lane, LanePoint, LaneVectors};

/// The products of points in lanes that their residuals are made of.
#[derive(Clone, Copy, Debug)]
pub struct LaneProducts<'a> {
    /// `Px` (`n`).
    pub px: &'a [Lane],
    /// `Ax` (`m`).
    pub ax: &'a [Lane],
    /// `Aᵀy + ζ` (`n`).
    pub forces: &'a [Lane],
}

impl KktResiduals {
    /// [`from_products`](Self::from_products) of programs without cones in all lanes. The vectors have the lengths of the
    /// program's.
    pub fn from_lanes(vectors: &LaneVectors, point: &LanePoint, products: LaneProducts<'_>) -> [Self; LANES] {
        Arch::new().dispatch(|| of_lanes(vectors, point, products))
    }
}

/// The larger of two numbers in every lane; NaN where either is.
#[inline(always)]
fn grow(worst: &mut Lane, v: Lane) {
    for k in 0..LANES {
        worst[k] = if v[k] > worst[k] || v[k].is_nan() { v[k] } else { worst[k] };
    }
}

#[inline(always)]
fn abs(v: &Lane) -> Lane {
    v.map(f64::abs)
}

/// What two-sided constraints add up to.
#[derive(Default)]
struct Sides {
    /// The largest violation.
    worst: Lane,
    /// Σ violation · |dual|.
    priced: Lane,
    /// The largest value, and that of the constraints with a finite side.
    size: Lane,
    bounded: Lane,
    /// The largest dual on an infinite side.
    wrong: Lane,
    /// Σ dual · side.
    support: Lane,
}

impl Sides {
    #[inline(always)]
    fn of(values: &[Lane], lower: &[Lane], upper: &[Lane], duals: &[Lane]) -> Self {
        let mut sides = Self::default();
        for (((value, l), u), y) in values.iter().zip(lower).zip(upper).zip(duals) {
            let (mut violation, mut wrong, mut bounded) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
            for k in 0..LANES {
                let (below, above) = (l[k] - value[k], value[k] - u[k]);
                let by = if below > above || below.is_nan() { below } else { above };
                violation[k] = if by > 0.0 || by.is_nan() { by } else { 0.0 };
                sides.priced[k] += violation[k] * y[k].abs();
                let (no_upper, no_lower) = (u[k] == f64::INFINITY, l[k] == f64::NEG_INFINITY);
                let is_wrong = (y[k] > 0.0 && no_upper) || (y[k] < 0.0 && no_lower) || y[k].is_nan();
                wrong[k] = if is_wrong { y[k].abs() } else { 0.0 };
                bounded[k] = if no_upper && no_lower { 0.0 } else { value[k].abs() };
                let side = if y[k] > 0.0 { u[k] } else { l[k] };
                sides.support[k] += if y[k] == 0.0 || side.is_infinite() { 0.0 } else { y[k] * side };
            }
            grow(&mut sides.worst, violation);
            grow(&mut sides.wrong, wrong);
            grow(&mut sides.size, abs(value));
            grow(&mut sides.bounded, bounded);
        }
        sides
    }
}

#[inline(always)]
fn of_lanes(vectors: &LaneVectors, point: &LanePoint, products: LaneProducts<'_>) -> [KktResiduals; LANES] {
    let LaneProducts { px, ax, forces } = products;
    let rows = Sides::of(ax, &vectors.l, &vectors.u, &point.y);
    let bounds = Sides::of(&point.x, &vectors.lb, &vectors.ub, &point.bound_duals);
    let [mut worst, mut scale, mut priced, mut quadratic, mut linear] = [[0.0; LANES]; 5];
    for (((px, q), f), x) in px.iter().zip(&vectors.q).zip(forces).zip(&point.x) {
        let mut residual = [0.0; LANES];
        for k in 0..LANES {
            residual[k] = (px[k] + q[k] + f[k]).abs();
            priced[k] += residual[k] * x[k].abs();
            quadratic[k] += px[k] * x[k];
            linear[k] += q[k] * x[k];
        }
        grow(&mut worst, residual);
        for size in [abs(px), abs(q), abs(f)] {
            grow(&mut scale, size);
        }
    }
    let mut dual_absolute = worst;
    grow(&mut dual_absolute, rows.wrong);
    grow(&mut dual_absolute, bounds.wrong);
    let (mut absolute, mut relative) = (rows.worst, [0.0; LANES]);
    grow(&mut absolute, bounds.worst);
    // A point that is not finite violates everything.
    grow(&mut absolute, bounds.size.map(|v| 0.0 * v));
    for k in 0..LANES {
        relative[k] = rows.worst[k] / (1.0 + rows.size[k]) + 0.0 * bounds.size[k];
    }
    grow(&mut relative, std::array::from_fn(|k| bounds.worst[k] / (1.0 + bounds.bounded[k])));
    std::array::from_fn(|k| {
        let primal_objective = 0.5 * quadratic[k] + linear[k];
        let dual_objective = -0.5 * quadratic[k] - (rows.support[k] + bounds.support[k]);
        let gap_absolute = (primal_objective - dual_objective).abs() + rows.priced[k] + bounds.priced[k] + priced[k];
        KktResiduals {
            primal: relative[k],
            dual: dual_absolute[k] / (1.0 + scale[k]),
            gap: gap_absolute / (1.0 + primal_objective.abs().max(dual_objective.abs())),
            primal_absolute: absolute[k],
            dual_absolute: dual_absolute[k],
            gap_absolute,
            primal_objective,
            dual_objective,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::LaneProducts;
    use crate::vector::random_signs;
    use crate::{CscMatrix, KktResiduals, LANES, Lane, LanePoint, LaneVectors, ProgramRef, Solution};

    fn lane(v: &[Lane], k: usize) -> Vec<f64> {
        v.iter().map(|v| v[k]).collect()
    }

    /// Random points and sides, absent ones among them, in every lane; a NaN in one of them.
    #[test]
    fn every_lane_has_the_residuals_of_its_program() {
        let (n, m, inf) = (7, 5, f64::INFINITY);
        let mut random = random_signs(100_000, 3);
        let mut lanes = |len: usize| -> Vec<Lane> {
            (0..len).map(|_| std::array::from_fn(|_| random.next().unwrap_or_default())).collect()
        };
        let (mut vectors, mut point) = (LaneVectors::new(n, m), LanePoint::new(n, m));
        (vectors.q, point.x, point.y, point.bound_duals) = (lanes(n), lanes(n), lanes(m), lanes(n));
        for (lower, upper, len) in [(&mut vectors.l, &mut vectors.u, m), (&mut vectors.lb, &mut vectors.ub, n)] {
            (*lower, *upper) = (lanes(len), lanes(len));
            for (i, (l, u)) in lower.iter_mut().zip(upper).enumerate() {
                for k in 0..LANES {
                    (l[k], u[k]) = (l[k].min(u[k]), l[k].max(u[k]));
                    l[k] = if (i + k).is_multiple_of(3) { -inf } else { l[k] };
                    u[k] = if (i + k).is_multiple_of(4) { inf } else { u[k] };
                }
            }
        }
        point.y[1] = [0.0; LANES];
        point.bound_duals[2] = [0.0; LANES];
        let entry = |i: usize, j: usize| ((i * 3 + j * 5) % 7) as f64 - 3.0;
        let upper: Vec<_> = (0..n).flat_map(|j| (0..=j).map(move |i| (i, j, entry(i, j)))).collect();
        let p = CscMatrix::from_triplets(n, n, &upper).unwrap();
        let rows: Vec<_> = (0..m).flat_map(|i| (0..n).map(move |j| (i, j, entry(i, j + 1)))).collect();
        let a = CscMatrix::from_triplets(m, n, &rows).unwrap();
        for broken in [false, true] {
            if broken {
                (point.x[3][2], point.y[0][4]) = (f64::NAN, f64::NAN);
            }
            let (mut px, mut ax, mut forces) =
                (vec![[0.0; LANES]; n], vec![[0.0; LANES]; m], point.bound_duals.clone());
            p.as_ref().symmetric_mul_add_lanes(1.0, &point.x, &mut px);
            a.as_ref().mul_both_add_lanes(1.0, (&point.x, &mut ax), (&point.y, &mut forces));
            let products = LaneProducts { px: &px, ax: &ax, forces: &forces };
            let found = KktResiduals::from_lanes(&vectors, &point, products);
            for (k, found) in found.iter().enumerate() {
                let sides = (lane(&vectors.l, k), lane(&vectors.u, k));
                let bounds = (lane(&vectors.lb, k), lane(&vectors.ub, k));
                // P need not be convex here.
                let (q, sides, bounds) =
                    (lane(&vectors.q, k), (&sides.0[..], &sides.1[..]), (&bounds.0[..], &bounds.1[..]));
                let program = ProgramRef::trusted(p.as_ref(), &q, a.as_ref(), sides, bounds, None);
                let solution = Solution {
                    x: lane(&point.x, k),
                    y: lane(&point.y, k),
                    bound_duals: lane(&point.bound_duals, k),
                    ..Solution::default()
                };
                let want = KktResiduals::compute(&program, &solution);
                let numbers = |r: &KktResiduals| {
                    [r.primal, r.dual, r.gap, r.primal_absolute, r.dual_absolute, r.gap_absolute]
                        .into_iter()
                        .chain([r.primal_objective, r.dual_objective])
                        .collect::<Vec<_>>()
                };
                for (have, want) in numbers(found).into_iter().zip(numbers(&want)) {
                    let same = (have - want).abs() <= 1e-12 * (1.0 + want.abs());
                    assert!(same || have.is_nan() && want.is_nan(), "{k}: {found:?} {want}");
                }
            }
        }
    }
}
