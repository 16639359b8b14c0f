/* COPT's C interface over its Python interface, as far as the adapter uses it: the package on PyPI has COPT itself, with a
 * size limit where there is no license, but no C functions. See scripts/copt-bridge.sh.
 *
 * -D PYTHON='"..."'  the interpreter that has the package
 * -D SERVER='"..."'  copt.py
 * -D VERSION='"..."' the package's version
 *
 * A problem is kept here, and sent to the server as lines of numbers when it is solved. */
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INVALID = 3, INTERNAL = 5 };
enum { INTEGERS = 5, PARAMETERS = 11 };

static const char *const NAMES[PARAMETERS] = {
    "Logging", "Threads", "LpMethod", "NonConvex", "Scaling", "TimeLimit", "FeasTol", "DualTol", "BarPrimalTol",
    "BarDualTol", "BarGapTol",
};

typedef struct {
    int n, m, entries, terms, cones, columns, set[PARAMETERS], status, solved, iterations[2];
    int *start, *count, *index, *row, *col, *size, *column;
    double *c, *lb, *ub, *l, *u, *value, *term, parameter[PARAMETERS], *x, *y, *d;
} Problem;

static FILE *to_server, *from_server;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *copy(const void *from, size_t size) {
    void *to = malloc(size + 1);
    if (size) memcpy(to, from, size);
    return to;
}

static int *ints(const int *from, int count) { return copy(from, count * sizeof(int)); }
static double *reals(const double *from, int count) { return copy(from, count * sizeof(double)); }

static void free_all(void *first, ...) {
    va_list rest;
    va_start(rest, first);
    for (void *p = first; p != &lock; p = va_arg(rest, void *)) free(p);
    va_end(rest);
}

int COPT_GetBanner(char *text, int size) {
    snprintf(text, size, "Cardinal Optimizer v" VERSION ". Over its Python interface\n");
    return 0;
}

int COPT_CreateEnv(void **env) { return *env = malloc(1), 0; }

int COPT_DeleteEnv(void **env) { return free(*env), *env = NULL, 0; }

int COPT_CreateProb(void *env, void **out) { return *out = calloc(1, sizeof(Problem)), 0; }

int COPT_DeleteProb(void **raw) {
    Problem *p = *raw;
    free_all(p->start, p->count, p->index, p->row, p->col, p->size, p->column, p->c, p->lb, p->ub, p->l, p->u, p->value,
             p->term, p->x, p->y, p->d, p, &lock);
    *raw = NULL;
    return 0;
}

int COPT_LoadProb(void *raw, int n, int m, int sense, double constant, const double *obj, const int *beg, const int *cnt,
                  const int *ind, const double *val, const char *types, const double *lb, const double *ub,
                  const char *senses, const double *l, const double *u, const char *const *columns,
                  const char *const *rows) {
    Problem *p = raw;
    if (p->c || sense != 1 || constant || types || senses || columns || rows) return INVALID;
    p->n = n, p->m = m, p->entries = beg[n];
    p->start = ints(beg, n), p->count = ints(cnt, n), p->index = ints(ind, beg[n]), p->value = reals(val, beg[n]);
    p->c = reals(obj, n), p->lb = reals(lb, n), p->ub = reals(ub, n), p->l = reals(l, m), p->u = reals(u, m);
    return 0;
}

int COPT_SetQuadObj(void *raw, int count, const int *row, const int *col, const double *val) {
    Problem *p = raw;
    free_all(p->row, p->col, p->term, &lock);
    p->terms = count, p->row = ints(row, count), p->col = ints(col, count), p->term = reals(val, count);
    return 0;
}

int COPT_AddCones(void *raw, int count, const int *type, const int *beg, const int *cnt, const int *ind) {
    Problem *p = raw;
    for (int k = 0; k < count; k++) {
        if (type[k] != 1) return INVALID;
        p->size = realloc(p->size, (p->cones + 1) * sizeof(int));
        p->column = realloc(p->column, (p->columns + cnt[k]) * sizeof(int));
        memcpy(p->column + p->columns, ind + beg[k], cnt[k] * sizeof(int));
        p->size[p->cones++] = cnt[k], p->columns += cnt[k];
    }
    return 0;
}

static int put(double *to, int length, int count, const int *list, const double *values) {
    for (int k = 0; k < count; k++) {
        if (list[k] < 0 || list[k] >= length) return INVALID;
        to[list[k]] = values[k];
    }
    return 0;
}

#define SETTER(name, to, length)                                                 \
    int name(void *raw, int count, const int *list, const double *values) {      \
        return put(((Problem *)raw)->to, ((Problem *)raw)->length, count, list, values); \
    }
