/* Indirect calls: objects of several classes, by a table of functions. */
#include "kernel.h"

enum { N = 512 };

struct shape;
typedef uint32_t method(struct shape *s, uint32_t x);
struct shape {
    method  *area, *move;
    uint32_t a, b;
};

#define CLASS(name, area_, move_)                                           \
    __attribute__((noinline))                                               \
    static uint32_t name##_area(struct shape *s, uint32_t x)                \
    { return area_; }                                                       \
    __attribute__((noinline))                                               \
    static uint32_t name##_move(struct shape *s, uint32_t x)                \
    { return move_; }

CLASS(box, s->a * s->b + x, s->a += x & 7)
CLASS(disc, s->a * s->a * 3 + x, s->a ^= x)
CLASS(line, s->a ^ x, s->b += s->a + x)
CLASS(group, s->b - x, s->b = s->b * 5 + x)

static method *const areas[] = {box_area, disc_area, line_area, group_area};
static method *const moves[] = {box_move, disc_move, line_move, group_move};
static struct shape shapes[N];

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 16;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t class_ = rnd() % 4;

        shapes[i].area = areas[class_];
        shapes[i].move = moves[class_];
        shapes[i].a = rnd() % 100;
        shapes[i].b = rnd() % 100;
    }
    while (n-- > 0) {
        uint32_t sum = 0;

        for (uint32_t i = 0; i < N; i++) {
            sum += shapes[i].area(&shapes[i], sum);
            sum ^= shapes[i].move(&shapes[i], n);
        }
        h = mix(h, sum);
    }
    return h;
}
