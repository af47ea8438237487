# shellcheck shell=bash
# Sourced by whatever asks for a key of .env: the one place that reads it as Compose does.

# As Compose reads .env: quotes, `export`, remarks behind a value, blanks around `=` (or `:`), the mark that Windows puts first
# and its line ends do not belong to the value.
value_of() {
  [ -f .env ] || return 0
  KEY=$1 awk '
    NR == 1 { sub(/^\357\273\277/, "") }
    { sub(/\r$/, ""); sub(/^[ \t]*(export[ \t]+)?/, "") }
    match($0, /^[A-Za-z0-9_.]+[ \t]*[=:][ \t]*/) {
      rest = substr($0, RLENGTH + 1); name = $0; sub(/[ \t]*[=:].*/, "", name)
      $0 = name "=" rest
    }
    index($0, ENVIRON["KEY"] "=") == 1 {
      value = substr($0, length(ENVIRON["KEY"]) + 2)
      if (value ~ /^".*"/ || value ~ /^\047.*\047/) {
        quote = substr(value, 1, 1); value = substr(value, 2); value = substr(value, 1, index(value, quote) - 1)
      } else { sub(/[ \t]+#.*/, "", value); sub(/[ \t]+$/, "", value) }
    }
    END { print value }' .env
}

# What Compose will take: the shell's value, .env's, or the default.
setting() {
  local value=${!1:-}
  [ -n "$value" ] || value=$(value_of "$1")
  printf '%s' "${value:-${2:-}}"
}
