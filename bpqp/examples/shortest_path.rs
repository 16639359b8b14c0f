//! Predict, then optimize: costs of a grid's edges are predicted from features, a path is chosen by a linear program, and the
//! loss is what the path costs in truth. The path is a vertex, so the exact gradient is zero and learns nothing; the smoothed
//! one learns.
//!
//! `cargo run --release -p bpqp --example shortest_path [BARRIER] [PLOT.svg]`

use bpqp::{BatchGradient, CscMatrix, Layer, Program, Result, Values};

const SIDE: usize = 5;
const FEATURES: usize = 5;
const TRAIN: usize = 100;
const TEST: usize = 200;
const EPOCHS: usize = 60;
const RATE: f64 = 0.2;

/// A grid of `SIDE × SIDE` nodes with edges to the right and down; a path goes from the first to the last.
fn edges() -> Vec<(usize, usize)> {
    let node = |row: usize, col: usize| row * SIDE + col;
    let mut edges = Vec::new();
    for row in 0..SIDE {
        for col in 0..SIDE {
            if col + 1 < SIDE {
                edges.push((node(row, col), node(row, col + 1)));
            }
            if row + 1 < SIDE {
                edges.push((node(row, col), node(row + 1, col)));
            }
        }
    }
    edges
}

/// `min cᵀx  s.t.  one unit flows through the grid, 0 ≤ x ≤ 1`: its vertices are paths.
fn paths(edges: &[(usize, usize)]) -> Result<Program> {
    // The last node's balance follows from the others'.
    let nodes = SIDE * SIDE - 1;
    let out = edges.iter().enumerate().map(|(k, (from, _))| (*from, k, 1.0));
    let entering = edges.iter().enumerate().filter(|(_, (_, to))| *to < nodes).map(|(k, (_, to))| (*to, k, -1.0));
    let balance = CscMatrix::from_triplets(nodes, edges.len(), &out.chain(entering).collect::<Vec<_>>())?;
    let mut supply = vec![0.0; nodes];
    supply[0] = 1.0;
    let costs = vec![1.0; edges.len()];
    let (none, all) = (vec![0.0; edges.len()], vec![1.0; edges.len()]);
    Program::builder(edges.len()).linear_objective(&costs).equalities(&balance, &supply).bounds(&none, &all).build()
}

/// Marsaglia's xorshift, and Box and Muller's normal numbers.
struct Random(u64);

impl Random {
    fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.uniform(), self.uniform());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

/// Features of each instance and the true costs of its edges: of degree 6 in the features, where the model is linear.
struct Data {
    features: Vec<[f64; FEATURES]>,
    costs: Vec<Vec<f64>>,
}

impl Data {
    fn new(count: usize, truth: &[[f64; FEATURES]], random: &mut Random) -> Self {
        let features: Vec<[f64; FEATURES]> = (0..count).map(|_| std::array::from_fn(|_| random.normal())).collect();
        let cost = |x: &[f64; FEATURES], w: &[f64; FEATURES], noise: f64| {
            let linear: f64 = x.iter().zip(w).map(|(x, w)| x * w).sum();
            noise * (1.0 + (linear / (FEATURES as f64).sqrt() + 3.0).powi(6) / 3.0_f64.powi(6))
        };
        let costs = features
            .iter()
            .map(|x| truth.iter().map(|w| cost(x, w, 0.75 + 0.5 * random.uniform())).collect())
            .collect();
        Self { features, costs }
    }
}

/// A linear model of each edge's cost.
#[derive(Clone)]
struct Model {
    weights: Vec<[f64; FEATURES + 1]>,
}

impl Model {
    fn predict(&self, x: &[f64; FEATURES]) -> impl Iterator<Item = f64> + '_ {
        let x = *x;
        self.weights.iter().map(move |w| w[FEATURES] + x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>())
    }

    /// Adds `−rate · gradient` of one instance's costs.
    fn descend(&mut self, x: &[f64; FEATURES], costs_bar: &[f64], rate: f64) {
        for (w, bar) in self.weights.iter_mut().zip(costs_bar) {
            w.iter_mut().zip(x.iter().chain(&[1.0])).for_each(|(w, x)| *w -= rate * bar * x);
        }
    }
}

/// Least squares, by gradient descent: the prediction alone, without the decision.
fn fit(data: &Data, edges: usize) -> Model {
    let mut model = Model { weights: vec![[0.0; FEATURES + 1]; edges] };
    for _ in 0..2000 {
        let old = model.clone();
        for (x, costs) in data.features.iter().zip(&data.costs) {
            let errors: Vec<f64> = old.predict(x).zip(costs).map(|(p, c)| p - c).collect();
            model.descend(x, &errors, 0.3 / TRAIN as f64);
        }
    }
    model
}

/// Instances to judge a model by, with what the best paths cost.
struct Judge<'a> {
    layer: &'a Layer,
    program: &'a Program,
    data: &'a Data,
    best: f64,
}

impl<'a> Judge<'a> {
    fn new(layer: &'a Layer, program: &'a Program, data: &'a Data) -> Result<Self> {
        let mut judge = Self { layer, program, data, best: 0.0 };
        judge.best = judge.true_cost(&data.costs.concat())?;
        Ok(judge)
    }

