"""Solves the problems that copt.c sends, with COPT's Python interface: lines of numbers in, lines of numbers out.

Of a problem come: parameters (name, kind, value); costs, lower and upper bounds; lower and upper sides of the rows; starts,
counts, rows and values of the matrix by columns; rows, columns and coefficients of the quadratic terms; sizes and columns of
the cones. Back go: the return code; status, whether there is a point, iterations of simplex and barrier; and where there is
one, the point, the duals of the rows and the reduced costs.
"""

import os
import sys

reply = os.fdopen(3, "w")
os.dup2(2, 1)  # COPT prints to the standard output.

import coptpy
from coptpy import COPT, CoptError

environment = coptpy.Envr()


LINES = 15


def build(lines):
    def ints():
        return [int(word) for word in next(lines).split()]

    def reals():
        return [float.fromhex(word) for word in next(lines).split()]

    model = environment.createModel()
    model.setParam("Logging", 0)
    for name, kind, value in zip(*[iter(next(lines).split())] * 3):
        value = float.fromhex(value)
        model.setParam(name, int(value) if kind == "i" else value)
    costs, lower, upper = reals(), reals(), reals()
    sides = reals(), reals()
    starts, counts, rows, values = ints(), ints(), ints(), reals()
    x = [model.addVar(lb=lb, ub=ub, obj=c) for lb, ub, c in zip(lower, upper, costs)]
    sums = [coptpy.LinExpr() for _ in sides[0]]
    for column, start, count in zip(x, starts, counts):
        for k in range(start, start + count):
            sums[rows[k]].addTerm(column, values[k])
    constraints = [model.addBoundConstr(*row) for row in zip(sums, *sides)]
    terms = list(zip(ints(), ints(), reals()))
    if terms:
        objective = coptpy.QuadExpr()
        for i, j, value in terms:
            objective.addTerm(value, x[i], x[j])
        for column, cost in zip(x, costs):
            objective.addTerm(cost, column)
        model.setObjective(objective, COPT.MINIMIZE)
    sizes, columns = ints(), iter(ints())
    for size in sizes:
        model.addCone([x[next(columns)] for _ in range(size)], COPT.CONE_QUAD)
    return model, x, constraints


for line in iter(sys.stdin.readline, ""):
    # All of a problem is read, whatever becomes of it.
    problem = [line] + [sys.stdin.readline() for _ in range(LINES - 1)]
    try:
        model, x, constraints = build(iter(problem))
        model.solve()
        lines = [[model.status, model.haslpsol, model.simplexiter, model.barrieriter]]
        if model.haslpsol:
            point, duals = [v.x for v in x], [row.pi for row in constraints]
            lines += [[float(v).hex() for v in part] for part in (point, duals, [v.rc for v in x])]
        print(0, file=reply)
        for numbers in lines:
            print(*numbers, file=reply)
    except CoptError as error:
        print(error.retcode, file=reply)
    reply.flush()
