//! Is the KKT matrix singular? One more solve tells.

use bpqp_traits::{ActiveSet, ProgramRef, Result, Session};

use super::active::Reading;
use super::reduced::ReducedKkt;

/// Relative error above which a component counts as not determined by the system.
const UNDETERMINED: f64 = 1e-4;

/// What the KKT matrix leaves undetermined.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rank {
    /// Free variables that the system does not determine: the Hessian is singular on the null space of the active rows.
    pub(crate) loose_variables: Vec<usize>,
    /// Active constraints, rows first, then bounds, whose duals are not determined: they are linearly dependent.
    pub(crate) dependent: Vec<usize>,
    /// A combination of the dependent rows that is zero at the free variables: rows with their coefficients.
    combination: Vec<(usize, f64)>,
}

impl Rank {
    /// Counts the bounds held at the variables where the dependent rows' combination is not zero among the dependent
    /// constraints: their duals make up for the rows'.
    pub(crate) fn add_bounds(&mut self, program: &ProgramRef<'_>, active: &ActiveSet) {
        let (n, m) = (program.num_vars(), program.num_rows());
        let mut coefficients = vec![0.0; m];
        self.combination.iter().for_each(|&(i, v)| coefficients[i] = v);
        let (mut sums, mut sizes) = (vec![0.0_f64; n], vec![0.0_f64; n]);
        for (i, j, v) in program.a().entries() {
            sums[j] += v * coefficients[i];
            sizes[j] += (v * coefficients[i]).abs();
        }
        let pushed = active.active_bounds().filter(|&j| sums[j].abs() > UNDETERMINED * sizes[j]);
        self.add_dependent(pushed.map(|j| m + j));
    }

    /// That of a regular matrix, but for rows of zeros that are met.
    pub(crate) fn regular(reading: &Reading) -> Self {
        Self { dependent: reading.empty_and_met().collect(), ..Self::default() }
    }

    /// Counts these constraints among the dependent ones, too.
    pub(crate) fn add_dependent(&mut self, constraints: impl Iterator<Item = usize>) {
        self.dependent.extend(constraints);
        self.dependent.sort_unstable();
        self.dependent.dedup();
    }

    /// Solves `K w = K w₀` for a known random `w₀`: where `K` is regular the answer is `w₀`; along its null space the
    /// answer has another component, whichever solver gave it.
    pub(crate) fn of(kkt: &mut ReducedKkt) -> Result<Self> {
        let (free, rows) = (kkt.free().to_vec(), kkt.rows().to_vec());
        // A lent factor has proved the matrix regular by its pivots.
        let Some((h, c, factor)) = kkt.parts() else { return Ok(Self::default()) };
        let (d, k) = (h.ncols(), c.nrows());
        if d == 0 {
            let combination = rows.iter().copied().zip(random_signs(k)).collect();
            return Ok(Self { loose_variables: Vec::new(), dependent: rows, combination });
        }
        let c_entries = c.as_ref().entries().map(|(i, j, v)| (d + i, j, v));
        let scale = unit_scales(d + k, h.as_ref().entries().chain(c_entries));
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
        let dependent = loose(&nu, nu0, &scale[d..], &rows);
        let drift = rows.iter().zip(nu.iter().zip(nu0)).map(|(&i, (found, known))| (i, found - known));
        let combination = drift.filter(|(i, _)| dependent.binary_search(i).is_ok()).collect();
        Ok(Self { loose_variables: loose(&z, z0, &scale[..d], &free), dependent, combination })
    }
}

/// The same question about the factor that `session` holds, answered by yes or no.
pub(crate) fn is_regular(
    kkt: &mut ReducedKkt,
    program: &ProgramRef<'_>,
    session: &mut (dyn Session + 'static),
) -> Result<bool> {
    let (n, m) = (program.num_vars(), program.num_rows());
    let mut kept = vec![false; n + m];
    kkt.free().iter().for_each(|&j| kept[j] = true);
    kkt.rows().iter().for_each(|&i| kept[n + i] = true);
    let p = program.p().entries().filter(|&(i, j, _)| kept[i] && kept[j]);
    let a = program.a().entries().map(|(i, j, v)| (n + i, j, v)).filter(|&(i, j, _)| kept[i] && kept[j]);
    let scale = unit_scales(n + m, p.chain(a));
    let w0 = random_signs(n + m).zip(&scale).zip(&kept).map(|((r, s), &kept)| if kept { r * s } else { 0.0 });
    let w0: Vec<f64> = w0.collect();
    let (z0, nu0) = w0.split_at(n);
    let (mut g, mut r) = (vec![0.0; n], vec![0.0; m]);
    program.p().symmetric_mul_add(-1.0, z0, &mut g);
    program.a().transpose_mul_add(-1.0, nu0, &mut g);
    program.a().mul_add(1.0, z0, &mut r);
    let found = kkt.solve(program, Some(session), &g, &r, &vec![0.0; n])?;
    let found = found.z.iter().chain(&found.y);
    // A NaN is not below the threshold.
    Ok(found.zip(&w0).zip(&scale).all(|((found, known), scale)| (found - known).abs() <= UNDETERMINED * scale))
}

/// `1/√‖K_i‖∞` for each row of the symmetric `K` (`dim`) of these entries: the units in which it is roughly equilibrated.
fn unit_scales(dim: usize, entries: impl Iterator<Item = (usize, usize, f64)>) -> Vec<f64> {
    let mut largest = vec![0.0_f64; dim];
    for (i, j, v) in entries {
        largest[i] = largest[i].max(v.abs());
        largest[j] = largest[j].max(v.abs());
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
