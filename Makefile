# SPDX-License-Identifier: Apache-2.0
#
# make            the static binary: build/tare (and the link build/tare-oci)
# make demo       a real appliance from nothing to running, as a tutorial
# make check      lint, unit, integration and VM tests: what CI runs
# make bench      side by side with crun, runc and podman
# make install    DESTDIR= PREFIX=/usr/local
#
# LIBC=musl|glibc         musl when it is installed (starts faster), else glibc
# SANITIZE=address,undefined   instrumented build, glibc, in a directory of its own
# V=1                     show the commands

VERSION  := 0.1.0
PREFIX   ?= /usr/local
LIBC     ?= $(if $(and $(shell command -v musl-gcc),$(if $(SANITIZE),,yes)),musl,glibc)
CFLAGS   ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla -Wformat=2 \
	    -Wundef -Wpointer-arith -Wwrite-strings $(if $(CI),-Werror)
HARDEN   := -fstack-protector-strong -fno-strict-aliasing -fno-common

VARIANT  := $(LIBC)$(if $(SANITIZE),-sanitize)$(if $(filter-out gcc cc musl-gcc,$(CC)),-$(notdir $(CC)))
B        := build/$(VARIANT)
MULTI    := $(shell gcc -print-multiarch 2>/dev/null)
LIBDIR   := /usr/lib/$(MULTI)
# Debian's static archives, prepared below; by full path: -L of their folder would pick glibc's libc.a.
ARCHIVES := $(patsubst %,$(B)/gen/lib%.a,archive jansson nettle zstd z deflate sodium lzma bz2 cap acl)

ifeq ($(LIBC),musl)
TARGET_CC := musl-gcc
INCLUDES  := -isystem $(B)/include
else
TARGET_CC := $(CC)
endif
ifdef SANITIZE
CFLAGS  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=undefined -fno-omit-frame-pointer
STATIC  :=
else
STATIC  := -static
# Nothing unwinds its stack at run time, and debuggers read .debug_frame: a sixteenth of the binary.
HARDEN  += -fno-asynchronous-unwind-tables
endif

FOLDERS := base cgroups image network runtime cmd
# The shim is what glibc-built archives miss in musl.
SOURCES := $(filter-out $(if $(filter glibc,$(LIBC)),base/glibc_shim.c),$(wildcard $(FOLDERS:=/*.c) cmd/*/*.c))
OBJECTS := $(SOURCES:%.c=$(B)/%.o) $(B)/gen/seccomp_default.o
ALL_CFLAGS = -std=gnu17 -D_GNU_SOURCE -DTARE_VERSION='"$(VERSION)"' -I. -I$(B) $(INCLUDES) \
	     $(WARNINGS) $(HARDEN) $(CFLAGS) -MMD -MP

Q := $(if $(V),,@)
quiet = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V),,@$(if $(quiet),,printf '  %-6s %s\n' $(1) $(2);))

.PHONY: all clean install FORCE
.DELETE_ON_ERROR:
all: build/tare build/tare-oci

# Also when the other variant was built meanwhile.
build/tare: $(B)/tare $(if $(filter $(VARIANT)/tare,$(shell readlink build/tare)),,FORCE)
	$(Q)ln -sf $(VARIANT)/tare $@

build/tare-oci: build/tare
	$(Q)ln -sf tare $@

# Debug information is kept beside the binary, where gdb finds it. What objcopy writes at one go lies
# in the page cache in one piece, all of which is then resident in every process: so it is a copy.
$(B)/tare: $(OBJECTS) $(ARCHIVES)
	$(call say,LINK,$@)$(TARGET_CC) $(STATIC) $(CFLAGS) $(LDFLAGS) -o $@.debug $(OBJECTS) $(ARCHIVES) \
		-Wl,--gc-sections
	$(Q)objcopy $(if $(SANITIZE),,--strip-all) --add-gnu-debuglink=$@.debug $@.debug $@.new
	$(Q)cp --remove-destination $@.new $@ && rm $@.new

$(B)/%.o: %.c | $(B)/include
	@mkdir -p $(@D)
	$(call say,CC,$<)$(TARGET_CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/gen/%.o: $(B)/gen/%.c | $(B)/include
	$(call say,CC,$@)$(TARGET_CC) $(ALL_CFLAGS) -c -o $@ $<

# Nettle and liblzma ask for the CPU's features in a constructor, at every start. CPUID takes
# microseconds in a virtual machine, and few commands hash or inflate anything: nettle also asks at
# its first use, and liblzma's constructor is called by image/codec_rare.c. libcap's stays: it finds
# out which capabilities there are. As in our own code, nothing unwinds a stack.
$(B)/gen/lib%.a: $(LIBDIR)/lib%.a
	@mkdir -p $(@D)
	$(call say,TRIM,$@)objcopy $(if $(filter cap,$*),,--remove-section='*.init_array*') \
		--remove-section='*.eh_frame' --globalize-symbol=crc64_set_func $< $@

# The default seccomp profile and all names become tables at build time: libseccomp, which
# knows every name, is slow to ask, and the start path must not wait for it.
$(B)/gen/seccomp_table: runtime/gen/seccomp_table.c runtime/gen/seccomp_default.h \
	runtime/gen/seccomp_ranges.h
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)gcc -std=gnu17 -D_GNU_SOURCE -I. $(WARNINGS) -O1 -o $@ $< -lseccomp

$(B)/gen/seccomp_default.c: $(B)/gen/seccomp_table
	$(call say,GEN,$@)$< >$@

# musl's own headers come first; of the system's, only what is listed here is seen.
$(B)/include: Makefile
	$(Q)mkdir -p $@/sys && cd $@ && \
	ln -sf /usr/include/linux /usr/include/asm-generic /usr/include/$(MULTI)/asm . && \
	ln -sf /usr/include/archive.h /usr/include/archive_entry.h /usr/include/jansson.h . && \
	ln -sf $$(ls /usr/include/jansson_config.h /usr/include/$(MULTI)/jansson_config.h 2>/dev/null) . && \
	ln -sf /usr/include/nettle /usr/include/zstd.h /usr/include/zstd_errors.h . && \
	ln -sf /usr/include/libdeflate.h /usr/include/zlib.h /usr/include/zconf.h /usr/include/sodium.h /usr/include/sodium /usr/include/lzma.h /usr/include/lzma /usr/include/bzlib.h . && \
	ln -sf $$(ls -d /usr/include/libmnl /usr/include/$(MULTI)/libmnl 2>/dev/null) . && \
	ln -sf $$(ls /usr/include/sys/capability.h /usr/include/$(MULTI)/sys/capability.h 2>/dev/null) sys/ && touch .

clean:
	rm -rf build

-include $(OBJECTS:.o=.d)
-include tests/tests.mk
