//! LDLᵀ on a fixed pattern, of a matrix that is held in the order of elimination: no permutation comes with a solve.

use bpqp_traits::Result;

use super::ldl::{Ldl, PivotRule, UpperPattern};
use super::ordering::{least_degree, permute};
use super::simplicial::Simplicial;

/// Row by row, a factorization may cost so many multiplications for each entry of the factor; blocks do more faster.
const MAX_WORK: usize = 40;

/// A matrix in an order of least degree, with its factor.
pub(crate) struct OrderedLdl {
    pattern: UpperPattern,
    values: Vec<f64>,
    signs: Vec<i8>,
    factor: Factor,
}

enum Factor {
    Rows(Box<Simplicial>, Vec<bool>),
    /// Orders for itself.
    Blocks(Ldl),
}

/// Where the parts of a matrix went.
pub(crate) struct Places {
    /// The place of every index.
    pub(crate) of_index: Vec<usize>,
    /// The place of every entry.
    pub(crate) of_entry: Vec<usize>,
}

impl OrderedLdl {
    /// Orders and analyzes the pattern of a matrix whose columns end with their diagonal; `signs` are those of the pivots.
    pub(crate) fn new(pattern: UpperPattern, signs: &[i8]) -> Result<(Self, Places)> {
        let dim = pattern.dim;
        let order = least_degree(&pattern)?;
        let (permuted, of_entry) = permute(&pattern, &order);
        let mut rows = Box::<Simplicial>::default();
        let light =
            rows.analyze(&permuted, usize::MAX).is_some_and(|(entries, work)| work <= MAX_WORK * (entries + dim));
        let (pattern, order, of_entry, factor) = if light {
            (permuted, order, of_entry, Factor::Rows(rows, vec![true; dim]))
        } else {
            let entries = (0..pattern.row_idx.len()).collect();
            let factor = Factor::Blocks(Ldl::new(pattern.clone())?);
            (pattern, (0..dim).collect(), entries, factor)
        };
        let mut of_index = vec![0; dim];
        order.iter().enumerate().for_each(|(k, &i)| of_index[i] = k);
        let values = vec![0.0; of_entry.len()];
        let signs = order.iter().map(|&i| signs[i]).collect();
        Ok((Self { pattern, values, signs, factor }, Places { of_index, of_entry }))
    }

    /// The values, by place.
    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The signs of the pivots, by place.
    pub(crate) fn signs(&self) -> &[i8] {
        &self.signs
    }

    /// Factors the matrix as it is, with small pivots, and those of the wrong sign, replaced; false where one is not finite.
    pub(crate) fn factorize(&mut self, (least, replacement): (f64, f64)) -> bool {
        let rule = PivotRule { signs: Some(&self.signs), epsilon: least, delta: replacement };
        match &mut self.factor {
            Factor::Rows(rows, kept) => rows.factorize((&self.pattern, &self.values), kept, 0.0, rule),
            Factor::Blocks(blocks) => blocks.factorize(&self.values, rule),
        }
    }

    /// Solves in place, by places.
    pub(crate) fn solve(&mut self, v: &mut [f64]) {
        match &mut self.factor {
            Factor::Rows(rows, _) => rows.solve(v),
            Factor::Blocks(blocks) => blocks.solve(v),
        }
    }

    /// `out −= M v` by places.
    pub(crate) fn subtract_product(&self, v: &[f64], out: &mut [f64]) {
        let UpperPattern { dim, col_ptr, row_idx } = &self.pattern;
        let (values, v, out) = (&self.values[..row_idx.len()], &v[..*dim], &mut out[..*dim]);
        for j in 0..*dim {
            let (vj, diagonal) = (v[j], col_ptr[j + 1] - 1);
            let mut sum = values[diagonal] * vj;
            for p in col_ptr[j]..diagonal {
                let i = row_idx[p];
                out[i] -= values[p] * vj;
                sum += values[p] * v[i];
            }
            out[j] -= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solves_by_places() {
        // An arrow with its long column first, which fills in unless it is eliminated last.
        let dim = 6;
        let (mut col_ptr, mut row_idx) = (vec![0, 1], vec![0]);
        for j in 1..dim {
            row_idx.extend([0, j]);
            col_ptr.push(row_idx.len());
        }
        let pattern = UpperPattern { dim, col_ptr, row_idx };
        let (mut ldl, places) = OrderedLdl::new(pattern.clone(), &[1; 6]).expect("small");
        for j in 0..dim {
            for p in pattern.col_ptr[j]..pattern.col_ptr[j + 1] {
                let value = if pattern.row_idx[p] == j { 10.0 + j as f64 } else { 1.0 };
                ldl.values_mut()[places.of_entry[p]] = value;
            }
        }
        assert!(ldl.factorize((1e-13, 1e-7)));
        let mut x = vec![0.0; dim];
        places.of_index.iter().enumerate().for_each(|(i, &place)| x[place] = 1.0 + i as f64);
        let mut product = vec![0.0; dim];
        ldl.subtract_product(&x, &mut product);
        assert_eq!(product[places.of_index[0]], -(10.0 + 2.0 + 3.0 + 4.0 + 5.0 + 6.0));
        product.iter_mut().for_each(|v| *v = -*v);
        ldl.solve(&mut product);
        assert!(product.iter().zip(&x).all(|(a, b)| (a - b).abs() < 1e-14), "{product:?}");
    }
}
