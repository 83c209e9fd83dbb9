/* Handlers of the families and moves, an operation each. */
#include "interp_steps.h"

#define STRAIGHT(name)                                                        \
    WE_OP(name)                                                               \
    {                                                                         \
        WE_STRAIGHT(name);                                                    \
        WE_NEXT(we_n_##name);                                                 \
    }
#define BRANCH_OP(name)                                                       \
    WE_OP(name)                                                               \
    {                                                                         \
        WE_BRANCH(name);                                                      \
        WE_NEXT(we_n_##name);                                                 \
    }
WE_STEPS(STRAIGHT, BRANCH_OP)
