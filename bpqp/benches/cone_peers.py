"""Times the paper's cone programs, min qᵀx over a ball, beside diffcp with Clarabel, which is what cvxpylayers runs on.

Each program is generated once and solved and differentiated in turns; the loss is the sum of x. Errors are those of the
gradient of q against the closed form -r (I - q̂q̂ᵀ)/‖q‖.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import diffcp
import numpy as np
import scipy.sparse as sp

SIZES = [10, 50, 100, 500]


def run(bpqp, *arguments):
    return json.loads(subprocess.run([bpqp, *arguments, "--json"], check=True, capture_output=True, text=True).stdout)


def closed_form(q, r):
    length = np.linalg.norm(q)
    return -r * (1 - q * q.sum() / length**2) / length


def error(gradient, exact):
    return float(np.abs(np.asarray(gradient) - exact).max() / np.abs(exact).max())


def ours(bpqp, file, repeat):
    row = run(bpqp, "bench", str(file), "--forward", "native", "--backward", "native", "--tol", "1e-9",
              "--repeat", str(repeat))[0]
    return row["setup_ms"] + row["forward_ms"] + row["backward_ms"]


def theirs(q, r, repeat):
    n = len(q)
    a = sp.vstack([sp.csc_matrix((1, n)), -sp.eye(n)]).tocsc()
    b = np.concatenate([[r], np.zeros(n)])
    tolerances = {"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9}
    times, gradient = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        _, y, s, _, adjoint = diffcp.solve_and_derivative(a, b, q, {"q": [n + 1]}, solve_method="Clarabel", **tolerances)
        _, _, gradient = adjoint(np.ones(n), np.zeros_like(y), np.zeros_like(s))
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times), gradient


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bpqp", required=True, help="the program")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each solver (default 5)")
    parser.add_argument("--repeat", type=int, default=10, help="runs in each turn (default 10)")
    arguments = parser.parse_args()
    print(f"{'n':>5} {'bpqp ms':>9} {'diffcp ms':>10} {'ratio':>6} {'bpqp error':>11} {'diffcp error':>13}")
    with tempfile.TemporaryDirectory() as folder:
        for n in SIZES:
            file = pathlib.Path(folder) / f"ball-{n}.json"
            run(arguments.bpqp, "generate", "paper-socp", "-n", str(n), "-o", str(file))
            program = json.loads(file.read_text())
            q, r = np.array(program["q"]), program["soc"][0]["d"]
            exact = closed_form(q, r)
            report = run(arguments.bpqp, "grad", str(file), "--forward", "native", "--backward", "native")
            pairs = []
            for _ in range(arguments.rounds):
                peer, gradient = theirs(q, r, arguments.repeat)
                pairs.append((ours(arguments.bpqp, file, arguments.repeat), peer))
            mine, peer = (statistics.median(column) for column in zip(*pairs))
            ratio = statistics.median(peer / mine for mine, peer in pairs)
            own = error(report["gradients"]["q"], exact)
            print(f"{n:>5} {mine:>9.3f} {peer:>10.3f} {ratio:>5.1f}x {own:>11.0e} {error(gradient, exact):>13.0e}")


if __name__ == "__main__":
    main()
