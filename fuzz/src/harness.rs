//! What the fuzz targets do with bytes, and what a workspace test does with the corpus.
//!
//! Whatever the bytes: no panic; a result is an error, a status, or a finite gradient with a certificate.

use std::time::Duration;

use bpqp::io::{Format, read_bytes, read_str, to_json};
use bpqp::{AtDegeneracy, AtKink, Gradient, Layer, Program, Settings, Values};

/// Problems up to so many variables and rows are solved.
const MAX_SOLVED: usize = 30;
/// Largest tolerance of a layer.
const LARGEST_TOLERANCE: f64 = 1e-3;
/// Largest residual of an adjoint system that may pass.
const ADJOINT: f64 = 1e-7;

/// Reads a QPS file.
pub(crate) fn qps(bytes: &[u8]) {
    read(bytes, Format::Qps);
}

/// Reads a JSON file.
pub(crate) fn json(bytes: &[u8]) {
    read(bytes, Format::Json);
}

fn read(bytes: &[u8], format: Format) {
    let _ = read_bytes("fuzz", bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(problem) = read_str("fuzz", text, format) else { return };
    let program = problem.program;
    // Cones have no place in the format.
    let Ok(written) = to_json(&program) else { return assert!(program.as_stacked().cones().is_some()) };
    let again = match read_str("fuzz", &written, Format::Json) {
        Ok(again) => again.program,
        Err(error) => panic!("what was written cannot be read: {error}"),
    };
    let (one, two) = (program.as_stacked(), again.as_stacked());
    assert_eq!((one.q(), one.l(), one.u(), one.lb(), one.ub()), (two.q(), two.l(), two.u(), two.lb(), two.ub()));
    assert!(one.p().entries().eq(two.p().entries()) && one.a().entries().eq(two.a().entries()));
    let is_small = program.num_vars() <= MAX_SOLVED && one.num_rows() <= MAX_SOLVED && one.cones().is_none();
    if is_small && let Ok(layer) = Layer::builder().settings(limited(Settings::default())).build() {
        differentiate(&layer, &program, &vec![1.0; program.num_vars()]);
    }
}

/// Builds a program from bytes, solves and differentiates it, updates it, and does so again.
pub(crate) fn solve(bytes: &[u8]) {
    let mut bytes = Bytes(bytes);
    let (n, choices) = (usize::from(bytes.next() % 7), bytes.next());
    let counts = [bytes.next() % 4, bytes.next() % 7, bytes.next() % 4].map(usize::from);
    let mut builder = Program::builder(n);
    let q = bytes.values(n);
    builder = if choices & 1 == 0 {
        let p = symmetric(&mut bytes, n);
        builder.objective(&p[..], &q)
    } else {
        builder.linear_objective(&q)
    };
    if counts[0] > 0 {
        builder = builder.equalities(&bytes.matrix(counts[0], n)[..], &bytes.values(counts[0]));
    }
    if counts[1] > 0 {
        builder = builder.inequalities(&bytes.matrix(counts[1], n)[..], &bytes.values(counts[1]));
    }
    if counts[2] > 0 {
        let (l, c) = (bytes.values(counts[2]), bytes.matrix(counts[2], n));
        builder = builder.rows(&l, &c[..], &bytes.values(counts[2]));
    }
    if choices & 2 != 0 {
        builder = builder.bounds(&bytes.values(n), &bytes.values(n));
    }
    if choices & 4 != 0 {
        builder = builder.assume_convex();
    }
    let Ok(program) = builder.build() else { return };
    let Some(layer) = layer(&mut bytes) else { return };
    let x_bar = bytes.values(n);
    differentiate(&layer, &program, &x_bar);

    let Ok(mut session) = layer.session(program) else { return };
    let (q, h) = (bytes.values(n), bytes.values(counts[1]));
    if session.update(&Values { q: Some(&q), h: Some(&h), ..Values::default() }).is_err() {
        return;
    }
    if let Ok(mut solved) = session.forward() {
        solved.backward(&x_bar).iter().for_each(check);
    }
}

/// Both passes and a forward-mode derivative.
fn differentiate(layer: &Layer, program: &Program, x_bar: &[f64]) {
    let Ok(mut solved) = layer.forward(program) else { return };
    if solved.status().is_solved() {
        assert!(solved.x().iter().all(|v| v.is_finite()) && solved.residuals().max() <= LARGEST_TOLERANCE);
    }
    let Ok(gradient) = solved.backward(x_bar) else { return };
    assert!(solved.status().has_solution());
    check(&gradient);
    if let Ok(tangent) = solved.jvp(&Values { q: Some(x_bar), ..Values::default() }) {
        assert!(tangent.x.iter().chain(&tangent.inequalities).all(|v| v.is_finite()));
        assert_eq!(tangent.certificate.kind, gradient.certificate().kind);
    }
}

/// Finite, with a small residual, and blocks that are not the derivative only where the kind is not exact.
fn check(gradient: &Gradient) {
    let certificate = gradient.certificate();
    assert!(certificate.residual <= ADJOINT, "{certificate:?}");
    assert!((0.0..=1.0 + 1e-9).contains(&certificate.undetermined), "{certificate:?}");
    // Products of finite factors, as matrices have them, may overflow.
    let vectors = ["q", "b", "h", "l", "u", "lb", "ub"];
    for (name, values) in gradient.blocks().into_iter().filter(|(name, _)| vectors.contains(name)) {
        assert!(values.iter().all(|v| v.is_finite()), "{name}: {values:?}");
    }
    if certificate.kind == bpqp::CertificateKind::Exact {
        assert!(certificate.inexact_blocks.is_empty() && certificate.weakly_active.is_empty(), "{certificate:?}");
    }
}

fn limited(settings: Settings) -> Settings {
    Settings { time_limit: Some(Duration::from_secs(1)), ..settings }
}

/// Any layer.
fn layer(bytes: &mut Bytes<'_>) -> Option<Layer> {
    let choices = bytes.next();
    let methods = ["auto", "active-set", "interior-point", "admm"];
    let structures = ["auto", "dense", "sparse"];
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let options = [
        option("method", methods[usize::from(choices & 3)]),
        option("structure", structures[usize::from(choices >> 2 & 3) % 3]),
    ];
    let tolerance = [1e-8, LARGEST_TOLERANCE, 1e-10, 1e-6][usize::from(choices >> 4 & 3)];
    let settings = Settings { options: options.into_iter().collect(), ..Settings::with_tolerance(tolerance) };
    let more = bytes.next();
    let kinks = [AtKink::Drop, AtKink::Keep, AtKink::Refuse, AtKink::Drop];
    let degeneracy = if more & 4 == 0 { AtDegeneracy::LeastNorm } else { AtDegeneracy::Refuse };
    let builder = Layer::builder().settings(limited(settings)).at_kink(kinks[usize::from(more & 3)]);
    builder.at_degeneracy(degeneracy).lp_regularization(if more & 8 == 0 { 0.0 } else { 1e-6 }).build().ok()
}

/// `FᵀF` of a few rows, mostly; any matrix, where the bytes say so.
fn symmetric(bytes: &mut Bytes<'_>, n: usize) -> Vec<Vec<f64>> {
    let rank = usize::from(bytes.next());
    let factor = bytes.matrix(rank % (n + 1), n);
    if rank >= 240 {
        return bytes.matrix(n, n);
    }
    let entry = |i: usize, j: usize| factor.iter().map(|row| row[i] * row[j]).sum();
    (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
}

/// Numbers from bytes; zeros after the end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Small integers and sixteenths, and some of the numbers that are trouble.
    fn value(&mut self) -> f64 {
        const SPECIAL: [f64; 16] = [
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            1e-8,
            1e8,
            -1e8,
            1e-300,
            1e300,
            1e-16,
            1e16,
            -0.0,
            f64::MIN_POSITIVE,
            f64::MAX,
            1e20,
            -1e20,
            1.0 + f64::EPSILON,
        ];
        match self.next() {
            byte @ 0..120 => f64::from(byte % 9) - 4.0,
            byte @ 120..240 => (f64::from(byte) - 180.0) / 16.0,
            byte => SPECIAL[usize::from(byte - 240)],
        }
    }

    fn values(&mut self, len: usize) -> Vec<f64> {
        (0..len).map(|_| self.value()).collect()
    }

    fn matrix(&mut self, rows: usize, cols: usize) -> Vec<Vec<f64>> {
        (0..rows).map(|_| self.values(cols)).collect()
    }
}
