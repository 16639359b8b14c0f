//! The matrices' gradients: sums of outer products, at the stored entries alone.

use std::ops::Range;

use bpqp_traits::CscMatrix;

use crate::program::{Program, slice_rows};

/// What the matrices' gradients are products of.
#[derive(Clone, Debug)]
pub(super) struct Factors {
    pub(super) program: Program,
    pub(super) outer: Outer,
    /// What else the rows' matrices move the solution by.
    pub(super) rows: Option<Outer>,
    /// Of the cones' matrix, with `y = −w`.
    pub(super) cones: Option<Outer>,
}

/// A solution and its adjoint, of at least the program's variables.
#[derive(Clone, Debug)]
pub(super) struct Outer {
    pub(super) x: Vec<f64>,
    /// Zero at inactive rows, as `y_bar` is.
    pub(super) y: Vec<f64>,
    pub(super) z_bar: Vec<f64>,
    pub(super) y_bar: Vec<f64>,
}

impl Outer {
    /// Entry `(i, j)` of `y z̃ᵀ + ỹ xᵀ`.
    pub(super) fn at(&self, i: usize, j: usize) -> f64 {
        self.y[i] * self.z_bar[j] + self.y_bar[i] * self.x[j]
    }
}

#[derive(Clone, Debug)]
pub(super) struct Matrices {
    pub(super) p: CscMatrix,
    pub(super) a: CscMatrix,
    pub(super) g: CscMatrix,
    pub(super) rows: CscMatrix,
    pub(super) cones: CscMatrix,
}

impl Factors {
    pub(super) fn multiply(&self) -> Matrices {
        let Self { program, outer, rows, cones } = self;
        let Outer { x, z_bar, .. } = outer;
        let mut p = CscMatrix::clone(&program.p);
        for (value, (i, j, _)) in p.values_mut().iter_mut().zip(program.p().entries()) {
            *value = 0.5 * (z_bar[i] * x[j] + x[i] * z_bar[j]);
        }
        let mut a = program.as_stacked().a().to_owned();
        for (value, (i, j, _)) in a.values_mut().iter_mut().zip(program.as_stacked().a().entries()) {
            *value = outer.at(i, j) + rows.as_ref().map_or(0.0, |rows| rows.at(i, j));
        }
        let block = |rows: &Range<usize>| slice_rows(a.as_ref(), rows);
        let cones = match (cones, program.as_stacked().cones()) {
            (Some(outer), Some(stacked)) => {
                let mut matrix = stacked.matrix().to_owned();
                for (value, (i, j, _)) in matrix.values_mut().iter_mut().zip(stacked.matrix().entries()) {
                    *value = outer.at(i, j);
                }
                matrix
            }
            _ => CscMatrix::zeros(0, program.num_vars()),
        };
        let blocks = program.blocks();
        Matrices { p, a: block(&blocks.equalities), g: block(&blocks.inequalities), rows: block(&blocks.rows), cones }
    }
}
