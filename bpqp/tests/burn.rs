//! The layer for burn: its gradients by burn's own autodiff against central differences, what fails, and who is told.
#![allow(clippy::unwrap_used, clippy::panic)] // a test panics by design
#![cfg(all(feature = "burn", feature = "generate", feature = "native"))]

use bpqp::burn::{Error, Qp, QpLayer};
use bpqp::generate::{Family, Recipe};
use bpqp::{AtKink, CertificateKind, Layer, Program};
use burn::tensor::{DType, Device, Tensor, TensorData};

/// Variables, equalities and inequalities of the tests' programs, and members of a batch.
const D: usize = 6;
const ROWS: usize = 2;
const MEMBERS: usize = 3;

const NAMES: [&str; 8] = ["P", "q", "A", "b", "G", "h", "lb", "ub"];
const SIZES: [(usize, usize); 8] = [(D, D), (D, 1), (ROWS, D), (ROWS, 1), (ROWS, D), (ROWS, 1), (D, 1), (D, 1)];

fn layer() -> QpLayer {
    QpLayer::new(Layer::new().unwrap())
}

/// Numbers of all blocks, row by row, of one member or more.
#[derive(Clone)]
struct Data {
    blocks: [Vec<f64>; 8],
    batched: [bool; 8],
}

impl Data {
    /// Programs with every other inequality active and a bound that pushes; where `batched` says so one for each member.
    fn new(batched: [bool; 8]) -> Self {
        let mut blocks: [Vec<f64>; 8] = Default::default();
        let first = member(1);
        for (k, block) in blocks.iter_mut().enumerate() {
            *block =
                if batched[k] { (0..MEMBERS).flat_map(|i| near(&first[k], i, k)).collect() } else { first[k].clone() };
        }
        Self { blocks, batched }
    }

    /// The blocks as tensors of `dtype`, all of them differentiable.
    fn tensors(&self, dtype: DType) -> [Tensor<3>; 8] {
        let device = Device::flex().autodiff();
        std::array::from_fn(|k| {
            let (rows, columns) = SIZES[k];
            let members = if self.batched[k] { MEMBERS } else { 1 };
            let data = TensorData::new(self.blocks[k].clone(), [members, rows, columns]);
            Tensor::<3>::from_data(data, (&device, dtype)).require_grad()
        })
    }

    fn qp(&self, tensors: &[Tensor<3>; 8]) -> Qp {
        let matrix = |k: usize| -> bpqp::burn::Matrix {
            let t = tensors[k].clone();
            if self.batched[k] { t.into() } else { t.squeeze_dim::<2>(0).into() }
        };
        let vector = |k: usize| -> bpqp::burn::Vector {
            let t = tensors[k].clone().squeeze_dim::<2>(2);
            if self.batched[k] { t.into() } else { t.squeeze_dim::<1>(0).into() }
        };
        Qp::new(matrix(0), vector(1))
            .equalities(matrix(2), vector(3))
            .inequalities(matrix(4), vector(5))
            .bounds(vector(6), vector(7))
    }

    /// The loss, `Σ sin(k) x_k + ½ Σ x_k²` over all members, and its gradients by burn.
    fn loss(&self, layer: &QpLayer, dtype: DType) -> (f64, [Vec<f64>; 8]) {
        let tensors = self.tensors(dtype);
        let solution = layer.forward(&self.qp(&tensors)).unwrap();
        let x = solution.x();
        let len = x.dims().iter().product::<usize>();
        let weights: Vec<f64> = (0..len).map(|k| (k as f64).sin()).collect();
        let weights = Tensor::<2>::from_data(TensorData::new(weights, x.dims()), (&x.device(), dtype));
        let loss = (x.clone() * weights + x.clone() * x * 0.5).sum();
        let value = loss.clone().into_data().iter::<f64>().next().unwrap();
        let gradients = loss.backward();
        for certificate in solution.certificates() {
            assert_eq!(certificate.unwrap().unwrap().kind, CertificateKind::Exact);
        }
        let numbers = |t: &Tensor<3>| t.grad(&gradients).unwrap().into_data().iter::<f64>().collect();
        (value, tensors.each_ref().map(numbers))
    }
}

