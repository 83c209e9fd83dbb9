/* `sluice run`: runs a program, or calls one function. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

struct options {
    struct we_limits limits;
    uint64_t         timeout;            /* 0: none */
    const char      *invoke;             /* NULL: the program's _start */
    const char      *file;
    struct cli_wasi  wasi;
    char            *env[256];
};

enum { SLOTS = 2048 };                   /* of arguments or results */

/* --- options ------------------------------------------------------------ */

static int set_mode(const char *mode)
{
    if (strcmp(mode, "interp") == 0)
        return CLI_OK;
    if (strcmp(mode, "native") == 0)
        cli_fail("--mode=native: there is no compiler in this release; "
                 "use --mode=interp");
    else
        cli_fail("--mode=%s: there is only interp", mode);
    return CLI_USAGE;
}

static int wrong(const char *option, const char *value, const char *wanted)
{
    cli_fail("%s %s: %s is wanted", option, value, wanted);
    return CLI_USAGE;
}

static int add_env(struct options *o, char *variable)
{
    if (!strchr(variable, '=') || *variable == '=')
        return wrong("--env", variable, "NAME=VALUE");
    if (o->wasi.envc == sizeof o->env / sizeof *o->env)
        return wrong("--env", variable, "a smaller number of them");
    o->env[o->wasi.envc++] = variable;
    return CLI_OK;
}

enum { MODE = 1, MEMORY, TIMEOUT, INVOKE, ENV };

static int set_option(struct options *o, int option)
{
    switch (option) {
    case MODE:
        return set_mode(optarg);
    case MEMORY:
        return cli_parse_size(optarg, &o->limits.memory_bytes) ? CLI_OK
            : wrong("--memory", optarg, "a size such as 64k or 16m");
    case TIMEOUT:
        return cli_parse_time(optarg, &o->timeout) ? CLI_OK
            : wrong("--timeout", optarg, "a time such as 50ms or 2s");
    case INVOKE:
        o->invoke = optarg;
        return CLI_OK;
    case ENV:
        return add_env(o, optarg);
    }
    return cli_usage("run");
}

static int read_options(struct options *o, int argc, char **argv)
{
    static const struct option table[] = {
        {"mode", required_argument, NULL, MODE},
        {"memory", required_argument, NULL, MEMORY},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"invoke", required_argument, NULL, INVOKE},
        {"env", required_argument, NULL, ENV},
        {NULL, 0, NULL, 0}};
    int option, status;

    while ((option = getopt_long(argc, argv, "+", table, NULL)) != -1) {
        status = set_option(o, option);
        if (status)
            return status;
    }
    if (optind == argc) {
        cli_fail("run: which file?");
        return cli_usage("run");
    }
    o->file = argv[optind];
    o->wasi.argc = argc - optind;
    o->wasi.argv = argv + optind;
    o->wasi.envv = o->env;
    return CLI_OK;
}

/* --- traps -------------------------------------------------------------- */

/* Names are the module's: what could disturb a terminal is left out. */
static void print_name(const struct we_frame_info *frame)
{
    for (uint32_t i = 0; i < frame->name_len; i++) {
        unsigned char c = (unsigned char)frame->name[i];

        fputc(c >= 0x20 && c != 0x7f ? c : '?', stderr);
    }
}

static int trapped(const struct we_trap *trap)
{
    if (trap->code == WE_TRAP_EXIT)
        return trap->exit_status & 255;
    cli_fail("trap: %s", trap->text);
    for (uint32_t i = 0; i < trap->nframes; i++) {
        const struct we_frame_info *frame = &trap->frames[i];

        fprintf(stderr, "  #%u  func[%u] at 0x%x", i, frame->func,
                frame->offset);
        if (frame->name) {
            fputs("  ", stderr);
            print_name(frame);
        }
        fputc('\n', stderr);
    }
    if (trap->depth > trap->nframes)
        fprintf(stderr, "  ... %u more\n", trap->depth - trap->nframes);
    return CLI_TRAPPED;
}

/* --- the call ----------------------------------------------------------- */

static int call(we_func *func, uint64_t *slots, uint64_t timeout)
{
    struct we_trap trap;
    enum we_error e = we_call(func, slots, timeout, &trap);

    if (e == WE_TRAP)
        return trapped(&trap);
    return e ? cli_fail("call: %s", we_error_text(e)) : CLI_OK;
}

