//! Is the KKT matrix singular? One more solve tells.

use bpqp_traits::{CscMatrix, Result};

use super::reduced::ReducedKkt;

/// Relative error above which a component counts as not determined by the system.
const UNDETERMINED: f64 = 1e-4;

/// What the KKT matrix leaves undetermined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rank {
    /// Free variables that the system does not determine: the Hessian is singular on the null space of the active rows.
    pub(crate) loose_variables: Vec<usize>,
    /// Active rows whose duals the system does not determine: they are linearly dependent.
    pub(crate) dependent_rows: Vec<usize>,
}

impl Rank {
    /// Solves `K w = K w₀` for a known random `w₀`: where `K` is regular the answer is `w₀`; along its null space the
    /// answer has another component, whichever solver gave it.
    pub(crate) fn of(kkt: &mut ReducedKkt) -> Result<Self> {
        let (free, rows) = (kkt.free().to_vec(), kkt.rows().to_vec());
        // A lent factor has proved the matrix regular by its pivots.
        let Some((h, c, factor)) = kkt.parts() else { return Ok(Self::default()) };
        let (d, k) = (h.ncols(), c.nrows());
        if d == 0 {
            return Ok(Self { loose_variables: Vec::new(), dependent_rows: rows });
        }
        let scale = unit_scales(h, c);
        let w0: Vec<f64> = random_signs(d + k).zip(&scale).map(|(r, s)| r * s).collect();
        let (z0, nu0) = w0.split_at(d);
        let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
        h.as_ref().symmetric_mul_add(-1.0, z0, &mut g);
        c.as_ref().transpose_mul_add(-1.0, nu0, &mut g);
        c.as_ref().mul_add(1.0, z0, &mut r);
        let (mut z, mut nu) = (vec![0.0; d], vec![0.0; k]);
        factor.solve(&g, &r, &mut z, &mut nu)?;
        let loose = |found: &[f64], known: &[f64], scale: &[f64], names: &[usize]| -> Vec<usize> {
            let error = |i: usize| (found[i] - known[i]).abs() / scale[i];
            // A NaN is not below the threshold: undetermined.
            (0..found.len()).filter(|&i| !matches!(error(i), e if e <= UNDETERMINED)).map(|i| names[i]).collect()
        };
        Ok(Self {
            loose_variables: loose(&z, z0, &scale[..d], &free),
            dependent_rows: loose(&nu, nu0, &scale[d..], &rows),
        })
    }
}

/// `1/√‖K_i‖∞` for each row of `K`: the units in which `K` is roughly equilibrated.
fn unit_scales(h: &CscMatrix, c: &CscMatrix) -> Vec<f64> {
    let d = h.ncols();
    let mut largest = vec![0.0_f64; d + c.nrows()];
    let mut see = |i: usize, v: f64| largest[i] = largest[i].max(v.abs());
    for (i, j, v) in h.as_ref().entries() {
        see(i, v);
        see(j, v);
    }
    for (i, j, v) in c.as_ref().entries() {
        see(d + i, v);
        see(j, v);
    }
    largest.iter().map(|&v| if v > 0.0 { 1.0 / v.sqrt() } else { 1.0 }).collect()
}

/// A fixed sequence of numbers in ±[½, 1], by Marsaglia's xorshift.
fn random_signs(len: usize) -> impl Iterator<Item = f64> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..len).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let unit = (state >> 11) as f64 / (1_u64 << 53) as f64;
        if state & 1 == 0 { 0.5 + 0.5 * unit } else { -0.5 - 0.5 * unit }
    })
}