/// One planted program with bounds: the first is active, the others are far away.
fn member(seed: u64) -> [Vec<f64>; 8] {
    let generated = Recipe::new(Family::Gaussian).n(D).m(ROWS).p(ROWS).seed(seed).generate().unwrap();
    let (program, x) = (generated.program, generated.solution.unwrap().x);
    let (stacked, blocks) = (program.as_stacked(), program.blocks());
    let dense = |rows: std::ops::Range<usize>| {
        let mut values = vec![0.0; rows.len() * D];
        program.row_block(&rows).as_ref().entries().for_each(|(i, j, v)| values[i * D + j] = v);
        values
    };
    let mut p = vec![0.0; D * D];
    program.p().entries().for_each(|(i, j, v)| p[i * D + j] = v);
    // The multiplier 1 of x₀ ≥ lb₀ takes 1 from the other forces on x₀.
    let mut q = stacked.q().to_vec();
    q[0] += 1.0;
    let lb = x.iter().enumerate().map(|(j, x)| if j == 0 { *x } else { x - 5.0 }).collect();
    let ub = x.iter().map(|x| x + 5.0).collect();
    let side = |rows: &std::ops::Range<usize>| stacked.u()[rows.clone()].to_vec();
    let (a, g) = (blocks.equalities.clone(), blocks.inequalities.clone());
    [p, q, dense(a.clone()), side(&a), dense(g.clone()), side(&g), lb, ub]
}

/// The block of member `i`: a little off the first's.
fn near(block: &[f64], i: usize, k: usize) -> Vec<f64> {
    let move_by = |j: usize| 0.01 * ((1 + i * 31 + k * 7 + j) as f64).sin();
    let moved: Vec<f64> = block.iter().enumerate().map(|(j, v)| v + move_by(j)).collect();
    if k > 0 {
        return moved;
    }
    (0..D * D).map(|e| 0.5 * (moved[e] + moved[e % D * D + e / D])).collect()
}

/// Every entry of every block against central differences of the layer's own forward pass, in `f64`.
fn check(batched: [bool; 8]) {
    let (data, layer) = (Data::new(batched), layer());
    let (_, gradients) = data.loss(&layer, DType::F64);
    for k in 0..8 {
        let largest = gradients[k].iter().fold(1.0_f64, |m, v| m.max(v.abs()));
        for entry in 0..data.blocks[k].len() {
            let moved = |by: f64| {
                let mut moved = data.clone();
                moved.blocks[k][entry] += by;
                moved.loss(&layer, DType::F64).0
            };
            let step = 1e-5;
            let difference = (moved(step) - moved(-step)) / (2.0 * step);
            let error = (gradients[k][entry] - difference).abs() / largest;
            assert!(error < 1e-7, "{}[{entry}]: {} and {difference}", NAMES[k], gradients[k][entry]);
        }
    }
}

#[test]
fn gradients_of_all_blocks_of_a_batch() {
    check([true; 8]);
}

#[test]
fn gradients_of_shared_matrices_are_sums() {
    check([false, true, false, true, false, true, false, true]);
}

#[test]
fn a_batch_of_one_without_a_batch_dimension() {
    check([false; 8]);
}

/// What the rustdoc of the module says of `f32`.
#[test]
fn single_precision_costs_some_digits() {
    for batched in [[true; 8], [false, true, false, true, false, true, false, true]] {
        let data = Data::new(batched);
        let (loss, exact) = data.loss(&layer(), DType::F64);
        let (rounded_loss, rounded) = data.loss(&layer(), DType::F32);
        assert!((loss - rounded_loss).abs() < 1e-4 * loss.abs().max(1.0), "{loss} {rounded_loss}");
        let mut worst = 0.0_f64;
        for (exact, rounded) in exact.iter().zip(&rounded) {
            let largest = exact.iter().fold(1.0_f64, |m, v| m.max(v.abs()));
            worst = exact.iter().zip(rounded).fold(worst, |w, (e, r)| w.max((e - r).abs() / largest));
        }
        assert!(worst > 1e-9, "rounding to single precision leaves a trace");
        assert!(worst < 1e-4, "{worst:e}");
    }
}

/// `min ½x²  s.t.  x ≤ h, −x ≤ −1` for three `h`: the second is infeasible.
fn with_an_infeasible_member(batched_matrix: bool) -> (Qp, Tensor<2>) {
    let device = (&Device::flex().autodiff(), DType::F64);
    let h = Tensor::<2>::from_data(TensorData::from([[2.0, -1.0], [0.5, -1.0], [3.0, -1.0]]), device).require_grad();
    let g = Tensor::<2>::from_data(TensorData::from([[1.0], [-1.0]]), device);
    let p = Tensor::<2>::from_data(TensorData::from([[1.0]]), device);
    let q = Tensor::<1>::from_data(TensorData::from([0.0]), device);
    let qp = Qp::new(p, q);
    let qp = if batched_matrix {
        qp.inequalities(g.unsqueeze::<3>().repeat_dim(0, 3), h.clone())
    } else {
        qp.inequalities(g, h.clone())
    };
    (qp, h)
}

