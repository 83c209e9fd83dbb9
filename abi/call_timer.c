/* Host calls: the timer of a root context. */
#include "call.h"

static uint32_t proxy_set_tick_period_milliseconds(struct pw_call *c,
                                                   uint32_t ms)
{
    return c->host->tick_period == NULL ? (uint32_t)PW_UNIMPLEMENTED
                                        : c->host->tick_period(c->root, ms);
}

PW_DEFINE_CALLS(PW_TIMER_CALLS)
