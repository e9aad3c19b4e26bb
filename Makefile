# tochoku: the on-duty officer of the hospital's AI gateway.
#
#   make            release build: build/tochoku
#   make demo       installs what is missing, builds, and does the main job
#   make check      installs what is missing, builds, and runs every test
#   make help       all targets

V ?= release
# variants: release asan tsan cov fuzz
BUILD := build
PACKAGE = $(BUILD)/package
O := $(BUILD)/$(V)
BIN := $(if $(filter release,$(V)),$(BUILD)/tochoku,$(O)/tochoku)
PREFIX ?= /usr/local
VERSION = $(shell sed -n 's/.*TK_VERSION "\(.*\)"/\1/p' core/base/version.h)

DIRS := core/base core/event core/config core/trail core/ledger core/review core/retention geoip rules rules/calendar \
	sensor sensor/confine sensor/recorder sensor/input sensor/gateway sensor/fields \
	sensor/proto sensor/proto/packet sensor/proto/tcp \
	sensor/proto/http sensor/proto/tls sensor/proto/quic sensor/llm reports reports/export cli
SRC := $(foreach d,$(DIRS),$(wildcard $(d)/*.c))
OBJ := $(SRC:%.c=$(O)/%.o)
LIB := $(O)/libtochoku.a

# A test is a C program of its own (linked with the whole library) or a script; tests/run runs both.
TESTC := $(foreach d,unit golden property fault,$(wildcard tests/$(d)/test_*.c))
UNIT := $(patsubst %.c,$(O)/%,$(filter tests/unit/%,$(TESTC))) tests/unit/includes.py tests/unit/trail_cases.py tests/unit/gates.py
SCRIPTS := $(filter %.py %.sh,$(foreach d,system property fault golden,$(wildcard tests/$(d)/test_*))) \
	$(if $(wildcard ../shared),$(wildcard tests/corpora/test_*))
TESTS := $(SCRIPTS) $(patsubst %.c,$(O)/%,$(TESTC)) tests/unit/includes.py tests/unit/trail_cases.py tests/unit/gates.py
SHORT := tests/system/test_kill.py tests/system/test_canary.py
FUZZ := $(patsubst %.c,$(O)/%,$(wildcard tests/fuzz/fuzz_*.c))
TOOLS := $(BUILD)/tests/loggen $(BUILD)/tests/sqlite_floor $(addprefix $(BUILD)/tests/,fault_shim.so call_shim.so clock_shim.so)

PKGS := sqlite3 yaml-0.1 libmaxminddb libcrypto libpcre2-8 zlib libzstd libbrotlidec libdeflate liblzma libpcap libnghttp2 \
	libseccomp libcap-ng
ICAL ?= yes
# no: without libical; rosters and days then come as CSV alone
ifeq ($(ICAL),yes)
PKGS += libical
else
SRC := $(filter-out rules/calendar/ical_time.c,$(SRC))
OBJ := $(SRC:%.c=$(O)/%.o)
DEFINES += -DTOCHOKU_NO_ICAL
endif
PDF ?= yes
# no: without pango and cairo, and without PDF
ifeq ($(PDF),yes)
PROGRAMS = $(BIN) $(BIN)-pdf
DRAW := pangocairo
else
PROGRAMS = $(BIN)
SRC := $(filter-out reports/output_pdf.c reports/pdf_%.c,$(SRC))
OBJ := $(SRC:%.c=$(O)/%.o)
endif
TESTLIBS := -lssl -lbrotlienc # some tests play both ends of a TLS connection, or code a body
$(O)/tests/property/test_libhtp: TESTLIBS += -lhtp
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef \
	-Wno-format-nonliteral
HARDEN := -fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=3 -fPIE \
	$(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),-fcf-protection)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_release = -O3 -g $(HARDEN)
FLAGS_asan := -O1 -g $(SANITIZE)
FLAGS_tsan := -O1 -g -fsanitize=thread
FLAGS_cov := -O0 -g --coverage
FLAGS_fuzz := -O1 -g $(SANITIZE) -fsanitize=fuzzer-no-link
LINK_release := -pie -Wl,-z,relro,-z,now

CC = $(if $(filter fuzz,$(V)),clang,gcc)
CFLAGS_ALL = -std=c17 -D_GNU_SOURCE $(DEFINES) -I. -MMD -MP $(WARN) $(FLAGS_$(V)) $(shell pkg-config --cflags $(PKGS) $(DRAW)) $(CFLAGS)
LDLIBS_ALL = $(shell pkg-config --libs $(PKGS)) -lm $(LDLIBS)
LINK = $(CC) $(FLAGS_$(V)) $(LINK_$(V)) $(LDFLAGS)
Q := $(if $(VERBOSE),,@)
JOBS := $(shell nproc)

all: $(PROGRAMS) ## release build into build/

demo: ## what it is for, in a minute: a gateway, its clients, two weeks of history, the morning report
	@tools/deps.sh build demo
	@$(MAKE) --no-print-directory -j$(JOBS) all tools
	@demo/run.sh

check: ## every test: unit, golden, property, fault, corpora, system
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) all tools tests
	@tests/run $(TESTS)

check-browser: ## the HTML reports in Chromium, ja and en, screen and A4, with axe-core (installs both; 80 MB)
	@tools/deps.sh build check browser
	@$(MAKE) --no-print-directory -j$(JOBS) all tools
	@[ -e $(BUILD)/axe/node_modules/axe-core ] || npm install --silent --no-audit --no-fund \
		--prefix $(BUILD)/axe axe-core@4.14.1 || echo "npm could not fetch axe-core: its part is left out"
	@tests/run tests/browser/check.py tests/browser/pictures.py

pictures: ## docs/*.png anew, of the hospital of the operations guide (installs Chromium)
	@tools/deps.sh build check browser
	@$(MAKE) --no-print-directory -j$(JOBS) all tools
	@tests/browser/pictures.py docs

unit: ## unit tests alone (V=asan: with sanitizers)
	@$(MAKE) --no-print-directory -j$(JOBS) tests
	@tests/run $(UNIT)

check-package: ## the package: built twice, in a bare Debian root, and under a systemd that boots there (ten minutes)
	@tools/deps.sh build check package
	@$(MAKE) --no-print-directory -j$(JOBS) all tools
	@TEST_TIMEOUT=1800 TEST_PARALLEL=1 tests/run $(wildcard tests/package/test_*.py)

asan: ## unit tests, fuzz corpora and a short system test under address and UB sanitizers
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) tools
	@$(MAKE) --no-print-directory -j$(JOBS) V=asan all tests replay
	@TOCHOKU=$(BUILD)/asan/tochoku KILLS=3 tests/run $(SHORT) $(patsubst $(O)/%,$(BUILD)/asan/%,$(UNIT) $(FUZZ))

tsan: ## the importing process, which has threads, under the thread sanitizer
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) tools
	@$(MAKE) --no-print-directory -j$(JOBS) V=tsan all
	@TOCHOKU=$(BUILD)/tsan/tochoku tests/run tests/system/test_bad_input.py

fuzz: ## fuzz every parser for FUZZ_SECONDS each (default 60); new inputs go to build/corpus
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) V=fuzz fuzzers
	@tests/lib/fuzz.sh $(FUZZ:$(O)/%=$(BUILD)/fuzz/%)

GATES ?=
soak: ## the fault tests' long forms (GATES=kills: that alone; SOAK=3: three times as long); what they reached adds up in docs/gates.tsv
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) all tools $(O)/tests/bench/capgen $(O)/tests/soak/bombs
	@nice tests/soak/run.py $(GATES)

BENCH ?= logs capture made tls live rules usage reports trail
bench: ## speed against others on logs, captures, TLS and live, of rules, bodies, reports, the trail (BENCH=NAME: that alone)
	@tools/deps.sh build bench
	@$(MAKE) --no-print-directory -j$(JOBS) all tools $(BUILD)/release/tests/bench/capgen $(O)/tests/bench/rules_speed $(O)/tests/bench/usage_speed
	@set -e; for b in $(BENCH:logs=bench); do tests/bench/$$b.py; done

cover: ## line coverage of the unit tests, by folder
	@tools/deps.sh build check
	@$(MAKE) --no-print-directory -j$(JOBS) V=cov tests
	@tests/run $(UNIT:$(O)/%=$(BUILD)/cov/%)
	@tools/cover.py $(BUILD)/cov

lint: ## line and function lengths, forbidden words
	@tools/lint.sh

analyse: ## static analysis: gcc -fanalyzer, clang-tidy, clang --analyze, cppcheck (an hour on two cores; PLACES=core: that alone)
	@tools/deps.sh build analyse
	@nice tools/analyse.py $(PLACES)

geoip: ## fetch a free country database into build/geoip/
	@tools/deps.sh geoip
	@geoip/fetch.sh $(BUILD)/geoip

deps: ## install through apt what a build and its tests need
	@tools/deps.sh build demo check

SHARE = $(DESTDIR)$(PREFIX)/share
install: all package ## into DESTDIR and PREFIX (default /usr/local)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/tochoku
ifeq ($(PDF),yes)
	install -D -m 755 $(BIN)-pdf $(DESTDIR)$(PREFIX)/libexec/tochoku/tochoku-pdf
endif
	install -d $(SHARE)/tochoku/rules $(SHARE)/man/man1 $(SHARE)/man/man5 $(SHARE)/man/man8 \
		$(SHARE)/doc/tochoku/examples
	install -m 644 rules/catalogue/*.yml $(SHARE)/tochoku/rules
	install -m 644 sensor/llm/prices.yml $(SHARE)/tochoku
	install -m 644 $(PACKAGE)/tochoku.1 $(SHARE)/man/man1
	install -m 644 $(PACKAGE)/tochoku.yml.5 $(SHARE)/man/man5
	install -m 644 man/*.8 $(SHARE)/man/man8
	install -m 644 README.md LICENSE docs/guide-*.md docs/*.png $(PACKAGE)/sbom.spdx.json $(SHARE)/doc/tochoku
	install -m 644 sensor/tochoku.example.yml docs/examples/* $(SHARE)/doc/tochoku/examples
	install -D -m 644 $(PACKAGE)/tochoku.bash $(SHARE)/bash-completion/completions/tochoku
	install -D -m 644 $(PACKAGE)/tochoku.zsh $(SHARE)/zsh/vendor-completions/_tochoku
	install -D -m 644 $(PACKAGE)/tochoku.fish $(SHARE)/fish/vendor_completions.d/tochoku.fish

package: $(addprefix $(PACKAGE)/,tochoku.1 tochoku.yml.5 tochoku.bash tochoku.zsh tochoku.fish sbom.spdx.json)

deb: ## a Debian package into build/: the same bytes wherever and whenever
	@tools/deps.sh build deb
	@tools/deb.sh $(BUILD)

clean: ## remove build/
	rm -rf $(BUILD)

help: ## list targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

# ---- how things are made ----

$(BIN): $(O)/cli/main.o $(LIB)
	@echo "  LINK $@"
	$(Q)$(LINK) -o $@ $^ $(LDLIBS_ALL)

# The same program with what draws a PDF, which the one that reads traffic is not to carry (reports/outputs.def).
$(BIN)-pdf: $(O)/cli/main.o $(LIB)
	@echo "  LINK $@"
	$(Q)$(LINK) -Wl,-u,report_output_pdf -o $@ $^ $(LDLIBS_ALL) $(shell pkg-config --libs $(DRAW))

# Made anew, so that a deleted source leaves it; the list of objects is a prerequisite for the same reason.
$(LIB): $(filter-out $(O)/cli/main.o,$(OBJ)) $(O)/objects
	@echo "  AR   $@"
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(O)/objects: .FORCE
	@mkdir -p $(@D)
	@echo '$(OBJ)' | cmp -s - $@ || echo '$(OBJ)' >$@

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC   $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c $< -o $@


$(PACKAGE)/tochoku.yml.5: $(O)/tools/option_manual man/tochoku.yml.5.head man/tochoku.yml.5.tail
	@mkdir -p $(@D)
	$(Q)cat man/tochoku.yml.5.head >$@ && $(O)/tools/option_manual >>$@ && cat man/tochoku.yml.5.tail >>$@

$(PACKAGE)/tochoku.1: man/tochoku.1 tools/command_manual.sh $(BIN)
	@mkdir -p $(@D)
	$(Q)tools/command_manual.sh man/tochoku.1 $(BIN) >$@

$(O)/tools/option_manual: $(O)/tools/option_manual.o $(LIB)
	$(Q)$(LINK) -o $@ $^ $(LDLIBS_ALL)

$(PACKAGE)/tochoku.%: tools/completions.sh $(BIN)
	@mkdir -p $(@D)
	$(Q)tools/completions.sh $* $(BIN) >$@

$(PACKAGE)/sbom.spdx.json: tools/sbom.sh $(PROGRAMS)
	@mkdir -p $(@D)
	$(Q)tools/sbom.sh $(lastword $(PROGRAMS)) $(VERSION) >$@

tests: $(patsubst %.c,$(O)/%,$(TESTC)) $(O)/tests/bench/capgen
replay: $(FUZZ)
fuzzers: $(FUZZ)
tools: $(TOOLS)
	@:

$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(if $(filter fuzz,$(V)),,$(O)/tests/lib/replay.o) $(LIB)
	$(Q)$(LINK) $(if $(filter fuzz,$(V)),-fsanitize=fuzzer) -o $@ $^ $(LDLIBS_ALL)

$(O)/tests/%: $(O)/tests/%.o $(LIB)
	$(Q)$(LINK) -o $@ $^ $(TESTLIBS) $(LDLIBS_ALL)

$(BUILD)/tests/loggen: $(BUILD)/release/tests/lib/loggen.o
$(BUILD)/tests/sqlite_floor: $(BUILD)/release/tests/bench/sqlite_floor.o
$(BUILD)/tests/fault_shim.so: $(BUILD)/release/tests/fault/shim.o
$(BUILD)/tests/call_shim.so: $(BUILD)/release/tests/fault/call_shim.o
$(BUILD)/tests/clock_shim.so: $(BUILD)/release/tests/fault/clock_shim.o
$(addprefix $(BUILD)/release/tests/fault/,shim.o call_shim.o clock_shim.o): HARDEN := -fPIC -Wno-missing-prototypes
$(TOOLS):
	@mkdir -p $(@D)
	$(Q)gcc $(if $(filter %.so,$@),-shared,$(LINK_release)) -o $@ $^ -lsqlite3 -ldl

.PHONY: soak package deb all demo check check-browser pictures check-package unit asan tsan fuzz bench cover lint analyse geoip deps install clean help tests replay fuzzers tools .FORCE
.SECONDARY:
-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
