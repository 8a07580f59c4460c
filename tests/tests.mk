# SPDX-License-Identifier: Apache-2.0
#
# Included by the Makefile.
#
# make check      everything CI runs; ends with "N passed, N failed, N skipped"
# make lint       format, include graph, banned calls, analysers, shell scripts
# make unit       tests/unit, glibc build; also with SANITIZE=address,undefined
# make integration  tests/integration against build/tare, as root
# make engines    podman, containerd, Docker and Swarm drive build/tare-oci, or RUNTIME=PATH
# make demo       a real appliance from nothing to running, as a tutorial
# make bench      side by side with crun, runc and podman
# make fuzz       every parser, with clang's libFuzzer: FUZZ_SECONDS=60 FUZZ='layer pax'

.PHONY: check lint unit unit-binaries integration engines demo bench objects packages fuzz fuzz-build fuzz-binaries

# Each folder's tests are linked with what the folder may include and no more,
# so that the include arrows hold for symbols too.
UNIT_base    := base
UNIT_cgroups := cgroups base
UNIT_image   := image base
UNIT_network := network base
UNIT_runtime := runtime cgroups base
UNIT_cmd     := cmd runtime cgroups image network base

UNIT_TESTS := $(patsubst %.c,$(B)/%,$(wildcard $(foreach d,$(FOLDERS),tests/unit/$d/test_*.c)))
# libseccomp is what the filters are compared with.
UNIT_LIBS  := $(LIBDIR)/libseccomp.a -lcmocka -lpthread

folder_objects = $(filter-out $(B)/cmd/main.o,$(filter $(B)/$1/%.o,$(OBJECTS))) \
		 $(if $(filter runtime,$1),$(filter $(B)/gen/%.o,$(OBJECTS)))

# One archive per folder: a test takes from it only what it needs.
define folder_archive
$(B)/lib$1.a: $(call folder_objects,$1)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(Q)$(AR) rcs $$@ $$^
endef
$(foreach d,$(FOLDERS),$(eval $(call folder_archive,$d)))

define unit_link
$(B)/tests/unit/$1/test_%: $(B)/tests/unit/$1/test_%.o $(UNIT_$1:%=$(B)/lib%.a) | $(ARCHIVES)
	$$(call say,LINK,$$@)$$(TARGET_CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $(ARCHIVES) $$(UNIT_LIBS)
endef
$(foreach d,$(FOLDERS),$(eval $(call unit_link,$d)))

.SECONDARY: $(UNIT_TESTS:=.o)
-include $(UNIT_TESTS:=.d)

objects: $(OBJECTS)

# A build of its own, all of it watched: by clang, which has the fuzzer.
FUZZ         ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60

$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(UNIT_cmd:%=$(B)/lib%.a) | $(ARCHIVES)
	$(call say,LINK,$@)$(TARGET_CC) -fsanitize=fuzzer $(CFLAGS) $(LDFLAGS) -o $@ $^ $(ARCHIVES) -lpthread

fuzz-binaries: $(FUZZ:%=$(B)/tests/fuzz/fuzz_%)

fuzz-build:
	$(Q)CFLAGS='-O2 -g -DFUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION' $(MAKE) --no-print-directory \
		LIBC=glibc CC=clang SANITIZE=fuzzer-no-link,address,undefined B=build/fuzz fuzz-binaries

fuzz: fuzz-build
	$(Q)FUZZ_SECONDS=$(FUZZ_SECONDS) tests/fuzz/all $(FUZZ)

.SECONDARY: $(patsubst tests/%.c,$(B)/tests/%.o,$(wildcard tests/fuzz/fuzz_*.c))

unit-binaries: $(UNIT_TESTS)

ifeq ($(LIBC),glibc)
unit: unit-binaries
	$(Q)tests/run $(UNIT_TESTS)
else
unit:
	$(Q)$(MAKE) --no-print-directory LIBC=glibc unit
endif

lint:
	$(Q)tests/lint/all

# Scripts make the shared images themselves if none are there; this is for when
# what makes them has changed.
build/fixtures/complete: tests/lib/fixtures tests/lib/mkimage tests/lib/mkroot
	@rm -f $@
	$(call say,IMAGES,$(@D))tests/lib/fixtures

integration: all build/fixtures/complete
	$(Q)tests/run tests/integration/*.sh

# ENGINES=podman runs that one.
ENGINES ?= podman containerd docker swarm

engines: all build/fixtures/complete
	$(Q)tests/lib/packages engines
	$(Q)tests/run $(ENGINES:%=tests/engines/%.sh)

packages:
	$(Q)tests/lib/packages build test

check:
	$(Q)tests/check

demo:
	$(Q)tests/demo/demo

bench: all
	$(Q)tests/bench/bench $(BENCH)

# --- install ---------------------------------------------------------------

MANDIR  ?= $(PREFIX)/share/man
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR  ?= $(PREFIX)/share/zsh/site-functions
FISHDIR ?= $(PREFIX)/share/fish/vendor_completions.d
UNITDIR ?= $(PREFIX)/lib/systemd/system

install: all
	install -D -m 0755 $(B)/tare $(DESTDIR)$(PREFIX)/bin/tare
	ln -sf tare $(DESTDIR)$(PREFIX)/bin/tare-oci
	docs/man/generate $(B)/tare $(DESTDIR)$(MANDIR)/man1
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	$(B)/tare completion bash >$(DESTDIR)$(BASHDIR)/tare
	$(B)/tare completion zsh >$(DESTDIR)$(ZSHDIR)/_tare
	$(B)/tare completion fish >$(DESTDIR)$(FISHDIR)/tare.fish
	install -d $(DESTDIR)$(UNITDIR)
	sed 's|@BINDIR@|$(PREFIX)/bin|' docs/tare.service >$(DESTDIR)$(UNITDIR)/tare.service
