/* The commands of one file: what each does, and what it expects. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

enum verdict { PASS, FAIL, SKIP, NOT_APPLICABLE };

struct run {
    struct spec_store *store;
    char               why[600];        /* of the last FAIL */
};

__attribute__((format(printf, 2, 3)))
static enum verdict fail(struct run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(run->why, sizeof run->why, format, args);
    va_end(args);
    return FAIL;
}

static const char *string_of(const json_t *command, const char *key)
{
    const char *s = json_string_value(json_object_get(command, key));

    return s ? s : "";
}

static enum verdict outcome_fails(struct run *run, const char *what,
                                  const struct spec_outcome *o)
{
    return fail(run, "%s: %s: %s", what, we_error_text(o->error),
                o->error == WE_TRAP ? o->trap.text : o->detail.text);
}

/* --- modules ------------------------------------------------------------ */

static enum verdict run_module(struct run *run, const json_t *command)
{
    const json_t *name = json_object_get(command, "name");
    unsigned line =
        (unsigned)json_integer_value(json_object_get(command, "line"));
    struct spec_outcome o;
    we_instance *instance = NULL;
    we_module *module = spec_store_load(run->store, command, &o);
    bool loaded = module != NULL;

    if (module) {
        instance = spec_store_instantiate(run->store, module, &o);
        spec_store_define(run->store, name, module, SPEC_GOOD);
    }
    spec_store_add(run->store, name, line, instance, o.state);
    if (o.state == SPEC_FAILED)
        return outcome_fails(run, loaded ? "instantiation" : "load", &o);
    return o.state == SPEC_SKIPPED ? SKIP : PASS;
}

static enum verdict run_definition(struct run *run, const json_t *command)
{
    struct spec_outcome o;
    we_module *module = spec_store_load(run->store, command, &o);

    spec_store_define(run->store, json_object_get(command, "name"), module,
                      o.state);
    if (o.state == SPEC_FAILED)
        return outcome_fails(run, "load", &o);
    return o.state == SPEC_SKIPPED ? SKIP : PASS;
}

static enum verdict run_instance(struct run *run, const json_t *command)
{
    unsigned line =
        (unsigned)json_integer_value(json_object_get(command, "line"));
    struct spec_outcome o;
    we_instance *instance = NULL;
    we_module *module = spec_store_definition(
        run->store, json_object_get(command, "module"), &o.state);

    if (module)
        instance = spec_store_instantiate(run->store, module, &o);
    spec_store_add(run->store, json_object_get(command, "instance"), line,
                   instance, o.state);
    if (o.state == SPEC_FAILED)
        return module ? outcome_fails(run, "instantiation", &o)
                      : fail(run, "there is no such definition");
    return o.state == SPEC_SKIPPED ? SKIP : PASS;
}

/* The instance that a command is about, if it is there. */
static enum verdict find(struct run *run, const json_t *name,
                         const struct spec_instance **instance)
{
    *instance = spec_store_find(run->store, name);
    if (!*instance)
        return fail(run, "there is no such module");
    if ((*instance)->state == SPEC_FAILED)
        return fail(run, "the module of line %u failed", (*instance)->line);
    return (*instance)->state == SPEC_SKIPPED ? SKIP : PASS;
}

static enum verdict run_register(struct run *run, const json_t *command)
{
    const struct spec_instance *instance;
    enum verdict v = find(run, json_object_get(command, "name"), &instance);

    if (instance)
        spec_store_register(run->store, json_object_get(command, "as"),
                            instance);
    return v;
}

/* --- modules that must fail --------------------------------------------- */

/* Malformed and invalid are one: which of them finds a mistake is the engine's
 * affair. */
static enum verdict run_invalid(struct run *run, const json_t *command)
{
    struct spec_outcome o;
    we_module *module;

    if (strcmp(string_of(command, "module_type"), "text") == 0 &&
        !json_object_get(command, "binary_filename"))
        return NOT_APPLICABLE;
    module = spec_store_load(run->store, command, &o);
    if (module) {
        we_module_free(module);
        return fail(run, "loads, but: %s", string_of(command, "text"));
    }
    if (o.state == SPEC_SKIPPED)
        return SKIP;
    if (o.error != WE_MALFORMED && o.error != WE_INVALID)
        return outcome_fails(run, string_of(command, "text"), &o);
    return PASS;
}

