# SPDX-License-Identifier: Apache-2.0
# ovnbed: one non-recursive Makefile. See `make help`.

MODE     ?= release
JOBS     ?= $(shell nproc)
CC       := gcc
B        := build/$(MODE)
prefix   ?= /usr/local
DESTDIR  ?=

# Rooms from the bottom up; a room may include itself and the rooms of its DEPS line (design: layers).
ROOMS := base api ovnk kubevirt nmstate oracle sys ovsdb virt probe agent fabric lab scenario report cmd
LOW       := base
PURE      := $(LOW) api
DEPS_base     := base
DEPS_api      := base api
DEPS_ovnk     := base api ovnk
DEPS_kubevirt := base api kubevirt
DEPS_nmstate  := base api nmstate
DEPS_oracle   := base api oracle
DEPS_sys      := base sys
DEPS_ovsdb    := base ovsdb
DEPS_virt     := base sys ovsdb virt
DEPS_probe    := base sys ovsdb probe
DEPS_agent    := base sys ovsdb virt probe agent
DEPS_fabric   := base sys ovsdb virt probe fabric
DEPS_lab      := base api ovnk kubevirt nmstate oracle sys ovsdb virt probe agent fabric lab
DEPS_scenario := $(DEPS_lab) scenario
DEPS_report   := $(DEPS_scenario) report
DEPS_cmd      := $(DEPS_report) cmd

PKGS := jansson yaml-0.1 libsystemd libnl-3.0 libnl-route-3.0 libmicrohttpd libcurl libpcap \
	libcrypto libvirt libvirt-qemu libarchive
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 \
	-Wwrite-strings -Wundef -Wno-format-nonliteral
BASE_CFLAGS := -std=gnu17 -g -D_GNU_SOURCE -Isim $(WARN)
CFLAGS_release := -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_debug   := -O0
# without optimisation: it is built more often than it is run
CFLAGS_asan    := -O0 -fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=undefined
CFLAGS_fuzz    := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-omit-frame-pointer
LDFLAGS_asan   := -fsanitize=address,undefined
LDFLAGS_fuzz   := -fsanitize=address,undefined
ifeq ($(MODE),fuzz)
CC := clang
endif
ifeq ($(CI),true)
WERROR := -Werror
endif
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
have_pkgs := $(shell pkg-config --exists $(PKGS) 2>/dev/null && echo yes)
ifeq ($(have_pkgs),yes)
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   := $(shell pkg-config --libs $(PKGS))
endif
ALL_CFLAGS := $(BASE_CFLAGS) $(CFLAGS_$(MODE)) $(PKG_CFLAGS) $(WERROR) $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(MODE)) $(LDFLAGS)

# The traffic agent and the guest's cloud-init client are separate static programs.
GUEST_SRC := $(wildcard sim/probe/guest/*.c)
room_src  = $(filter-out %_test.c %_fuzz.c,$(wildcard sim/$(1)/*.c))
room_test = $(wildcard sim/$(1)/*_test.c)
objs      = $(patsubst %.c,$(B)/%.o,$(1))
SRC  := $(foreach r,$(ROOMS),$(call room_src,$(r)))
LIBSRC := $(filter-out sim/cmd/main.c,$(SRC))
TESTS := $(foreach r,$(ROOMS),$(call room_test,$(r)))
FUZZ := $(wildcard sim/*/*_fuzz.c vmimages/*/*_fuzz.c)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:

all: $(B)/ovnbed $(B)/ovnbed-agent $(B)/ovnbed-nocloud

$(B)/ovnbed: $(call objs,$(SRC))
	@echo "LD $@"; $(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

# Static: runs in pods, hosts and guests whatever libraries those have.
STATIC_BASE := sim/base/util.c sim/base/err.c sim/base/buf.c sim/base/json.c sim/base/log.c \
	sim/base/diag.c sim/base/jscan.c $(filter-out %_test.c %_fuzz.c,$(wildcard sim/base/yaml*.c))
STATIC_CFLAGS := $(BASE_CFLAGS) -O2 -D_FORTIFY_SOURCE=2 $(WERROR)
$(B)/static/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC static $<"; gcc $(STATIC_CFLAGS) -MMD -MP -c -o $@ $<
static_objs = $(patsubst %.c,$(B)/static/%.o,$(1))
$(B)/ovnbed-agent: $(call static_objs,$(GUEST_SRC) $(STATIC_BASE))
	gcc -static -o $@ $^ -ljansson -lyaml
NOCLOUD_LIB := $(filter-out %_test.c %_fuzz.c %/main.c,$(wildcard vmimages/nocloud/*.c))
NOCLOUD_TESTS := $(wildcard vmimages/nocloud/*_test.c)
$(B)/ovnbed-nocloud: $(call static_objs,vmimages/nocloud/main.c $(NOCLOUD_LIB) \
		sim/base/base64.c sim/base/ip.c $(STATIC_BASE))
	gcc -static -o $@ $^ -ljansson -lyaml -lcrypt

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "CC $<"; $(CC) $(ALL_CFLAGS) -DOVNBED_VERSION='"$(VERSION)"' -MMD -MP -c -o $@ $<

# Unit tests: one runner over every *_test.c; `make unit-ROOM` builds and runs one room's only.
define room_unit
$(B)/unit-$(1): $(call objs,sim/test/runner.c $(filter-out sim/cmd/main.c,$(foreach r,$(DEPS_$(1)),$(call room_src,$(r)))) $(call room_test,$(1)))
	@echo "LD $$@"; $(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(PKG_LIBS) -lcunit
unit-$(1): $(B)/unit-$(1)
	$(B)/unit-$(1)
.PHONY: unit-$(1)
endef
$(foreach r,$(ROOMS),$(eval $(call room_unit,$(r))))
$(B)/unit-nocloud: $(call objs,sim/test/runner.c $(call room_src,base) $(NOCLOUD_LIB) $(NOCLOUD_TESTS))
	@echo "LD $@"; $(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcunit -lcrypt
unit-nocloud: $(B)/unit-nocloud
	$(B)/unit-nocloud
.PHONY: unit-nocloud
$(B)/unit: $(call objs,sim/test/runner.c $(LIBSRC) $(TESTS) $(NOCLOUD_LIB) $(NOCLOUD_TESTS))
	@echo "LD $@"; $(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcunit -lcrypt

-include $(shell find build -name '*.d' 2>/dev/null)

# ---- set-up: everything the machine needs, from tools/packages.txt; quick when it is there ----
setup:
	@tools/setup

# Under sudo the clone stays the caller's: what builds is run as that user.
AS_USER := $(if $(and $(SUDO_USER),$(filter 0,$(shell id -u))),sudo -u $(SUDO_USER) -H ,)
OVNBED = $(B)/ovnbed
SCENARIOS ?= $(sort $(wildcard scenarios/*/scenario.yaml))

