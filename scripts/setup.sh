#!/bin/sh
# setup.sh [run|test|bench|lint]: finds what is missing to build and run, to test, to measure, or to lint, and installs it on Debian
# and Ubuntu. Says nothing when nothing is missing. On other systems it prints what is missing and exits 69.
set -eu

needed='gcc libc6-dev make meson ninja-build pkg-config libcyaml-dev libyaml-dev libjansson-dev libsqlite3-dev libexpat1-dev libminizip-dev
    libavformat-dev libavcodec-dev libavutil-dev libswscale-dev libavdevice-dev libseccomp-dev libxnnpack-dev
    libpthreadpool-dev libcairo2-dev libpango1.0-dev fonts-open-sans npm'
case ${1:-run} in
run) ;;
test) needed="$needed libcmocka-dev clang libclang-rt-dev llvm" ;;
bench) needed="$needed ffmpeg jq" ;;
lint) needed="$needed clang clang-format clang-tidy cppcheck shellcheck" ;;
*)
    echo "usage: setup.sh [run|test|bench|lint]" >&2
    exit 64
    ;;
esac

if [ -r /etc/debian_version ] && command -v dpkg-query >/dev/null; then
    # npm may have come with a Node.js that is not Debian's.
    have() { printf '%s\n' "$installed" | grep -qx "$1" || { [ "$1" = npm ] && command -v npm >/dev/null; }; }
    # shellcheck disable=SC2016,SC2086 # dpkg-query's own variables; a list of words
    installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n${db:Status-Status} ${Provides}\n' $needed \
        pkgconf 2>/dev/null | sed -n 's/^installed //p' | sed 's/ ([^)]*)//g; s/, /\n/g') || true
    debian=yes
else
    # Elsewhere by what each package is for.
    have() {
        case $1 in
        libc6-dev) echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 ;;
        libclang-rt-dev) echo 'int main(void){return 0;}' | clang -fsanitize=address -x c - -o /dev/null 2>/dev/null ;;
        lib*-dev)
            module=$(echo "$1" | sed 's/-dev$//; s/^libyaml$/yaml-0.1/; s/^libjansson$/jansson/; s/^libsqlite3$/sqlite3/; s/^libcmocka$/cmocka/;
                s/^libcairo2$/cairo/; s/^libexpat1$/expat/; s/^libminizip$/minizip/; s/^libpango1.0$/pangocairo/')
            pkg-config --exists "$module" 2>/dev/null
            ;;
        fonts-*) true ;; # another will do
        ninja-build) command -v ninja >/dev/null ;;
        llvm) command -v llvm-symbolizer >/dev/null ;;
        *) command -v "$1" >/dev/null ;;
        esac
    }
    debian=no
fi

missing=
for package in $needed; do
    have "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$debian" = no ]; then
    echo "quiver needs these, by their Debian names:$missing" >&2
    exit 69
fi
become=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "quiver needs packages; as root: apt-get install$missing" >&2
        exit 69
    fi
    become=sudo
fi
echo "Installing$missing (this can take some minutes)" >&2
# A list that does not update, such as one that has nothing to do with us, need not keep the packages away.
$become apt-get update -qq >&2 || true
# What apt-get says goes to a file, of which only a failure is shown.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! $become env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >"$said" 2>&1; then
    cat "$said" >&2
    echo "Could not install them. By hand: apt-get install$missing" >&2
    exit 69
fi
