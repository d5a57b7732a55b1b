# The front door. Each target installs what it lacks (scripts/setup.sh); Meson and Ninja do the work.
#
#   make run                  build, then the answer for an example: a case, a diary and a clip
#   make run CASE=me.json     the answer for your own case, DIARY=me.csv, CLIP=me.mp4: your diary, your clip; ARGS=--full says more
#   make test                 all tests
#   make help                 everything else

MAKEFLAGS += --no-print-directory
PREFIX ?= /usr/local
LIBDIR ?= lib
DESTDIR ?=
FUZZ_SECONDS ?= 60
CASE ?=
DIARY ?=
CLIP ?=
ARGS ?=

BUILD = build
EXAMPLE = examples/lisa/case.json
EXAMPLE_DIARY = examples/lisa/diary.csv
EXAMPLE_CLIP = $(BUILD)/lisa.mp4
QUIVER = $(BUILD)/quiver

.PHONY: help build run app test bench fuzz lint format install clean
.DEFAULT_GOAL := help

help:
	@echo 'make run                 why is it twitching? (an example; CASE=, DIARY=, CLIP=FILE: your own; ARGS=…: more options)'
	@echo 'make build               the program, at $(QUIVER)'
	@echo 'make test                all tests'
	@echo 'make bench               how good and how fast the answers are'
	@echo 'make fuzz                each fuzzer for FUZZ_SECONDS ($(FUZZ_SECONDS))'
	@echo 'make lint, make format   look the code over; lay it out'
	@echo 'make install             into PREFIX ($(PREFIX)), below DESTDIR'
	@echo 'make clean               delete what was built'

# Talks on stderr only, so that the answer is alone on stdout; and not at all when there is nothing to do.
build:
	@scripts/setup.sh run
	@scripts/models.sh || true
	@[ -f $(BUILD)/build.ninja ] || { echo 'Building quiver; this happens once.' >&2; \
	    said=$$(meson setup $(BUILD) 2>&1) || { printf '%s\n' "$$said" >&2; exit 70; }; }
	@said=$$(ninja -C $(BUILD) --quiet 2>&1); status=$$?; \
	    case $$said in '' | *'no work to do.') ;; *) printf '%s\n' "$$said" >&2 ;; esac; exit $$status

# With a case, a diary or a clip of one's own nothing of the example is used; without a case there is an interview.
run: build
ifneq ($(CASE)$(DIARY)$(CLIP),)
	@$(QUIVER) ask $(if $(CASE),--case '$(CASE)') $(if $(DIARY),--diary '$(DIARY)') $(if $(CLIP),--clip '$(CLIP)') $(ARGS)
else
	@if examples/lisa/clip.sh $(QUIVER) $(EXAMPLE_CLIP); then set -- --clip $(EXAMPLE_CLIP); \
	    else echo 'Lisa is answered without a clip.' >&2; set --; fi; \
	    $(QUIVER) ask --case $(EXAMPLE) --diary $(EXAMPLE_DIARY) "$$@" $(ARGS)
	@[ ! -t 1 ] || printf '\nThis was an example. For your own lip: %s ask\n' '$(QUIVER)'
endif

app:
	@echo 'There is no app yet. `make run` answers on the terminal.' >&2; exit 69

test:
	@scripts/test.sh

bench: build
	@scripts/setup.sh bench || true
	@scripts/models.sh media || true
	@$(QUIVER) knowledge bench
	@for each in bench/*.sh; do [ ! -e "$$each" ] || QUIVER=$(QUIVER) bash "$$each" || exit; done

fuzz:
	@FUZZ_SECONDS=$(FUZZ_SECONDS) scripts/fuzz.sh

lint: build
	@scripts/lint.sh

format:
	@scripts/setup.sh lint
	@find src include tools tests bench -name '*.[ch]' -exec clang-format -i {} +

install: build
	@meson configure $(BUILD) -Dprefix='$(abspath $(PREFIX))' -Dlibdir='$(LIBDIR)' >/dev/null
	@ninja -C $(BUILD) >/dev/null
	@DESTDIR='$(DESTDIR)' meson install -C $(BUILD) --no-rebuild --quiet
	@[ -n '$(DESTDIR)' ] || [ "$$(id -u)" -ne 0 ] || ldconfig

clean:
	@rm -rf $(BUILD) build-*
