//! Is the KKT matrix singular? One more solve tells.

use bpqp_traits::vector::random_signs;
use bpqp_traits::{ActiveSet, ProgramRef, Result, Session};

use super::active::Reading;
use super::reduced::ReducedKkt;

/// Relative error above which a component counts as not determined by the system.
const UNDETERMINED: f64 = 1e-4;

/// A known solution that happens to be (nearly) orthogonal to the null space does not show it; one that is found to no more
/// than this is asked again …
const CLEAR: f64 = 1e-8;
/// … with another one.
const PROBES: u64 = 2;

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
        // A lent factor is that of a regular matrix.
        let Some((h, c, factor)) = kkt.parts() else { return Ok(Self::default()) };
        let (d, k) = (h.ncols(), c.nrows());
        if d == 0 {
            let combination = rows.iter().copied().zip(random_signs(k, 0)).collect();
            return Ok(Self { loose_variables: Vec::new(), dependent: rows, combination });
        }
        let c_entries = c.as_ref().entries().map(|(i, j, v)| (d + i, j, v));
        let scale = unit_scales(d + k, h.as_ref().entries().chain(c_entries));
        let mut rank = Self::default();
        for probe in 0..PROBES {
            let w0: Vec<f64> = random_signs(d + k, probe).zip(&scale).map(|(r, s)| r * s).collect();
            let (z0, nu0) = w0.split_at(d);
            let (mut g, mut r) = (vec![0.0; d], vec![0.0; k]);
            h.as_ref().symmetric_mul_add(-1.0, z0, &mut g);
            c.as_ref().transpose_mul_add(-1.0, nu0, &mut g);
            c.as_ref().mul_add(1.0, z0, &mut r);
            let mut w = vec![0.0; d + k];
            let (z, nu) = w.split_at_mut(d);
            factor.solve(&g, &r, z, nu)?;
            let errors: Vec<f64> = w.iter().zip(&w0).zip(&scale).map(|((w, w0), s)| (w - w0).abs() / s).collect();
            // A NaN is not below the threshold: undetermined.
            let undetermined = (0..d + k).filter(|&i| !matches!(errors[i], e if e <= UNDETERMINED));
            let (loose, dependent): (Vec<usize>, Vec<usize>) = undetermined.partition(|&i| i < d);
            rank.loose_variables.extend(loose.into_iter().map(|i| free[i]));
            rank.combination.extend(dependent.iter().map(|&i| (rows[i - d], w[i] - w0[i])));
            rank.add_dependent(dependent.into_iter().map(|i| rows[i - d]));
            if errors.iter().all(|e| *e <= CLEAR) {
                break;
            }
        }
        rank.loose_variables.sort_unstable();
        rank.loose_variables.dedup();
        Ok(rank)
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
    for probe in 0..PROBES {
        let w0 = random_signs(n + m, probe).zip(&scale).zip(&kept);
        let w0: Vec<f64> = w0.map(|((r, s), &kept)| if kept { r * s } else { 0.0 }).collect();
        let (z0, nu0) = w0.split_at(n);
        let (mut g, mut r) = (vec![0.0; n], vec![0.0; m]);
        program.p().symmetric_mul_add(-1.0, z0, &mut g);
        program.a().transpose_mul_add(-1.0, nu0, &mut g);
        program.a().mul_add(1.0, z0, &mut r);
        let found = kkt.solve(program, Some(&mut *session), &g, &r, &vec![0.0; n])?;
        let found = found.z.iter().chain(&found.y);
        let below = |limit: f64| {
            // A NaN is not below any.
            found.clone().zip(&w0).zip(&scale).all(|((found, known), scale)| (found - known).abs() <= limit * scale)
        };
        if !below(UNDETERMINED) {
            return Ok(false);
        }
        if below(CLEAR) {
            break;
        }
    }
    Ok(true)
}

/// `1/√‖K_i‖∞` for each row of the symmetric `K` (`dim`) of these entries: the units in which it is roughly equilibrated.
pub(super) fn unit_scales(dim: usize, entries: impl Iterator<Item = (usize, usize, f64)>) -> Vec<f64> {
    let mut largest = vec![0.0_f64; dim];
    for (i, j, v) in entries {
        largest[i] = largest[i].max(v.abs());
        largest[j] = largest[j].max(v.abs());
    }
    largest.iter().map(|&v| if v > 0.0 { 1.0 / v.sqrt() } else { 1.0 }).collect()
}
