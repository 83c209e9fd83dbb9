/* The types of imports and exports in words, for people. */
#include "module.h"
#include "validator.h"

#include <stdio.h>

/* Appends to a buffer, and goes on counting nothing once it is full. */
struct text {
    char  *at;
    size_t left;
};

__attribute__((format(printf, 2, 3)))
static void put(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(t->at, t->left, format, args);
    va_end(args);
    if (n < 0)
        return;
    if ((size_t)n >= t->left)
        n = t->left != 0 ? (int)(t->left - 1) : 0;
    t->at += n;
    t->left -= (size_t)n;
}

static void put_range(struct text *t, const struct we_range *range)
{
    put(t, "%s %llu", range->is64 ? " i64" : "",
        (unsigned long long)range->min);
    if (range->has_max)
        put(t, " %llu", (unsigned long long)range->max);
    if (range->shared)
        put(t, " shared");
}

static void put_values(struct text *t, const struct we_module *m,
                       const char *what, const we_valtype *values, uint32_t n)
{
    char buf[WE_TYPE_TEXT_MAX];
    uint32_t i;

    if (n == 0)
        return;
    put(t, " (%s", what);
    for (i = 0; i < n && t->left > 1; i++)
        put(t, " %s", we_valtype_text(m, values[i], buf));
    put(t, ")");
}

static void put_func(struct text *t, const struct we_module *m,
                     const struct we_type *type)
{
    put_values(t, m, "param", type->values, type->nparams);
    put_values(t, m, "result", type->values + type->nparams, type->nresults);
}

char *we_module_extern_text(const we_module *m,
                            const struct we_extern *extern_, char *buf,
                            size_t size)
{
    struct text t = {buf, size};
    const struct we_global_desc *global;
    char type[WE_TYPE_TEXT_MAX];
    uint32_t i = extern_->index;

    switch (extern_->kind) {
    case WE_FUNC:
        put(&t, "func");
        put_func(&t, m, m->funcs[i].type);
        break;
    case WE_TABLE:
        put(&t, "table");
        put_range(&t, &m->tables[i].range);
        put(&t, " %s", we_valtype_text(m, m->tables[i].type, type));
        break;
    case WE_MEMORY:
        put(&t, "memory");
        put_range(&t, &m->memories[i].range);
        break;
    case WE_GLOBAL:
        global = &m->globals[i];
        put(&t, global->mutable_ ? "global (mut %s)" : "global %s",
            we_valtype_text(m, global->type, type));
        break;
    case WE_TAG:
        put(&t, "tag");
        put_func(&t, m, m->tags[i].type);
        break;
    }
    return buf;
}
