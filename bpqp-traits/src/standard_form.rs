//! The standard form of interior-point methods with cones.
//! ```text
//! minimize   ½ xᵀP x + qᵀx
//! subject to G x + s = h,   s ∈ K = {0}ᶻ × R₊ᵖ × Q₁ × … × Q_K
//! ```
//! with multipliers `z` in the dual of `K`: `P x + q + Gᵀz = 0`. A row with `l = u` is one equality `aᵀx + s = u`; any other
//! is an inequality for each side it has, `aᵀx + s = u` and `−aᵀx + s = −l`, so that `y = z_upper − z_lower`. Bounds are
//! treated alike, with unit rows. A cone `S x + s₀ ∈ Q` is `−S x + s = s₀`, so that `w = z`.

use std::ops::Range;

use crate::{CscMatrix, ProgramRef, Result, Solution, consecutive};

/// Marks a side that is absent.
const NONE: usize = usize::MAX;

/// What a row of `G` before those of the cones bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Bounded {
    Row(usize),
    Variable(usize),
}

/// A row of `G` before those of the cones: `+` the row or variable with the upper side, `−` it with the lower.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Side {
    of: Bounded,
    sign: f64,
}

/// Which rows of `G` stand for what: equalities, then inequalities, then cones.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    sides: Vec<Side>,
    /// How many of the sides are equalities.
    zero: usize,
    dims: Vec<usize>,
}

impl Layout {
    /// The rows that `program` needs. Sides of inequalities are absent from `reach > 0` on, whether infinite or not.
    pub fn new(program: &ProgramRef<'_>, reach: f64) -> Self {
        let rows = || program.l().iter().zip(program.u()).enumerate().map(|(i, sides)| (Bounded::Row(i), sides));
        let bounds = || program.lb().iter().zip(program.ub()).enumerate().map(|(j, s)| (Bounded::Variable(j), s));
        let all = || rows().chain(bounds());
        let mut sides: Vec<Side> = all().filter(|(_, (l, u))| l == u).map(|(of, _)| Side { of, sign: 1.0 }).collect();
        let zero = sides.len();
        for (of, (&l, &u)) in all().filter(|(_, (l, u))| l != u) {
            sides.extend((u < reach).then_some(Side { of, sign: 1.0 }));
            sides.extend((l > -reach).then_some(Side { of, sign: -1.0 }));
        }
        Self { sides, zero, dims: program.cones().map_or_else(Vec::new, |cones| cones.dims().to_vec()) }
    }

    /// The equalities.
    pub fn zero(&self) -> Range<usize> {
        0..self.zero
    }

    /// The inequalities.
    pub fn orthant(&self) -> Range<usize> {
        self.zero..self.sides.len()
    }

    /// The rows of every cone.
    pub fn cones(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        consecutive(self.sides.len(), &self.dims)
    }

    /// Writes a point of the standard form, `x` (`n`) with multipliers `z` (a row of `G` each), as one of the program, which
    /// has `n` variables and `m` rows.
    pub fn restore(&self, (n, m): (usize, usize), x: &[f64], z: &[f64], out: &mut Solution) {
        let (sides, cones) = z.split_at(self.sides.len());
        out.resize(n, m, cones.len());
        out.x.copy_from_slice(x);
        out.cone_duals.copy_from_slice(cones);
        out.y.fill(0.0);
        out.bound_duals.fill(0.0);
        for (side, z) in self.sides.iter().zip(sides) {
            let dual = match side.of {
                Bounded::Row(i) => &mut out.y[i],
                Bounded::Variable(j) => &mut out.bound_duals[j],
            };
            *dual += side.sign * z;
        }
    }
}

/// The constraints of a program in standard form; its objective is the program's own.
#[derive(Clone, Debug, PartialEq)]
pub struct StandardForm {
    /// `k × n`.
    pub g: CscMatrix,
    /// `k`.
    pub h: Vec<f64>,
    /// What the `k` rows stand for.
    pub layout: Layout,
}

impl StandardForm {
    /// Of `program`, without the sides that [`Layout::new`] leaves out.
    ///
    /// # Errors
    /// [`Error::InvalidProblem`](crate::Error::InvalidProblem) where the program's own matrices break their contract.
    pub fn new(program: &ProgramRef<'_>, reach: f64) -> Result<Self> {
        let layout = Layout::new(program, reach);
        let g = constraints(program, &layout)?;
        let upper_or_lower = |side: &Side| {
            let (lower, upper) = match side.of {
                Bounded::Row(i) => (program.l()[i], program.u()[i]),
                Bounded::Variable(j) => (program.lb()[j], program.ub()[j]),
            };
            if side.sign > 0.0 { upper } else { -lower }
        };
        let mut h: Vec<f64> = layout.sides.iter().map(upper_or_lower).collect();
        h.extend(program.cones().iter().flat_map(|cones| cones.offset()));
        Ok(Self { g, h, layout })
    }
}

/// `G`, column by column: the sides ascend with what they bound, equalities first.
fn constraints(program: &ProgramRef<'_>, layout: &Layout) -> Result<CscMatrix> {
    let (n, m, start) = (program.num_vars(), program.num_rows(), layout.sides.len());
    // Where the upper (or the equal) and the lower side of each row and variable are.
    let (mut of_rows, mut of_variables) = (vec![[NONE; 2]; m], vec![[NONE; 2]; n]);
    for (k, side) in layout.sides.iter().enumerate() {
        let places = match side.of {
            Bounded::Row(i) => &mut of_rows[i],
            Bounded::Variable(j) => &mut of_variables[j],
        };
        places[usize::from(side.sign < 0.0)] = k;
    }
    let (mut col_ptr, mut row_idx, mut values) = (Vec::with_capacity(n + 1), Vec::new(), Vec::new());
    col_ptr.push(0);
    for j in 0..n {
        let mut push = |places: &[usize; 2], value: f64, equalities: bool| {
            for (place, sign) in places.iter().zip([1.0, -1.0]) {
                if *place != NONE && (*place < layout.zero) == equalities {
                    row_idx.push(*place);
                    values.push(sign * value);
                }
            }
        };
        for equalities in [true, false] {
            program.a().col(j).for_each(|(i, v)| push(&of_rows[i], v, equalities));
            push(&of_variables[j], 1.0, equalities);
        }
        for (i, v) in program.cones().iter().flat_map(|cones| cones.matrix().col(j)) {
            row_idx.push(start + i);
            values.push(-v);
        }
        col_ptr.push(row_idx.len());
    }
    CscMatrix::new(start + program.num_cone_rows(), n, col_ptr, row_idx, values)
}
