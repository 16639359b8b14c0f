#!/usr/bin/env python3
"""BPQP beside its peers: the same problem files, one thread, every solver by its own clock, in turns.

Run it by scripts/peers.sh, which installs the peers. `--json FILE` keeps the numbers, `--plot FILE` draws times against
size. A peer that is missing or fails is told, and the others go on.
"""

import os

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from peerlib import problem as problems
from peerlib import report
from peerlib.solvers import LONG, Failed, Piqp, available

ROOT = Path(__file__).resolve().parents[2]

# Family, n, m, p.
DENSE = [(10, 5), (50, 10), (100, 20), (500, 100), (1000, 500)]
SETS = {
    "dense": [(family, n, m, m) for family in ("paper-qp", "gaussian") for n, m in DENSE],
    "lp": [("paper-lp", n, m, m) for n, m in DENSE[:4]],
    "sparse": [
        ("random-sparse", 1000, None, None), ("random-sparse", 3000, None, None), ("local", 10_000, None, None),
        ("simplex", 10_000, None, None), ("chain", 10_000, None, None), ("mpc", 30, None, None),
        ("portfolio", 500, None, None), ("portfolio-factor", 500, None, None),
    ],
    "large": [("local", 100_000, None, None), ("simplex", 100_000, None, None), ("chain", 100_000, None, None)],
    "scaling": [("gaussian", n, n // 5, n // 5) for n in (10, 20, 50, 100, 200, 500)]
    + [("local", n, None, None) for n in (1000, 3000, 10_000, 30_000)],
}


def generate(program, recipe, seed, folder):
    """Writes the problem file; its path and name."""
    family, *sizes = recipe
    path = Path(folder) / f"{family}-{'-'.join(map(str, sizes))}.json"
    command = [program, "generate", family, "--seed", str(seed), "-o", str(path)]
    for flag, size in zip(("--n", "--m", "--p"), sizes):
        command += [flag, str(size)] if size is not None else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr.strip()}")
    n, m, _ = sizes
    return path, f"{family} {n}" + (f"x{m}" if m is not None else "")


def reference(problem, piqp):
    """The gradient on the active set that a tight interior-point solution leads to, all signs on it checked."""
    if piqp is None:
        return None
    _, result, bound_duals = piqp.solve(problem, piqp.prepare(problem))
    return problems.exact_gradient(problem, result.x, result.z_u, bound_duals, problem.cotangent)


def compare(problem, path, peers, rounds, repeat):
    """Rounds of all peers in turns; one round where a run takes long."""
    serving = [peer for peer in peers if peer.serves(problem)]
    runs, failures = {peer.name: [] for peer in serving}, {}
    for _ in range(rounds):
        for peer in serving:
            if peer.name in failures or any(run.forward + run.backward > LONG for run in runs[peer.name]):
                continue
            try:
                runs[peer.name].append(peer.measure(problem, str(path), repeat))
            except Failed as reason:
                failures[peer.name] = str(reason)
            except Exception as reason:  # a peer's own errors are of many kinds
                failures[peer.name] = f"{type(reason).__name__}: {reason}"
    return serving, runs, failures


def rows(problem, exact, serving, runs, failures):
    for peer in serving:
        row = {"problem": problem.name, "n": problem.n, "solver": peer.name, "forms_matrices": peer.forms_matrices}
        if peer.name in failures:
            yield row | {"failed": failures[peer.name]}
            continue
        measured, last = runs[peer.name], runs[peer.name][-1]
        medians = {key: statistics.median(getattr(run, key) for run in measured) for key in ("forward", "backward")}
        if last.matrices is not None:
            medians["matrices"] = statistics.median(run.matrices for run in measured)
        yield row | medians | {"error": problems.error(last.gradient, exact), "reference": exact is not None}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="dense,sparse", help=f"comma-separated, of {', '.join(SETS)}")
    parser.add_argument("--only", default="", help="problems whose name holds this text")
    parser.add_argument("--solvers", default="", help="comma-separated beginnings of solvers' names; default: all")
    parser.add_argument("--backends", default="native", help="BPQP's backends, comma-separated")
    parser.add_argument("--bpqp", default=str(ROOT / "target/release/bpqp"), help="the program")
    parser.add_argument("--rounds", type=int, default=3, help="turns of all solvers")
    parser.add_argument("--repeat", type=int, default=5, help="runs in a turn, after one that does not count")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", metavar="FILE", help="write the numbers to FILE, '-' for standard output")
    parser.add_argument("--markdown", metavar="FILE", help="write one table of ratios to FILE")
    parser.add_argument("--plot", metavar="FILE", help="draw times against size (.svg, .png), with matplotlib")
    args = parser.parse_args()
    unknown = [name for name in args.sets.split(",") if name not in SETS]
    if unknown:
        parser.error(f"no such set: {', '.join(unknown)}")
    if not Path(args.bpqp).is_file():
        parser.error(f"{args.bpqp} is missing: cargo build --release -p bpqp, or name it with --bpqp")
    if args.rounds < 1 or args.repeat < 1:
        parser.error("--rounds and --repeat must be positive")
    return args


def tight_piqp():
    try:
        return Piqp(1e-11)
    except ImportError:
        return None


def main():
    args = arguments()
    peers, missing = available(args.bpqp, args.backends.split(","))
    if args.solvers:
        peers = [peer for peer in peers if peer.name.startswith(tuple(args.solvers.split(",")))]
    for reason in missing:
        print(f"left out: {reason}", file=sys.stderr)
    piqp, results = tight_piqp(), []
    if piqp is None:
        print("without piqp there is no reference, and so no gradient error", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for recipe in [recipe for name in args.sets.split(",") for recipe in SETS[name]]:
            path, name = generate(args.bpqp, recipe, args.seed, folder)
            if args.only in name:
                problem = problems.read(path, name)
                exact = reference(problem, piqp)
                found = list(rows(problem, exact, *compare(problem, path, peers, args.rounds, args.repeat)))
                print(report.table(found), flush=True, file=sys.stderr if args.json == "-" else sys.stdout)
                results += found
            path.unlink()
    report.finish(results, args)


if __name__ == "__main__":
    main()
