/* Stands in for COPT, by our reading of copt.h. It solves nothing: it looks its problem up in cases.h.
 *
 * -D VERSION=6       the major version
 * -D BANNER='"..."'  the whole banner
 * -D CREATE=4        what COPT_CreateEnv returns
 * -D SOLVE=8         what COPT_Solve returns
 * -D STATUS=2        the LP status after it
 * -D NO_SOLUTION     there is no point
 * -D NANS            the point is NaN
 * -D NO_SOLVE        COPT_Solve is missing
 * -D NO_CONES        COPT_AddCones is missing */
#include "cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VERSION
#define VERSION 8
#endif
#ifndef CREATE
#define CREATE 0
#endif
#ifndef SOLVE
#define SOLVE 0
#endif
#ifndef STATUS
#define STATUS 1
#endif
#define TEXT_OF(v) #v
#define TEXT(v) TEXT_OF(v)
#ifndef BANNER
#define BANNER "Cardinal Optimizer v" TEXT(VERSION) ".0.7. Build date Sep 20 2026\nAll Rights Reserved\n"
#endif

enum { MAX = 16, INVALID = 3, WRONG = 5 };

typedef struct {
    int problems;
} Env;

typedef struct {
    Env *env;
    int n, m, solved, loaded, threads, logging, non_convex, method, cones;
    double c[MAX], lb[MAX], ub[MAX], l[MAX], u[MAX], a[MAX][MAX], q[MAX][MAX], feasibility, optimality, barrier[3], time;
    double cone[MAX];
    Answer answer;
} Problem;

int COPT_GetBanner(char *text, int size) {
    snprintf(text, size, "%s", BANNER);
    return 0;
}

/* There is an environment even where it is refused, for its message. */
int COPT_CreateEnv(void **env) {
    *env = calloc(1, sizeof(Env));
    return CREATE;
}

int COPT_DeleteEnv(void **env) {
    if (((Env *)*env)->problems) abort();
    free(*env);
    *env = NULL;
    return 0;
}

int COPT_CreateProb(void *raw, void **out) {
    Problem *problem = calloc(1, sizeof(Problem));
    problem->env = raw, problem->env->problems++;
    problem->logging = 1, problem->threads = -1, problem->non_convex = -1;
    *out = problem;
    return 0;
}

int COPT_DeleteProb(void **raw) {
    ((Problem *)*raw)->env->problems--;
    free(*raw);
    *raw = NULL;
    return 0;
}

/* Without senses, a row has a lower and an upper side. */
int COPT_LoadProb(void *raw, int n, int m, int sense, double constant, const double *obj, const int *beg, const int *cnt,
                  const int *ind, const double *val, const char *types, const double *lb, const double *ub,
                  const char *senses, const double *l, const double *u, const char *const *columns,
                  const char *const *rows) {
    Problem *problem = raw;
    if (problem->loaded || n > MAX || m > MAX || sense != 1 || constant || types || senses || columns || rows)
        return WRONG;
    problem->loaded = 1, problem->n = n, problem->m = m;
    memcpy(problem->c, obj, n * sizeof(double));
    memcpy(problem->lb, lb, n * sizeof(double));
    memcpy(problem->ub, ub, n * sizeof(double));
    memcpy(problem->l, l, m * sizeof(double));
    memcpy(problem->u, u, m * sizeof(double));
    for (int j = 0; j < n; j++)
        for (int k = beg[j]; k < beg[j] + cnt[j]; k++) problem->a[ind[k]][j] = val[k];
    return 0;
}

/* The coefficients of x_i x_j as they are, without a half. */
int COPT_SetQuadObj(void *raw, int count, const int *row, const int *col, const double *val) {
    Problem *problem = raw;
    memset(problem->q, 0, sizeof problem->q);
    for (int k = 0; k < count; k++) problem->q[row[k]][col[k]] += val[k];
    return 0;
}

#ifndef NO_CONES
/* The head of a cone of type 1 comes first. */
int COPT_AddCones(void *raw, int count, const int *type, const int *beg, const int *cnt, const int *ind) {
    Problem *problem = raw;
    for (int k = 0; k < count; k++) {
        if (type[k] != 1 || cnt[k] < 2) return INVALID;
        problem->cones++;
        for (int i = 0; i < cnt[k]; i++) {
            int j = ind[beg[k] + i];
            if (j < 0 || j >= problem->n || problem->cone[j]) return INVALID;
            problem->cone[j] = i ? problem->cones : -problem->cones;
        }
    }
    return 0;
}
#endif

static int set(double *to, int length, int count, const int *list, const double *values) {
    for (int k = 0; k < count; k++) {
        if (list[k] < 0 || list[k] >= length) return INVALID;
        to[list[k]] = values[k];
    }
    return 0;
}

int COPT_SetColObj(void *raw, int count, const int *list, const double *v) {
    return set(((Problem *)raw)->c, ((Problem *)raw)->n, count, list, v);
}

int COPT_SetColLower(void *raw, int count, const int *list, const double *v) {
    return set(((Problem *)raw)->lb, ((Problem *)raw)->n, count, list, v);
}

