/*
 * Foreign functions: regular expressions, by PCRE2.
 *
 * An expression is compiled once and then known by its id; compiling the same
 * one again finds it.  Every PCRE2 callout, of which there is one before each
 * item of a pattern, looks at the deadline: between two of them no more than
 * the subject is scanned once.
 */
#include "foreign.h"
#include "guest.h"
#include "str.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    NEXPRESSIONS = 64,                   /* of an instance */
    PATTERN_MAX = 4096,                  /* machine code for it: some ms */
    NGROUPS = 32,                        /* that are told, with the whole */
    RESULT_MAX = 1 << 21,                /* of a replacement */
    HEAP_MAX = 1024,                     /* KiB for backtracking */
    STEPS_MAX = 10000000                 /* match limit */
};

struct expression {
    pcre2_code    *code;                 /* NULL: unused */
    uint32_t       options, users;
    struct pw_str  pattern;
    size_t         jit_size;
};

struct pw_regexes {
    pcre2_general_context *memory;
    pcre2_compile_context *compiling;
    pcre2_match_context   *matching;
    pcre2_match_data      *found;
    struct expression      expressions[NEXPRESSIONS];
};

static const uint32_t options[] = {
    PCRE2_CASELESS, PCRE2_MULTILINE, PCRE2_DOTALL, PCRE2_EXTENDED, PCRE2_UTF
};
enum { NOPTIONS = sizeof options / sizeof options[0] };

/* --- memory -------------------------------------------------------------- */

/* PCRE2 doesn't tell how large the blocks are that it frees. */
union header {
    size_t      size;
    max_align_t align;
};

static void *take(size_t size, void *budget)
{
    union header *block = NULL;

    if (size <= SIZE_MAX - sizeof *block) {
        block = pw_budget_resize(budget, NULL, 0, size + sizeof *block);
    }
    if (block == NULL) {
        return NULL;
    }
    block->size = size + sizeof *block;
    return block + 1;
}

static void give(void *ptr, void *budget)
{
    union header *block = ptr;

    if (block != NULL) {
        pw_budget_free(budget, block - 1, block[-1].size);
    }
}

static int is_late(pcre2_callout_block *block, void *guest)
{
    (void)block;
    return we_instance_is_late(guest) ? PCRE2_ERROR_CALLOUT : 0;
}

static bool set_up(struct pw_regexes *r, pw_instance *in)
{
    r->memory = pcre2_general_context_create(take, give, &in->budget);
    if (r->memory == NULL) {
        return false;
    }
    r->compiling = pcre2_compile_context_create(r->memory);
    r->matching = pcre2_match_context_create(r->memory);
    r->found = pcre2_match_data_create(NGROUPS, r->memory);
    if (r->compiling == NULL || r->matching == NULL || r->found == NULL) {
        return false;
    }
    pcre2_set_max_pattern_length(r->compiling, PATTERN_MAX);
    pcre2_set_match_limit(r->matching, STEPS_MAX);
    pcre2_set_heap_limit(r->matching, HEAP_MAX);
    pcre2_set_callout(r->matching, is_late, in->guest);
    return true;
}

static struct pw_regexes *regexes_of(pw_instance *in)
{
    if (in->regexes == NULL) {
        in->regexes = pw_budget_new(&in->budget, sizeof *in->regexes);
        if (in->regexes != NULL && !set_up(in->regexes, in)) {
            pw_regex_free_all(in);
        }
    }
    return in->regexes;
}

static void drop(pw_instance *in, struct expression *e)
{
    pcre2_code_free(e->code);
    pw_budget_return(&in->budget, e->jit_size);
    pw_budget_release(&in->budget, &e->pattern);
    *e = (struct expression){ .code = NULL };
}

void pw_regex_free_all(pw_instance *in)
{
    struct pw_regexes *r = in->regexes;

    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < NEXPRESSIONS; i++) {
        drop(in, &r->expressions[i]);
    }
    pcre2_match_data_free(r->found);
    pcre2_match_context_free(r->matching);
    pcre2_compile_context_free(r->compiling);
    pcre2_general_context_free(r->memory);
    pw_budget_free(&in->budget, r, sizeof *r);
    in->regexes = NULL;
}

/* --- arguments ----------------------------------------------------------- */

/* Takes a number off the front. */
static bool read_number(struct pw_str *in, uint32_t *n)
{
    if (in->len < 4) {
        return false;
    }
    *n = pw_guest_load32((const uint8_t *)in->data);
    in->data += 4;
    in->len -= 4;
    return true;
}

static struct expression *read_expression(const struct pw_call *c,
                                          struct pw_str *in)
{
    struct pw_regexes *r = c->instance->regexes;
    uint32_t id;