build: setup
	@$(AS_USER)$(MAKE) --no-print-directory -j$(JOBS) MODE=$(MODE) all
image: build
	@tools/setup --image $(B)

demo: image
	@tools/demo $(OVNBED)

check: image
	@AS_USER="$(AS_USER)" tests/check $(OVNBED) build/asan/unit

unit-build: $(B)/unit

bench: image
	@tests/bench/run $(OVNBED) $(BENCH)

# ---- fuzzing: MODE=fuzz make fuzz-build; tests/fuzz SECONDS runs every target ----
FUZZ_BINS := $(patsubst %_fuzz.c,$(B)/fuzz/%,$(FUZZ))
$(B)/fuzz/%: %_fuzz.c $(call objs,$(LIBSRC) $(NOCLOUD_LIB))
	@mkdir -p $(@D)
	@echo "LD $@"; $(CC) $(ALL_CFLAGS) -fsanitize=fuzzer -DOVNBED_VERSION='"fuzz"' -o $@ $< \
		$(filter %.o,$^) $(PKG_LIBS) -lcrypt
fuzz-build: $(FUZZ_BINS)
fuzz: setup
	@$(AS_USER)$(MAKE) --no-print-directory -j$(JOBS) MODE=fuzz fuzz-build
	@tests/fuzz build/fuzz/fuzz $(or $(SECONDS),60)

# ---- source checks ----
C_FILES := $(shell git ls-files '*.c' '*.h' 2>/dev/null)
format-check:
	@printf "%s\n" $(C_FILES) | xargs -P $(JOBS) -n 40 clang-format --dry-run -Werror
format:
	@clang-format -i $(C_FILES)
lint:
	@tools/check-layers
	@cppcheck --quiet --std=c17 --enable=warning,portability --inline-suppr \
		--suppress=unknownMacro -Isim -D_GNU_SOURCE sim vmimages

# ---- installation ----
install: all
	install -D -m755 $(B)/ovnbed $(DESTDIR)$(prefix)/bin/ovnbed
	install -D -m755 $(B)/ovnbed-agent $(DESTDIR)$(prefix)/bin/ovnbed-agent
	install -d $(DESTDIR)$(prefix)/share/ovnbed/vmimages
	install -m644 vmimages/images.yaml $(DESTDIR)$(prefix)/share/ovnbed/vmimages/
	cp -R topo scenarios $(DESTDIR)$(prefix)/share/ovnbed/
uninstall:
	rm -f $(DESTDIR)$(prefix)/bin/ovnbed $(DESTDIR)$(prefix)/bin/ovnbed-agent
	rm -rf $(DESTDIR)$(prefix)/share/ovnbed
clean:
	rm -rf build

help:
	@echo "all           build into build/\$$MODE (MODE=release|debug|asan|fuzz)"
	@echo "demo          set up, build, run the main job (sudo)"
	@echo "check         set up, build, run all tests (sudo)"
	@echo "bench         all benchmarks, or BENCH=NAME (sudo)"
	@echo "fuzz          every fuzz target for SECONDS (60)"
	@echo "lint          layers and static analysis; format-check: clang-format"
	@echo "install       into \$$DESTDIR\$$prefix; uninstall"
	@echo "clean         remove build/"

.PHONY: all setup build image demo check unit-build bench fuzz-build fuzz format-check format lint \
	install uninstall clean help

# One line a room: its name and the rooms it may include (read by tools/check-layers).
print-layers:
	@$(foreach r,$(ROOMS),echo "$(r) $(DEPS_$(r))";)
.PHONY: print-layers
