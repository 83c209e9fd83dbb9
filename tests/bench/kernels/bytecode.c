/* Byte code: a small stack machine that looks for primes. */
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, MUL, MOD, LESS, JUMP, JUMP_IF_NOT, DUP, DROP,
       OUT, HALT };

/* Variable 0 is the candidate, 1 its divisor; targets are offsets. */
static const uint8_t program[] = {
    /*  0 */ PUSH, 2, STORE, 0,
    /*  4 */ LOAD, 0, PUSH, 250, LESS, JUMP_IF_NOT, 56,
    /* 11 */ PUSH, 2, STORE, 1,
    /* 15 */ LOAD, 1, DUP, MUL, LOAD, 0, PUSH, 1, ADD, LESS, JUMP_IF_NOT, 43,
    /* 27 */ LOAD, 0, LOAD, 1, MOD, JUMP_IF_NOT, 47,
    /* 34 */ LOAD, 1, PUSH, 1, ADD, STORE, 1, JUMP, 15,
    /* 43 */ LOAD, 0, OUT, DROP,
    /* 47 */ LOAD, 0, PUSH, 1, ADD, STORE, 0, JUMP, 4,
    /* 56 */ HALT
};

static uint64_t interpret(void)
{
    uint32_t stack[32], vars[2] = {0, 0}, *sp = stack, primes = 0;
    const uint8_t *pc = program;
    uint64_t h = 0;

    for (;;) {
        switch (*pc++) {
        case PUSH: *sp++ = *pc++; break;
        case LOAD: *sp++ = vars[*pc++]; break;
        case STORE: vars[*pc++] = *--sp; break;
        case ADD: sp--; sp[-1] += sp[0]; break;
        case MUL: sp--; sp[-1] *= sp[0]; break;
        case MOD: sp--; sp[-1] %= sp[0]; break;
        case LESS: sp--; sp[-1] = sp[-1] < sp[0]; break;
        case JUMP: pc = program + *pc; break;
        case JUMP_IF_NOT: pc = *--sp ? pc + 1 : program + *pc; break;
        case DUP: *sp = sp[-1]; sp++; break;
        case DROP: sp--; break;
        case OUT: h = mix(h, sp[-1]); primes++; break;
        case HALT: return mix(h, primes);
        }
    }
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    while (n-- > 0)
        h = mix(h, interpret());
    return h;
}