#[test]
fn failures_are_named_and_need_not_end_the_batch() {
    for batched_matrix in [false, true] {
        let (qp, h) = with_an_infeasible_member(batched_matrix);
        match layer().forward(&qp) {
            Err(Error::Members { failed, members: 3 }) => {
                assert_eq!(failed.iter().map(|(k, _)| *k).collect::<Vec<_>>(), [1]);
                assert!(failed[0].1.to_string().contains("primal_infeasible"), "{}", failed[0].1);
            }
            other => panic!("{other:?}"),
        }
        let solution = layer().forward_each(&qp).unwrap();
        assert_eq!(solution.failed().iter().map(|(k, _)| *k).collect::<Vec<_>>(), [1]);
        let x: Vec<f64> = solution.x().into_data().iter().collect();
        assert!((x[0] - 1.0).abs() < 1e-9 && x[1] == 0.0 && (x[2] - 1.0).abs() < 1e-9, "{x:?}");
        let gradients = solution.x().sum().backward();
        let of_h: Vec<f64> = h.grad(&gradients).unwrap().into_data().iter().collect();
        let expected = [0.0, -1.0, 0.0, 0.0, 0.0, -1.0];
        assert!(of_h.iter().zip(expected).all(|(g, e)| (g - e).abs() < 1e-9), "{of_h:?}");
        let told: Vec<bool> = solution.certificates().iter().map(Option::is_some).collect();
        assert_eq!(told, [true, false, true]);
    }
}

/// `min ½x² + qx  s.t.  x ≥ 0` has a kink at `q = 0`.
#[test]
fn refused_gradients_are_nan_or_left_out_and_say_why() {
    let device = (&Device::flex().autodiff(), DType::F64);
    for batched_matrix in [false, true] {
        for skip in [false, true] {
            let layer = Layer::builder().at_kink(AtKink::Refuse).build().unwrap();
            let q = Tensor::<2>::from_data(TensorData::from([[-1.0], [0.0]]), device).require_grad();
            let p = Tensor::<2>::from_data(TensorData::from([[1.0]]), device);
            let bound = |v: [f64; 1]| Tensor::<1>::from_data(TensorData::from(v), device);
            let qp = if batched_matrix {
                Qp::new(p.unsqueeze::<3>().repeat_dim(0, 2), q.clone())
            } else {
                Qp::new(p, q.clone())
            };
            let solution = QpLayer::new(layer)
                .skip_refused(skip)
                .forward(&qp.bounds(bound([0.0]), bound([f64::INFINITY])))
                .unwrap();
            let gradients = solution.x().sum().backward();
            let of_q: Vec<f64> = q.grad(&gradients).unwrap().into_data().iter().collect();
            assert!((of_q[0] + 1.0).abs() < 1e-12, "{of_q:?}");
            assert!(if skip { of_q[1] == 0.0 } else { of_q[1].is_nan() }, "{of_q:?}");
            let certificates = solution.certificates();
            assert!(certificates[0].as_ref().unwrap().is_ok());
            assert!(certificates[1].as_ref().unwrap().as_ref().unwrap_err().contains("kink"), "{certificates:?}");
        }
    }
}