    if (r == NULL || !read_number(in, &id) || id == 0 || id > NEXPRESSIONS
        || r->expressions[id - 1].code == NULL) {
        return NULL;
    }
    return &r->expressions[id - 1];
}

static uint32_t give_number(struct pw_call *c, uint32_t n,
                            struct pw_str *result)
{
    uint8_t *out = pw_instance_scratch(c->instance, 1, 4);

    if (out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    pw_guest_store32(out, n);
    *result = (struct pw_str){ (const char *)out, 4 };
    return PW_OK;
}

/* --- compiling ----------------------------------------------------------- */

static bool is_same(const struct expression *e, uint32_t flags,
                    struct pw_str pattern)
{
    return e->code != NULL && e->options == flags
           && pw_str_equal(e->pattern, pattern);
}

/* The expression if it is known, else an unused place, else NULL. */
static struct expression *find(struct pw_regexes *r, uint32_t flags,
                               struct pw_str pattern)
{
    struct expression *unused = NULL;

    for (size_t i = NEXPRESSIONS; i-- > 0;) {
        struct expression *e = &r->expressions[i];

        if (is_same(e, flags, pattern)) {
            return e;
        }
        if (e->code == NULL) {
            unused = e;
        }
    }
    return unused;
}

static void complain(const struct pw_call *c, int error, size_t offset)
{
    char line[256];
    PCRE2_UCHAR message[128] = "";
    struct pw_text text;

    if (!pw_call_logs(c, PW_WARN)) {
        return;
    }
    pcre2_get_error_message(error, message, sizeof message);
    pw_text_init(&text, line, sizeof line);
    pw_text_add(&text, "regex_compile: %s (at byte %llu)",
                (const char *)message, (unsigned long long)offset);
    pw_call_log(c, PW_WARN, (struct pw_str){ text.buf, text.len });
}

/* Machine code is memory, too, although not from our allocator; without it,
 * the expression is interpreted. */
static bool translate(pw_instance *in, struct expression *e)
{
    size_t size = 0;

    (void)pcre2_jit_compile(e->code, PCRE2_JIT_COMPLETE);
    (void)pcre2_pattern_info(e->code, PCRE2_INFO_JITSIZE, &size);
    if (!pw_budget_take(&in->budget, size)) {
        return false;
    }
    e->jit_size = size;
    return true;
}

static uint32_t compile(struct pw_call *c, struct expression *e,
                        uint32_t flags, struct pw_str pattern)
{
    uint32_t bits = PCRE2_AUTO_CALLOUT | PCRE2_NEVER_BACKSLASH_C;
    PCRE2_SIZE offset = 0;
    int error = 0;

    for (uint32_t i = 0; i < NOPTIONS; i++) {
        bits |= (flags & 1u << i) != 0 ? options[i] : 0;
    }
    e->code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.len, bits,
                            &error, &offset, c->instance->regexes->compiling);
    if (e->code == NULL) {
        complain(c, error, offset);
        return error == PCRE2_ERROR_HEAP_FAILED ? PW_INTERNAL_FAILURE
                                                : PW_BAD_ARGUMENT;
    }
    e->options = flags;
    if (!pw_budget_copy(&c->instance->budget, pattern, &e->pattern)
        || !translate(c->instance, e)) {
        drop(c->instance, e);
        return PW_INTERNAL_FAILURE;
    }
    return PW_OK;
}

uint32_t pw_regex_compile(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    struct pw_regexes *r = regexes_of(c->instance);
    struct expression *e;
    uint32_t flags, status = PW_OK;

    if (!read_number(&argument, &flags) || flags >> NOPTIONS != 0) {
        return PW_BAD_ARGUMENT;
    }
    e = r == NULL ? NULL : find(r, flags, argument);
    if (e == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    if (e->code == NULL) {
        status = compile(c, e, flags, argument);
    }
    if (status != PW_OK) {
        return status;
    }
    status = give_number(c, (uint32_t)(e - r->expressions) + 1, result);
    if (status != PW_OK) {
        return status;
    }
    e->users += e->users != UINT32_MAX;
    return PW_OK;
}

uint32_t pw_regex_free(struct pw_call *c, struct pw_str argument,
                       struct pw_str *result)
{
    struct expression *e = read_expression(c, &argument);

    *result = (struct pw_str){ NULL, 0 };
    if (e == NULL || argument.len != 0) {
        return PW_BAD_ARGUMENT;
    }
    if (--e->users == 0) {
        drop(c->instance, e);
    }
    return PW_OK;
}

/* --- using --------------------------------------------------------------- */

/* What PCRE2 answers if an argument is at fault; also if text isn't UTF-8. */
static const int faults[] = {
    PCRE2_ERROR_BADOFFSET, PCRE2_ERROR_BADUTFOFFSET,
    PCRE2_ERROR_BADREPLACEMENT, PCRE2_ERROR_BADREPESCAPE,
    PCRE2_ERROR_BADSUBSTITUTION, PCRE2_ERROR_REPMISSINGBRACE,
    PCRE2_ERROR_NOSUBSTRING, PCRE2_ERROR_UNAVAILABLE,
};

static uint32_t status_of(int error)
{
    if (error == PCRE2_ERROR_NOMATCH) {
        return PW_NOT_FOUND;
    }
    if (error <= PCRE2_ERROR_UTF8_ERR1 && error >= PCRE2_ERROR_UTF8_ERR21) {
        return PW_BAD_ARGUMENT;
    }
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (error == faults[i]) {
            return PW_BAD_ARGUMENT;
        }
    }
    return PW_INTERNAL_FAILURE;
}

