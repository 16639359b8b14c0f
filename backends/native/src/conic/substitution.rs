//! Variables that leave the system by substitution: where `x_j` has no quadratic term and occurs in no row but `i`, its
//! equation reads `Gᵢⱼ zᵢ = rhs`. That gives `zᵢ`, and row `i` gives `x_j` once all others are known. Nothing fills in, and
//! no pivot of theirs needs regularization.

use super::form::Form;
use crate::linalg::UpperPattern;

/// Entries of `G` below this are not divided by; equilibration makes the largest of a column about one.
const LEAST_ENTRY: f64 = 0.1;
/// No place, index or pair.
const NONE: usize = usize::MAX;

/// The pairs `(x_j, zᵢ)`, with the entries of every row `i`.
#[derive(Clone, Debug, Default)]
pub(super) struct Substitution {
    /// `(j, i)`.
    pairs: Vec<(usize, usize)>,
    /// Where the entries of each row at indices of the rest end, among these.
    ends: Vec<usize>,
    /// The places of these in the rest.
    places: Vec<usize>,
    /// Their values, then `Gᵢⱼ` and the diagonal entry of each row, then one that is not used.
    values: Vec<f64>,
}

/// A matrix without the rows and columns that leave it.
pub(super) struct Rest {
    pub(super) pattern: UpperPattern,
    /// Its indices in the whole.
    pub(super) kept: Vec<usize>,
    /// Where every entry of the whole belongs: an entry of the rest, or after those one of the substitution.
    pub(super) slots: Vec<usize>,
}

impl Substitution {
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
        Self { pairs, ..Self::default() }
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
        let mut count = vec![0; self.pairs.len()];
        for j in 0..whole.dim {
            for i in column(j).filter(|i| (pair_of[*i] == NONE) != (pair_of[j] == NONE)) {
                count[pair_of[i].min(pair_of[j])] += 1;
            }
        }
        let mut end = 0;
        let mut next = count;
        for count in &mut next {
            (*count, end) = (end, end + *count);
            self.ends.push(end);
        }
        self.places = vec![NONE; end];
        self.values = vec![0.0; end + 2 * self.pairs.len() + 1];
        let in_whole = whole.row_idx.len();
        let mut pattern = UpperPattern { dim: kept.len(), col_ptr: vec![0], row_idx: Vec::new() };
        let mut slots = Vec::with_capacity(in_whole);
        for j in 0..whole.dim {
            for i in column(j) {
                slots.push(match (pair_of[i], pair_of[j]) {
                    (NONE, NONE) => {
                        pattern.row_idx.push(of_index[i]);
                        pattern.row_idx.len() - 1
                    }
                    (NONE, pair) | (pair, NONE) => {
                        let at = next[pair];
                        next[pair] += 1;
                        self.places[at] = of_index[i].min(of_index[j]);
                        in_whole + at
                    }
                    (pair, _) if i != j => in_whole + end + 2 * pair,
                    (pair, _) if i >= n => in_whole + end + 2 * pair + 1,
                    // A variable's own diagonal, which it does not have.
                    _ => in_whole + self.values.len() - 1,
                });
            }
            if pair_of[j] == NONE {
                pattern.col_ptr.push(pattern.row_idx.len());
            }
        }
        let first = pattern.row_idx.len();
        slots.iter_mut().filter(|slot| **slot >= in_whole).for_each(|slot| *slot -= in_whole - first);
        Rest { pattern, kept, slots }
    }

    /// Moves the rest's indices to their places in it.
    pub(super) fn place(&mut self, of_index: &[usize]) {
        self.places.iter_mut().for_each(|place| *place = of_index[*place]);
    }

    pub(super) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// Whether all entries that are divided by are large enough.
    pub(super) fn is_sound(&self) -> bool {
        self.own_entries().iter().all(|[entry, _]| entry.abs() >= LEAST_ENTRY)
    }

    /// Gives the pairs' duals for a right-hand side `top` of the variables' equations, and subtracts them from the `rest`'s.
    pub(super) fn forward(&self, top: &[f64], z: &mut [f64], rest: &mut [f64]) {
        let mut start = 0;
        for ((&(j, i), [entry, _]), &end) in self.pairs.iter().zip(self.own_entries()).zip(&self.ends) {
            let zi = top[j] / entry;
            z[i] = zi;
            for (place, v) in self.places[start..end].iter().zip(&self.values[start..end]) {
                rest[*place] -= v * zi;
            }
            start = end;
        }
    }

    /// Gives the pairs' variables for a right-hand side `bottom` of the rows and the solution of the `rest`.
    pub(super) fn backward(&self, bottom: &[f64], z: &[f64], rest: &[f64], x: &mut [f64]) {
        let mut start = 0;
        for ((&(j, i), [entry, diagonal]), &end) in self.pairs.iter().zip(self.own_entries()).zip(&self.ends) {
            let mut left = bottom[i] - diagonal * z[i];
            for (place, v) in self.places[start..end].iter().zip(&self.values[start..end]) {
                left -= v * rest[*place];
            }
            x[j] = left / entry;
            start = end;
        }
    }

    /// `Gᵢⱼ` and the diagonal entry of each row.
    fn own_entries(&self) -> &[[f64; 2]] {
        self.values[self.places.len()..].as_chunks().0
    }
}

#[cfg(test)]
mod tests {
    use bpqp_traits::{CscMatrix, ProgramBuf};

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
        let mut substitution = Substitution { pairs: vec![(0, 1)], ..Substitution::default() };
        let Rest { pattern, kept, slots } = substitution.split(&whole, 2);
        assert_eq!((pattern.dim, &kept[..]), (3, &[1, 2, 4][..]));
        for (slot, v) in slots.iter().zip(values).filter(|(slot, _)| **slot >= pattern.row_idx.len()) {
            substitution.values_mut()[slot - pattern.row_idx.len()] = v;
        }
        assert!(substitution.is_sound());
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
