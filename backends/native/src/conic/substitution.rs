//! Variables that leave the system by substitution: where `x_j` has no quadratic term and occurs in no row but `i`, its
//! equation reads `Gᵢⱼ zᵢ = rhs`. That gives `zᵢ`, and row `i` gives `x_j` once all others are known. Nothing fills in, and
//! no pivot of theirs needs regularization.

use bpqp_traits::{CscMatrix, Result};

use super::form::Form;
use crate::linalg::UpperPattern;

/// Entries of `G` below this are not divided by; equilibration makes the largest of a column about one.
const LEAST_ENTRY: f64 = 0.1;
/// No place, index or pair.
const NONE: usize = usize::MAX;

/// The pairs `(x_j, zᵢ)`, with the entries of every row `i`.
#[derive(Clone, Debug)]
pub(super) struct Substitution {
    /// `(j, i)`.
    pairs: Vec<(usize, usize)>,
    /// Entries of the rows (one for each pair) at the rest's places.
    coupling: CscMatrix,
    /// `Gᵢⱼ`, its reciprocal once [inverted](Self::invert), and the diagonal entry of each row, and one more for what is
    /// not there.
    own: Vec<f64>,
    /// `zᵢ`, or what is left of the right-hand side of row `i`, by pairs.
    work: Vec<f64>,
}

/// A matrix without the rows and columns that leave it.
pub(super) struct Rest {
    pub(super) pattern: UpperPattern,
    /// Its indices in the whole.
    pub(super) kept: Vec<usize>,
    /// The pair and the index of every entry that couples them.
    pub(super) coupled: Vec<(usize, usize)>,
    /// Where every entry of the whole went.
    pub(super) slots: Vec<Slot>,
}

/// Where an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// In what is left.
    Rest(usize),
    /// In a pair's row, beside the rest.
    Coupling(usize),
    /// In a pair's row, on its own.
    Own(usize),
}

impl Substitution {
    fn new(pairs: Vec<(usize, usize)>) -> Self {
        let (own, work) = (vec![0.0; 2 * pairs.len() + 1], vec![0.0; pairs.len()]);
        Self { pairs, coupling: CscMatrix::zeros(0, 0), own, work }
    }

    /// Pairs up the variables that may leave with rows that may: those that no block of `W²` couples.
    pub(super) fn find(form: &Form, is_coupled: impl Fn(usize) -> bool) -> Self {
        let (p, g) = (form.p.as_ref(), form.g.as_ref());
        let mut is_square = vec![false; form.q.len()];
        for (i, j, _) in p.entries() {
            (is_square[i], is_square[j]) = (true, true);
        }
        let mut is_taken = vec![false; form.h.len()];
        let mut pairs = Vec::new();
        for (j, is_square) in is_square.iter().enumerate() {
            let mut column = g.col(j);
            let (Some((i, v)), None) = (column.next(), column.next()) else { continue };
            if !is_square && !is_taken[i] && v.abs() >= LEAST_ENTRY && !is_coupled(i) {
                is_taken[i] = true;
                pairs.push((j, i));
            }
        }
        Self::new(pairs)
    }

    /// Takes the pairs out of a symmetric matrix of which the first `n` indices are variables and the next ones rows.
    pub(super) fn split(&mut self, whole: &UpperPattern, n: usize) -> Rest {
        let mut pair_of = vec![NONE; whole.dim];
        for (pair, (j, i)) in self.pairs.iter().enumerate() {
            (pair_of[*j], pair_of[n + i]) = (pair, pair);
        }
        let kept: Vec<usize> = (0..whole.dim).filter(|&k| pair_of[k] == NONE).collect();
        let mut of_index = vec![NONE; whole.dim];
        kept.iter().enumerate().for_each(|(new, &k)| of_index[k] = new);
        let column = |j: usize| whole.row_idx[whole.col_ptr[j]..whole.col_ptr[j + 1]].iter().copied();
        let mut pattern = UpperPattern { dim: kept.len(), col_ptr: vec![0], row_idx: Vec::new() };
        let mut slots = Vec::with_capacity(whole.row_idx.len());
        // The pairs and indices of the entries that couple them.
        let mut coupled = Vec::new();
        for j in 0..whole.dim {
            for i in column(j) {
                slots.push(match (pair_of[i], pair_of[j]) {
                    (NONE, NONE) => {
                        pattern.row_idx.push(of_index[i]);
                        Slot::Rest(pattern.row_idx.len() - 1)
                    }
                    (NONE, pair) | (pair, NONE) => {
                        coupled.push((pair, of_index[i].min(of_index[j])));
                        Slot::Coupling(coupled.len() - 1)
                    }
                    (pair, _) if i != j => Slot::Own(2 * pair),
                    (pair, _) if i >= n => Slot::Own(2 * pair + 1),
                    // A variable's own diagonal, which it does not have.
                    _ => Slot::Own(self.own.len() - 1),
                });
            }
            if pair_of[j] == NONE {
                pattern.col_ptr.push(pattern.row_idx.len());
            }
        }
        Rest { pattern, kept, coupled, slots }
    }

    /// Takes the entries that couple pairs with the rest, by its places.
    ///
    /// # Errors
    /// None for what [`split`](Self::split) found.
    pub(super) fn couple(&mut self, coupled: &[(usize, usize)], of_index: &[usize]) -> Result<Vec<usize>> {
        let mut order: Vec<usize> = (0..coupled.len()).collect();
        let place = |entry: usize| (of_index[coupled[entry].1], coupled[entry].0);
        order.sort_by_key(|&entry| place(entry));
        let triplets: Vec<_> = order.iter().map(|&entry| (coupled[entry].0, place(entry).0, 0.0)).collect();
        self.coupling = CscMatrix::from_triplets(self.pairs.len(), of_index.len(), &triplets)?;
        let mut places = vec![0; coupled.len()];
        order.iter().enumerate().for_each(|(place, &entry)| places[entry] = place);
        Ok(places)
    }