static enum verdict instantiation_fails(struct run *run, const json_t *command,
                                        enum we_error expected)
{
    struct spec_outcome o;
    we_instance *instance;
    we_module *module = spec_store_load(run->store, command, &o);

    if (!module)
        return o.state == SPEC_SKIPPED ? SKIP : outcome_fails(run, "load", &o);
    instance = spec_store_instantiate(run->store, module, &o);
    we_module_free(module);              /* the instance has a count, too */
    if (o.state == SPEC_SKIPPED)
        return SKIP;
    if (instance)
        return fail(run, "instantiates, but: %s", string_of(command, "text"));
    if (o.error != expected)
        return outcome_fails(run, string_of(command, "text"), &o);
    return PASS;
}

static enum verdict run_unlinkable(struct run *run, const json_t *command)
{
    return instantiation_fails(run, command, WE_LINK);
}

static enum verdict run_uninstantiable(struct run *run, const json_t *command)
{
    return instantiation_fails(run, command, WE_TRAP);
}

/* --- actions ------------------------------------------------------------ */

struct action {
    we_instance   *instance;
    enum we_error  error;
    struct we_trap trap;
    uint64_t       slots[SPEC_SLOTS];
    unsigned       nslots;
    char           letters[SPEC_SLOTS]; /* types of the results */
};

static enum verdict invoke(struct run *run, const json_t *action,
                           we_instance *instance, struct action *a)
{
    const json_t *field = json_object_get(action, "field");
    we_func *func = we_instance_func(instance, json_string_value(field),
                                     json_string_length(field));
    char error[300], signature[SPEC_SLOTS];
    const char *colon;
    int n;

    if (!func)
        return fail(run, "there is no such function");
    n = spec_arguments(json_object_get(action, "args"), a->slots, error,
                       sizeof error);
    if (n < 0)
        return fail(run, "%s", error);
    if ((unsigned)n != we_func_param_slots(func))
        return fail(run, "%d slots of arguments, the function takes %u", n,
                    we_func_param_slots(func));
    a->nslots = we_func_result_slots(func);
    if (a->nslots > SPEC_SLOTS)
        return fail(run, "%u slots of results", a->nslots);
    we_func_signature(func, signature, sizeof signature);
    colon = strchr(signature, ':');
    strcpy(a->letters, colon ? colon + 1 : "...");
    a->error = we_call(func, a->slots, 0, &a->trap);
    return PASS;
}

static enum verdict get(struct run *run, const json_t *action,
                        we_instance *instance, struct action *a)
{
    const json_t *field = json_object_get(action, "field");
    we_global *global = we_instance_global(instance, json_string_value(field),
                                           json_string_length(field));

    if (!global)
        return fail(run, "there is no such global");
    we_global_get(global, a->slots);
    a->letters[0] = we_global_type(global);
    a->nslots = a->letters[0] == 'v' ? 2 : 1;
    return PASS;
}

/* PASS: it was carried out, *a says how it ended. */
static enum verdict act(struct run *run, const json_t *command,
                        struct action *a)
{
    const json_t *action = json_object_get(command, "action");
    const char *type = string_of(action, "type");
    const struct spec_instance *instance;
    enum verdict v = find(run, json_object_get(action, "module"), &instance);

    memset(a, 0, sizeof *a);
    if (v)
        return v;
    a->instance = instance->instance;
    if (strcmp(type, "invoke") == 0)
        return invoke(run, action, instance->instance, a);
    if (strcmp(type, "get") == 0)
        return get(run, action, instance->instance, a);
    return fail(run, "unknown action \"%s\"", type);
}

static enum verdict ended(struct run *run, const struct action *a)
{
    return a->error == WE_TRAP
        ? fail(run, "found the trap: %s", a->trap.text)
        : fail(run, "found the error: %s", we_error_text(a->error));
}

static enum verdict run_action(struct run *run, const json_t *command)
{
    struct action a;
    enum verdict v = act(run, command, &a);

    return v == PASS && a.error ? ended(run, &a) : v;
}

static enum verdict run_return(struct run *run, const json_t *command)
{
    struct action a;
    enum verdict v = act(run, command, &a);
    char error[500];

    if (v)
        return v;
    if (a.error)
        return ended(run, &a);
    if (!spec_results_match(json_object_get(command, "expected"), a.instance,
                            a.slots, a.nslots, a.letters, error, sizeof error))
        return fail(run, "%s", error);
    return PASS;
}

