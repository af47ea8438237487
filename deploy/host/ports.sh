# shellcheck shell=bash disable=SC2034,SC2154  # the parts of init-kafka.sh know each other's names
# Sourced by init-kafka.sh: is every port free that Docker will publish?

# Published on every address, a port must be free on every address: whoever listens on any is in the way.
is_taken() {
  case $1 in
    0.0.0.0 | ::) [ -n "$(listeners "$2")" ] || connects 127.0.0.1 "$2" ;;
    127.* | ::1 | localhost) connects "$1" "$2" ;;
    # Connecting to an address that this host turns out not to have may take minutes.
    *) listeners "$2" | grep -qF -e "$1:$2" -e "[$1]:$2" -e "0.0.0.0:$2" -e "*:$2" -e "[::]:$2" ;;
  esac
}

connects() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

listeners() {
  if command -v ss >/dev/null; then
    ss -Hltn "sport = :$1" 2>/dev/null || true
  elif command -v lsof >/dev/null; then
    lsof -nP "-iTCP:$1" -sTCP:LISTEN -Fn 2>/dev/null || true
  fi
}

# Without root a stranger's process has no name.
owner_of() {
  local name=''
  if command -v lsof >/dev/null; then name=$(lsof -nP "-iTCP:$1" -sTCP:LISTEN -Fc 2>/dev/null | sed -n 's/^c//p' | head -n 1) || true; fi
  if [ -z "$name" ] && command -v ss >/dev/null; then
    name=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1) || true
  fi
  printf '%s' "${name:-a process that only its owner or root may name}"
}

# The first port that Docker without root may open: the kernel's limit, unless its helper was given the right to more.
first_open_port() {
  if getcap "$(command -v rootlesskit)" 2>/dev/null | grep -q cap_net_bind_service; then
    echo 1
  else
    cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024
  fi
}

check_port() {
  local key=$1 port container first
  port=$(setting "$key" "$2")
  case $port in
    '' | *[!0-9]*) want "$key=$port is not a port number"; return ;;
  esac
  case " $seen_ports " in
    *" $port "*) want "$key=$port is the port of another key, too: each needs its own" ;;
  esac
  seen_ports="$seen_ports $port"
  if [ "$is_rootless" = yes ]; then
    first=$(first_open_port)
    [ "$port" -ge "$first" ] || want "Docker runs without root and may not open port $port: set $key in .env to one from $first on"
  fi
  is_taken "$address" "$port" || return 0
  container=$(docker ps --filter "publish=$port" --format '{{.Label "com.docker.compose.project"}}/{{.Names}}') || true
  container=${container%%$'\n'*}
  case $container in
    "$project"/*) ;;
    */*) want "port $port is taken by the container ${container#*/}: stop it, or set $key in .env to a free port" ;;
    *) want "port $port is taken by $(owner_of "$port"): stop it, or set $key in .env to a free port" ;;
  esac
}

# docker-compose.yml itself says which ports are published under which key.
check_ports() {
  local key default address project seen_ports=''
  project=$(project_name)
  address=$(bind_address)
  while read -r key default; do
    case $key in
      ELASTICSEARCH_PORT) has_profile search || continue ;;
      KAFKA_UI_PORT) has_profile kafka-ui || continue ;;
    esac
    check_port "$key" "$default"
  done <<<"$(sed -n 's/.*{BIND_ADDRESS:-127\.0\.0\.1}:\${\([A-Z_]*\):-\([0-9]*\)}:.*/\1 \2/p' docker-compose.yml)"
}
