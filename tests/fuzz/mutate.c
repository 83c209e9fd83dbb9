/* The mutations: each is a row of the table at the end. */
#include "mutate.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SECTIONS_MAX = 64, BODIES_MAX = 512, CODE = 10 };

/* Something that says its size first: a section or a function body. */
struct span {
    size_t  size;                      /* where the size stands */
    size_t  body, end;                 /* what it counts */
    uint8_t id;                        /* of a section */
};

struct mutation {
    struct fuzz_input        *in;
    const struct fuzz_corpus *corpus;
    struct fuzz_rng          *rng;
};

uint64_t fuzz_next(struct fuzz_rng *rng)
{
    uint64_t x = rng->state += 0x9e3779b97f4a7c15u;

    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

uint64_t fuzz_below(struct fuzz_rng *rng, uint64_t n)
{
    return n == 0 ? 0 : fuzz_next(rng) % n;
}

/* --- reading ------------------------------------------------------------- */

/* Length of the LEB128 number at data[at], 0 if there is none. */
static size_t leb_read(const uint8_t *data, size_t len, size_t at,
                       uint64_t *value)
{
    size_t n;

    *value = 0;
    for (n = 0; n < 10 && at + n < len; n++) {
        *value |= (uint64_t)(data[at + n] & 0x7f) << 7 * n;
        if (data[at + n] < 0x80)
            return n + 1;
    }
    return 0;
}

/* Writes value in at least width bytes. */
static size_t leb_write(uint8_t out[10], uint64_t value, size_t width)
{
    size_t n = 0;

    do {
        out[n] = (uint8_t)((value & 0x7f) | 0x80);
        value >>= 7;
        n++;
    } while (n < 10 && (value != 0 || n < width));
    out[n - 1] &= 0x7f;
    return n;
}

static bool sized(const uint8_t *data, size_t len, size_t at,
                  struct span *span)
{
    uint64_t size;
    size_t n = leb_read(data, len, at, &size);

    span->size = at;
    span->body = at + n;
    span->end = span->body + (size_t)size;
    return n > 0 && size <= len - span->body;
}

static size_t sections(const uint8_t *data, size_t len, struct span *list)
{
    size_t n = 0, at = 8;

    while (n < SECTIONS_MAX && at < len
           && sized(data, len, at + 1, &list[n])) {
        list[n].id = data[at];
        at = list[n++].end;
    }
    return n;
}

static size_t bodies(const uint8_t *data, const struct span *code,
                     struct span *list)
{
    uint64_t count;
    size_t n = 0, at = code->body + leb_read(data, code->end, code->body,
                                             &count);

    while (n < BODIES_MAX && at < code->end
           && sized(data, code->end, at, &list[n]))
        at = list[n++].end;
    return n;
}

/* The section that holds at, else NULL. */
static const struct span *around(const struct span *list, size_t n, size_t at)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (at >= list[i].body && at <= list[i].end)
            return &list[i];
    return NULL;
}