int COPT_SetColUpper(void *raw, int count, const int *list, const double *v) {
    return set(((Problem *)raw)->ub, ((Problem *)raw)->n, count, list, v);
}

int COPT_SetRowLower(void *raw, int count, const int *list, const double *v) {
    return set(((Problem *)raw)->l, ((Problem *)raw)->m, count, list, v);
}

int COPT_SetRowUpper(void *raw, int count, const int *list, const double *v) {
    return set(((Problem *)raw)->u, ((Problem *)raw)->m, count, list, v);
}

static int *integer(Problem *problem, const char *name, int *most) {
    *most = 128;
    if (!strcmp(name, "Threads")) return &problem->threads;
    if (!strcmp(name, "Logging")) return &problem->logging;
    if (!strcmp(name, "LpMethod")) return *most = 6, &problem->method;
#if VERSION >= 8
    if (!strcmp(name, "NonConvex")) return *most = 2, &problem->non_convex;
#endif
    return NULL;
}

static double *real(Problem *problem, const char *name, double *least) {
    *least = 0;
    if (!strcmp(name, "TimeLimit")) return &problem->time;
    if (!strcmp(name, "FeasTol")) return *least = 1e-9, &problem->feasibility;
    if (!strcmp(name, "DualTol")) return *least = 1e-9, &problem->optimality;
    if (!strcmp(name, "BarPrimalTol")) return &problem->barrier[0];
    if (!strcmp(name, "BarDualTol")) return &problem->barrier[1];
    if (!strcmp(name, "BarGapTol")) return &problem->barrier[2];
    return NULL;
}

int COPT_GetIntParam(void *raw, const char *name, int *value) {
    int most, *from = integer(raw, name, &most);
    if (!from) return INVALID;
    *value = *from;
    return 0;
}

int COPT_SetIntParam(void *raw, const char *name, int value) {
    int most, *to = integer(raw, name, &most);
    if (!to || value < -1 || value > most) return INVALID;
    *to = value;
    return 0;
}

int COPT_GetDblParam(void *raw, const char *name, double *value) {
    double least, *from = real(raw, name, &least);
    if (!from) return INVALID;
    *value = *from;
    return 0;
}

int COPT_SetDblParam(void *raw, const char *name, double value) {
    double least, *to = real(raw, name, &least);
    if (!to || value < least || value > 1e20) return INVALID;
    *to = value;
    return 0;
}

static double or_infinite(double v) { return fabs(v) >= 1e30 ? copysign(INF, v) : v; }

#ifndef NO_SOLVE
int COPT_Solve(void *raw) {
    Problem *problem = raw;
    problem->solved = 0;
    if (SOLVE) return SOLVE;
    if (problem->threads != 1 || problem->logging || problem->non_convex != (VERSION >= 8 ? 0 : -1)) return WRONG;
    if (problem->feasibility > 1e-9 || problem->optimality > 1e-9 || problem->barrier[2] > 1e-10) return WRONG;
    if (problem->n != (problem->cones ? CONE_N : N) || problem->m != M) return 0;
    Program given = {0};
    for (int i = 0; i < problem->n; i++) {
        given.cone[i] = problem->cone[i];
        for (int j = 0; j < problem->n; j++) given.p[i][j] = problem->q[i][j] + problem->q[j][i];
        given.q[i] = problem->c[i], given.lb[i] = or_infinite(problem->lb[i]), given.ub[i] = or_infinite(problem->ub[i]);
    }
    for (int i = 0; i < M; i++) {
        for (int j = 0; j < problem->n; j++) given.a[i][j] = problem->a[i][j];
        given.l[i] = or_infinite(problem->l[i]), given.u[i] = or_infinite(problem->u[i]);
    }
    int k = case_of(&given);
    if (k == UNKNOWN) return 0;
    problem->answer = ANSWERS[k];
#ifdef NANS
    problem->answer.x[0] = NAN;
#endif
    problem->solved = 1;
    return 0;
}
#endif

int COPT_GetIntAttr(void *raw, const char *name, int *value) {
    Problem *problem = raw;
    if (!strcmp(name, "LpStatus")) *value = problem->solved || STATUS != 1 ? STATUS : 5;
    else if (!strcmp(name, "HasLpSol")) *value = problem->solved;
    else if (!strcmp(name, "SimplexIter")) *value = 3;
    else if (!strcmp(name, "BarrierIter")) *value = 7;
    else return INVALID;
#ifdef NO_SOLUTION
    if (!strcmp(name, "HasLpSol")) *value = 0;
#endif
    return 0;
}

/* Duals are d objective / d side. */
int COPT_GetLpSolution(void *raw, double *x, double *slack, double *y, double *reduced) {
    Problem *problem = raw;
    if (!problem->solved || slack) return INVALID;
    for (int j = 0; j < problem->n; j++) x[j] = problem->answer.x[j], reduced[j] = -problem->answer.z[j];
    for (int i = 0; i < M; i++) y[i] = -problem->answer.y[i];
    return 0;
}
