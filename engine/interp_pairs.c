/* Handlers of two instructions in a row: iops_pairs.h has the rows. */
#include "interp_steps.h"
#include "iops_pairs.h"

/* The first one's content, by kind, and pc behind it ... */
#define FIRST_S(name) WE_STRAIGHT(name); pc += we_n_##name
#define FIRST_B(name) WE_BRANCH(name); pc += we_n_##name
/* ... and all of the second. */
#define THEN_S(name) WE_STRAIGHT(name); WE_NEXT(we_n_##name)
#define THEN_B(name) WE_BRANCH(name); WE_NEXT(we_n_##name)
#define THEN_T(name) WE_TAIL(we_h_##name(WE_PASS))

#define DECLARE_S(name)
#define DECLARE_B(name)
#define DECLARE_T(name) extern we_handler we_h_##name;
#define HANDLER(k, l, first, then)                                            \
    DECLARE_##l(then)                                                         \
    static uint32_t first##_##then(WE_REGS)                                   \
    {                                                                         \
        FIRST_##k(first);                                                     \
        THEN_##l(then);                                                       \
    }
WE_PAIRS(HANDLER)

#define ROW(k, l, first, then) { WE_I_##first, WE_I_##then, first##_##then },
const struct we_pair we_pairs[] = { WE_PAIRS(ROW) };
const uint32_t we_npairs = sizeof we_pairs / sizeof *we_pairs;