/* The interpreter has more room for backtracking than machine code has. */
static int match(struct pw_regexes *r, const struct expression *e,
                 struct pw_str subject, size_t start, uint32_t flags)
{
    int n = pcre2_match(e->code, (PCRE2_SPTR)subject.data, subject.len, start,
                        flags, r->found, r->matching);

    return n != PCRE2_ERROR_JIT_STACKLIMIT
               ? n
               : pcre2_match(e->code, (PCRE2_SPTR)subject.data, subject.len,
                             start, flags | PCRE2_NO_JIT, r->found,
                             r->matching);
}

uint32_t pw_regex_match(struct pw_call *c, struct pw_str argument,
                        struct pw_str *result)
{
    struct pw_regexes *r = c->instance->regexes;
    const struct expression *e = read_expression(c, &argument);
    const PCRE2_SIZE *offsets;
    uint32_t start;
    uint8_t *out;
    int n;

    if (e == NULL || !read_number(&argument, &start)) {
        return PW_BAD_ARGUMENT;
    }
    n = match(r, e, argument, start, 0);
    if (n < 0) {
        return status_of(n);
    }
    n = n == 0 ? NGROUPS : n;
    out = pw_instance_scratch(c->instance, 1, (size_t)n * 8);
    if (out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    offsets = pcre2_get_ovector_pointer(r->found);
    for (int i = 0; i < 2 * n; i++) {
        pw_guest_store32(out + 4 * i, (uint32_t)offsets[i]);
    }
    *result = (struct pw_str){ (const char *)out, (size_t)n * 8 };
    return PW_OK;
}

struct replacement {
    const struct expression *expression;
    struct pw_str subject, with;
    uint32_t      flags;
};

/* Into a buffer of *size bytes; then *size is the length of the result, also
 * if that is too small: PCRE2_ERROR_NOMEMORY. */
static int substitute(struct pw_regexes *r, const struct replacement *t,
                      uint32_t more, char *out, size_t *size)
{
    PCRE2_SIZE len = *size;
    int n = pcre2_substitute(t->expression->code, (PCRE2_SPTR)t->subject.data,
                             t->subject.len, 0, t->flags | more, r->found,
                             r->matching, (PCRE2_SPTR)t->with.data,
                             t->with.len, (PCRE2_UCHAR *)out, &len);

    if (n == PCRE2_ERROR_JIT_STACKLIMIT && (more & PCRE2_NO_JIT) == 0) {
        return substitute(r, t, PCRE2_NO_JIT, out, size);
    }
    *size = len;
    return n;
}

/* A second time if the room was too small. */
static uint32_t replace(struct pw_call *c, const struct replacement *t,
                        struct pw_str *result)
{
    size_t room = t->subject.len + t->with.len + 256, len;
    int n = PCRE2_ERROR_NOMEMORY;
    char *out = NULL;

    for (int i = 0; i < 2 && n == PCRE2_ERROR_NOMEMORY; i++, room = len) {
        out = room > RESULT_MAX
                  ? NULL
                  : pw_instance_scratch(c->instance, 1, room);
        if (out == NULL) {
            return PW_INTERNAL_FAILURE;
        }
        len = room;
        n = substitute(c->instance->regexes, t, 0, out, &len);
    }
    *result = (struct pw_str){ out, room };
    return n < 0 ? status_of(n) : PW_OK;
}

uint32_t pw_regex_replace(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    struct replacement t = {
        .expression = read_expression(c, &argument),
        .flags = PCRE2_SUBSTITUTE_UNSET_EMPTY
                 | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH
    };
    uint32_t times, len;

    if (t.expression == NULL || !read_number(&argument, &times) || times > 1
        || !read_number(&argument, &len) || len > argument.len) {
        return PW_BAD_ARGUMENT;
    }
    t.flags |= times == 0 ? PCRE2_SUBSTITUTE_GLOBAL : 0;
    t.with = (struct pw_str){ argument.data, len };
    t.subject = (struct pw_str){ argument.data + len, argument.len - len };
    return replace(c, &t, result);
}
