//! A quadratic objective as a cone, for vendors that take none beside cones.
//!
//! With `2P = K Kᵀ`, `½ xᵀPx ≤ τ` is `‖(τ − 1, Kᵀx)‖ ≤ τ + 1`: a cone over variables `e = (τ + 1, τ − 1, Kᵀx)`, with the
//! objective `½(e₀ + e₁)`. A gap of `δ` leaves the gradient `Px` with an error of the order `√δ` in the worst case, so the
//! point is judged by the residuals of the program itself.

use bpqp_traits::{ConesRef, CscMatrix, ProgramBuf, ProgramRef, Result};

use crate::factor::factor;

/// The program with variables `e` (`r + 2`) behind its own, rows `(e₀ − e₁; Kᵀx − e) = (2; 0)` behind its own, and its
/// cones followed by that of `e`. The first variables and rows of a solution, and their duals, are one of `program`, whose
/// cones are `cones`.
///
/// # Errors
/// [`Error::NotConvex`](bpqp_traits::Error::NotConvex) where `P` is not positive semidefinite.
pub(crate) fn linearized(program: &ProgramRef<'_>, cones: &ConesRef<'_>) -> Result<ProgramBuf> {
    let doubled: Vec<f64> = program.p().values().iter().map(|v| 2.0 * v).collect();
    let root = factor(program.p().with_values(&doubled)?)?;
    let (n, m, k, size) = (program.num_vars(), program.num_rows(), cones.num_rows(), root.ncols() + 2);
    let links = root.as_ref().entries().map(|(j, i, v)| (m + 1 + i, j, v)).collect::<Vec<_>>();
    let images = (2..size).map(|i| (m + i - 1, n + i, -1.0));
    let heads = [(m, n, 1.0), (m, n + 1, -1.0)];
    let a: Vec<_> = program.a().entries().chain(heads).chain(links).chain(images).collect();
    let a = CscMatrix::from_triplets(m + size - 1, n + size, &a)?;
    let sides = |own: &[f64]| [own, &[2.0], &vec![0.0; size - 2]].concat();
    let costs = [program.q(), &[0.5, 0.5], &vec![0.0; size - 2]].concat();
    let mut bounds = (program.lb().to_vec(), program.ub().to_vec());
    bounds.0.resize(n + size, f64::NEG_INFINITY);
    bounds.1.resize(n + size, f64::INFINITY);
    bounds.0[n] = 0.0;
    let select = (0..size).map(|i| (k + i, n + i, 1.0));
    let select: Vec<_> = cones.matrix().entries().chain(select).collect();
    let select = CscMatrix::from_triplets(k + size, n + size, &select)?;
    let (offset, dims) = ([cones.offset(), &vec![0.0; size]].concat(), [cones.dims(), &[size]].concat());
    let p = CscMatrix::zeros(n + size, n + size);
    ProgramBuf::new(p, costs, a, (sides(program.l()), sides(program.u())), bounds)?.with_cones(select, offset, dims)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

    use std::sync::Arc;

    use bpqp_traits::{ForwardSolver, KktResiduals, Settings, Solution, Status};

    use super::*;
    use crate::locate::{Found, Places};
    use crate::solver::Lazy;
    use crate::vendor::{Engine, Parameters, VendorApi};
    use crate::xpress::Xpress;

    /// `min (x₀ + x₁)² − 8(x₀ + x₁)`, which is singular, with `x₀ − x₁ = 1`, and `x₀ ≤ 2` and `|x₁| ≤ x₀` as cones:
    /// `x = (2, 1)`.
    #[test]
    fn a_solution_of_the_program_is_one_of_its_epigraph() {
        let p = CscMatrix::from_dense_rows(2, 2, &[2.0, 2.0, 0.0, 2.0]).unwrap();
        let a = CscMatrix::from_dense_rows(1, 2, &[1.0, -1.0]).unwrap();
        let s = CscMatrix::from_dense_rows(3, 2, &[-1.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
        let free = (vec![f64::NEG_INFINITY; 2], vec![f64::INFINITY; 2]);
        let program = ProgramBuf::new(p, vec![-8.0, -8.0], a, (vec![1.0], vec![1.0]), free).unwrap();
        let program = program.with_cones(s, vec![2.0, 0.0, 0.0], vec![1, 2]).unwrap();
        let view = program.as_ref();
        // Px + q = (-2, -2); y = -2 leaves -4 on x₀, which the first cone's 4 takes.
        let own = Solution {
            x: vec![2.0, 1.0],
            y: vec![-2.0],
            bound_duals: vec![0.0; 2],
            cone_duals: vec![4.0, 0.0, 0.0],
            ..Solution::default()
        };
        assert!(KktResiduals::compute(&view, &own).max() <= 1e-15);
        let epigraph = linearized(&view, &view.cones().unwrap()).unwrap();
        // K = (2, 2), so Kᵀx = 6 and τ = 9; ω = ½(10, −8, −6).
        let there = Solution {
            x: vec![2.0, 1.0, 10.0, 8.0, 6.0],
            y: vec![-2.0, 4.5, 3.0],
            bound_duals: vec![0.0; 5],
            cone_duals: vec![4.0, 0.0, 0.0, 5.0, -4.0, -3.0],
            ..Solution::default()
        };
        let residuals = KktResiduals::compute(&epigraph.as_ref(), &there);
        assert!(residuals.max() <= 1e-15, "{residuals:?}");
        assert_eq!(residuals.primal_objective, view.objective(&own.x));
    }

    /// Xpress, if it took no quadratic objective beside cones.
    enum Linear {}

    impl VendorApi for Linear {
        const PLACES: Places = Xpress::PLACES;
        const WARM_START: bool = Xpress::WARM_START;
        const ITERATION_LIMIT: bool = Xpress::ITERATION_LIMIT;
        const SECOND_ORDER_CONES: bool = true;
        const QUADRATIC_BESIDE_CONES: bool = false;
        type Library = <Xpress as VendorApi>::Library;

        fn load(found: Found) -> Result<Self::Library> {
            Xpress::load(found)
        }

        fn version(library: &Self::Library) -> String {
            Xpress::version(library)
        }

        fn check_license(library: &Arc<Self::Library>) -> Result<()> {
            Xpress::check_license(library)
        }

        fn open(
            library: &Arc<Self::Library>,
            program: &ProgramRef<'_>,
            parameters: &Parameters,
        ) -> Result<Box<dyn Engine>> {
            assert!(program.cones().is_none() || program.p().values().is_empty());
            Xpress::open(library, program, parameters)
        }
    }

    /// `min ½‖B x − b‖²` on balls, with `B` of every rank, by a library that takes cones: its epigraphs, and the steps that
    /// make up for the digits that they lose.
    #[test]
    fn a_library_solves_to_the_tolerance() {
        let Some(named) = std::env::var_os("BPQP_XPRESS_LIBRARY").filter(|named| !named.is_empty()) else {
            return println!("SKIPPED: BPQP_XPRESS_LIBRARY is not set");
        };
        let solver = Lazy::<Linear>::new(Some(named.into()));
        let n = 6;
        for (rank, radius) in (1..=n).flat_map(|rank| [0.5, 2.0, 50.0].map(|radius| (rank, radius))) {
            let entry = |k: usize, j: usize| ((3 * k + 5 * j + k * j) as f64).sin();
            let p = |i: usize, j: usize| (0..rank).map(|k| entry(k, i) * entry(k, j)).sum::<f64>();
            let upper: Vec<_> =
                (0..n).flat_map(|j| (0..=j).map(move |i| (i, j))).map(|(i, j)| (i, j, p(i, j))).collect();
            let p = CscMatrix::from_triplets(n, n, &upper).unwrap();
            let q = (0..n).map(|j| -(0..rank).map(|k| (1.0 + k as f64) * entry(k, j)).sum::<f64>()).collect();
            let bounds = (vec![-1.0; n], vec![f64::INFINITY; n]);
            let program = ProgramBuf::new(p, q, CscMatrix::zeros(0, n), (vec![], vec![]), bounds).unwrap();
            let ball =
                CscMatrix::from_triplets(n + 1, n, &(0..n).map(|j| (j + 1, j, 1.0)).collect::<Vec<_>>()).unwrap();
            let offset = [&[radius], &vec![0.0; n][..]].concat();
            let program = program.with_cones(ball, offset, vec![n + 1]).unwrap();
            let mut out = Solution::default();
            let settings = Settings::with_tolerance(1e-9);
            let status = solver.setup(&program.as_ref(), &settings).unwrap().solve(&mut out);
            assert_eq!(status, Ok(Status::Solved), "rank {rank}, radius {radius}");
            assert!(KktResiduals::compute(&program.as_ref(), &out).max() <= 1e-9);
        }
    }
}