static unsigned slots_of(char letter)
{
    return letter == 'v' ? 2 : 1;
}

static int read_arguments(const struct options *o, const char *signature,
                          uint64_t *slots)
{
    size_t wanted = strcspn(signature, ":");
    int given = o->wasi.argc - 1;

    if ((size_t)given != wanted)
        return cli_fail("%s takes %zu arguments (%.*s), %d are given",
                        o->invoke, wanted, (int)wanted, signature, given);
    for (size_t i = 0; i < wanted; i++) {
        const char *text = o->wasi.argv[i + 1];

        if (!cli_parse_value(signature[i], text, slots))
            return cli_fail("argument %zu, \"%s\", is no %s", i + 1, text,
                            cli_type_name(signature[i]));
        slots += slots_of(signature[i]);
    }
    return CLI_OK;
}

static void print_results(const char *signature, const uint64_t *slots)
{
    for (const char *p = strchr(signature, ':') + 1; *p; p++) {
        cli_print_value(*p, slots);
        slots += slots_of(*p);
    }
}

static int invoke(const struct options *o, we_instance *instance)
{
    we_func *func = we_instance_func(instance, o->invoke, strlen(o->invoke));
    we_func *init = we_instance_func(instance, "_initialize", 11);
    uint64_t slots[SLOTS];
    char signature[SLOTS];
    int status;

    if (!func)
        return cli_fail("%s: there is no function \"%s\"", o->file,
                        o->invoke);
    we_func_signature(func, signature, sizeof signature);
    if (!strchr(signature, ':'))
        return cli_fail("%s: the function \"%s\" has a type that can't be "
                        "called from here", o->file, o->invoke);
    status = read_arguments(o, signature, slots);
    if (!status && init && we_func_param_slots(init) == 0 &&
        we_func_result_slots(init) == 0 && func != init)
        status = call(init, NULL, o->timeout);
    if (!status)
        status = call(func, slots, o->timeout);
    if (!status)
        print_results(signature, slots);
    return status;
}

static int start(const struct options *o, we_instance *instance)
{
    we_func *func = we_instance_func(instance, "_start", 6);

    if (!func)
        return cli_fail("%s: it is no program, it has no function \"_start\"; "
                        "name one with --invoke", o->file);
    if (we_func_param_slots(func) || we_func_result_slots(func))
        return cli_fail("%s: \"_start\" has arguments or results; "
                        "use --invoke _start", o->file);
    return call(func, NULL, o->timeout);
}

/* --- from file to call -------------------------------------------------- */

static int instantiate(const struct options *o, we_module *module,
                       we_linker *linker, we_instance **instance)
{
    struct we_detail detail;
    struct we_trap trap;
    enum we_error e = we_instance_new(module, linker, &o->limits, o->timeout,
                                      NULL, instance, &detail, &trap);

    if (e == WE_TRAP)
        return trapped(&trap);
    if (e)
        return cli_fail("%s: %s: %s", o->file, we_error_text(e), detail.text);
    return CLI_OK;
}

static int run(struct options *o, we_engine *engine, we_linker *linker)
{
    we_module *module;
    we_instance *instance = NULL;
    int status;

    if (cli_wasi_define(linker, &o->wasi))
        return cli_fail("out of memory");
    if (o->timeout && we_engine_attach(engine))
        return cli_fail("--timeout: this system has no timer for it");
    module = cli_load(engine, o->file);
    if (!module)
        return CLI_FAILED;
    status = instantiate(o, module, linker, &instance);
    if (!status)
        status = o->invoke ? invoke(o, instance) : start(o, instance);
    if (instance)
        we_instance_free(instance);
    we_module_free(module);
    if (fflush(stdout) != 0 && !status)
        status = cli_fail("can't write the results");
    return status;
}

int cli_run(int argc, char **argv)
{
    struct options o = {0};
    int status = read_options(&o, argc, argv);
    we_engine *engine;
    we_linker *linker;

    if (status)
        return status;
    engine = we_engine_new(NULL);
    linker = engine ? we_linker_new(engine) : NULL;
    status = linker ? run(&o, engine, linker) : cli_fail("out of memory");
    if (linker)
        we_linker_free(linker);
    if (engine)
        we_engine_free(engine);
    return status;
}
