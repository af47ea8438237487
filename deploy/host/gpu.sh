# shellcheck shell=bash disable=SC2034,SC2154  # the parts of init-kafka.sh know each other's names
# Sourced by init-kafka.sh: can Triton's image use a GPU of this host through Docker, and if not, why?
default_image=nvcr.io/nvidia/tritonserver:24.10-py3

# sudo leaves WSL's folder out of PATH.
find_smi() { command -v nvidia-smi || command -v /usr/lib/wsl/lib/nvidia-smi; }

ask_card() { "$(find_smi)" "--query-gpu=$1" --format=csv,noheader 2>&1 | tr -d '\r'; }

# Driver, compute capability and name of the first card, separated by commas. Drivers before 510 do not tell the capability.
first_card() {
  local listed
  if ! listed=$(ask_card driver_version,compute_cap,name); then
    case $listed in
      *'not a valid field'*) ! listed=$(ask_card driver_version,name) || listed=${listed/,/, unknown,} ;;
    esac
  fi
  printf '%s' "${listed%%$'\n'*}"
}

# Cards for which NVIDIA's compatibility package runs CUDA 12 on an older driver: those of data centres, not GeForce or RTX.
is_for_data_centres() {
  case ${1#NVIDIA } in
    Tesla* | GRID* | GH[0-9]* | GB[0-9]* | A[0-9]* | B[0-9]* | H[0-9]* | L[0-9]* | P4 | P40* | P100* | V100* | T4 | T4G*) ;;
    *) return 1 ;;
  esac
}

# Release notes of Triton 24.10 and 25.01 ("Driver Requirements"): 560, or one of the branches R470, R525, R535 and R545 on a card
# for data centres; NVIDIA's own CUDA 12.6 images admit R550 there, too.
is_driver_new_enough() {
  local driver=$1 card=$2 least
  is_older "$driver" 560.0 || return 0
  is_for_data_centres "$card" || return 1
  case ${driver%%.*} in
    470) least=470.57 ;;
    525) least=525.85 ;;
    535) least=535.86 ;;
    545) least=545.23 ;;
    550) least=550.0 ;;
    *) return 1 ;;
  esac
  ! is_older "$driver" "$least"
}

# Compute capabilities of a release: 24.10 runs on 6.0 to 9.0, 25.01 and later on 7.5 and newer. Others are not judged.
why_card_does_not_fit() {
  local driver=$1 capability=$2 card=$3 image release
  image=$(setting TRITON_IMAGE "$default_image")
  release=${image##*:} release=${release%%-*}
  case $release in
    24.1[0-2]) check_capability 6.0 ;;
    2[5-9].[0-9]*) check_capability 7.5 ;;
    *) return 0 ;;
  esac
}

# (`driver`, `capability`, `card`, `image` and `release` are the caller's.)
check_capability() {
  is_driver_new_enough "$driver" "$card" || {
    say "driver $driver is too old for $image on this card (${card:-unknown}): 560 or newer is needed"
    return
  }
  if [ "$capability" = unknown ]; then
    case $card in *Tesla\ [KM]*) say "this card ($card) is older than $image supports" ;; esac
  elif is_older "$capability" "$1"; then
    say "this card (compute capability $capability) is older than $image supports"
  elif [ "$1" = 6.0 ] && ! is_older "$capability" 10.0; then
    say "this card (compute capability $capability) is newer than $image: set TRITON_IMAGE to release 25.01 or later"
  fi
}

why_no_runtime() {
  case $docker_system in
    *"Docker Desktop"*) say "Docker Desktop ($platform_name) offers no NVIDIA runtime: it needs the WSL 2 backend and a version after 4.33" ;;
    *) say "Docker has no NVIDIA runtime: install NVIDIA's Container Toolkit, run 'nvidia-ctk runtime configure --runtime=docker', restart Docker" ;;
  esac
}

# Without root nobody may set the device rules of a control group, so NVIDIA's runtime must not try.
why_no_devices() {
  [ "$is_rootless" = yes ] || return 0
  cat /etc/nvidia-container-runtime/config.toml 2>/dev/null | grep -q '^[ \t]*no-cgroups *= *true' \
    || say "Docker runs without root, but NVIDIA's runtime is not configured for that: run 'sudo nvidia-ctk config --set nvidia-container-cli.no-cgroups --in-place'"
}

# Empty where Triton's image can use the GPU of this host, else the reason.
why_no_gpu() {
  local found driver capability card reason
  [ "$(uname -s)" != Darwin ] || { say "containers on macOS have no GPU"; return; }
  find_smi >/dev/null || { say "there is no NVIDIA driver (no nvidia-smi)"; return; }
  found=$(first_card)
  IFS=, read -r driver capability card <<<"$found"
  case $driver in
    [0-9]*.[0-9]*) ;;
    *) say "nvidia-smi finds none: $found"; return ;;
  esac
  reason=$(why_card_does_not_fit "$driver" "${capability# }" "${card# }")
  case $runtimes in
    *nvidia*) ;;
    *) reason=${reason:-$(why_no_runtime)} ;;
  esac
  say "${reason:-$(why_no_devices)}"
}
