/* Running plugins: making one, its fault, its memory. */
#include "guest.h"

#include <string.h>

void pw_instance_fail(pw_instance *in, const char *what, const char *name,
                      const struct we_trap *trap)
{
    struct pw_text text;

    if (in->dead) {
        return;
    }
    in->dead = true;
    pw_text_init(&text, in->fault, sizeof in->fault);
    pw_text_add(&text, "%s %s: ", what, name);
    pw_fault_describe(&text, trap, in->deadline);
}

void pw_instance_find_memory(pw_instance *in, we_instance *guest)
{
    in->memory = we_instance_memory(guest, "memory", 6);
    in->call.bytes = we_memory_bytes(in->memory);
}

void *pw_instance_scratch(pw_instance *in, unsigned i, size_t size)
{
    struct pw_scratch *s = &in->scratch[i];

    if (size > s->size) {
        pw_budget_free(&in->budget, s->data, s->size);
        s->size = 0;
        s->data = pw_budget_resize(&in->budget, NULL, 0, size);
        if (s->data == NULL) {
            return NULL;
        }
        s->size = size;
    }
    return s->data;
}

const char *pw_instance_fault(const pw_instance *instance)
{
    return instance->dead ? instance->fault : NULL;
}

uint64_t pw_instance_denied(const pw_instance *instance)
{
    return instance->ndenied;
}

uint64_t pw_instance_memory(const pw_instance *instance)
{
    return we_memory_size(instance->memory);
}

/* --- start --------------------------------------------------------------- */

/* The functions that start a guest, in order; the first column is called if
 * it is exported and the second is not. */
static const struct start_row {
    const char *name, *unless, *needs;
} start_rows[] = {
    { "_initialize", NULL,          NULL          },
    { "main",        NULL,          "_initialize" },
    { "__main_void", "main",        "_initialize" },
    { "_start",      "_initialize", NULL          },
};

static we_func *guest_func(pw_instance *in, const char *name)
{
    return name == NULL ? NULL
                        : we_instance_func(in->guest, name, strlen(name));
}

static bool starts(pw_instance *in, const struct start_row *row)
{
    return guest_func(in, row->unless) == NULL
           && (row->needs == NULL || guest_func(in, row->needs) != NULL);
}

/* proc_exit(0) ends a start function as returning from it does. */
static bool is_exit(const struct we_trap *trap)
{
    return trap->code == WE_TRAP_EXIT && trap->exit_status == 0;
}

static bool run_start(pw_instance *in, const struct start_row *row)
{
    we_func *func = guest_func(in, row->name);
    uint64_t slots[2] = { 0, 0 };
    struct we_trap trap;

    if (func == NULL || !starts(in, row)) {
        return true;
    }
    if (we_call(func, slots, in->deadline, &trap) != WE_OK
        && !is_exit(&trap)) {
        pw_instance_fail(in, "start function", row->name, &trap);
    }
    return !in->dead;
}

/* Asks the guest where its arena is, which is 8 bytes. */
static bool find_arena(pw_instance *in)
{
    static const char name[] = "sluice_arena";
    we_func *func = guest_func(in, name);
    uint64_t slots[1] = { 0 };
    struct we_trap trap;
    uint8_t *at;

    if (func == NULL) {
        return true;
    }
    if (we_call(func, slots, in->deadline, &trap) != WE_OK) {
        pw_instance_fail(in, "start function", name, &trap);
        return false;
    }
    in->call.arena = (uint32_t)slots[0];
    return pw_guest_span(&in->call, in->call.arena, 8, &at);
}

static bool start(pw_instance *in, struct pw_error *error)
{
    struct pw_text text;
    bool started = true;

    for (size_t i = 0;
         started && i < sizeof start_rows / sizeof start_rows[0]; i++) {
        started = run_start(in, &start_rows[i]);
    }
    if (started && find_arena(in)) {
        return true;
    }
    text = pw_text_error(error, "start");
    pw_text_add(&text, "%s",
                in->dead ? in->fault
                         : "sluice_arena: its result is out of bounds");
    return false;
}

static void instantiate_failed(pw_instance *in, enum we_error e,
                               const struct we_detail *detail,
                               const struct we_trap *trap,
                               struct pw_error *error)
{
    struct pw_text text = pw_text_error(error,
                                        e == WE_LINK ? "link" : "start");

    if (e == WE_TRAP) {
        pw_text_add(&text, "module start: ");
        pw_fault_describe(&text, trap, in->deadline);
        return;
    }
    pw_text_add(&text, "%s: ", we_error_text(e));
    pw_text_add_foreign(&text,
                        (struct pw_str){ detail->text, strlen(detail->text) },
                        WE_TEXT_MAX);
}

static bool instantiate(pw_instance *in, struct pw_error *error)
{
    pw_plugin *plugin = in->plugin;
    struct we_limits limits = { .memory_bytes = plugin->limits.memory };
    struct we_detail detail;
    struct we_trap trap;
    enum we_error e;

    e = we_instance_new(plugin->module, plugin->runtime->linker, &limits,
                        in->deadline, in, &in->guest, &detail, &trap);
    if (e != WE_OK) {
        in->guest = NULL;
        instantiate_failed(in, e, &detail, &trap, error);
        return false;
    }
    pw_instance_find_memory(in, in->guest);
    return true;
}

static void resolve_exports(pw_instance *in)
{
    in->allocate = guest_func(in, in->plugin->allocator);
    for (int i = 0; i < PW_NCALLBACKS; i++) {
        in->callbacks[i] = guest_func(
            in, pw_plugin_callback_name((enum pw_callback)i));
        in->counts[i] = in->callbacks[i] != NULL
                        && we_func_reads(in->callbacks[i], 1);
    }
}

pw_instance *pw_instance_new(pw_plugin *plugin, struct pw_error *error)
{
    struct pw_budget budget = { plugin->runtime->budget.allocator, 0,
                                plugin->limits.host_memory };
    pw_instance *in = pw_budget_new(&budget, sizeof *in);
    struct pw_text text;

    if (in == NULL) {
        text = pw_text_error(error, "start");
        pw_text_add(&text, "out of memory (host_memory)");
        return NULL;
    }
    in->plugin = plugin;
    in->host = plugin->runtime->host;
    in->call.instance = in;
    in->call.host = in->host;
    in->budget = budget;
    in->current = &in->none;
    pw_instance_act(in, &in->none);
    in->call.open = (plugin->limits.allow & PW_OPEN_ALLOW) | PW_OPEN_START;
    in->deadline = plugin->limits.start_deadline;
    if (!instantiate(in, error) || !start(in, error)) {
        pw_instance_free(in);
        return NULL;
    }
    resolve_exports(in);
    in->call.open |= PW_OPEN_RUNNING;
    return in;
}

void pw_instance_free(pw_instance *in)
{
    struct pw_budget budget;

    if (in == NULL) {
        return;
    }
    if (in->guest != NULL) {
        we_instance_free(in->guest);
    }
    pw_context_free_all(in);
    pw_regex_free_all(in);
    for (int i = 0; i < PW_NSCRATCH; i++) {
        pw_budget_free(&in->budget, in->scratch[i].data, in->scratch[i].size);
    }
    budget = in->budget;
    pw_budget_free(&budget, in, sizeof *in);
}
