"""The solvers, each by its own clock: seconds of set-up with forward pass, seconds of the backward pass, ∂L/∂q, x."""

import json
import statistics
import subprocess
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import scipy.sparse as sp

from .problem import Kkt, active_set

TOLERANCE = 1e-9
# Seconds from which one run, without a warm-up, has to do.
LONG = 2.0


@dataclass
class Run:
    forward: float
    backward: float
    gradient: np.ndarray = None
    x: np.ndarray = None
    # Gradients of P, A and G, where they are a step of their own.
    matrices: float = None


class Failed(Exception):
    """A solver ran and did not solve."""


def timed(work):
    start = perf_counter()
    result = work()
    return perf_counter() - start, result


def median_of(runs):
    """Medians of the times; everything else from the last run."""
    last = runs[-1]
    matrices = None if last.matrices is None else statistics.median(run.matrices for run in runs)
    forward, backward = (statistics.median(getattr(run, key) for run in runs) for key in ("forward", "backward"))
    return Run(forward, backward, last.gradient, last.x, matrices)


class Peer:
    """One solver: `prepare` converts the data outside the clock, `run` is one pass."""

    name = ""
    # Whether the backward pass forms the gradients of the matrices, too.
    forms_matrices = False

    def serves(self, problem):
        return True

    def prepare(self, problem):
        return problem

    def measure(self, problem, path, repeat):
        data = self.prepare(problem)
        seconds, first = timed(lambda: self.run(problem, data, problem.cotangent))
        if seconds > LONG:
            return first
        return median_of([self.run(problem, data, problem.cotangent) for _ in range(repeat)])


class Bpqp(Peer):
    """This project's program, by its own clock, on the same file."""

    def __init__(self, program, backend):
        self.program, self.name = program, "bpqp " + backend
        self.backend = backend

    def measure(self, problem, path, repeat):
        command = [self.program, "bench", path, "--json", "--gradients", "--repeat", str(repeat)]
        command += ["--forward", self.backend, "--backward", self.backend, "--tol", str(TOLERANCE)]
        cotangent = path + ".cotangent.json"
        with open(cotangent, "w", encoding="utf-8") as file:
            json.dump(problem.cotangent.tolist(), file)
        command += ["--cotangent", cotangent]
        output = subprocess.run(command, capture_output=True, text=True, check=False)
        document = json.loads(output.stdout)
        if isinstance(document, dict):
            raise Failed(document["error"]["message"])
        row = document[0]
        if row["status"] != "solved":
            raise Failed(row["message"] or row["status"])
        forward = (row["setup_ms"] + row["forward_ms"]) / 1e3
        gradient = np.array(row["gradients"]["q"])
        return Run(forward, row["backward_ms"] / 1e3, gradient, None, row["matrices_ms"] / 1e3)


def dense_rows(problem):
    """All inequalities as rows G x ≤ h, bounds included."""
    eye, upper, lower = np.eye(problem.n), np.isfinite(problem.ub), np.isfinite(problem.lb)
    G = np.vstack([problem.G.toarray(), eye[upper], -eye[lower]])
    return G, np.concatenate([problem.h, problem.ub[upper], -problem.lb[lower]])


class ProxqpDense(Peer):
    """ProxQP with its own backward pass. That has no clock of its own: it is timed as called from Python."""

    name = "proxqp"
    forms_matrices = True

    def __init__(self):
        import proxsuite

        self.proxqp = proxsuite.proxqp

    def serves(self, problem):
        return problem.dense

    def prepare(self, problem):
        G, h = dense_rows(problem)
        return problem.P.toarray(), problem.A.toarray(), G, h

    def run(self, problem, data, x_bar):
        P, A, G, h = data
        n, p, m = problem.n, len(problem.b), len(h)
        qp = self.proxqp.dense.QP(n, p, m)
        qp.settings.eps_abs, qp.settings.eps_rel = TOLERANCE, 0.0
        qp.settings.compute_timings = True
        qp.init(P, problem.q, A, problem.b, G, np.full(m, -1e20), h)
        qp.solve()
        info = qp.results.info
        if info.status != self.proxqp.QPSolverOutput.PROXQP_SOLVED:
            raise Failed(str(info.status))
        cotangent = np.concatenate([x_bar, np.zeros(p + m)])
        backward, _ = timed(lambda: self.proxqp.dense.compute_backward(qp, cotangent))
        gradient = np.array(qp.model.backward_data.dL_dg).ravel()
        # ProxQP's times are in microseconds.
        return Run((info.setup_time + info.solve_time) * 1e-6, backward, gradient, np.array(qp.results.x))


class ProxqpSparse(Peer):
    """ProxQP's sparse solver, which has no backward pass: the KKT matrix of its active set, factorized by SciPy."""

    name = "proxqp sparse + KKT"

    def __init__(self):
        import proxsuite

        self.proxqp = proxsuite.proxqp

    def serves(self, problem):
        # Its factorizations fill in: minutes beyond.
        return not problem.dense and problem.n <= 2000

    def prepare(self, problem):
        box = np.flatnonzero(np.isfinite(problem.lb) | np.isfinite(problem.ub))
        rows = sp.vstack([problem.G, sp.eye(problem.n, format="csr")[box]], format="csc")
        lower = np.concatenate([np.full(len(problem.h), -1e20), np.maximum(problem.lb[box], -1e20)])
        return rows, lower, np.concatenate([problem.h, np.minimum(problem.ub[box], 1e20)]), box

    def run(self, problem, data, x_bar):
        rows, lower, upper, box = data
        qp = self.proxqp.sparse.QP(problem.n, len(problem.b), len(upper))
        qp.settings.eps_abs, qp.settings.eps_rel = TOLERANCE, 0.0
        qp.settings.compute_timings = True
        qp.init(problem.P, problem.q, problem.A, problem.b, rows, lower, upper)
        qp.solve()
        info = qp.results.info
        if info.status != self.proxqp.QPSolverOutput.PROXQP_SOLVED:
            raise Failed(str(info.status))
        m, bound_duals = len(problem.h), np.zeros(problem.n)
        bound_duals[box] = qp.results.z[m:]
        backward, gradient = kkt_gradient(problem, np.array(qp.results.x), qp.results.z[:m], bound_duals, x_bar)
        return Run((info.setup_time + info.solve_time) * 1e-6, backward, gradient, np.array(qp.results.x))


