"""Tables, JSON and plots."""

import json
import sys
from collections import defaultdict

import numpy as np


def number(value):
    """Four digits, without an exponent where the number is large."""
    return f"{value:.0f}" if value >= 1000 else f"{value:.4g}"


def table(rows):
    """One problem: times in milliseconds, ratios to the first solver that solved it."""
    heading = f"{rows[0]['problem']}" if rows else ""
    if rows and not rows[0].get("reference", True):
        heading += "  (no reference: the active set could not be verified)"
    lines = [heading, f"  {'solver':<22}{'forward':>10}{'backward':>10}{'total':>10}{'ratio':>8}{'error':>10}"]
    base = next((row for row in rows if "forward" in row), None)
    for row in rows:
        if "failed" in row:
            lines.append(f"  {row['solver']:<22}{row['failed'][:90]}")
            continue
        total = row["forward"] + row["backward"]
        ratio = total / (base["forward"] + base["backward"])
        error = "–" if row["error"] is None else f"{row['error']:.0e}"
        cells = [number(1e3 * row["forward"]), number(1e3 * row["backward"]), number(1e3 * total)]
        line = f"  {row['solver']:<22}" + "".join(f"{cell:>10}" for cell in cells)
        lines.append(line + f"{ratio:>8.2f}{error:>10}")
        if "matrices" in row:
            whole = total + row["matrices"]
            cells = [number(1e3 * row["matrices"]), number(1e3 * whole)]
            name = "  + gradients of P, A, G"
            lines.append(f"  {name:<32}" + "".join(f"{cell:>10}" for cell in cells) + f"{whole / total:>8.2f}")
    return "\n".join(lines) + "\n"


def accuracy(row):
    """The gradient's error in parentheses."""
    return "" if row.get("error") is None else f" ({row['error']:.0e})"


def markdown(rows):
    """All problems: BPQP's milliseconds, and how many times longer each peer takes, with its gradient's error."""
    names = list(dict.fromkeys(row["solver"] for row in rows))
    base, peers = names[0], names[1:]
    problems = defaultdict(dict)
    for row in rows:
        problems[row["problem"]][row["solver"]] = row
    lines = [f"| ms | {base}: set-up and forward | backward | " + " | ".join(peers) + " |", "|---" * (len(names) + 2) + "|"]
    for problem, found in problems.items():
        own = found.get(base, {})
        total = own["forward"] + own["backward"] if "forward" in own else None
        cells = [problem] + [f"{1e3 * own[key]:.3g}" if total else "failed" for key in ("forward", "backward")]
        cells[-1] += accuracy(own)
        for peer in peers:
            row = found.get(peer)
            if row is None or "failed" in row:
                cells.append("failed" if row else "")
                continue
            time = row["forward"] + row["backward"]
            cells.append((f"{float(f'{time / total:.2g}'):g}×" if total else f"{1e3 * time:.3g} ms") + accuracy(row))
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def fits(rows):
    """Exponents k of time ~ nᵏ, for each family and solver with three sizes or more."""
    series = defaultdict(list)
    for row in rows:
        if "forward" in row:
            series[row["problem"].split()[0], row["solver"]].append((row["n"], row["forward"] + row["backward"]))
    fitted = {}
    for key, points in series.items():
        points = sorted(set(points))
        if len({n for n, _ in points}) >= 3:
            n, t = np.log(np.array(points)).T
            fitted[key] = float(np.polyfit(n, t, 1)[0]), points
    return fitted


def plot(fitted, path):
    """Log–log plots of total time, one for each family."""
    try:
        import matplotlib
    except ImportError as reason:
        print(f"no plot: {reason}", file=sys.stderr)
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    families = sorted({family for family, _ in fitted})
    if not families:
        print("no plot: no family has three sizes; try --sets scaling", file=sys.stderr)
        return
    figure, axes = plt.subplots(1, len(families), figsize=(6 * len(families), 4.5), squeeze=False)
    for axis, family in zip(axes[0], families):
        for (name, solver), (exponent, points) in fitted.items():
            if name == family:
                axis.loglog(*zip(*((n, 1e3 * t) for n, t in points)), marker="o", label=f"{solver}: n^{exponent:.2f}")
        axis.set(title=family, xlabel="variables", ylabel="set-up + forward + backward, ms")
        axis.grid(True, which="both", alpha=0.3)
        axis.legend()
    figure.tight_layout()
    figure.savefig(path)


def finish(rows, args):
    fitted = fits(rows)
    if args.json:
        exponents = [{"family": f, "solver": s, "exponent": k} for (f, s), (k, _) in fitted.items()]
        text = json.dumps({"times": "seconds", "results": rows, "exponents": exponents}, indent=1)
        if args.json == "-":
            print(text)
        else:
            with open(args.json, "w", encoding="utf-8") as file:
                file.write(text)
    for (family, solver), (exponent, _) in fitted.items():
        print(f"{family}, {solver}: time ~ n^{exponent:.2f}", file=sys.stderr if args.json == "-" else sys.stdout)
    if args.markdown:
        with open(args.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(rows))
    if args.plot:
        plot(fitted, args.plot)