    /// Values of the entries that couple, and of the pairs' own.
    pub(super) fn values_mut(&mut self) -> (&mut [f64], &mut [f64]) {
        (self.coupling.values_mut(), &mut self.own)
    }

    /// Takes the reciprocals of the entries that are divided by, and tells whether all were large enough.
    pub(super) fn invert(&mut self) -> bool {
        let mut is_sound = true;
        for [entry, _] in self.own.as_chunks_mut().0 {
            is_sound &= entry.abs() >= LEAST_ENTRY;
            *entry = entry.recip();
        }
        is_sound
    }

    /// Gives the pairs' duals for a right-hand side `top` of the variables' equations, and subtracts them from the `rest`'s.
    pub(super) fn forward(&mut self, top: &[f64], z: &mut [f64], rest: &mut [f64]) {
        let Self { pairs, coupling, own, work } = self;
        for ((&(j, i), [inverse, _]), zi) in pairs.iter().zip(own.as_chunks().0).zip(&mut *work) {
            *zi = top[j] * inverse;
            z[i] = *zi;
        }
        coupling.as_ref().transpose_mul_add(-1.0, work, rest);
    }

    /// Gives the pairs' variables for a right-hand side `bottom` of the rows and the solution of the `rest`.
    pub(super) fn backward(&mut self, bottom: &[f64], z: &[f64], rest: &[f64], x: &mut [f64]) {
        let Self { pairs, coupling, own, work } = self;
        let rows = || pairs.iter().zip(own.as_chunks().0);
        rows().zip(&mut *work).for_each(|((&(_, i), [_, diagonal]), left)| *left = bottom[i] - diagonal * z[i]);
        coupling.as_ref().mul_add(-1.0, rest, work);
        rows().zip(&*work).for_each(|((&(j, _), [inverse, _]), left)| x[j] = left * inverse);
    }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::ProgramBuf;

    use super::*;

    /// `‖(x₀ + y, x₁, 2x₁ + y)‖ ≤ 1 − x₂`, `x₀` and `x₂` in one row each, and `y ≤ 3`.
    fn form() -> Form {
        let inf = f64::INFINITY;
        let program = ProgramBuf::new(
            CscMatrix::zeros(4, 4),
            vec![1.0; 4],
            CscMatrix::zeros(0, 4),
            (vec![], vec![]),
            (vec![-inf; 4], vec![inf, inf, inf, 3.0]),
        );
        let entries = [(0, 2, -1.0), (1, 0, 2.0), (1, 3, 1.0), (2, 1, 1.0), (3, 1, 2.0), (3, 3, 1.0)];
        let matrix = CscMatrix::from_triplets(4, 4, &entries).expect("entries");
        let program = program.and_then(|p| p.with_cones(matrix, vec![1.0, 0.0, 0.0, 0.0], vec![4])).expect("a program");
        Form::new(&program.as_ref()).expect("a form")
    }

    #[test]
    fn variables_of_one_row_leave() {
        let form = form();
        assert_eq!(Substitution::find(&form, |_| false).pairs, [(0, 2), (2, 1)]);
        assert!(Substitution::find(&form, |i| i > 0).pairs.is_empty());
    }

    /// Variables 0 and 1, rows 0 and 1 and an index more; `x₀` is in row 1 alone.
    #[test]
    fn what_left_is_solved_for() {
        let rows = [
            [0.0, 0.0, 0.0, 2.0, 0.0],
            [0.0, 5.0, 1.0, 3.0, 0.0],
            [0.0, 1.0, -4.0, 0.0, 1.0],
            [2.0, 3.0, 0.0, -7.0, 0.5],
            [0.0, 0.0, 1.0, 0.5, 1.0],
        ];
        let (mut whole, mut values) = (UpperPattern { dim: 5, col_ptr: vec![0], row_idx: vec![] }, vec![]);
        for j in 0..5 {
            for i in (0..=j).filter(|&i| i == j || rows[i][j] != 0.0) {
                whole.row_idx.push(i);
                values.push(rows[i][j]);
            }
            whole.col_ptr.push(whole.row_idx.len());
        }
        let mut substitution = Substitution::new(vec![(0, 1)]);
        let Rest { pattern, kept, coupled, slots } = substitution.split(&whole, 2);
        assert_eq!((pattern.dim, &kept[..]), (3, &[1, 2, 4][..]));
        let places = substitution.couple(&coupled, &[0, 1, 2]).expect("entries");
        let (coupling, own) = substitution.values_mut();
        for (slot, v) in slots.into_iter().zip(values) {
            match slot {
                Slot::Rest(_) => {}
                Slot::Coupling(entry) => coupling[places[entry]] = v,
                Slot::Own(entry) => own[entry] = v,
            }
        }
        assert!(substitution.invert());
        // The right-hand side of a known solution; the rest is solved by knowing it.
        let known = [1.0, -2.0, 3.0, 0.5, -1.5];
        let rhs = rows.map(|row| row.iter().zip(known).map(|(a, x)| a * x).sum::<f64>());
        let (mut z, mut x, mut rest) = ([3.0, 0.0], [0.0, -2.0], [rhs[1], rhs[2], rhs[4]]);
        substitution.forward(&rhs[..2], &mut z, &mut rest);
        assert_eq!((z[1], rest), (0.5, [rhs[1] - 1.5, rhs[2], rhs[4] - 0.25]));
        substitution.backward(&rhs[2..4], &z, &[-2.0, 3.0, -1.5], &mut x);
        assert_eq!(x, [1.0, -2.0]);
    }
}