def kkt_gradient(problem, x, row_duals, bound_duals, x_bar):
    """The backward pass of a solver without one: seconds, gradient."""

    def work():
        try:
            return Kkt(problem, *active_set(problem, x, row_duals, bound_duals)).gradient(x_bar)
        except (RuntimeError, np.linalg.LinAlgError) as reason:
            raise Failed(f"KKT matrix: {reason}") from reason

    return timed(work)


class Piqp(Peer):
    """PIQP, an interior-point method, with the KKT matrix of its active set factorized by SciPy."""

    name = "piqp + KKT"

    def __init__(self, tolerance=TOLERANCE):
        import piqp

        self.piqp, self.tolerance = piqp, tolerance

    def prepare(self, problem):
        return [np.asfortranarray(m) if problem.dense else m for m in problem.arrays]

    def solve(self, problem, data):
        P, A, G = data
        solver = self.piqp.DenseSolver() if problem.dense else self.piqp.SparseSolver()
        settings = solver.settings
        settings.eps_abs = settings.eps_rel = self.tolerance
        settings.eps_duality_gap_abs = settings.eps_duality_gap_rel = self.tolerance
        settings.compute_timings = True
        low = np.full(len(problem.h), -np.inf)
        lb, ub = (problem.lb, problem.ub) if problem.bounded else (None, None)
        solver.setup(P, problem.q, A, problem.b, G, low, problem.h, lb, ub)
        status = solver.solve()
        result = solver.result
        bound_duals = result.z_bu - result.z_bl if problem.bounded else np.zeros(problem.n)
        return status, result, bound_duals

    def run(self, problem, data, x_bar):
        status, result, bound_duals = self.solve(problem, data)
        if status != self.piqp.PIQP_SOLVED:
            raise Failed(str(status))
        backward, gradient = kkt_gradient(problem, result.x, result.z_u, bound_duals, x_bar)
        return Run(result.info.setup_time + result.info.solve_time, backward, gradient, np.array(result.x))


class Osqp(Peer):
    """OSQP with polishing and its adjoint derivative, which is timed as called from Python."""

    name = "osqp"

    def __init__(self):
        import osqp

        self.osqp = osqp

    def serves(self, problem):
        # Its adjoint factorizes a system of twice the size.
        return problem.n <= 2000

    def prepare(self, problem):
        box = np.flatnonzero(np.isfinite(problem.lb) | np.isfinite(problem.ub))
        rows = sp.vstack([problem.A, problem.G, sp.eye(problem.n, format="csr")[box]], format="csc")
        lower = np.concatenate([problem.b, np.full(len(problem.h), -np.inf), problem.lb[box]])
        return sp.triu(problem.P, format="csc"), rows, lower, np.concatenate([problem.b, problem.h, problem.ub[box]])

    def run(self, problem, data, x_bar):
        P, rows, lower, upper = data
        solver = self.osqp.OSQP()
        settings = dict(eps_abs=1e-8, eps_rel=1e-8, max_iter=100_000, polishing=True, verbose=False)
        solver.setup(P, problem.q, rows, lower, upper, **settings)
        result = solver.solve(raise_error=False)
        if result.info.status != "solved":
            raise Failed(result.info.status)

        def backward():
            solver.adjoint_derivative_compute(dx=x_bar)
            return solver.adjoint_derivative_get_vec()[0]

        seconds, gradient = timed(backward)
        return Run(result.info.run_time, seconds, gradient, result.x)


class Qpth(Peer):
    """qpth on the processor, in double precision; timed as called from Python."""

    name = "qpth"
    forms_matrices = True

    def __init__(self):
        import torch
        from qpth.qp import QPFunction

        torch.set_num_threads(1)
        self.torch, self.layer = torch, QPFunction

    def serves(self, problem):
        return problem.dense and problem.n <= 500

    def prepare(self, problem):
        G, h = dense_rows(problem)
        arrays = (problem.P.toarray(), problem.q, G, h, problem.A.toarray(), problem.b)
        return [self.torch.tensor(v, dtype=self.torch.float64, requires_grad=True) for v in arrays]

    def run(self, problem, data, x_bar):
        for tensor in data:
            tensor.grad = None
        forward, x = timed(lambda: self.layer(verbose=-1, eps=1e-12)(*data))
        backward, _ = timed(lambda: x.backward(self.torch.tensor(x_bar)[None]))
        return Run(forward, backward, data[1].grad.numpy().copy(), x.detach().numpy().ravel())


def available(program, backends):
    """The solvers that can be used, and why the others cannot."""
    peers, missing = [Bpqp(program, backend) for backend in backends], []
    for peer in (ProxqpDense, ProxqpSparse, Piqp, Osqp, Qpth):
        try:
            peers.append(peer())
        except ImportError as reason:
            missing.append(f"{peer.name}: {reason}")
    return peers, missing
