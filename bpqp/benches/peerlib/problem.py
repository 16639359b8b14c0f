"""Problem files, and the exact gradient of their solutions."""

import json
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.linalg as sla
import scipy.sparse as sp
import scipy.sparse.linalg as spla

INF = np.inf


@dataclass
class Problem:
    """min ½xᵀPx + qᵀx  s.t.  Ax = b, Gx ≤ h, lb ≤ x ≤ ub, as `bpqp generate` writes it."""

    name: str
    P: sp.csc_matrix
    q: np.ndarray
    A: sp.csc_matrix
    b: np.ndarray
    G: sp.csc_matrix
    h: np.ndarray
    lb: np.ndarray
    ub: np.ndarray

    @property
    def n(self):
        return len(self.q)

    @cached_property
    def dense(self):
        """Whether dense solvers are the right ones: entries in a fifth of [P; A; G] or more."""
        entries = self.P.nnz + self.A.nnz + self.G.nnz
        return entries > 0.2 * self.n * (self.n + len(self.b) + len(self.h))

    @cached_property
    def arrays(self):
        """P, A, G as the linear algebra of this problem wants them: dense arrays where that is the right form."""
        matrices = self.P, self.A, self.G
        return tuple(m.toarray() for m in matrices) if self.dense else matrices

    @cached_property
    def cotangent(self):
        """The gradient of the loss; not that of the sum of x, which is constant where a budget holds."""
        return np.cos(np.arange(self.n))

    @property
    def bounded(self):
        return bool(np.isfinite(self.lb).any() or np.isfinite(self.ub).any())


def read(path, name):
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    if "rows" in data:
        raise ValueError(f"{path}: two-sided rows are not read here")
    q = np.array(data["q"], float)

    def matrix(key):
        if key not in data:
            return sp.csc_matrix((0, len(q)))
        m = data[key]
        return sp.csc_matrix((np.array(m["data"], float), m["indices"], m["indptr"]), shape=m["shape"])

    def side(key, absent, size):
        values = data.get(key)
        return np.full(size, absent) if values is None else np.array([absent if v is None else v for v in values], float)

    A, G = matrix("A"), matrix("G")
    return Problem(
        name, matrix("P"), q, A, side("b", 0.0, A.shape[0]), G, side("h", INF, G.shape[0]),
        side("lb", -INF, len(q)), side("ub", INF, len(q)),
    )


class Kkt:
    """The KKT matrix of an active set: pinned variables and inactive rows are left out."""

    def __init__(self, problem, rows, at_lb, at_ub):
        self.problem, self.rows = problem, rows
        self.at_lb, self.at_ub = at_lb, at_ub
        self.free = np.flatnonzero(~(at_lb | at_ub))
        P, A, G = problem.arrays
        if problem.dense:
            self.B = np.vstack([A, G[rows]])
            P, B = P[np.ix_(self.free, self.free)], self.B[:, self.free]
            self.matrix = np.block([[P, B.T], [B, np.zeros((len(B), len(B)))]])
            factor = sla.lu_factor(self.matrix, check_finite=False)
            self.solve_once = lambda r: sla.lu_solve(factor, r, check_finite=False)
        else:
            self.B = sp.vstack([A, G[rows]], format="csc")
            P, B = P[self.free][:, self.free], self.B[:, self.free]
            self.matrix = sp.bmat([[P, B.T], [B, None]], format="csc")
            self.solve_once = spla.splu(self.matrix).solve
        self.k = self.B.shape[0]

    def solve(self, rhs, refinements=0):
        w = self.solve_once(rhs)
        for _ in range(refinements):
            w = w + self.solve_once(rhs - self.matrix @ w)
        return w

    def gradient(self, x_bar, refinements=0):
        """∂L/∂q of a loss with gradient x_bar."""
        rhs = np.concatenate([-x_bar[self.free], np.zeros(self.k)])
        z = np.zeros(self.problem.n)
        z[self.free] = self.solve(rhs, refinements)[: len(self.free)]
        return z

    def point(self, refinements=2):
        """x, row multipliers and bound multipliers of the program with this active set held."""
        p = self.problem
        x = np.where(self.at_lb, np.where(np.isfinite(p.lb), p.lb, 0), np.where(self.at_ub, p.ub, 0.0))
        x[self.free] = 0.0
        sides = np.concatenate([p.b, p.h[self.rows]])
        rhs = np.concatenate([-(p.q + p.P @ x)[self.free], sides - self.B @ x])
        w = self.solve(rhs, refinements)
        x[self.free] = w[: len(self.free)]
        y = w[len(self.free):]
        return x, y, -(p.P @ x + p.q + self.B.T @ y)


def active_set(problem, x, row_duals, bound_duals):
    """What is active at an approximate solution: where the multiplier exceeds the slack."""
    rows = np.flatnonzero(np.asarray(row_duals) > problem.h - problem.arrays[2] @ x)
    at_lb = -bound_duals > x - problem.lb
    at_ub = bound_duals > problem.ub - x
    return rows, at_lb, at_ub & ~at_lb


def exact_gradient(problem, x, row_duals, bound_duals, x_bar, tolerance=1e-9, tries=30):
    """The gradient on the active set at a good approximation, once all signs on that set are seen to be right, and the set
    corrected until they are; None where they never are."""
    rows, at_lb, at_ub = active_set(problem, x, row_duals, bound_duals)
    for _ in range(tries):
        try:
            kkt = Kkt(problem, rows, at_lb, at_ub)
            x, y, zeta = kkt.point()
        except (RuntimeError, np.linalg.LinAlgError):
            return None
        lam = y[len(problem.b):]
        scale = tolerance * max(1.0, np.abs(x).max(initial=0))
        drop = lam < -tolerance * max(1.0, np.abs(y).max(initial=0))
        violated = np.setdiff1d(np.flatnonzero(problem.G @ x > problem.h + scale), rows)
        loose = (at_lb & (zeta > tolerance)) | (at_ub & (zeta < -tolerance))
        below, above = x < problem.lb - scale, x > problem.ub + scale
        if not (drop.any() or len(violated) or loose.any() or below.any() or above.any()):
            return kkt.gradient(x_bar, refinements=3) if np.isfinite(x).all() else None
        rows = np.union1d(rows[~drop], violated)
        at_lb, at_ub = (at_lb & ~loose) | below, (at_ub & ~loose) | above
    return None


def error(gradient, reference):
    """‖g − r‖∞ / ‖r‖∞; None where either is missing."""
    if gradient is None or reference is None:
        return None
    scale = np.abs(reference).max(initial=0)
    return float(np.abs(np.asarray(gradient) - reference).max(initial=0) / (scale if scale > 0 else 1))
