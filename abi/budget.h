/* Memory of the host's, counted against a bound. */
#ifndef PW_BUDGET_H
#define PW_BUDGET_H

#include "proxy_wasm.h"

struct pw_budget {
    const struct we_allocator *allocator;
    uint64_t used, limit;                /* bytes; limit 0: none */
};

/* As we_allocator.resize; NULL also when the bound is reached. */
void *pw_budget_resize(struct pw_budget *budget, void *ptr, size_t old_size,
                       size_t new_size);
/* Counts memory that others allocate; false: that would exceed the bound. */
bool pw_budget_take(struct pw_budget *budget, size_t size);
void pw_budget_return(struct pw_budget *budget, size_t size);
/* A zeroed block; NULL if there is none to be had. */
void *pw_budget_new(struct pw_budget *budget, size_t size);
void  pw_budget_free(struct pw_budget *budget, void *ptr, size_t size);
/* Copies text; *copy is untouched and false returned on failure. */
bool  pw_budget_copy(struct pw_budget *budget, struct pw_str text,
                     struct pw_str *copy);
void  pw_budget_release(struct pw_budget *budget, struct pw_str *copy);

#endif
