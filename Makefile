# The project's commands. `make demo` and `make test` need only the Swift toolchain and git to begin with.

BUILD_PACKAGES := gcc g++ libc6-dev pkg-config libvpx-dev libopus-dev libsrtp2-dev libssl-dev zlib1g-dev libsqlite3-dev libcurl4-openssl-dev
# Faster SRTP where the processor has it; the build does without it elsewhere.
ifeq ($(shell uname -m),x86_64)
BUILD_PACKAGES += libipsec-mb-dev
endif
TEST_PACKAGES := ffmpeg opus-tools vpx-tools espeak-ng curl python3 sqlite3
# Browsers and other clients, namespaces for them, Wireshark's dissectors; certificates; what a server asks of the kernel.
CLIENT_PACKAGES := chromium chromium-driver firefox-esr python3-venv iproute2 nftables golang-go golang-github-pion-webrtc.v3-dev \
	gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-nice python3-gst-1.0 \
	gir1.2-gst-plugins-bad-1.0 tshark strace openssl
# What counts instructions and system calls, and what strips for it.
EXACT_PACKAGES := valgrind strace binutils python3
# Vectors and fixtures are made again with these; nothing else needs them.
FIXTURE_PACKAGES := ffmpeg opencv-doc espeak-ng sox opus-tools vpx-tools python3-cryptography

LENS := .build/release/lens
SWIFT_SOURCES := Sources Tests Benchmarks/Benchmarks Benchmarks/Sources Benchmarks/Package.swift \
	Benchmarks/Exact/Sources Benchmarks/Exact/Package.swift Fuzz/Sources Fuzz/Package.swift Package.swift

.PHONY: help demo build test end-to-end thresholds thresholds-update thresholds-functions soak fuzz bench fixtures format lint clean packages test-packages

help:
	@echo "make demo      build, run a whole call on this machine, leave demo-out/report.json"
	@echo "make test      every functional test, long ones in a small form"
	@echo "make thresholds  exact counts of the packet path against Benchmarks/thresholds.json; part of make test"
	@echo "make end-to-end  browsers, aiortc, GStreamer and pion on the built server; part of make test"
	@echo "make soak      the long tests in full"
	@echo "make fuzz      bytes of strangers by libFuzzer, a minute for each kind"
	@echo "make bench     benchmarks, and other relays beside ours, on a quiet machine"
	@echo "make build     the release binary, $(LENS)"
	@echo "make format    format the sources; make lint checks them"

packages:
	@scripts/install-packages.sh $(BUILD_PACKAGES)

test-packages: packages
	@scripts/install-packages.sh $(TEST_PACKAGES)

build: packages
	swift build -c release --product lens

demo: build
	$(LENS) demo $(DEMO_ARGUMENTS)

test: test-packages
	@scripts/rules.py --check
	swift build --build-tests
	swift test --skip-build --skip LensTests
	swift test --skip-build --filter LensTests
	@$(MAKE) --no-print-directory end-to-end
	@$(MAKE) --no-print-directory thresholds

# Real browsers and other clients on the built server.
end-to-end: packages
	@scripts/install-packages.sh $(TEST_PACKAGES) $(CLIENT_PACKAGES)
	@scripts/end-to-end.sh

# Exact counts of the packet path. `thresholds-update` records new ones, `thresholds-functions` shows where instructions go.
thresholds: packages
	@scripts/install-packages.sh $(EXACT_PACKAGES)
	@scripts/thresholds.sh check

thresholds-update: packages
	@scripts/install-packages.sh $(EXACT_PACKAGES)
	@scripts/thresholds.sh update

thresholds-functions: packages
	@scripts/install-packages.sh $(EXACT_PACKAGES)
	@scripts/thresholds.sh functions

soak: test-packages
	swift build -c release --product lens
	swift build --build-tests
	LENS_SOAK=1 swift test --skip-build --skip LensTests
	LENS_SOAK=1 swift test --skip-build --filter LensTests
	@scripts/install-packages.sh $(CLIENT_PACKAGES)
	LENS_SOAK=1 LENS_INTEROP_TABLE=$(CURDIR)/docs/interop.md scripts/end-to-end.sh
	scripts/fuzz.sh
	scripts/soak-load.sh

# Bytes of strangers, mutated by libFuzzer, LENS_FUZZ_SECONDS for each kind.
fuzz: packages
	@scripts/fuzz.sh

bench: build
	@scripts/install-packages.sh $(TEST_PACKAGES) $(CLIENT_PACKAGES)
	Benchmarks/peers/install.sh
	scripts/bench.sh

fixtures:
	@scripts/install-packages.sh $(FIXTURE_PACKAGES)
	Fixtures/make.sh

format:
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

lint:
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

clean:
	rm -rf .build Benchmarks/.build Benchmarks/Exact/.build Fuzz/.build demo-out soak-out fuzz-out