    /// What the paths that these costs choose cost in truth.
    fn true_cost(&self, costs: &[f64]) -> Result<f64> {
        let mut batch = self.layer.batch(self.program, self.data.costs.len(), 0)?;
        let mut x = vec![0.0; costs.len()];
        let statuses = batch.forward(&Values { q: Some(costs), ..Values::default() }, &mut x)?;
        statuses.into_iter().collect::<Result<Vec<_>>>()?;
        Ok(x.iter().zip(self.data.costs.iter().flatten()).map(|(x, c)| x * c).sum())
    }

    /// By how much the paths that `model` chooses cost more than the best ones.
    fn regret(&self, model: &Model) -> Result<f64> {
        let predicted: Vec<f64> = self.data.features.iter().flat_map(|x| model.predict(x)).collect();
        Ok(self.true_cost(&predicted)? / self.best - 1.0)
    }
}

/// Trains on the true cost of the chosen paths through `layer`; the regret before each epoch and after the last.
fn train(layer: &Layer, program: &Program, mut model: Model, data: &Data, judge: &Judge<'_>) -> Result<Vec<f64>> {
    let n = model.weights.len();
    let mut batch = layer.batch(program, TRAIN, 0)?;
    let truth = data.costs.concat();
    let mut curve = vec![judge.regret(&model)?];
    for _ in 0..EPOCHS {
        let predicted: Vec<f64> = data.features.iter().flat_map(|x| model.predict(x)).collect();
        let values = Values { q: Some(&predicted), ..Values::default() };
        let mut x = vec![0.0; n * TRAIN];
        batch.forward(&values, &mut x)?;
        let mut costs_bar = vec![0.0; n * TRAIN];
        // L = cᵀx with the true costs: its gradient by x is c.
        let out = BatchGradient { q: Some(&mut costs_bar), ..BatchGradient::default() };
        let certificates = batch.backward(&values, &truth, out)?;
        for (k, certificate) in certificates.into_iter().enumerate() {
            // A refused gradient is no gradient: the member waits for the next epoch.
            if certificate.is_ok() {
                model.descend(&data.features[k], &costs_bar[k * n..(k + 1) * n], RATE / TRAIN as f64);
            }
        }
        curve.push(judge.regret(&model)?);
    }
    Ok(curve)
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mu = arguments.next().and_then(|mu| mu.parse().ok()).unwrap_or(0.02);
    let edges = edges();
    let program = paths(&edges)?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let truth: Vec<[f64; FEATURES]> =
        edges.iter().map(|_| std::array::from_fn(|_| f64::from(random.uniform() < 0.5))).collect();
    let data = Data::new(TRAIN, &truth, &mut random);
    let test = Data::new(TEST, &truth, &mut random);
    let two_stage = fit(&data, edges.len());

    let exact = Layer::builder().lp_regularization(0.0).build()?;
    let smoothed = Layer::builder().smoothing(mu).build()?;
    let judge = Judge::new(&exact, &program, &test)?;
    let flat = train(&exact, &program, two_stage.clone(), &data, &judge)?;
    let learned = train(&smoothed, &program, two_stage, &data, &judge)?;
    println!("regret on {TEST} unseen instances, {} edges, barrier {mu}", edges.len());
    println!("{:>6}  {:>15}  {:>18}", "epoch", "exact gradient", "smoothed gradient");
    for epoch in (0..=EPOCHS).step_by(10) {
        println!("{epoch:>6}  {:>14.2}%  {:>17.2}%", 100.0 * flat[epoch], 100.0 * learned[epoch]);
    }
    if let Some(path) = arguments.next() {
        std::fs::write(&path, plot(&flat, &learned)).map_err(|source| bpqp::Error::Io { path: path.into(), source })?;
    }
    Ok(())
}

/// Both curves as an SVG.
fn plot(flat: &[f64], learned: &[f64]) -> String {
    let highest = flat.iter().chain(learned).fold(0.0_f64, |m, v| m.max(*v)) * 1.1;
    let at = |(k, v): (usize, &f64)| {
        format!("{:.1},{:.1}", 60.0 + 520.0 * k as f64 / EPOCHS as f64, 330.0 - 300.0 * v / highest)
    };
    let curve = |values: &[f64], color: &str| {
        let points: Vec<String> = values.iter().enumerate().map(at).collect();
        format!("<polyline fill='none' stroke='{color}' stroke-width='2' points='{}'/>\n", points.join(" "))
    };
    let label = |x: f64, y: f64, text: &str| format!("<text x='{x}' y='{y}'>{text}</text>\n");
    let ticks: String = (0..=4)
        .map(|k| label(15.0, 335.0 - 75.0 * f64::from(k), &format!("{:.1}%", 25.0 * f64::from(k) * highest)))
        .collect();
    format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 380' font-family='sans-serif' font-size='13'>\n\
         <rect width='640' height='380' fill='white'/>\n<path d='M60 30 V330 H580' fill='none' stroke='#888'/>\n{ticks}{}{}{}{}{}</svg>\n",
        curve(flat, "#b33"),
        curve(learned, "#27a"),
        label(280.0, 360.0, "epochs of training on the paths' true costs"),
        label(400.0, 40.0, "<tspan fill='#b33'>exact gradient</tspan>"),
        label(400.0, 60.0, "<tspan fill='#27a'>smoothed gradient</tspan>"),
    )
}
