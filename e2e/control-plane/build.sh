#!/usr/bin/env bash
# Builds the control plane once and prints the directory that holds it.
#
# stdout: one line, the directory with `control-plane` and a symbolic link to it for each
# program it plays. stderr: progress. The build is kept outside of the checkout, under a hash
# of its inputs, so that a fresh clone and `cargo clean` reuse it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"

kubernetes=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' go.mod)
minor=${kubernetes#v1.}
minor=${minor%%.*}

inputs=(go.mod go.sum build.sh stages.yaml ./*.go)
hash=$(sha256sum "${inputs[@]}" | sha256sum | cut -c1-16)
cache=${WINDLASS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/windlass}/control-plane
out=$cache/$hash

if [[ -x $out/control-plane ]]; then
  printf '%s\n' "$out"
  exit 0
fi

mkdir -p "$cache"
# Test binaries start side by side; the first one builds and the others wait for it.
exec 9>"$cache/.lock"
if ! flock --nonblock 9; then
  echo "control-plane: waiting for another build" >&2
  flock 9
fi
if [[ -x $out/control-plane ]]; then
  printf '%s\n' "$out"
  exit 0
fi

if ! command -v go >/dev/null; then
  echo "control-plane: building the test control plane needs Go, which is not on PATH" >&2
  exit 1
fi

stage=$(mktemp -d "$cache/.build.XXXXXX")
trap 'rm -rf "$stage"' EXIT
echo "control-plane: building Kubernetes $kubernetes into $out (minutes, the first time)" >&2
started=$SECONDS
version=k8s.io/component-base/version
# Without a version clients see v0.0.0 and refuse features they gate by server version.
CGO_ENABLED=0 go build -trimpath -buildvcs=false -mod=readonly \
  -ldflags "-s -w -X $version.gitVersion=$kubernetes -X $version.gitMajor=1 -X $version.gitMinor=$minor" \
  -o "$stage/control-plane" . >&2 9>&-
for program in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl kwok; do
  ln -s control-plane "$stage/$program"
done
chmod 755 "$stage"
mv -T "$stage" "$out"
trap - EXIT
echo "control-plane: built in $((SECONDS - started)) s" >&2
printf '%s\n' "$out"
