#!/bin/sh
# calls.sh ROOT: calls that have a better replacement here are not used; the replacement is named.
set -u
. "$(dirname "$0")/tap.sh"
cd "$1" || exit 99

while read -r call instead; do
    verdict "no $call()" "$(find src include tools tests -name '*.[ch]' | LC_ALL=C sort |
        xargs grep -nE "(^|[^A-Za-z0-9_.>])${call}[[:space:]]*\\(" /dev/null | sed "s/\$/   (use $instead)/")"
done <<'END'
sprintf snprintf, qv_arena_format or qv_text_printf
vsprintf vsnprintf
strcpy qv_arena_copy
strncpy qv_arena_copy
strcat qv_text_puts
strncat qv_text_add
gets fgets or qv_text_read_file
strtok strcspn and strspn
atoi strtol, and look at where it stopped
atol strtol, and look at where it stopped
atof strtod, and look at where it stopped
system posix_spawn
popen posix_spawn
END
finish