/* The suite's text begins with the trap's; the suite has several for null. */
static bool trap_is(const char *text, enum we_trap_code code)
{
    const char *own = we_trap_text(code);

    if (code == WE_TRAP_NULL_REFERENCE)
        return strncmp(text, "null", 4) == 0;
    return strncmp(text, own, strlen(own)) == 0;
}

static enum verdict run_trap(struct run *run, const json_t *command)
{
    const char *text = string_of(command, "text");
    struct action a;
    enum verdict v = act(run, command, &a);

    if (v)
        return v;
    if (!a.error)
        return fail(run, "returns, expected the trap: %s", text);
    if (a.error != WE_TRAP)
        return ended(run, &a);
    if (!trap_is(text, a.trap.code))
        return fail(run, "expected the trap: %s, found: %s", text,
                    we_trap_text(a.trap.code));
    return PASS;
}

static enum verdict run_exception(struct run *run, const json_t *command)
{
    struct action a;
    enum verdict v = act(run, command, &a);

    if (v)
        return v;
    if (!a.error)
        return fail(run, "returns, expected an exception");
    if (a.error != WE_TRAP || a.trap.code != WE_TRAP_EXCEPTION)
        return ended(run, &a);
    return PASS;
}

/* --- the table of commands ---------------------------------------------- */

static const struct command {
    const char *type;
    bool        assertion;
    enum verdict (*run)(struct run *run, const json_t *command);
} commands[] = {
    {"module", false, run_module},
    {"module_definition", false, run_definition},
    {"module_instance", false, run_instance},
    {"register", false, run_register},
    {"action", false, run_action},
    {"assert_return", true, run_return},
    {"assert_trap", true, run_trap},
    {"assert_exhaustion", true, run_trap},
    {"assert_exception", true, run_exception},
    {"assert_invalid", true, run_invalid},
    {"assert_malformed", true, run_invalid},
    {"assert_unlinkable", true, run_unlinkable},
    {"assert_uninstantiable", true, run_uninstantiable},
};

static const struct command *find_command(const char *type)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].type, type) == 0)
            return &commands[i];
    return NULL;
}

/* An exception of the skip file turns a failure into a skip, and success into
 * a failure. */
static enum verdict judge(struct run *run, const char *file, unsigned line,
                          enum verdict v)
{
    if (v == SKIP || !spec_skip_line(file, line))
        return v;
    if (v == FAIL)
        return SKIP;
    return fail(run, "passes: its line in the file of exceptions is wrong");
}

static void count(struct spec_counts *c, const struct command *command,
                  enum verdict v)
{
    bool assertion = command && command->assertion;

    c->failed += v == FAIL;
    if (!assertion)
        return;
    c->passed += v == PASS;
    c->skipped += v == SKIP;
    c->not_applicable += v == NOT_APPLICABLE;
}

static json_t *load_commands(const char *path, json_t **root)
{
    json_error_t error;

    *root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!*root)
        printf("%s: %s\n", path, error.text);
    return json_object_get(*root, "commands");
}

static unsigned count_assertions(const json_t *list)
{
    size_t i;
    json_t *value;
    unsigned n = 0;

    json_array_foreach(list, i, value) {
        const struct command *c = find_command(string_of(value, "type"));

        n += c && c->assertion;
    }
    return n;
}

void spec_run_file(const char *dir, const char *file, const char *json,
                   unsigned limit, struct spec_progress *progress)
{
    json_t *root, *value, *list = load_commands(json, &root);
    struct run run = {0};
    unsigned failures = 0;
    size_t i;

    progress->counts.asserts = count_assertions(list);
    if (!list) {
        progress->counts.failed++;
        return;
    }
    run.store = spec_store_new(dir);
    json_array_foreach(list, i, value) {
        const char *type = string_of(value, "type");
        const struct command *command = find_command(type);
        enum verdict v;

        progress->line =
            (unsigned)json_integer_value(json_object_get(value, "line"));
        snprintf(progress->command, sizeof progress->command, "%s", type);
        v = command ? command->run(&run, value)
                    : fail(&run, "unknown command");
        v = judge(&run, file, progress->line, v);
        count(&progress->counts, command, v);
        if (v == FAIL && failures++ < limit)
            printf("%s:%u: %s %s: %s\n", file, progress->line, type,
                   string_of(json_object_get(value, "action"), "field"),
                   run.why);
    }
    if (failures > limit)
        printf("%s: ... %u failures in all\n", file, failures);
    spec_store_free(run.store);
    json_decref(root);
    progress->finished = true;
}
