//! What the layer costs beside the solver it calls: `cargo run --release -p bpqp --example overhead`. Microseconds,
//! medians, the session alone and the layer in turn on the same dense random problems.
#![allow(clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use bpqp::traits::{ActiveSet, Settings, Side, Solution};
use bpqp::{Layer, Values};
use common::{Sizes, random_program};

fn time<T>(times: &mut Vec<f64>, work: impl FnOnce() -> T) -> T {
    let clock = Instant::now();
    let result = work();
    times.push(clock.elapsed().as_secs_f64() * 1e6);
    result
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    println!("            set-up+forward        backward      new q+forward+backward");
    println!("            session    layer   session    layer   session    layer");
    for (n, m, repeats) in [(10, 5, 1000), (50, 10, 500), (100, 20, 300), (500, 100, 15)] {
        let layer = Layer::new().unwrap();
        let mut t: [Vec<f64>; 6] = Default::default();
        for seed in 0..repeats {
            let program = random_program(seed, Sizes { vars: n, equalities: m, inequalities: m, rows: 0 });
            let (x_bar, q) = (vec![1.0; n], program.as_stacked().q().iter().map(|v| 1.001 * v).collect::<Vec<_>>());
            let (zero, mut z, mut nu) = (vec![0.0; 2 * m], vec![0.0; n], vec![0.0; 2 * m]);

            let mut out = Solution::default();
            let mut session = time(&mut t[0], || {
                let mut session = layer.forward_solver().setup(&program.as_stacked(), &Settings::default()).unwrap();
                session.solve(&mut out).unwrap();
                session
            });
            let side = |dual: f64| match dual {
                y if y > 0.0 => Side::Upper,
                y if y < 0.0 => Side::Lower,
                _ => Side::Free,
            };
            let row = |i: usize| if i < m { Side::Equal } else { side(out.y[i]) };
            let bounds = out.bound_duals.iter().map(|y| side(*y)).collect();
            let active = ActiveSet { rows: (0..2 * m).map(row).collect(), bounds };
            let (k, d) = (active.active_rows().count(), active.free_variables().count());
            time(&mut t[2], || {
                let factor = session.adjoint_factor(&active).unwrap();
                factor.solve(&x_bar[..d], &zero[..k], &mut z[..d], &mut nu[..k]).unwrap();
            });
            let change = bpqp::traits::ProgramUpdate { q: Some(&q), ..Default::default() };
            time(&mut t[4], || {
                session.update(&change).unwrap();
                session.solve(&mut out).unwrap();
                if let Some(factor) = session.adjoint_factor(&active) {
                    factor.solve(&x_bar[..d], &zero[..k], &mut z[..d], &mut nu[..k]).unwrap();
                }
            });

            let mut solved = time(&mut t[1], || layer.forward(&program).unwrap());
            time(&mut t[3], || solved.backward(&x_bar).unwrap());
            let mut session = layer.session(program.clone()).unwrap();
            session.forward().unwrap();
            time(&mut t[5], || {
                session.update(&Values { q: Some(&q), ..Values::default() }).unwrap();
                session.forward().unwrap().backward(&x_bar).unwrap()
            });
        }
        let [a, b, c, d, e, f] = t.each_mut().map(|t| median(t));
        println!("{:<10} {a:>8.1} {b:>8.1}  {c:>8.1} {d:>8.1}  {e:>8.1} {f:>8.1}", format!("{n}x{m}"));
    }
}
