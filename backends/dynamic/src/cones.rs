//! Second-order cones in the form that the vendors' interfaces share: each over variables of its own.
//!
//! The cones `S x + s ∈ Q₁ × … × Q_K` become rows `S x − t = −s` and cones over the new variables `t`, one for each cone
//! row. The dual of such a row is `−w`, the cone's dual in the program's sign: `t`'s stationarity equates them. So no
//! vendor is asked for the duals of its conic or quadratic constraints, whose signs and scales differ.

use std::ffi::c_int;
use std::ops::Range;

use bpqp_traits::{ConesRef, CscMatrix, Error, ProgramBuf, ProgramRef, Result, Solution, consecutive};

use crate::ffi::int;

/// Calls `f` with `program`, lifted where it has cones.
///
/// # Errors
/// None for a valid program.
pub(crate) fn with_lifted<R>(program: &ProgramRef<'_>, f: impl FnOnce(&ProgramRef<'_>) -> Result<R>) -> Result<R> {
    match program.cones() {
        Some(cones) => f(&lift(program, &cones)?.as_ref()),
        None => f(program),
    }
}

/// The program over `(x, t)` (`n + k`) with rows `(A; S x − t)` (`m + k`), each `t`-block in its cone.
fn lift(program: &ProgramRef<'_>, cones: &ConesRef<'_>) -> Result<ProgramBuf> {
    let (n, m, k) = (program.num_vars(), program.num_rows(), cones.num_rows());
    let p = CscMatrix::from_triplets(n + k, n + k, &program.p().entries().collect::<Vec<_>>())?;
    let image = cones.matrix().entries().map(|(i, j, v)| (m + i, j, v));
    let auxiliary = (0..k).map(|i| (m + i, n + i, -1.0));
    let a: Vec<_> = program.a().entries().chain(image).chain(auxiliary).collect();
    let a = CscMatrix::from_triplets(m + k, n + k, &a)?;
    let sides: Vec<_> = cones.offset().iter().map(|s| -s).collect();
    let (l, u) = ([program.l(), &sides].concat(), [program.u(), &sides].concat());
    let (mut lb, mut ub) = (program.lb().to_vec(), program.ub().to_vec());
    lb.resize(n + k, f64::NEG_INFINITY);
    ub.resize(n + k, f64::INFINITY);
    // Vendors know a quadratic constraint for a cone by its head's bound.
    consecutive(n, cones.dims()).for_each(|block| lb[block.start] = 0.0);
    let q = [program.q(), &vec![0.0; k]].concat();
    let select: Vec<_> = (0..k).map(|i| (i, n + i, 1.0)).collect();
    let select = CscMatrix::from_triplets(k, n + k, &select)?;
    ProgramBuf::new(p, q, a, (l, u), (lb, ub))?.with_cones(select, vec![0.0; k], cones.dims().to_vec())
}

/// Turns a solution of the lifted program, in buffers of its lengths, into one of the program with `n` variables, `m`
/// rows, and `k` rows in its cones. What follows, the [epigraph](crate::epigraph) of its objective, is dropped.
pub(crate) fn restrict(out: &mut Solution, (n, m, k): (usize, usize, usize)) {
    out.cone_duals.clear();
    out.cone_duals.extend(out.y.drain(m..).take(k).map(|dual| -dual));
    out.x.truncate(n);
    out.bound_duals.truncate(n);
}

/// The variables of each cone of a lifted program, the head first. A cone of one variable is its bound alone and is left
/// out.
pub(crate) fn cones_of(lifted: &ProgramRef<'_>) -> Vec<Range<usize>> {
    let Some(cones) = lifted.cones() else { return Vec::new() };
    consecutive(lifted.num_vars() - cones.num_rows(), cones.dims()).filter(|block| block.len() > 1).collect()
}

/// The form `‖x₁‖² − x₀²` over `columns`, which is at most 0 in the cone: its columns, and the values on its diagonal.
///
/// # Errors
/// [`Error::Unsupported`] where there are more than 2³¹ − 1 columns.
pub(crate) fn form(backend: &str, columns: Range<usize>) -> Result<(Vec<c_int>, Vec<f64>)> {
    let mut value = vec![1.0; columns.len()];
    value[..1].fill(-1.0);
    Ok((columns.map(|j| int(backend, j)).collect::<Result<_>>()?, value))
}

/// The error for a library that lacks the functions for cones.
pub(crate) fn too_old(backend: &str) -> Error {
    Error::unsupported(
        backend,
        "second-order cones in this version of the library; install a newer one, or use clarabel",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

    use bpqp_traits::KktResiduals;

    use super::*;

    /// `min ½‖x − (3, 4)‖²` on the unit ball with `x₁ ≥ 0` as a cone: `x = (0.6, 0.8)`, `w = (0; 4, −2.4, −3.2)`.
    fn ball() -> ProgramBuf {
        let p = CscMatrix::from_diagonal(&[1.0, 1.0]).unwrap();
        let s = CscMatrix::from_dense_rows(4, 2, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]).unwrap();
        let free = (vec![f64::NEG_INFINITY; 2], vec![f64::INFINITY; 2]);
        let program = ProgramBuf::new(p, vec![-3.0, -4.0], CscMatrix::zeros(0, 2), (vec![], vec![]), free).unwrap();
        program.with_cones(s, vec![0.0, 1.0, 0.0, 0.0], vec![1, 3]).unwrap()
    }

    #[test]
    fn a_lifted_solution_is_one_of_the_program() {
        let program = ball();
        // Rows' duals are −w, whatever share of it the heads' bounds take.
        let mut out = Solution {
            x: vec![0.6, 0.8, 0.6, 1.0, 0.6, 0.8],
            y: vec![0.0, -4.0, 2.4, 3.2],
            bound_duals: vec![0.0; 6],
            cone_duals: vec![0.0, 4.0, -2.4, -3.2],
            ..Solution::default()
        };
        with_lifted(&program.as_ref(), |lifted| {
            let cones: Vec<_> = cones_of(lifted).into_iter().map(|cone| (cone.start, cone.end)).collect();
            assert_eq!(cones, [(3, 6)], "the half line is a bound");
            assert!(KktResiduals::compute(lifted, &out).max() <= 1e-15);
            Ok(())
        })
        .unwrap();
        restrict(&mut out, (2, 0, 4));
        assert_eq!(out.cone_duals, [0.0, 4.0, -2.4, -3.2]);
        assert!(KktResiduals::compute(&program.as_ref(), &out).max() <= 1e-15);
    }
}
