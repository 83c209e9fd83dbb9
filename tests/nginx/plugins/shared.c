/*
 * Shared data, queues, metrics and ticks.  A request's header x-do holds a
 * command; its answer is the call's status and what came out of it:
 *
 *   get KEY | set KEY CAS VALUE
 *   count KEY N | number KEY                       adds 1, N times, by CAS
 *   fill PREFIX N SIZE                             N keys of SIZE bytes
 *   have PREFIX N                                  how many of them there are
 *   open QUEUE | find VM QUEUE | push ID ITEM | pop ID
 *   flood ID N SIZE                                N items
 *   opens N SIZE                                   N queues, names of SIZE bytes
 *   define KIND NAME | add ID N | record ID N | read ID
 *   names KIND N                                   N metrics
 *   adds ID N                                      adds 1, N times
 *   period MS                                      for the root context
 *
 * The configuration has the same commands, one a line, whose answers go to the
 * log, and "trap", which makes on_tick trap.  on_tick logs "tick";
 * on_queue_ready pops and logs "ready ITEM".
 */
#include "sluice.h"

#define IMPORT(name) \
    __attribute__((import_module("env"), import_name("proxy_" #name)))
#define EXPORT(name) __attribute__((export_name("proxy_" #name)))

IMPORT(get_shared_data)
uint32_t get_data(const char *, size_t, char **, size_t *, uint32_t *);
IMPORT(set_shared_data)
uint32_t set_data(const char *, size_t, const char *, size_t, uint32_t);
IMPORT(register_shared_queue)
uint32_t open_queue(const char *, size_t, uint32_t *);
IMPORT(resolve_shared_queue)
uint32_t find_queue(const char *, size_t, const char *, size_t, uint32_t *);
IMPORT(enqueue_shared_queue) uint32_t push(uint32_t, const char *, size_t);
IMPORT(dequeue_shared_queue) uint32_t pop(uint32_t, char **, size_t *);
IMPORT(define_metric)
uint32_t define(uint32_t, const char *, size_t, uint32_t *);
IMPORT(increment_metric) uint32_t add(uint32_t, int64_t);
IMPORT(record_metric) uint32_t record(uint32_t, int64_t);
IMPORT(get_metric) uint32_t read_metric(uint32_t, uint64_t *);
IMPORT(set_tick_period_milliseconds) uint32_t set_period(uint32_t);

struct config { bool trap; };
SLUICE_STATE(struct config, char)

static char block[1 << 20];

static struct sluice_str word(struct sluice_str *line, char end)
{
    struct sluice_str w = { line->data, 0 };

    while (w.len < line->len && line->data[w.len] != end) {
        w.len++;
    }
    line->data += w.len;
    line->len -= w.len;
    if (line->len) {
        line->data++;
        line->len--;
    }
    return w;
}

static int64_t number(struct sluice_str *line)
{
    struct sluice_str w = word(line, ' ');
    bool minus = w.len && *w.data == '-';
    int64_t n = 0;

    for (size_t i = minus; i < w.len; i++) {
        n = n * 10 + (w.data[i] - '0');
    }
    return minus ? -n : n;
}

static struct sluice_str answer(uint32_t status, struct sluice_str more)
{
    return sluice_join(sluice_join(sluice_decimal(status), SLUICE_STR(" ")),
                       more);
}

static struct sluice_str answer_number(uint32_t status, uint64_t n)
{
    return answer(status, sluice_decimal(n));
}

/*
 * The tries that it took; the data may be locked for a while.  If there's no
 * such key yet, nobody else may count: a CAS of 0 overwrites what others set.
 */
static uint64_t count(struct sluice_str key, int64_t times)
{
    uint64_t tries = 0;

    while (times > 0) {
        uint64_t n = 0;
        uint32_t cas = 0, status;
        size_t len = 0;
        char *p = NULL;

        tries++;
        status = get_data(key.data, key.len, &p, &len, &cas);
        if (status == SLUICE_INTERNAL_FAILURE) {
            continue;
        }
        if (status == SLUICE_OK) {
            n = *(uint64_t *)(void *)p;
        }
        sluice_temp_reset_();
        n++;
        status = set_data(key.data, key.len, (char *)&n, 8, cas);
        if (status == SLUICE_OK) {
            times--;
        } else if (status != SLUICE_CAS_MISMATCH
                   && status != SLUICE_INTERNAL_FAILURE) {
            return 0;
        }
    }
    return tries;
}

static bool is(struct sluice_str word, const char *name)
{
    return sluice_equal(word, sluice_str(name));
}

static struct sluice_str data(struct sluice_str what, struct sluice_str line)
{
    struct sluice_str key = word(&line, ' '), out = { NULL, 0 };
    uint32_t cas = 0, status = 0;
    size_t size;

    if (is(what, "get")) {
        status = get_data(key.data, key.len, (char **)&out.data, &out.len,
                          &cas);
        return answer(status, sluice_join(sluice_join(sluice_decimal(cas),
                                                      SLUICE_STR(" ")), out));
    }
    if (is(what, "set")) {
        cas = (uint32_t)number(&line);
        return answer(set_data(key.data, key.len, line.data, line.len, cas),
                      out);
    }
    if (is(what, "number")) {
        status = get_data(key.data, key.len, (char **)&out.data, &out.len,
                          &cas);
        return answer_number(status, *(const uint64_t *)(const void *)out.data);
    }
    if (is(what, "count")) {
        return sluice_decimal(count(key, number(&line)));
    }
    int64_t n = number(&line), found = 0;

    if (is(what, "have")) {
        for (int64_t i = 0; i < n; i++) {
            struct sluice_str name = sluice_join(key,
                                                 sluice_decimal((uint64_t)i));

            found += get_data(name.data, name.len, (char **)&out.data,
                              &out.len, &cas) == SLUICE_OK;
            sluice_temp_reset_();
        }
        return sluice_decimal((uint64_t)found);
    }
    /* fill */
    size = (size_t)number(&line);
    for (int64_t i = 0; i < n && status == 0; i++) {
        struct sluice_str name = sluice_join(key, sluice_decimal((uint64_t)i));

        status = set_data(name.data, name.len, block, size, 0);
        sluice_temp_reset_();
    }
    return answer(status, out);
}

/* How many queues it has opened; their names begin with their numbers. */
static struct sluice_str opens(int64_t n, size_t size)
{
    uint32_t id, status = 0;
    int64_t i;

    for (i = 0; i < n; i++) {
        __builtin_memcpy(block, &i, sizeof i);
        status = open_queue(block, size, &id);
        if (status != 0) {
            break;
        }
    }
    return answer_number(status, (uint64_t)i);
}

static struct sluice_str queue(struct sluice_str what, struct sluice_str line)
{
    struct sluice_str out = { NULL, 0 };
    uint32_t id = 0, status;

    if (is(what, "open")) {
        status = open_queue(line.data, line.len, &id);
        return answer_number(status, id);
    }
    if (is(what, "find")) {
        struct sluice_str vm = word(&line, ' ');

        status = find_queue(vm.data, vm.len, line.data, line.len, &id);
        return answer_number(status, id);
    }
    if (is(what, "opens")) {
        int64_t n = number(&line);

        return opens(n, (size_t)number(&line));
    }
    id = (uint32_t)number(&line);
    if (is(what, "push")) {
        return answer(push(id, line.data, line.len), out);
    }
    if (is(what, "pop")) {
        status = pop(id, (char **)&out.data, &out.len);
        return answer(status, out);
    }
    /* flood */
    int64_t n = number(&line), i;
    size_t size = (size_t)number(&line);

    for (i = 0, status = 0; i < n && status == 0; i++) {
        status = push(id, block, size);
    }
    return answer_number(status, (uint64_t)i);
}

static struct sluice_str metric(struct sluice_str what, struct sluice_str line)
{
    uint32_t id = (uint32_t)number(&line), made = 0, status = 0;
    struct sluice_str out = { NULL, 0 };
    uint64_t value = 0;
    int64_t i, n;

    if (is(what, "define")) {
        status = define(id, line.data, line.len, &made);
        return answer_number(status, made);
    }
    if (is(what, "read")) {
        status = read_metric(id, &value);
        return answer_number(status, value);
    }
    n = number(&line);
    if (is(what, "add")) {
        return answer(add(id, n), out);
    }
    if (is(what, "record")) {
        return answer(record(id, n), out);
    }
    if (is(what, "adds")) {
        for (i = 0; i < n && status == 0; i++) {
            status = add(id, 1);
        }
        return answer_number(status, (uint64_t)i);
    }
    /* names */
    for (i = 0; i < n && status == 0; i++) {
        struct sluice_str name = sluice_decimal((uint64_t)i);

        status = define(id, name.data, name.len, &made);
        sluice_temp_reset_();
    }
    return answer_number(status, (uint64_t)i);
}

/* The loops drop what the host gave them: the command is kept elsewhere. */
static struct sluice_str run(struct sluice_str command)
{
    static char kept[4096];
    struct sluice_str line = { kept, command.len };
    static const char *const datas[] = { "get", "set", "number", "count",
                                         "fill", "have" };
    static const char *const queues[] = { "open", "find", "push", "pop",
                                          "flood", "opens" };
    struct sluice_str what, none = { NULL, 0 };

    if (line.len > sizeof kept) {
        __builtin_trap();
    }
    __builtin_memcpy(kept, command.data, line.len);
    what = word(&line, ' ');
    if (is(what, "period")) {
        return answer(set_period((uint32_t)number(&line)), none);
    }
    for (size_t i = 0; i < 6; i++) {
        if (is(what, datas[i])) {
            return data(what, line);
        }
    }
    for (size_t i = 0; i < 6; i++) {
        if (is(what, queues[i])) {
            return queue(what, line);
        }
    }
    return metric(what, line);
}

SLUICE_ON_CONFIGURE(root, text)
{
    for (size_t i = 0; i < sizeof(block); i++) {
        block[i] = (char)i;
    }
    while (text.len) {
        struct sluice_str line = word(&text, '|');

        if (is(line, "trap")) {
            sluice_root(root)->trap = true;
        } else {
            sluice_log(SLUICE_INFO, sluice_join(sluice_join(line,
                SLUICE_STR(" -> ")), run(line)));
        }
    }
    return true;
}

SLUICE_ON_REQUEST_HEADERS(context, end)
{
    struct sluice_str line;

    if (!sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-do"),
                           &line)) {
        return SLUICE_CONTINUE;
    }
    sluice_respond(200, run(line), NULL, 0);
    return SLUICE_PAUSE;
}

EXPORT(on_tick) void on_tick(uint32_t root);
void on_tick(uint32_t root)
{
    sluice_temp_reset_();
    sluice_log(SLUICE_INFO, SLUICE_STR("tick"));
    if (sluice_root(root)->trap) {
        __builtin_trap();
    }
}

EXPORT(on_queue_ready) void on_queue_ready(uint32_t root, uint32_t id);
void on_queue_ready(uint32_t root, uint32_t id)
{
    struct sluice_str item = { NULL, 0 };

    (void)root;
    sluice_temp_reset_();
    pop(id, (char **)&item.data, &item.len);
    sluice_log(SLUICE_INFO, sluice_join(SLUICE_STR("ready "), item));
}
