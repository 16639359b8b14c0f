//! The operation as burn's autodiff sees it: eight inputs, one output, and a backward pass of its own.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, TensorData};

use super::blocks::NUM_BLOCKS;
use super::call::Call;

/// Backends that have the operation: the solution of `call`, as a function of the blocks (of whatever use those that are
/// absent may be).
#[backend_extension(Flex, Autodiff)]
pub(super) trait QpOps: Backend {
    fn qp_solution(
        p: FloatTensor<Self>,
        q: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        g: FloatTensor<Self>,
        h: FloatTensor<Self>,
        lb: FloatTensor<Self>,
        ub: FloatTensor<Self>,
        call: Arc<Call>,
    ) -> FloatTensor<Self>;
}

/// Numbers as a tensor's data.
fn data(values: Vec<f64>, shape: &[usize], dtype: DType) -> TensorData {
    TensorData::new(values, shape).convert_dtype(dtype)
}

impl QpOps for Flex {
    fn qp_solution(
        _: FloatTensor<Self>,
        q: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        call: Arc<Call>,
    ) -> FloatTensor<Self> {
        Self::float_from_data(data(call.x.clone(), &call.shape, call.dtype), &q.device())
    }
}

impl<B: QpOps, C: CheckpointStrategy> QpOps for Autodiff<B, C> {
    fn qp_solution(
        p: FloatTensor<Self>,
        q: FloatTensor<Self>,
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        g: FloatTensor<Self>,
        h: FloatTensor<Self>,
        lb: FloatTensor<Self>,
        ub: FloatTensor<Self>,
        call: Arc<Call>,
    ) -> FloatTensor<Self> {
        let [
            (p, p_node),
            (q, q_node),
            (a, a_node),
            (b, b_node),
            (g, g_node),
            (h, h_node),
            (lb, lb_node),
            (ub, ub_node),
        ] = [p, q, a, b, g, h, lb, ub].map(FloatTensor::<Self>::into_parts);
        let nodes = [p_node, q_node, a_node, b_node, g_node, h_node, lb_node, ub_node];
        let x = B::qp_solution(p, q, a, b, g, h, lb, ub, Arc::clone(&call));
        match Adjoint.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prepared) => prepared.finish(call, x),
            OpsKind::UnTracked(prepared) => prepared.finish(x),
        }
    }
}

#[derive(Debug)]
struct Adjoint;

impl<B: Backend> Backward<B, NUM_BLOCKS> for Adjoint {
    type State = Arc<Call>;

    fn backward(self, ops: Ops<Self::State, NUM_BLOCKS>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let device = gradient.device();
        let call = ops.state;
        let wanted = ops.parents.each_ref().map(Option::is_some);
        // A tensor that cannot be read is no number: its gradients are none either.
        let x_bar = match burn::tensor::read_sync(B::float_into_data(gradient)) {
            Ok(data) => data.iter::<f64>().collect(),
            Err(_) => vec![f64::NAN; call.x.len()],
        };
        let gradients = call.backward(&x_bar, wanted);
        for ((node, gradient), block) in ops.parents.into_iter().zip(gradients).zip(&call.blocks) {
            if let (Some(node), Some(gradient), Some(block)) = (node, gradient, block) {
                let gradient = B::float_from_data(data(gradient, &block.shape, block.dtype), &device);
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}
