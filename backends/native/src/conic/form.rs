//! Cone programs in standard form: `min ½xᵀPx + qᵀx` over `Gx + s = h`, `s ∈ {0}ᶻ × R₊ × Q₁ × … × Q_K`.

use std::ops::Range;

use bpqp_traits::{CscMatrix, ProgramRef, Result, Solution, consecutive};

/// Sides beyond this are as good as absent.
const INFINITE: f64 = 1e20;
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
pub(super) struct Layout {
    sides: Vec<Side>,
    /// How many of the sides are equalities.
    zero: usize,
    dims: Vec<usize>,
}

/// A program in standard form.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// Upper triangle (`n × n`).
    pub(super) p: CscMatrix,
    pub(super) q: Vec<f64>,
    /// `k × n`.
    pub(super) g: CscMatrix,
    pub(super) h: Vec<f64>,
    pub(super) layout: Layout,
}

impl Layout {
    fn new(program: &ProgramRef<'_>) -> Self {
        let rows = || program.l().iter().zip(program.u()).enumerate().map(|(i, sides)| (Bounded::Row(i), sides));
        let bounds = || program.lb().iter().zip(program.ub()).enumerate().map(|(j, s)| (Bounded::Variable(j), s));
        let all = || rows().chain(bounds());
        let mut sides: Vec<Side> = all().filter(|(_, (l, u))| l == u).map(|(of, _)| Side { of, sign: 1.0 }).collect();
        let zero = sides.len();
        for (of, (&l, &u)) in all().filter(|(_, (l, u))| l != u) {
            sides.extend((u < INFINITE).then_some(Side { of, sign: 1.0 }));
            sides.extend((l > -INFINITE).then_some(Side { of, sign: -1.0 }));
        }
        Self { sides, zero, dims: program.cones().map_or_else(Vec::new, |cones| cones.dims().to_vec()) }
    }

    /// The equalities.
    pub(super) fn zero(&self) -> Range<usize> {
        0..self.zero
    }

    /// The inequalities.
    pub(super) fn orthant(&self) -> Range<usize> {
        self.zero..self.sides.len()
    }

    /// The rows of every cone.
    pub(super) fn cones(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        consecutive(self.sides.len(), &self.dims)
    }

    /// Writes a point of the standard form, with its multipliers `z`, as one of the program's (`n` variables, `m` rows).
    pub(super) fn restore(&self, (n, m): (usize, usize), x: &[f64], z: &[f64], out: &mut Solution) {
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

impl Form {
    pub(super) fn new(program: &ProgramRef<'_>) -> Result<Self> {
        let layout = Layout::new(program);
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
        Ok(Self { p: program.p().to_owned(), q: program.q().to_vec(), g, h, layout })
    }

    /// Whether `other` differs in numbers alone.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let same = |a: &CscMatrix, b: &CscMatrix| a.as_ref().same_pattern(&b.as_ref());
        self.layout == other.layout && same(&self.p, &other.p) && same(&self.g, &other.g)
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
