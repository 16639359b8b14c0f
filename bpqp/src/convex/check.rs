//! Are a program's derivatives those of its functions?

use bpqp_traits::check_vector;
use bpqp_traits::vector::{dot, max_abs, random_signs};

use super::evaluate::{Iterate, Problem, Workspace};
use super::program::{ConvexProgram, PrimalDual, ResidualTangent};
use super::sqp::Point;
use crate::Result;

/// Directions in which each derivative is compared.
const DIRECTIONS: u64 = 3;
/// Step of the differences, relative to the point.
const STEP: f64 = 1e-5;

/// One function of a [`ConvexProgram`] beside differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DerivativeCheck {
    /// The method, such as `hessian`.
    pub function: &'static str,
    /// Largest difference over random directions, relative to the larger of 1 and the derivative.
    pub error: f64,
}

/// Compares every derivative that `program` implements with central differences at `x`, a point of the domain with some room
/// around it, and `theta`, along random directions and with random multipliers. Errors of 1e-6 and below are those of the
/// differences.
///
/// # Errors
/// As [`ConvexLayer::at`](super::ConvexLayer::at).
pub fn check_derivatives(program: &dyn ConvexProgram, theta: &[f64], x: &[f64]) -> Result<Vec<DerivativeCheck>> {
    let (d, n, m) = Problem::new(program, theta)?.sizes();
    check_vector("x", x, d)?;
    let positive: Vec<f64> = random_signs(m, 1).map(f64::abs).collect();
    let at = Iterate { x: x.to_vec(), nu: random_signs(n, 2).collect(), lambda: positive, zeta: vec![0.0; d] };
    let lagrangian = Residual::new(program, theta, &at)?;
    let mut worst = [0.0_f64; 6];
    let mut see = |k: usize, found: &[f64], expected: &[f64]| {
        let difference = found.iter().zip(expected).fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
        let scale = max_abs(found).max(max_abs(expected)).max(1.0);
        worst[k] = if difference.is_nan() { f64::INFINITY } else { worst[k].max(difference / scale) };
    };
    for sequence in 0..DIRECTIONS {
        let v: Vec<f64> = random_signs(d, 10 + sequence).collect();
        let h = STEP * (1.0 + max_abs(x));
        let moved = |h: f64| {
            let x = x.iter().zip(&v).map(|(x, v)| x + h * v).collect();
            Residual::new(program, theta, &Iterate { x, ..at.clone() })
        };
        let along_x = moved(h)?.minus(&moved(-h)?, 2.0 * h);
        let lin = &lagrangian.point.lin;
        see(0, &[dot(&lin.gradient, &v)], &[along_x.objective]);
        let (mut hv, mut jv) = (vec![0.0; d], vec![0.0; m]);
        lin.hessian.as_ref().mul_add(1.0, &v, &mut hv);
        lin.jacobian.as_ref().mul_add(1.0, &v, &mut jv);
        see(1, &hv, &along_x.gradient);
        see(2, &jv, &along_x.inequalities);

        let w: Vec<f64> = random_signs(theta.len(), 20 + sequence).collect();
        let h = STEP * (1.0 + max_abs(theta));
        let moved = |h: f64| {
            let theta: Vec<f64> = theta.iter().zip(&w).map(|(t, w)| t + h * w).collect();
            Residual::new(program, &theta, &at)
        };
        let along_theta = moved(h)?.minus(&moved(-h)?, 2.0 * h);
        let mut of_objective = vec![0.0; theta.len()];
        program.objective_vjp(x, theta, &mut of_objective);
        see(3, &[dot(&of_objective, &w)], &[along_theta.objective]);
        let u = PrimalDual { x: &v, nu: &at.nu, lambda: &at.lambda };
        let mut vjp = vec![0.0; theta.len()];
        program.residual_vjp(at.as_primal_dual(), theta, u, &mut vjp);
        let expected = dot(u.x, &along_theta.gradient)
            + dot(u.nu, &along_theta.equalities)
            + dot(u.lambda, &along_theta.inequalities);
        see(4, &[dot(&vjp, &w)], &[expected]);
        let (mut gradient, mut equalities, mut inequalities) = (vec![0.0; d], vec![0.0; n], vec![0.0; m]);
        let out =
            ResidualTangent { gradient: &mut gradient, equalities: &mut equalities, inequalities: &mut inequalities };
        program.residual_jvp(at.as_primal_dual(), theta, &w, out);
        see(5, &gradient, &along_theta.gradient);
        see(5, &equalities, &along_theta.equalities);
        see(5, &inequalities, &along_theta.inequalities);
    }
    let names = ["gradient", "hessian", "jacobian", "objective_vjp", "residual_vjp", "residual_jvp"];
    Ok(names.into_iter().zip(worst).map(|(function, error)| DerivativeCheck { function, error }).collect())
}

/// The objective and the KKT residual at a point, without bounds.
struct Residual {
    point: Point,
    gradient: Vec<f64>,
}

/// A difference of two.
struct Difference {
    objective: f64,
    gradient: Vec<f64>,
    equalities: Vec<f64>,
    inequalities: Vec<f64>,
}

impl Residual {
    fn new(program: &dyn ConvexProgram, theta: &[f64], at: &Iterate) -> Result<Self> {
        let problem = Problem::new(program, theta)?;
        let outside = |reason| bpqp_traits::Error::invalid_argument("x", format!("lies outside the domain: {reason}"));
        let values = problem.values(&at.x).map_err(outside)?;
        let point = Point::new(&problem, &mut Workspace::new(&problem), at.clone(), values, "")?;
        let mut gradient = point.lin.gradient.clone();
        problem.a.as_ref().transpose_mul_add(1.0, &at.nu, &mut gradient);
        point.lin.jacobian.as_ref().transpose_mul_add(1.0, &at.lambda, &mut gradient);
        Ok(Self { point, gradient })
    }

    fn minus(&self, other: &Self, over: f64) -> Difference {
        let minus = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b) / over).collect();
        let (new, old) = (&self.point.lin.values, &other.point.lin.values);
        Difference {
            objective: (new.f - old.f) / over,
            gradient: minus(&self.gradient, &other.gradient),
            equalities: minus(&new.gap, &old.gap),
            inequalities: minus(&new.g, &old.g),
        }
    }
}