SETTER(COPT_SetColObj, c, n)
SETTER(COPT_SetColLower, lb, n)
SETTER(COPT_SetColUpper, ub, n)
SETTER(COPT_SetRowLower, l, m)
SETTER(COPT_SetRowUpper, u, m)

static double *parameter(Problem *p, const char *name, int first, int last, int set) {
    for (int k = first; k < last; k++)
        if (!strcmp(name, NAMES[k])) return p->set[k] |= set, &p->parameter[k];
    return NULL;
}

int COPT_GetIntParam(void *raw, const char *name, int *value) {
    double *from = parameter(raw, name, 0, INTEGERS, 0);
    return from ? (*value = (int)*from, 0) : INVALID;
}

int COPT_SetIntParam(void *raw, const char *name, int value) {
    double *to = parameter(raw, name, 0, INTEGERS, 1);
    return to ? (*to = value, 0) : INVALID;
}

int COPT_GetDblParam(void *raw, const char *name, double *value) {
    double *from = parameter(raw, name, INTEGERS, PARAMETERS, 0);
    return from ? (*value = *from, 0) : INVALID;
}

int COPT_SetDblParam(void *raw, const char *name, double value) {
    double *to = parameter(raw, name, INTEGERS, PARAMETERS, 1);
    return to ? (*to = value, 0) : INVALID;
}

/* The server reads from its standard input, and writes to descriptor 3, which COPT does not print to. */
static int start(void) {
    int there[2], back[2];
    if (pipe(there) || pipe(back)) return INTERNAL;
    if (fork() == 0) {
        dup2(there[0], 0);
        if (back[1] != 3) dup2(back[1], 3);
        close(there[1]);
        execl(PYTHON, PYTHON, SERVER, (char *)NULL);
        _exit(1);
    }
    close(there[0]), close(back[1]);
    to_server = fdopen(there[1], "w"), from_server = fdopen(back[0], "r");
    return to_server && from_server ? 0 : INTERNAL;
}

static void send_ints(const int *from, int count) {
    for (int k = 0; k < count; k++) fprintf(to_server, "%d ", from[k]);
    fputc('\n', to_server);
}

static void send_reals(const double *from, int count) {
    for (int k = 0; k < count; k++) fprintf(to_server, "%a ", from[k]);
    fputc('\n', to_server);
}

static double *receive(double *old, int count) {
    double *to = realloc(old, (count + 1) * sizeof(double));
    for (int k = 0; k < count; k++)
        if (fscanf(from_server, "%la", &to[k]) != 1) to[k] = NAN;
    return to;
}

int COPT_Solve(void *raw) {
    Problem *p = raw;
    int code = INTERNAL;
    pthread_mutex_lock(&lock);
    p->solved = 0;
    if (from_server || !start()) {
        for (int k = 0; k < PARAMETERS; k++)
            if (p->set[k]) fprintf(to_server, "%s %c %a ", NAMES[k], k < INTEGERS ? 'i' : 'r', p->parameter[k]);
        fputc('\n', to_server);
        send_reals(p->c, p->n), send_reals(p->lb, p->n), send_reals(p->ub, p->n);
        send_reals(p->l, p->m), send_reals(p->u, p->m);
        send_ints(p->start, p->n), send_ints(p->count, p->n), send_ints(p->index, p->entries);
        send_reals(p->value, p->entries);
        send_ints(p->row, p->terms), send_ints(p->col, p->terms), send_reals(p->term, p->terms);
        send_ints(p->size, p->cones), send_ints(p->column, p->columns);
        fflush(to_server);
        if (fscanf(from_server, "%d", &code) != 1) code = INTERNAL;
    }
    if (!code && fscanf(from_server, "%d %d %d %d", &p->status, &p->solved, &p->iterations[0], &p->iterations[1]) != 4)
        code = INTERNAL;
    if (!code && p->solved) p->x = receive(p->x, p->n), p->y = receive(p->y, p->m), p->d = receive(p->d, p->n);
    pthread_mutex_unlock(&lock);
    return code;
}

int COPT_GetIntAttr(void *raw, const char *name, int *value) {
    Problem *p = raw;
    if (!strcmp(name, "LpStatus")) *value = p->status;
    else if (!strcmp(name, "HasLpSol")) *value = p->solved;
    else if (!strcmp(name, "SimplexIter")) *value = p->iterations[0];
    else if (!strcmp(name, "BarrierIter")) *value = p->iterations[1];
    else return INVALID;
    return 0;
}

int COPT_GetLpSolution(void *raw, double *x, double *slack, double *y, double *reduced) {
    Problem *p = raw;
    if (!p->solved || slack) return INVALID;
    memcpy(x, p->x, p->n * sizeof(double));
    memcpy(y, p->y, p->m * sizeof(double));
    memcpy(reduced, p->d, p->n * sizeof(double));
    return 0;
}