#[test]
fn factor_models_have_the_gradient_of_their_product() {
    let device = (&Device::flex().autodiff(), DType::F64);
    let loadings = [[0.3, 0.1], [-0.2, 0.4], [0.5, 0.2], [0.1, -0.3]];
    let diagonal = [0.2, 0.3, 0.25, 0.4];
    let dense: Vec<Vec<f64>> = (0..4)
        .map(|i| {
            (0..4)
                .map(|j| {
                    loadings[i][0] * loadings[j][0]
                        + loadings[i][1] * loadings[j][1]
                        + if i == j { diagonal[i] } else { 0.0 }
                })
                .collect()
        })
        .collect();
    let numbers = TensorData::from([[-0.3, 0.1, -0.2, 0.0], [0.2, -0.4, 0.0, 0.1]]);
    let (ones, zeros, infinite) = ([[1.0; 4]], [0.0; 4], [f64::INFINITY; 4]);
    let build =
        |builder: bpqp::ProgramBuilder| builder.equalities(&ones, &[1.0]).bounds(&zeros, &infinite).build().unwrap();
    let factored = build(Program::builder(4).factor_objective(&diagonal, &loadings, &zeros));
    let product = build(Program::builder(4).objective(&dense, &zeros));
    let of = |programs: [Program; 2]| {
        let q = Tensor::<2>::from_data(numbers.clone(), device).require_grad();
        let layer = layer().threads(2).unwrap();
        let solution = layer.forward_programs(&programs, &q).unwrap();
        assert_eq!(solution.x().dims(), [2, 4]);
        let gradients = (solution.x() * q.clone().detach()).sum().backward();
        let x: Vec<f64> = solution.x().into_data().iter().collect();
        (x, q.grad(&gradients).unwrap().into_data().iter::<f64>().collect::<Vec<_>>())
    };
    let ((x, g), (y, h)) = (of([factored.clone(), factored]), of([product.clone(), product]));
    assert!(x.iter().zip(&y).chain(g.iter().zip(&h)).all(|(a, b)| (a - b).abs() < 1e-9), "{x:?} {y:?}; {g:?} {h:?}");
    assert!(g.iter().any(|v| v.abs() > 0.1), "{g:?}");
}

#[test]
fn passes_may_be_interleaved() {
    let data = Data::new([false, true, false, true, false, true, false, true]);
    let layer = layer();
    let (_, alone) = data.loss(&layer, DType::F64);
    let tensors = data.tensors(DType::F64);
    let first = layer.forward(&data.qp(&tensors)).unwrap();
    // Another pass through the same layer before the first is differentiated.
    let mut other = data.clone();
    other.blocks[1].iter_mut().for_each(|q| *q += 0.3);
    let others = other.tensors(DType::F64);
    let second = layer.forward(&other.qp(&others)).unwrap();
    let weights: Vec<f64> = (0..MEMBERS * D).map(|k| (k as f64).sin()).collect();
    let weights = Tensor::<2>::from_data(TensorData::new(weights, [MEMBERS, D]), (&first.x().device(), DType::F64));
    let loss = |x: Tensor<2>| (x.clone() * weights.clone() + x.clone() * x * 0.5).sum();
    let gradients = (loss(first.x()) + loss(second.x())).backward();
    let of_q: Vec<f64> = tensors[1].grad(&gradients).unwrap().into_data().iter().collect();
    assert!(of_q.iter().zip(&alone[1]).all(|(g, e)| (g - e).abs() < 1e-9), "{of_q:?} {:?}", alone[1]);
    assert!(first.forward_time().as_nanos() > 0 && first.backward_time().as_nanos() > 0);
}

#[test]
fn constants_cost_no_gradient_and_shapes_are_checked() {
    let device = (&Device::flex().autodiff(), DType::F64);
    let p = || Tensor::<2>::from_data(TensorData::from([[1.0, 0.0], [0.0, 1.0]]), device);
    let q = |v: [f64; 2]| Tensor::<1>::from_data(TensorData::from(v), device);
    let constant = q([1.0, 2.0]);
    let matrix = p().require_grad();
    let solution = layer().forward(&Qp::new(matrix.clone(), constant.clone())).unwrap();
    let gradients = solution.x().sum().backward();
    assert!(constant.grad(&gradients).is_none());
    let of_p: Vec<f64> = matrix.grad(&gradients).unwrap().into_data().iter().collect();
    // x = −(1, 2), z̃ = −(1, 1): ½(z̃xᵀ + xz̃ᵀ).
    assert_eq!(of_p, [1.0, 1.5, 1.5, 2.0]);

    let three = Tensor::<1>::from_data(TensorData::from([1.0, 2.0, 3.0]), device);
    let error = layer().forward(&Qp::new(p(), three)).unwrap_err();
    assert!(error.to_string().contains("P has shape 2 × 2") || error.to_string().contains("expected 3 × 3"), "{error}");
    let two = Tensor::<2>::from_data(TensorData::from([[1.0, 2.0], [1.0, 2.0]]), device);
    let bounds = Tensor::<2>::from_data(TensorData::from([[1.0, 2.0]]), device);
    let error = layer().forward(&Qp::new(p(), two).bounds(bounds.clone(), bounds)).unwrap_err();
    assert!(error.to_string().contains("members"), "{error}");
    let indefinite = Tensor::<2>::from_data(TensorData::from([[1.0, 2.0], [2.0, 1.0]]), device);
    let error = layer().forward(&Qp::new(indefinite, constant)).unwrap_err();
    assert!(error.to_string().to_lowercase().contains("convex"), "{error}");
}
