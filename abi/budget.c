/* Memory of the host's, counted against a bound. */
#include "budget.h"

#include <string.h>

static bool fits(const struct pw_budget *budget, size_t old_size,
                 size_t new_size)
{
    return budget->limit == 0
           || (uint64_t)new_size <= budget->limit - (budget->used - old_size);
}

bool pw_budget_take(struct pw_budget *budget, size_t size)
{
    bool good = fits(budget, 0, size);

    if (good) {
        budget->used += size;
    }
    return good;
}

void pw_budget_return(struct pw_budget *budget, size_t size)
{
    budget->used -= size;
}

void *pw_budget_resize(struct pw_budget *budget, void *ptr, size_t old_size,
                       size_t new_size)
{
    const struct we_allocator *a = budget->allocator;
    void *block;

    if (!fits(budget, old_size, new_size)) {
        return NULL;
    }
    block = a->resize(a->env, ptr, old_size, new_size);
    if (block != NULL || new_size == 0) {
        budget->used += (uint64_t)new_size - (uint64_t)old_size;
    }
    return block;
}

void *pw_budget_new(struct pw_budget *budget, size_t size)
{
    void *block = pw_budget_resize(budget, NULL, 0, size);

    if (block != NULL) {
        memset(block, 0, size);
    }
    return block;
}

void pw_budget_free(struct pw_budget *budget, void *ptr, size_t size)
{
    if (ptr != NULL) {
        (void)pw_budget_resize(budget, ptr, size, 0);
    }
}

bool pw_budget_copy(struct pw_budget *budget, struct pw_str text,
                    struct pw_str *copy)
{
    char *data = NULL;

    if (text.len != 0) {
        data = pw_budget_resize(budget, NULL, 0, text.len);
        if (data == NULL) {
            return false;
        }
        memcpy(data, text.data, text.len);
    }
    *copy = (struct pw_str){ data, text.len };
    return true;
}

void pw_budget_release(struct pw_budget *budget, struct pw_str *copy)
{
    pw_budget_free(budget, (void *)(uintptr_t)copy->data, copy->len);
    *copy = (struct pw_str){ NULL, 0 };
}
