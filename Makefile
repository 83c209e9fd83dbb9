# Sluice: GNU make, no generator.  Everything that is built goes into $(B).
#
#   make            module and command
#   make demo       installs what is missing, shows a rewritten request
#   make test       installs what is missing, runs every test
#   make check      the tests of one build folder and compiler, no set-up
#   make analyze    the static analyzer finds nothing
#   make check-ports   the engine's tests on arm64 and s390x, emulated
#   make install    DESTDIR=, PREFIX=; install-engine: without nginx
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

comma := ,
WARN := -Wall -Wextra -Wshadow -Wconversion -Werror
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined \
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
OPT ?= -O2 -g
CFLAGS_ALL := -std=c11 $(OPT) -fPIC -fvisibility=hidden $(WARN) $(SANFLAGS) \
    $(CFLAGS)
LDLIBS_ALL := -lcrypto -lpcre2-8 -lm $(LDLIBS)

# Rebuilds all when compiler or flags change.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(CC) $(CFLAGS_ALL) $(LDFLAGS) $(LDLIBS_ALL)' >$@.$$$$; \
	    if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi
.PHONY: FORCE
FORCE:

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CFLAGS_ALL) $(FEATURES) -MMD -MP -c -o $@ $<

# The interpreter's handlers end in jumps to each other, need no errno from
# square roots, round each operation by itself, and write slots one by one
# (a vector store would stall the loads that follow).  Where a handler begins
# decides what else it disturbs in the processor's tables of branches.
HANDLERS := -foptimize-sibling-calls -fno-math-errno -ffp-contract=off \
    -falign-functions=64
$(B)/engine/interp%.o: FEATURES := $(HANDLERS) -fno-tree-slp-vectorize
$(B)/engine/interp_simd.o: FEATURES := -O3 $(HANDLERS)

# --- engine and abi: one archive; the engine alone: another ----------------

