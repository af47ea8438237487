# shellcheck shell=bash disable=SC2034,SC2154  # the parts of init-kafka.sh know each other's names
# Sourced by init-kafka.sh: the Docker of this host, its versions, memory and disk.

# Sets what the other checks ask about. Without any Docker only .env is prepared; one that does not answer is a refusal.
ask_docker() {
  local facts refusal
  if ! command -v docker >/dev/null; then
    say "There is no 'docker' here, so only .env was written: run this again on the host that has it, before docker compose up -d" >&2
    end_here
  fi
  case $(docker --version 2>/dev/null || true) in
    *podman*)
      want "'docker' is Podman here, which was never tested: install Docker Engine"
      end_here
      ;;
  esac
  if ! facts=$(docker info --format '{{.ServerVersion}}|{{.MemTotal}}|{{.DockerRootDir}}|{{.OperatingSystem}}|{{json .DriverStatus}}|{{json .Runtimes}}|{{json .SecurityOptions}}' 2>/dev/null) \
    || [ -z "${facts%%|*}" ]; then
    refusal=$(docker info 2>&1 >/dev/null | grep . || true)
    want "Docker does not answer ($(say "${refusal:-no message}" | head -n 1)): $(remedy_for "$refusal"), then run this again"
    end_here
  fi
  IFS='|' read -r engine_version memory_bytes docker_root docker_system image_store runtimes security <<<"$facts"
  platform_name=$(docker version --format '{{.Server.Platform.Name}}' 2>/dev/null || true)
  case $security in *rootless*) is_rootless=yes ;; *) is_rootless=no ;; esac
}

remedy_for() {
  case $1 in
    *"permission denied"*) say "put $(id -un) into the group docker (sudo usermod -aG docker $(id -un)) and log in again, or use sudo" ;;
    *) say "start it" ;;
  esac
}

# Versions that begin with `v` or end in `-ce`, `+dfsg1`, `-desktop.2` are compared by their first two numbers; what is no
# version, such as a revision, is not older than any.
is_older() {
  local have=${1#v} need=$2 have_major have_minor
  have_major=${have%%.*}
  case $have_major in '' | *[!0-9]*) return 1 ;; esac
  have_minor=${have#*.} have_minor=${have_minor%%[!0-9]*}
  [ "$have_major" -lt "${need%%.*}" ] || { [ "$have_major" -eq "${need%%.*}" ] && [ "${have_minor:-0}" -lt "${need#*.}" ]; }
}

# The engine: 20.10 is the first whose BuildKit sets file modes. Compose: 2.24 is the first that reads this file as it is meant.
check_versions() {
  local compose
  ! is_older "$engine_version" 20.10 || want "Docker Engine $engine_version is too old: 20.10 or newer is needed"
  if ! compose=$(docker compose version --short 2>/dev/null); then
    want "the command 'docker compose' is missing: install the Compose plugin, 2.24 or newer ('docker-compose' is another program)"
    return
  fi
  ! is_older "$compose" 2.24 || want "Docker Compose $compose is too old: 2.24 or newer is needed"
  check_builder "$compose"
}

# Without the plugin newer releases of Compose fall back to a builder that cannot set file modes, and from 2.40 on they
# refuse one before 0.17.
check_builder() {
  local compose=$1 buildx package="the package docker-buildx-plugin of Docker, docker-buildx of a distribution"
  case ${DOCKER_BUILDKIT:-1} in
    0 | false) want "DOCKER_BUILDKIT=$DOCKER_BUILDKIT is set, but images can only be built with BuildKit: unset it" ;;
  esac
  if ! buildx=$(docker buildx version 2>/dev/null); then
    want "the command 'docker buildx' is missing, which builds the images: install $package, 0.17 or newer"
    return
  fi
  buildx=${buildx#* } buildx=${buildx%% *}
  if ! is_older "$compose" 2.40 && is_older "$buildx" 0.17; then
    want "docker buildx $buildx is too old for Docker Compose $compose: install $package, 0.17 or newer"
  fi
}

# What the containers are estimated to use from the native mode's figures, with room; their limits are higher.
check_memory() {
  local need=3500 have=$((${memory_bytes:-0} / 1048576)) remedy=''
  [ "$(setting TRITON_DEVICE cpu)" = cpu ] || need=$((need + 2500))
  if has_profile search; then need=$((need + 1300)) remedy=", or COMPOSE_PROFILES= in .env: without search and Kafka UI"; fi
  if has_profile kafka-ui; then need=$((need + 500)) remedy=", or COMPOSE_PROFILES= in .env: without search and Kafka UI"; fi
  [ "$have" -ge "$need" ] || want "Docker has $have MB of memory, $need MB are needed: give it more$remedy"
}

# Images lie with the data, or in containerd's folder where that keeps them, as a new Docker 29 does.
check_disks() {
  local images=12 data=5
  [ "$(setting TRITON_DEVICE cpu)" = cpu ] || images=40
  case $image_store in
    *io.containerd.snapshotter*)
      check_disk "$data" data "$docker_root"
      check_disk "$images" images /var/lib/containerd
      ;;
    *) check_disk "$images" "images and data" "$docker_root" ;;
  esac
}

# Docker Desktop keeps its images on a disk of its own, which cannot be seen from here: then this folder's disk is looked at.
check_disk() {
  local need=$1 purpose=$2 where=$3 have
  [ -d "$where" ] || where=.
  have=$(df -Pk "$where" 2>/dev/null | awk 'NR == 2 { print int($4 / 1048576) }') || true
  if [ -z "$have" ]; then
    say "The free space on the disk of $where can't be determined from here; $need GB are needed for $purpose" >&2
    return
  fi
  [ "$have" -ge "$need" ] || want "$have GB are free on the disk of $where, $need GB are needed for $purpose"
}
