# Sluice: GNU make, no generator.  Everything that is built goes into $(B).
#
#   make            module and command
#   make demo       installs what is missing, shows a rewritten request
#   make test       installs what is missing, runs every test
#   make check      the tests of one build folder and compiler, no set-up
#   make install    DESTDIR=, PREFIX=
#
# V=1 shows the commands; CC=gcc or clang-19; SAN=1 builds with the address and
# undefined-behaviour sanitizers.

B ?= build$(if $(SAN),-san)

ifeq ($(origin CC),default)
CC := $(firstword $(foreach c,gcc clang-19 clang cc,$(shell command -v $(c))) cc)
endif

override B := $(abspath $(B))
TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))

# What set-up brings (virtual environment, nginx source); shared by the build
# folders of one `make test`.
TOOLS ?= $(B)
override TOOLS := $(abspath $(TOOLS))

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2:$(B)/%=%)';)

.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

.PHONY: all
all: $(B)/libsluice.a

# --- compiler ------------------------------------------------------------

WARN := -Wall -Wextra -Wshadow -Wconversion -Werror
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined \
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
comma := ,
OPT ?= -O2 -g
CFLAGS_ALL := -std=c11 $(OPT) -fPIC -fvisibility=hidden $(WARN) $(SANFLAGS) \
    $(FEATURES) $(CFLAGS)
LDLIBS_ALL := -lm $(LDLIBS)

# Rebuilds all when compiler or flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CFLAGS_ALL) $(LDFLAGS) $(LDLIBS_ALL)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

# --- engine and abi: one archive -----------------------------------------

room = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1)/*.c)))
ENGINE_OBJS := $(call room,engine)
ABI_OBJS := $(call room,abi)
CLI_OBJS := $(call room,cli)

.PHONY: libsluice.a
libsluice.a: $(B)/libsluice.a
$(B)/libsluice.a: $(ENGINE_OBJS) $(ABI_OBJS)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

ifneq ($(CLI_OBJS),)
.PHONY: sluice
all: $(B)/sluice
sluice: $(B)/sluice
$(B)/sluice: $(CLI_OBJS) $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)
endif

# --- unit tests: tests/ROOM/NAME.c is a TAP program -----------------------

ENGINE_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/engine/*.c))
ABI_TESTS := $(patsubst %.c,$(B)/%,$(filter-out %/fake_host.c, \
    $(wildcard tests/abi/*.c)))

$(ABI_TESTS): $(patsubst %.c,$(B)/%.o,$(wildcard tests/abi/fake_host.c))
$(ENGINE_TESTS) $(ABI_TESTS): $(B)/%: $(B)/%.o $(B)/tests/tap.o \
    $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ \
	    $(filter %.o,$^) $(B)/libsluice.a $(LDLIBS_ALL)

# A test may use what the C library has to offer.
$(B)/tests/%.o: FEATURES := -D_GNU_SOURCE

.PHONY: unit-tests
unit-tests: $(ENGINE_TESTS) $(ABI_TESTS)

# --- checks --------------------------------------------------------------

export SLUICE_BUILD := $(B)
export SLUICE_TOOLS := $(TOOLS)
export SLUICE_SAN := $(SAN)
PROVE := prove $(if $(V),-v) $(PROVE_FLAGS)

.PHONY: check check-unit
check: check-unit
check-unit: unit-tests
	$(Q)$(PROVE) $(ENGINE_TESTS) $(ABI_TESTS)

.PHONY: clean
clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