room = $(patsubst %.c,$(B)/%.o,$(sort $(wildcard $(1)/*.c)))
ENGINE_OBJS := $(call room,engine)
ABI_OBJS := $(call room,abi)
CLI_OBJS := $(call room,cli)

.PHONY: libsluice.a
libsluice.a: $(B)/libsluice.a
$(B)/libsluice.a: $(ENGINE_OBJS) $(ABI_OBJS)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

.PHONY: engine
engine: $(B)/libsluice-engine.a
$(B)/libsluice-engine.a: $(ENGINE_OBJS)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

ifneq ($(CLI_OBJS),)
.PHONY: sluice
all: $(B)/sluice
sluice: $(B)/sluice
$(B)/sluice: $(CLI_OBJS) $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)
endif

# --- nginx ---------------------------------------------------------------
#
# The module for the nginx that Debian packages, from nginx-dev's own configure
# script and recorded flags; and a newer nginx built from source.  Both link
# $(B)/libsluice.a, which config.make makes through this very file.

MODULE := ngx_http_wasm_filter_module.so
errors := grep -E -A6 'error|warning|undefined|No rule'
MODULE_SRCS := $(wildcard config config.make nginx-module/*.[ch]) \
    abi/proxy_wasm.h engine/engine.h
NGINX_DEV ?= /usr/share/nginx/src
NGINX_SRC := $(TOOLS)/nginx-1.26.3
NGINX_CC_OPT := -g -O2 -Wno-error=deprecated-declarations \
    $(if $(SAN),-fsanitize=address -fno-omit-frame-pointer -DNGX_DEBUG_PALLOC=1)
NGINX_LD_OPT := $(if $(SAN),-fsanitize=address$(comma)undefined)
NGINX_WITH := --with-compat --with-debug --with-pcre-jit --with-threads \
    $(foreach m,ssl v2 sub realip addition auth_request gunzip gzip_static \
    slice stub_status secure_link random_index dav flv mp4,--with-http_$(m)_module)

ifneq ($(wildcard config),)

.PHONY: module
# Built with the sanitizers, it wouldn't load into an nginx that isn't.
ifeq ($(SAN),)
all: module
endif
module: $(B)/nginx-deb/$(MODULE)

# Configured anew when the list of source files may have changed.
$(B)/nginx-deb/Makefile: config config.make $(B)/flags \
    $(wildcard $(NGINX_DEV)/conf_flags)
	$(call say,CONF,$@)cd $(NGINX_DEV) && bash -c '. ./conf_flags && \
	    ./configure "$${NGX_CONF_FLAGS[@]}" --with-cc="$(CC)" \
	    --with-cc-opt="$(NGINX_CC_OPT)" --builddir=$(@D) \
	    --add-dynamic-module=$(TOP)' >$(@D).log 2>&1 \
	    || { tail -20 $(@D).log; exit 1; }

$(B)/nginx-deb/$(MODULE): $(B)/nginx-deb/Makefile $(B)/libsluice.a \
    $(MODULE_SRCS)
	$(call say,NGINX,$@)cd $(NGINX_DEV) && \
	    $(MAKE) --no-print-directory -f $(@D)/Makefile modules \
	    $(if $(V),,>$(@D).log 2>&1 || { $(errors) $(@D).log; exit 1; })

# With the sanitizers, nginx has the module built in: it takes both ways.
NGINX_ADD := $(if $(SAN),--add-module,--add-dynamic-module)=$(TOP)
NGINX_NEW := $(B)/nginx-1.26
.PHONY: nginx-new
nginx-new: $(NGINX_NEW)/objs/nginx

$(NGINX_NEW)/objs/Makefile: config config.make $(B)/flags $(NGINX_SRC)/configure
	$(call say,CONF,$@)rm -rf $(NGINX_NEW) && mkdir -p $(NGINX_NEW) && \
	    cp -r $(NGINX_SRC) $(NGINX_NEW)/src && cd $(NGINX_NEW)/src && \
	    ./configure --with-cc="$(CC)" --with-cc-opt="$(NGINX_CC_OPT)" \
	    --with-ld-opt="$(NGINX_LD_OPT)" --builddir=$(@D) \
	    --prefix=$(NGINX_NEW)/prefix $(NGINX_WITH) $(NGINX_ADD) \
	    >$(NGINX_NEW)/log 2>&1 || { tail -20 $(NGINX_NEW)/log; exit 1; }

$(NGINX_NEW)/objs/nginx: $(NGINX_NEW)/objs/Makefile $(B)/libsluice.a \
    $(MODULE_SRCS)
	$(call say,NGINX,$@)cd $(NGINX_NEW)/src && \
	    $(MAKE) --no-print-directory -f $(@D)/Makefile \
	    binary $(if $(SAN),,modules) \
	    $(if $(V),,>$(NGINX_NEW)/log 2>&1 || { \
	    $(errors) $(NGINX_NEW)/log; exit 1; })
	@touch $@

endif

# --- example plugins -----------------------------------------------------

WASM_CC ?= clang-19
WASM_CFLAGS := --target=wasm32-wasi -mexec-model=reactor -O2 -Wall -Wextra \
    -Werror
EXAMPLES_C := $(patsubst sdk-examples/c/%.c,$(B)/plugins/c/%.wasm, \
    $(wildcard sdk-examples/c/*.c))
EXAMPLES_RUST := $(patsubst sdk-examples/rust/%/Cargo.toml, \
    $(B)/plugins/rust/%.wasm,$(wildcard sdk-examples/rust/*/Cargo.toml))
RUST_SRCS := $(wildcard sdk-examples/rust/build sdk-examples/rust/Cargo.* \
    sdk-examples/rust/*/Cargo.toml sdk-examples/rust/*/src/*.rs)

.PHONY: examples examples-c examples-rust
examples: examples-c examples-rust
examples-c: $(EXAMPLES_C)
examples-rust: $(EXAMPLES_RUST)

# Those in Rust take a minute and the crates: `make examples` builds them.
ifneq ($(shell command -v $(firstword $(WASM_CC))),)
all: examples-c
endif

$(B)/plugins/c/%.wasm: sdk-examples/c/%.c $(wildcard sdk-examples/c/*.h)
	@mkdir -p $(@D)
	$(call say,WASM,$@)$(WASM_CC) $(WASM_CFLAGS) -o $@ $<

# One cargo run makes them all; its folder is shared by the build folders.
$(TOOLS)/rust/built: $(RUST_SRCS)
	@mkdir -p $(@D)
	$(call say,CARGO,sdk-examples/rust)sdk-examples/rust/build $(@D) \
	    $(if $(V),,>$(@D)/log 2>&1 || { tail -30 $(@D)/log; exit 1; })
	@touch $@
# Plugins for tests only, with what their SDKs have.
TEST_ASSEMBLY := $(B)/plugins/assembly.wasm
$(TEST_ASSEMBLY): tests/sdk/assembly/index.ts tests/sdk/assembly/build
	@mkdir -p $(@D)
	$(call say,ASC,$@)tests/sdk/assembly/build $(TOOLS) $@ \
	    $(if $(V),,>$@.log 2>&1 || { tail -30 $@.log; exit 1; })

TEST_RUST := $(B)/plugins/rust/every.wasm
$(TOOLS)/rust/every: $(addprefix tests/sdk/rust/,Cargo.toml Cargo.lock \
    src/lib.rs) $(TOOLS)/rust/built
	$(call say,CARGO,tests/sdk/rust)sdk-examples/rust/build $(@D) \
	    tests/sdk/rust $(if $(V),,>$(@D)/log 2>&1 \
	    || { tail -30 $(@D)/log; exit 1; })
	@touch $@
.PHONY: test-plugins
test-plugins: $(TEST_RUST) $(TEST_ASSEMBLY)
$(TEST_RUST): $(TOOLS)/rust/every

$(B)/plugins/rust/%.wasm: $(TOOLS)/rust/built
	@mkdir -p $(@D)
	@cp $(TOOLS)/rust/wasm32-wasip1/release/$*.wasm $@

# --- unit tests: tests/ROOM/NAME.c is a TAP program -----------------------

ENGINE_TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/engine/*.c))
ABI_TESTS := $(patsubst %.c,$(B)/%,$(filter-out %/fake_host.c, \
    $(wildcard tests/abi/*.c)))

# Those of the engine, with nothing but it and the C library.
$(ENGINE_TESTS): $(B)/%: $(B)/%.o $(B)/tests/tap.o $(B)/libsluice-engine.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) $(WRAP) -o $@ $^ -lm
$(B)/tests/engine/nomap: WRAP := $(if $(SAN),,$(foreach f, \
    mmap mprotect munmap,-Wl$(comma)--wrap=$(f)))

$(ABI_TESTS): $(patsubst %.c,$(B)/%.o,$(wildcard tests/abi/fake_host.c))
$(ABI_TESTS): $(B)/%: $(B)/%.o $(B)/tests/tap.o $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ \
	    $(filter %.o,$^) $(B)/libsluice.a $(LDLIBS_ALL)

# A test and the command may use what the C library has to offer.
$(B)/tests/%.o $(B)/cli/%.o: FEATURES := -D_GNU_SOURCE

.PHONY: unit-tests
unit-tests: $(ENGINE_TESTS) $(ABI_TESTS)

# --- the official suite of WebAssembly -------------------------------------

SPEC_SUITE := $(TOOLS)/spec-suite
SPEC_RUN := $(B)/tests/spec/run

$(SPEC_RUN): $(call room,tests/spec) $(B)/libsluice-engine.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ -ljansson \
	    -lm $(LDLIBS)

$(SPEC_SUITE)/stamp: $(addprefix tests/spec/,Cargo.lock suite fetch)
	$(call say,FETCH,$(@D))tests/spec/fetch $(@D) \
	    $(TOOLS)/venv/bin/wasm-tools && touch $@

.PHONY: spec
spec: $(SPEC_RUN) $(SPEC_SUITE)/stamp
	@echo "== the official suite ($(CC)$(if $(SAN), with sanitizers))"
	$(Q)$(PROVE) tests/spec/harness.t
	$(Q)$(SPEC_RUN) --skip=tests/spec/skip --totals=tests/spec/totals \
	    $(SPEC_SUITE)/*/

# --- checks --------------------------------------------------------------

export SLUICE_BUILD := $(B)
export SLUICE_TOOLS := $(TOOLS)
export SLUICE_SAN := $(SAN)
export SLUICE_WASM_CC := $(WASM_CC)
export SLUICE_CC := $(CC)
PROVE := prove $(if $(V),-v) $(PROVE_FLAGS)
# Two at a time: mostly they wait.
PROVE_NGINX := $(PROVE) -j2
NGINX_TESTS := $(wildcard tests/nginx/*.t tests/sdk/*.t)

JOBS ?= $(shell nproc)
SUBMAKE := $(MAKE) --no-print-directory TOOLS=$(TOOLS)

# Built together, run one after the other: some tests look at the time.
.PHONY: check check-build check-unit check-nginx check-nginx-new
CHECKS ?= check-unit spec check-nginx check-nginx-new
check:
	$(Q)$(SUBMAKE) B=$(B) -j$(JOBS) check-build
	$(Q)for c in $(CHECKS); do $(SUBMAKE) B=$(B) -j1 $$c || exit 1; done

check-build: all unit-tests $(SPEC_RUN) $(SPEC_SUITE)/stamp \
    $(if $(filter check-nginx%,$(CHECKS)),examples test-plugins) \
    $(if $(filter check-nginx-new,$(CHECKS)),nginx-new)

check-unit: all unit-tests
	@echo "== engine, abi, command, style ($(CC)$(if $(SAN), with sanitizers))"
	$(Q)$(PROVE) -j2 $(ENGINE_TESTS) $(ABI_TESTS) \
	    $(wildcard $(foreach d,engine abi cli style,tests/$(d)/*.t))

# With the sanitizers only the nginx that is built with them can run.
check-nginx: $(if $(SAN),,all examples test-plugins)
ifeq ($(SAN),)
	@echo "== the packaged nginx ($(CC))"
	$(Q)SLUICE_NGINX=/usr/sbin/nginx \
	    SLUICE_NGINX_MODULE=$(B)/nginx-deb/$(MODULE) $(PROVE_NGINX) $(NGINX_TESTS)
endif

check-nginx-new: nginx-new examples test-plugins
	@echo "== nginx 1.26.3 ($(CC)$(if $(SAN), with sanitizers))"
	$(Q)SLUICE_NGINX=$(NGINX_NEW)/objs/nginx \
	    SLUICE_NGINX_MODULE=$(if $(SAN),,$(NGINX_NEW)/objs/$(MODULE)) \
	    $(PROVE_NGINX) $(NGINX_TESTS)

# --- the static analyzer -----------------------------------------------------
#
# clang's, with the checks that it comes with: any finding is an error.

ANALYZER ?= clang-19
ANALYZED := $(patsubst %.c,$(B)/analyzed/%,$(wildcard \
    $(foreach d,engine abi cli nginx-module,$(d)/*.c)))

.PHONY: analyze
analyze: $(ANALYZED)

$(B)/analyzed/cli/%: FEATURES := -D_GNU_SOURCE
$(B)/analyzed/nginx-module/%: FEATURES := -I$(B)/nginx-deb \
    $(foreach d,core event event/modules os/unix http http/modules http/v2, \
    -I$(NGINX_DEV)/src/$(d))
$(filter $(B)/analyzed/nginx-module/%,$(ANALYZED)): $(B)/nginx-deb/Makefile
$(ANALYZED): $(B)/analyzed/%: %.c $(wildcard \
    $(foreach d,engine abi cli nginx-module,$(d)/*.h))
	@mkdir -p $(@D)
	$(call say,ANALYZE,$<)$(ANALYZER) --analyze --analyzer-output text \
	    -Xanalyzer -analyzer-werror -std=gnu11 $(FEATURES) -o /dev/null $<
	@touch $@

# --- Envoy: the same plugins there and here ----------------------------------

.PHONY: compare-envoy
compare-envoy: $(if $(SAN),nginx-new,all)
	$(Q)TOOLS=$(TOOLS) $(TOP)/setup envoy
	$(Q)test -x $(TOOLS)/envoy/bin/envoy-binary
	$(Q)SLUICE_NGINX=$(if $(SAN),$(NGINX_NEW)/objs/nginx,/usr/sbin/nginx) \
	    SLUICE_NGINX_MODULE=$(if $(SAN),,$(B)/nginx-deb/$(MODULE)) \
	    $(PROVE) tests/envoy/compare.t

# --- coverage ----------------------------------------------------------------
#
# Which lines and branches of engine/ its tests run; gcc and gcov.  With
# COVERAGE=--missing, or --missing=decode.c, what they don't.

COVERAGE ?=

.PHONY: coverage coverage-run
coverage:
	$(Q)find $(B)/coverage -name '*.gcda' -delete 2>/dev/null || true
	$(Q)$(SUBMAKE) B=$(B)/coverage CC=gcc SAN= OPT='-O0 -g --coverage' \
	    -j$(JOBS) coverage-run

coverage-run: $(ENGINE_TESTS) $(SPEC_RUN) $(SPEC_SUITE)/stamp $(B)/sluice
	$(Q)SLUICE_CC='$(CC) --coverage' $(PROVE) $(ENGINE_TESTS) \
	    $(wildcard tests/engine/*.t tests/cli/*.t)
	$(Q)$(SPEC_RUN) --skip=tests/spec/skip --totals=tests/spec/totals \
	    $(SPEC_SUITE)/*/
	$(Q)/usr/bin/python3 tests/coverage.py $(B) tests/coverage.list \
	    $(COVERAGE)

# --- other architectures -----------------------------------------------------
#
# The engine's tests and the suite, emulated: one is big-endian, both have
# unsigned characters.

PORTS := arm64 s390x
port_gnu_arm64 := aarch64-linux-gnu
port_gnu_s390x := s390x-linux-gnu
port_run_arm64 := qemu-aarch64
port_run_s390x := qemu-s390x

.PHONY: check-ports check-port $(PORTS:%=check-port-%)
check-ports: $(PORTS:%=check-port-%)

$(PORTS:%=check-port-%): check-port-%: $(SPEC_SUITE)/stamp
	$(Q)$(SUBMAKE) B=$(B)/ports/$* CC=$(port_gnu_$*)-gcc LDFLAGS=-static \
	    CFLAGS=-I$(TOOLS)/ports/$*/usr/include \
	    LDLIBS=-L$(TOOLS)/ports/$*/usr/lib/$(port_gnu_$*) \
	    PORT=$* RUN=$(port_run_$*) check-port

# Without those that change each byte of a module, which takes minutes, and those
# for whose many or big reservations the emulator needs all memory there is.
PORT_TESTS := $(filter-out $(addprefix %/,decode validate module access memory \
    shipped),$(ENGINE_TESTS))

check-port: $(PORT_TESTS) $(SPEC_RUN)
	@echo "== engine, the official suite ($(PORT), emulated)"
	$(Q)SLUICE_EMULATED=1 $(PROVE) --exec $(RUN) $(PORT_TESTS)
	$(Q)$(RUN) $(SPEC_RUN) --skip=tests/spec/skip \
	    --totals=tests/spec/totals --timeout=600 $(SPEC_SUITE)/*/

# --- fuzzing -----------------------------------------------------------------
#
# `make fuzz SAN=1 FUZZ_SECONDS=600`.

FUZZ_SECONDS ?= 60
FUZZ_SEED ?=
FUZZERS := $(B)/tests/fuzz/guest $(B)/tests/fuzz/load

$(B)/tests/fuzz/load: $(addprefix $(B)/tests/,fuzz/mutate.o fuzz/execute.o tap.o)
$(FUZZERS): %: %.o $(B)/libsluice-engine.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ \
	    $(filter %.o,$^) $(B)/libsluice-engine.a -lm

.PHONY: fuzz
fuzz: $(FUZZERS)
	$(Q)TOOLS=$(TOOLS) $(TOP)/setup tests fuzz
	$(Q)TOOLS=$(TOOLS) tests/fuzz/run $(B) $(FUZZ_SECONDS) $(FUZZ_SEED)

# --- benchmarks --------------------------------------------------------------
#
# `make bench-engine WASMI=FILE` has wasmi, too (cargo install wasmi_cli).

BENCH_CFLAGS := -O2 -fno-vectorize -fno-slp-vectorize -ffreestanding \
    -fno-builtin -ffp-contract=off $(WARN)
BENCH_KERNELS := $(patsubst tests/bench/kernels/%.c,$(B)/tests/bench/%, \
    $(wildcard tests/bench/kernels/*.c))
BENCH_CC ?= clang-19
WASMI ?=

$(B)/tests/bench/%.wasm: tests/bench/kernels/%.c tests/bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(call say,WASM,$@)$(BENCH_CC) --target=wasm32 -mno-reference-types \
	    $(BENCH_CFLAGS) \
	    $(if $(findstring simd,$*),-msimd128) -nostdlib -Wl,--no-entry \
	    -o $@ $<

$(B)/tests/bench/%.so: tests/bench/kernels/%.c tests/bench/kernels/kernel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(BENCH_CC) $(BENCH_CFLAGS) -fPIC -shared \
	    -o $@ $<

$(B)/tests/bench/runner: $(B)/tests/bench/runner.o $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)

# Which pairs of operations have a handler, written anew by hand only.
PAIRS ?= 1000
CORPUS := $(B)/tests/bench/corpus
$(B)/tests/bench/pairs: $(B)/tests/bench/pairs.o $(B)/libsluice.a
	$(call say,LD,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) \
	    -Wl,--wrap=we_emit_handlers -o $@ $^ $(LDLIBS_ALL)
$(B)/tests/bench/pairs.o: FEATURES := -foptimize-sibling-calls

$(CORPUS)/libc.wasm: tests/bench/corpus/libc.c
	@mkdir -p $(@D)
	$(call say,WASM,$@)$(WASM_CC) $(WASM_CFLAGS) -o $@ $<

$(CORPUS)/rust.wasm: $(wildcard tests/bench/corpus/Cargo.* \
    tests/bench/corpus/src/*)
	@mkdir -p $(@D)
	$(call say,CARGO,$@)sdk-examples/rust/build $(CORPUS)/rust \
	    tests/bench/corpus >$(@D)/log 2>&1 && cp $(CORPUS)/rust/wasm32-wasip1/release/corpus.wasm $@

.PHONY: pairs
pairs: $(B)/tests/bench/pairs $(CORPUS)/libc.wasm $(CORPUS)/rust.wasm examples
	$(Q)python3 tests/bench/pairs.py $(B) $(PAIRS) >$(B)/iops_pairs.h
	$(Q)mv $(B)/iops_pairs.h engine/

.PHONY: bench-engine
bench-engine: $(B)/tests/bench/runner $(BENCH_KERNELS:=.wasm) \
    $(BENCH_KERNELS:=.so)
	$(Q)TOOLS=$(TOOLS) $(TOP)/setup bench
	$(Q)$(TOOLS)/venv/bin/python tests/bench/engine.py $(B) \
	    --cc=$(BENCH_CC) $(if $(WASMI),--wasmi=$(WASMI)) $(BENCH_FLAGS)

# Filters in nginx beside others; `BENCH_FLAGS='--only=headers --profile'`.
BENCH_NGINX := $(B)/bench-nginx
BENCH_NATIVE := ngx_http_bench_filter_module.so

$(BENCH_NGINX)/%.wasm: tests/bench/nginx/%.c $(wildcard sdk-examples/c/*.h)
	@mkdir -p $(@D)
	$(call say,WASM,$@)$(WASM_CC) $(WASM_CFLAGS) -Isdk-examples/c -o $@ $<

$(BENCH_NGINX)/$(BENCH_NATIVE): $(wildcard tests/bench/nginx/ngx_*.c) \
    tests/bench/nginx/config
	@mkdir -p $(@D)
	$(call say,NGINX,$@)cd $(NGINX_DEV) && bash -c '. ./conf_flags && \
	    ./configure "$${NGX_CONF_FLAGS[@]}" --with-cc="$(CC)" \
	    --builddir=$(@D) --add-dynamic-module=$(TOP)/tests/bench/nginx && \
	    $(MAKE) -f $(@D)/Makefile modules' >$(@D)/log 2>&1 \
	    || { tail -20 $(@D)/log; exit 1; }

$(BENCH_NGINX)/ten_rust.wasm: $(addprefix tests/bench/nginx/rust/,Cargo.toml \
    Cargo.lock src/lib.rs) $(TOOLS)/rust/built
	@mkdir -p $(@D)
	$(call say,CARGO,tests/bench/nginx/rust)sdk-examples/rust/build \
	    $(TOOLS)/rust tests/bench/nginx/rust >$(@D)/cargo.log 2>&1 \
	    || { tail -30 $(@D)/cargo.log; exit 1; }
	@cp $(TOOLS)/rust/wasm32-wasip1/release/bench_ten.wasm $@

# What it defines must not become calls of itself.
$(BENCH_NGINX)/copies.so: tests/bench/copies.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(CFLAGS_ALL) -shared -fvisibility=default \
	    -ffreestanding -fno-tree-loop-distribute-patterns -o $@ $<

.PHONY: bench-nginx
bench-nginx: $(BENCH_NGINX)/$(BENCH_NATIVE) all examples \
    $(patsubst tests/bench/nginx/%.c,$(BENCH_NGINX)/%.wasm, \
    $(filter-out %_module.c,$(wildcard tests/bench/nginx/*.c))) \
    $(BENCH_NGINX)/ten_rust.wasm $(BENCH_NGINX)/copies.so
	$(Q)TOOLS=$(TOOLS) $(TOP)/setup build plugins rust bench
	$(Q)TOOLS=$(TOOLS) python3 tests/bench/nginx.py $(B) $(BENCH_FLAGS)

# --- from nothing ----------------------------------------------------------

SETUP := TOOLS=$(TOOLS) $(TOP)/setup

.PHONY: demo test setup
setup:
	$(Q)$(SETUP) build plugins rust tests nginx-source sanitizers ports \
	    assemblyscript

demo:
	$(Q)$(SETUP) build plugins rust
	$(Q)$(SUBMAKE) B=$(B) -j$(JOBS) module examples
	$(Q)SLUICE_NGINX=/usr/sbin/nginx \
	    SLUICE_NGINX_MODULE=$(B)/nginx-deb/$(MODULE) perl tests/demo

# Everything with gcc, and with clang what a compiler can make differ.
test: setup
	$(Q)$(SUBMAKE) B=$(B)/gcc CC=gcc check
ifeq ($(SAN),)
	$(Q)$(SUBMAKE) B=$(B)/clang CC=clang-19 CHECKS='check-unit spec check-nginx' check
	$(Q)$(SUBMAKE) B=$(B)/clang CC=clang-19 -j$(JOBS) analyze
	$(Q)$(SUBMAKE) B=$(B) -j$(JOBS) check-ports
endif

# --- install -----------------------------------------------------------------

PREFIX ?= /usr
MODULES_DIR ?= $(PREFIX)/lib/nginx/modules
VERSION = $(shell sed -n 's/.*define SLUICE_VERSION "\(.*\)"/\1/p' cli/sluice.c)
INSTALL := install -D -m 644

.PHONY: install install-engine
install: all install-engine
	install -D -m 755 $(B)/sluice $(DESTDIR)$(PREFIX)/bin/sluice
	$(INSTALL) $(B)/nginx-deb/$(MODULE) $(DESTDIR)$(MODULES_DIR)/$(MODULE)
	$(INSTALL) $(B)/libsluice.a $(DESTDIR)$(PREFIX)/lib/libsluice.a
	for h in sdk-examples/c/sluice.h sdk-examples/c/sluice_json.h; do \
	    $(INSTALL) $$h $(DESTDIR)$(PREFIX)/include/sluice/$${h##*/}; done
	for m in $(wildcard man/*.[1-8]); do \
	    $(INSTALL) $$m \
	        $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/}; done

# The engine alone: it needs neither nginx nor any library.
install-engine: engine
	$(INSTALL) $(B)/libsluice-engine.a \
	    $(DESTDIR)$(PREFIX)/lib/libsluice-engine.a
	$(INSTALL) engine/engine.h $(DESTDIR)$(PREFIX)/include/sluice/engine.h
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' \
	    engine/sluice-engine.pc.in >$(B)/sluice-engine.pc
	$(INSTALL) $(B)/sluice-engine.pc \
	    $(DESTDIR)$(PREFIX)/lib/pkgconfig/sluice-engine.pc

.PHONY: clean
clean:
	rm -rf $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
