# Sourced by the checks of the house. Each check prints one TAP line; scripts/test.sh counts them.
# shellcheck shell=sh
tap_count=0
tap_failed=0

# verdict NAME OFFENCES: passes when there are no offences, else shows them.
verdict() {
    tap_count=$((tap_count + 1))
    if [ -z "$2" ]; then
        echo "ok $tap_count - $1"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
    fi
}

# Ends the script: fails when a check failed, or when there was nothing to check.
finish() {
    echo "1..$tap_count"
    [ "$tap_count" -gt 0 ] && [ "$tap_failed" -eq 0 ]
    exit
}