/* A section of that id (-1: any), else NULL. */
static const struct span *section_of(struct mutation *m, const uint8_t *data,
                                     size_t len, int id, struct span *list)
{
    size_t i, n = sections(data, len, list);

    if (id < 0)
        return n == 0 ? NULL : &list[fuzz_below(m->rng, n)];
    for (i = 0; i < n; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

/* A function body of a module. */
static bool some_body(struct mutation *m, const uint8_t *data, size_t len,
                      struct span *body)
{
    struct span list[SECTIONS_MAX], all[BODIES_MAX];
    const struct span *code = section_of(m, data, len, CODE, list);
    size_t n = code == NULL ? 0 : bodies(data, code, all);

    if (n > 0)
        *body = all[fuzz_below(m->rng, n)];
    return n > 0;
}

/* A byte to change: in a body, in a section or anywhere. */
static size_t place(struct mutation *m)
{
    struct fuzz_input *in = m->in;
    struct span list[SECTIONS_MAX], body;
    const struct span *section;

    switch (fuzz_below(m->rng, 4)) {
    case 0:
        return fuzz_below(m->rng, in->len);
    case 1:
        section = section_of(m, in->data, in->len, -1, list);
        if (section != NULL)
            return section->body
                + fuzz_below(m->rng, section->end - section->body + 1);
        return fuzz_below(m->rng, in->len);
    default:
        if (some_body(m, in->data, in->len, &body))
            return body.body + fuzz_below(m->rng, body.end - body.body);
        return fuzz_below(m->rng, in->len);
    }
}

static const struct fuzz_file *donor(struct mutation *m)
{
    return &m->corpus->files[fuzz_below(m->rng, m->corpus->n)];
}

/* --- writing ------------------------------------------------------------- */

/* Puts n bytes of src (which may lie in the input) for del bytes at at. */
static bool replace(struct fuzz_input *in, size_t at, size_t del,
                    const uint8_t *src, size_t n)
{
    static const uint8_t nothing;
    uint8_t *copy;

    if (at > in->len || del > in->len - at
        || n > FUZZ_INPUT_MAX - (in->len - del))
        return false;
    copy = malloc(n + 1);
    if (copy == NULL)
        abort();
    memcpy(copy, n > 0 ? src : &nothing, n > 0 ? n : 1);
    memmove(in->data + at + n, in->data + at + del, in->len - at - del);
    memcpy(in->data + at, copy, n);
    in->len = in->len - del + n;
    free(copy);
    return true;
}

/* Makes the size of span true after what it counts grew by *delta, and adds
 * what the size itself grew. */
static void resize(struct fuzz_input *in, const struct span *span,
                   ptrdiff_t *delta)
{
    uint8_t leb[10];
    size_t old = span->body - span->size;
    size_t n = leb_write(leb, (uint64_t)((ptrdiff_t)(span->end - span->body)
                                         + *delta), 1);

    if (replace(in, span->size, old, leb, n))
        *delta += (ptrdiff_t)n - (ptrdiff_t)old;
}

/* As replace, and most times with true sizes around it. */
static void edit(struct mutation *m, size_t at, size_t del,
                 const uint8_t *src, size_t n)
{
    struct fuzz_input *in = m->in;
    struct span list[SECTIONS_MAX], all[BODIES_MAX];
    const struct span *section, *body = NULL;
    ptrdiff_t delta;

    section = around(list, sections(in->data, in->len, list), at);
    if (section != NULL && section->id == CODE)
        body = around(all, bodies(in->data, section, all), at);
    if (section != NULL && del > section->end - at)
        del = section->end - at;
    if (body != NULL && del > body->end - at)
        del = body->end - at;
    delta = (ptrdiff_t)n - (ptrdiff_t)del;
    if (!replace(in, at, del, src, n) || delta == 0 || section == NULL
        || fuzz_below(m->rng, 8) == 0)
        return;
    if (body != NULL)
        resize(in, body, &delta);
    resize(in, section, &delta);
}

/* A number that programs get wrong. */
static uint64_t odd_number(struct fuzz_rng *rng, uint64_t near)
{
    static const uint64_t odd[] = {
        0, 1, 2, 3, 0x3f, 0x40, 0x7f, 0x80, 0xff, 0x100, 0x3fff, 0x4000,
        0xffff, 0x10000, 0x10001, 0xffffff, 0x7ffffffe, 0x7fffffff,
        0x80000000, 0xfffffffc, 0xffffffff, 0x100000000, 0x100000001,
        0x1000000000000, 0x7fffffffffffffff, 0x8000000000000000,
        0xffffffffffffffff,
    };
    const size_t n = sizeof odd / sizeof odd[0];
    uint64_t pick = fuzz_below(rng, n + 12);

    return pick < n ? odd[pick] : near + pick - n - 6;
}

/* Puts a lie for the number at at. */
static void lie(struct mutation *m, size_t at, bool true_sizes)
{
    uint8_t leb[10];
    uint64_t value;
    size_t old = leb_read(m->in->data, m->in->len, at, &value), n;

    if (old == 0)
        return;
    if (fuzz_below(m->rng, 8) > 0)
        value = odd_number(m->rng, value);
    n = leb_write(leb, value, fuzz_below(m->rng, 4) > 0
                                  ? 1 : 1 + fuzz_below(m->rng, 10));
    if (true_sizes)
        edit(m, at, old, leb, n);
    else
        replace(m->in, at, old, leb, n);
}

/* --- mutations ----------------------------------------------------------- */

static void bit(struct mutation *m)
{
    size_t at = place(m);

    if (at < m->in->len)
        m->in->data[at] ^= (uint8_t)(1 << fuzz_below(m->rng, 8));
}

static void byte(struct mutation *m)
{
    size_t at = place(m);

    if (at < m->in->len)
        m->in->data[at] = (uint8_t)fuzz_next(m->rng);
}

static void insert(struct mutation *m)
{
    uint8_t bytes[8];
    size_t i;

    for (i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)fuzz_next(m->rng);
    edit(m, place(m), 0, bytes, 1 + fuzz_below(m->rng, sizeof bytes));
}

static void erase(struct mutation *m)
{
    size_t at = place(m), most = fuzz_below(m->rng, 16) > 0 ? 8 : 4096;
    size_t n = 1 + fuzz_below(m->rng, most);

    if (at < m->in->len)
        edit(m, at, n < m->in->len - at ? n : m->in->len - at, NULL, 0);
}

static void cut(struct mutation *m)
{
    m->in->len = fuzz_below(m->rng, m->in->len + 1);
}

/* A number, its bounds unknown. */
static void number(struct mutation *m)
{
    lie(m, place(m), true);
}

/* The count at the start of a section, or the locals of a body. */
static void count(struct mutation *m)
{
    struct span list[SECTIONS_MAX], body;
    const struct span *s = section_of(m, m->in->data, m->in->len, -1, list);

    if (s != NULL && fuzz_below(m->rng, 2) == 0)
        lie(m, s->body, true);
    else if (some_body(m, m->in->data, m->in->len, &body))
        lie(m, body.body, true);
}

static void size(struct mutation *m)
{
    struct span list[SECTIONS_MAX], body;
    const struct span *s = section_of(m, m->in->data, m->in->len, -1, list);

    if (s != NULL && fuzz_below(m->rng, 2) == 0)
        lie(m, s->size, false);
    else if (some_body(m, m->in->data, m->in->len, &body))
        lie(m, body.size, false);
}

/* Opcodes of one type, and bytes that are types. */
static const struct { uint8_t first, last; } classes[] = {
    { 0x02, 0x04 }, { 0x0c, 0x0d }, { 0x10, 0x15 }, { 0x1a, 0x1b },
    { 0x20, 0x22 }, { 0x23, 0x24 }, { 0x25, 0x26 }, { 0x28, 0x35 },
    { 0x36, 0x3e }, { 0x3f, 0x40 }, { 0x41, 0x44 }, { 0x46, 0x4f },
    { 0x51, 0x5a }, { 0x5b, 0x60 }, { 0x61, 0x66 }, { 0x67, 0x69 },
    { 0x6a, 0x78 }, { 0x79, 0x7b }, { 0x7c, 0x7f }, { 0x80, 0x8a },
    { 0x8b, 0x91 }, { 0x92, 0x98 }, { 0x99, 0x9f }, { 0xa0, 0xa6 },
    { 0xa7, 0xbf }, { 0xc0, 0xc4 }, { 0xd0, 0xd6 }, { 0xfb, 0xfe },
};

static void opcode(struct mutation *m)
{
    struct span body;
    uint8_t *at;
    size_t i;

    if (!some_body(m, m->in->data, m->in->len, &body)
        || body.end == body.body)
        return;
    at = &m->in->data[body.body + fuzz_below(m->rng, body.end - body.body)];
    for (i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (*at >= classes[i].first && *at <= classes[i].last)
            *at = (uint8_t)(classes[i].first + fuzz_below(m->rng,
                classes[i].last - classes[i].first + 1u));
}

/* Code that leaves the operand stack alone, or the types of it. */
static const struct { uint8_t len; uint8_t bytes[15]; } snippets[] = {
    { 1, { 0x00 } },                                  /* unreachable */
    { 1, { 0x0f } },                                  /* return */
    { 1, { 0x0b } },                                  /* end */
    { 1, { 0x05 } },                                  /* else */
    { 3, { 0x03, 0x40, 0x0b } },                      /* loop end */
    { 5, { 0x03, 0x40, 0x0c, 0x00, 0x0b } },          /* loop br 0 end */
    { 5, { 0x02, 0x40, 0x0c, 0x00, 0x0b } },          /* block br 0 end */
    { 7, { 0x02, 0x40, 0x41, 0x01, 0x0d, 0x00, 0x0b } },
    { 7, { 0x41, 0x00, 0x04, 0x40, 0x05, 0x00, 0x0b } },
    { 9, { 0x02, 0x40, 0x41, 0x02, 0x0e, 0x01, 0x00, 0x01, 0x0b } },
    { 3, { 0x41, 0x7f, 0x1a } },                      /* i32.const drop */
    { 6, { 0x41, 0x7f, 0x28, 0x02, 0x00, 0x1a } },    /* i32.load */
    { 7, { 0x41, 0x7f, 0x41, 0x01, 0x36, 0x02, 0x00 } },
    { 5, { 0x41, 0x01, 0x40, 0x00, 0x1a } },          /* memory.grow */
    { 9, { 0x41, 0, 0x41, 0, 0x41, 0x7f, 0xfc, 0x0b, 0x00 } },
    { 2, { 0x10, 0x00 } },                            /* call 0 */
    { 2, { 0x12, 0x00 } },                            /* return_call 0 */
    { 5, { 0x41, 0x00, 0x11, 0x00, 0x00 } },          /* call_indirect */
    { 3, { 0xd0, 0x70, 0x1a } },                      /* ref.null drop */
    { 3, { 0xd2, 0x00, 0x1a } },                      /* ref.func drop */
    { 8, { 0x41, 0x01, 0xfd, 0x0f, 0xfd, 0x53, 0x1a, 0x01 } },
    { 5, { 0x41, 0x01, 0xfb, 0x1c, 0x1a } },          /* ref.i31 drop */
    { 8, { 0x1f, 0x40, 0x01, 0x02, 0x00, 0x08, 0x00, 0x0b } },
};

static void snippet(struct mutation *m)
{
    size_t i = fuzz_below(m->rng, sizeof snippets / sizeof snippets[0]);
    struct span body;

    if (some_body(m, m->in->data, m->in->len, &body))
        edit(m, body.body + fuzz_below(m->rng, body.end - body.body + 1),
             0, snippets[i].bytes, snippets[i].len);
}

/* A piece of a body of another module, put in or put over. */
static void code_paste(struct mutation *m)
{
    const struct fuzz_file *from = donor(m);
    struct span body, other;
    size_t at, n;

    if (!some_body(m, m->in->data, m->in->len, &body)
        || !some_body(m, from->data, from->len, &other)
        || other.end == other.body)
        return;
    at = other.body + fuzz_below(m->rng, other.end - other.body);
    n = 1 + fuzz_below(m->rng, other.end - at);
    if (fuzz_below(m->rng, 4) > 0 && n > 12)
        n = 1 + fuzz_below(m->rng, 12);
    edit(m, body.body + fuzz_below(m->rng, body.end - body.body + 1),
         fuzz_below(m->rng, 2) * n, from->data + at, n);
}

/* A whole body of another module instead of one. */
static void body_paste(struct mutation *m)
{
    const struct fuzz_file *from = donor(m);
    struct span body, other;

    if (some_body(m, m->in->data, m->in->len, &body)
        && some_body(m, from->data, from->len, &other))
        edit(m, body.body, body.end - body.body, from->data + other.body,
             other.end - other.body);
}

/* A piece of a section of another module. */
static void part_paste(struct mutation *m)
{
    const struct fuzz_file *from = donor(m);
    struct span list[SECTIONS_MAX], others[SECTIONS_MAX];
    const struct span *s = section_of(m, m->in->data, m->in->len, -1, list);
    const struct span *o;
    size_t at, n;

    if (s == NULL)
        return;
    o = section_of(m, from->data, from->len, s->id, others);
    if (o == NULL || o->end == o->body)
        return;
    at = o->body + fuzz_below(m->rng, o->end - o->body);
    n = 1 + fuzz_below(m->rng, o->end - at);
    edit(m, s->body + fuzz_below(m->rng, s->end - s->body + 1),
         fuzz_below(m->rng, 2) * n, from->data + at, n);
}

/* The section of another module instead of ours or beside it. */
static void section_paste(struct mutation *m)
{
    const struct fuzz_file *from = donor(m);
    struct span list[SECTIONS_MAX], others[SECTIONS_MAX];
    const struct span *o = section_of(m, from->data, from->len, -1, others);
    const struct span *s;

    if (o == NULL)
        return;
    s = section_of(m, m->in->data, m->in->len, o->id, list);
    if (s == NULL)
        s = section_of(m, m->in->data, m->in->len, -1, list);
    if (s == NULL)
        replace(m->in, m->in->len, 0, from->data + o->size - 1,
                o->end - o->size + 1);
    else
        replace(m->in, s->size - 1,
                s->id == o->id ? s->end - s->size + 1 : 0,
                from->data + o->size - 1, o->end - o->size + 1);
}

/* A section twice, gone, or at another place. */
static void section_move(struct mutation *m)
{
    struct fuzz_input *in = m->in;
    struct span list[SECTIONS_MAX];
    size_t n = sections(in->data, in->len, list), len;
    const struct span *s, *to;

    if (n == 0)
        return;
    s = &list[fuzz_below(m->rng, n)];
    to = &list[fuzz_below(m->rng, n)];
    len = s->end - s->size + 1;
    switch (fuzz_below(m->rng, 3)) {
    case 0:
        replace(in, s->size - 1, len, NULL, 0);
        break;
    case 1:
        replace(in, to->end, 0, in->data + s->size - 1, len);
        break;
    default:
        if (replace(in, to->end, 0, in->data + s->size - 1, len))
            replace(in, s->size - 1 + (to < s ? len : 0), len, NULL, 0);
    }
}

static const struct {
    void   (*apply)(struct mutation *m);
    unsigned weight;
} mutations[] = {
    { bit, 6 },           { byte, 4 },          { insert, 4 },
    { erase, 4 },         { cut, 1 },           { number, 8 },
    { count, 4 },         { size, 2 },          { opcode, 16 },
    { snippet, 10 },      { code_paste, 12 },   { body_paste, 6 },
    { part_paste, 6 },    { section_paste, 5 }, { section_move, 2 },
};

static void mutate(struct mutation *m)
{
    const size_t n = sizeof mutations / sizeof mutations[0];
    uint64_t total = 0, pick;
    size_t i;

    for (i = 0; i < n; i++)
        total += mutations[i].weight;
    pick = fuzz_below(m->rng, total);
    for (i = 0; pick >= mutations[i].weight; i++)
        pick -= mutations[i].weight;
    mutations[i].apply(m);
}

void fuzz_make(struct fuzz_input *in, const struct fuzz_corpus *corpus,
               struct fuzz_rng *rng)
{
    struct mutation m = { in, corpus, rng };
    const struct fuzz_file *file = donor(&m);
    uint64_t rounds = fuzz_below(rng, 4);

    memcpy(in->data, file->data, file->len);
    in->len = file->len;
    /* One change is the most common case: the others hide each other. */
    rounds = rounds < 2 ? 1 : 1 + fuzz_below(rng, 8);
    while (rounds-- > 0)
        mutate(&m);
}
