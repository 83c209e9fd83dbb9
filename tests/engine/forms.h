/* What tests of instructions in all forms share: writes constants, opcodes and
 * operands, types given by the letters of opcodes.h. */
#ifndef TESTS_FORMS_H
#define TESTS_FORMS_H

#include "../../engine/opcodes.h"
#include "build.h"

struct op {
    uint32_t    code;
    const char *text, *rule;
};

static inline uint8_t type_byte(char letter)
{
    return letter == 'i' ? 0x7f : letter == 'I' ? 0x7e
           : letter == 'f' ? 0x7d : letter == 'F' ? 0x7c : 0x7b;
}

static inline void put_s64(struct bytes *b, int64_t n)
{
    for (; n < -64 || n > 63; n >>= 7)
        PUT(b, (uint8_t)(n & 0x7f) | 0x80);
    PUT(b, (uint8_t)(n & 0x7f));
}

static inline void put_const(struct bytes *b, char type, uint64_t bits)
{
    uint32_t i;

    PUT(b, type == 'i' ? 0x41 : type == 'I' ? 0x42 : type == 'f' ? 0x43 : 0x44);
    if (type == 'i')
        put_s64(b, (int32_t)(uint32_t)bits);
    else if (type == 'I')
        put_s64(b, (int64_t)bits);
    else
        for (i = 0; i < (type == 'f' ? 4u : 8u); i++)
            PUT(b, (uint8_t)(bits >> 8 * i));
}

static inline void put_op(struct bytes *b, uint32_t code)
{
    if (code < 0x100)
        PUT(b, (uint8_t)code);
    else
        PUT(b, (uint8_t)(code >> 12));
    if (code >= 0x100)
        put_u32(b, code & 0xfff);
}

/* Leaves the top operand's value as it is, but newly computed; the locals are
 * zeroes of i32 and i64. */
static inline void put_again(struct bytes *b, char type, uint8_t zero_i,
                             uint8_t zero_l)
{
    if (type == 'i')
        PUT(b, 0x20, zero_i, 0x72);
    else if (type == 'I')
        PUT(b, 0x20, zero_l, 0x84);
    else if (type == 'f')
        PUT(b, 0x8c, 0x8c);
    else if (type == 'F')
        PUT(b, 0x9a, 0x9a);
    else
        PUT(b, 0xfd, 0x4d, 0xfd, 0x4d);
}

#endif
