#!/bin/sh
# Installs, updates and removes proconsul. POSIX sh; reads nothing from the terminal. See --help and docs/install.md.
#
# All of it is functions, and the last line calls main: a script that was cut short in a pipe does nothing.
# What is generated (configuration, service) is recorded with its checksum in $record, so that a file which somebody
# has edited since is never overwritten or removed.

# Where the executables are published; empty: no default.
default_base_url=''

usage() {
  cat <<'END'
Usage: install.sh [options] [agent options]
       curl -fsSL URL/install.sh | sh -s -- --from URL --server --bootstrap-expect 1

Installs proconsul and starts it as a service; run again, it updates what differs and nothing else.
As root: /usr/local/bin/proconsul, configuration in /etc/proconsul.d, data in /var/lib/proconsul, a system service.
Otherwise, or with --user: ~/.local/bin/proconsul, ~/.config/proconsul.d, ~/.local/share/proconsul, a user service.

Options
  --from URL|PATH         Where the executable and SHA256SUMS are: a base URL, a directory, or the executable itself
                          (default: $PROCONSUL_BASE_URL, else dist/ beside this script)
  --sha256 HEX            The checksum that the executable must have, instead of the one in SHA256SUMS
  --user                  Install for this user alone, also as root
  --no-service            Do not install or start a service
  --uninstall             Remove what was installed; data and edited files stay
  --purge                 With --uninstall: remove data, configuration and the system user too
  --dry-run               Say what would be done and do nothing
  --help                  This text

Agent options, written to the configuration; without any, an existing configuration stays as it is
  --server                Be a server; without it, a client
  --bootstrap-expect N    Servers to wait for before the first election (1, 3 or 5)
  --join ADDR             An agent to join, tried again until it answers; may be repeated
  --bind ADDR             The address for other agents, or a template such as '{{ GetInterfaceIP "eth1" }}'
  --client ADDR           The address for HTTP and DNS (default: 127.0.0.1)
  --datacenter NAME       (default: dc1)
  --node NAME             (default: the host name)
END
}

say() { printf '%s\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Tells what is done next; false in a dry run, so that `doing ... || return 0` skips it.
doing() {
  if [ "$dry_run" = yes ]; then
    changed=yes
    say "Would $*"
    return 1
  fi
}

# --- The command line ---

parse_arguments() {
  from=${PROCONSUL_BASE_URL:-$default_base_url}
  # In a checkout, what scripts/build has made there.
  if [ -z "$from" ] && [ -f "$0" ] && [ -f "$(dirname -- "$0")/dist/SHA256SUMS" ]; then
    from=$(dirname -- "$0")/dist
  fi
  sha256='' user_mode=no service=yes action=install purge=no dry_run=no
  server=no bootstrap_expect='' joins='' bind='' client='' datacenter='' node='' has_agent_options=no
  while [ $# -gt 0 ]; do
    option=$1
    shift
    # -server and --server are the same, as on the agent's own command line.
    case $option in
      --*) ;;
      -?*) option=-$option ;;
      *) fail "Cannot understand \"$option\": options begin with --; see --help" ;;
    esac
    value='' has_value=no
    case $option in
      --*=*)
        value=${option#*=}
        option=${option%%=*}
        has_value=yes
        ;;
    esac
    if takes_value "$option"; then
      if [ $has_value = no ]; then
        case ${1---} in
          --*) fail "Cannot use $option: it needs a value, such as $option=VALUE; see --help" ;;
        esac
        value=$1
        shift
      fi
      [ -n "$value" ] || fail "Cannot use $option: its value is empty; see --help"
    elif [ $has_value = yes ]; then
      fail "Cannot use $option=$value: $option takes no value; see --help"
    fi
    set_option "$option" "$value"
  done
  check_options
}

takes_value() {
  case $1 in
    --from | --sha256 | --bootstrap-expect | --join | --retry-join | --bind | --client | --datacenter | --node) ;;
    *) return 1 ;;
  esac
}

set_option() {
  case $1 in
    --server | --bootstrap-expect | --join | --retry-join | --bind | --client | --datacenter | --node)
      has_agent_options=yes
      ;;
  esac
  case $2 in
    *[[:cntrl:]]*) fail "Cannot use the value of $1: it holds a line break or another control character" ;;
  esac
  case $1 in
    --from) from=$2 ;;
    --sha256) sha256=$2 ;;
    --user) user_mode=yes ;;
    --no-service) service=no ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    --dry-run) dry_run=yes ;;
    --help | --h)
      usage
      exit 0
      ;;
    --server) server=yes ;;
    --bootstrap-expect) bootstrap_expect=$2 ;;
    --join | --retry-join) joins="$joins${joins:+, }$(json_string "$2")" ;;
    --bind) bind=$2 ;;
    --client) client=$2 ;;
    --datacenter) datacenter=$2 ;;
    --node) node=$2 ;;
    *) fail "Cannot understand $1: there is no such option; see --help" ;;
  esac
}

check_options() {
  if [ "$purge" = yes ] && [ $action = install ]; then
    fail 'Cannot use --purge alone: it belongs to --uninstall'
  fi
  if [ -n "$bootstrap_expect" ]; then
    case $bootstrap_expect in
      *[!0-9]* | 0*) fail "Cannot use --bootstrap-expect $bootstrap_expect: it must be a number from 1" ;;
    esac
    [ $server = yes ] || fail 'Cannot use --bootstrap-expect without --server: only servers hold elections'
  fi
  case $sha256 in
    '') ;;
    *[!0-9a-fA-F]*) fail "Cannot use --sha256 $sha256: it must be 64 hexadecimal digits" ;;
    *) [ ${#sha256} -eq 64 ] || fail "Cannot use --sha256 $sha256: it must be 64 hexadecimal digits" ;;
  esac
  sha256=$(printf %s "$sha256" | tr A-F a-f)
}

# --- Where things go ---

choose_places() {
  [ "$(id -u)" -eq 0 ] || user_mode=yes
  if [ $user_mode = no ]; then
    bin_dir=/usr/local/bin
    config_dir=/etc/proconsul.d
    data_dir=/var/lib/proconsul
    unit_dir=/etc/systemd/system
  else
    [ -n "${HOME-}" ] || fail 'Cannot install for this user: HOME is not set; set it to the home directory'
    [ -d "$HOME" ] || fail "Cannot install for this user: the home directory $HOME does not exist; set HOME"
    bin_dir=$HOME/.local/bin
    config_dir=${XDG_CONFIG_HOME:-$HOME/.config}/proconsul.d
    data_dir=${XDG_DATA_HOME:-$HOME/.local/share}/proconsul
    unit_dir=${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user
  fi
  executable=$bin_dir/proconsul
  link=$bin_dir/consul
  config=$config_dir/proconsul.json
  unit=$unit_dir/proconsul.service
  record=$config_dir/.generated
  choose_service
}

# Sets can_enable (there is a systemd to write a unit for) and can_start (it runs and listens to us).
choose_service() {
  can_enable=no can_start=no
  [ $service = yes ] && have systemctl || return 0
  if [ $user_mode = no ]; then
    can_enable=yes
    [ -d /run/systemd/system ] && can_start=yes
  elif systemctl --user show-environment >/dev/null 2>&1; then
    can_enable=yes can_start=yes
  fi
}

service_control() {
  if [ $user_mode = no ]; then systemctl "$@"; else systemctl --user "$@"; fi
}

# --- Checksums ---

choose_sum_program() {
  # Some shells keep the variable of a loop to the function.
  for candidate in 'sha256sum' 'shasum -a 256' 'openssl dgst -sha256 -r'; do
    have "${candidate%% *}" || continue
    sum_program=$candidate
    return
  done
  fail 'Cannot verify checksums: none of sha256sum, shasum and openssl is installed; install one of them'
}

# The checksum of a file, or of standard input.
sum_of() {
  # Word splitting is meant: the program and its options.
  # shellcheck disable=SC2086
  if [ $# -eq 0 ]; then sum_line=$($sum_program); else sum_line=$($sum_program "$1" 2>/dev/null) || return 1; fi
  # A backslash leads the line of a file with an odd name.
  sum_line=${sum_line#\\}
  printf '%s' "${sum_line%% *}"
}

# The checksum that a SHA256SUMS text on standard input has for a name.
sum_for() {
  while read -r listed name; do
    if [ "${name#\*}" = "$1" ]; then
      printf %s "$listed" | tr A-F a-f
      return
    fi
  done
  return 1
}

# --- The executable ---

choose_platform() {
  case $(uname -s) in
    Linux) system=linux ;;
    *) fail "Cannot install on $(uname -s): there are executables for Linux only; run the sources with Node 24, see README.md" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) platform=$system-x64 ;;
    aarch64 | arm64) platform=$system-arm64 ;;
    *) fail "Cannot install on a $(uname -m) processor: there are executables for x86_64 and arm64 only; run the sources with Node 24, see README.md" ;;
  esac
  asset=proconsul-$platform
}

# Turns --from into source_kind (url, file) and source, and finds the checksum wanted.
choose_source() {
  sums_at='' sums=''
  case $from in
    '')
      fail 'Cannot install: no source is given; use --from URL, --from PATH, or set PROCONSUL_BASE_URL'
      ;;
    http://* | https://*)
      source_kind=url
      source=${from%/}/$asset
      sums_at=${from%/}/SHA256SUMS
      choose_fetcher
      if [ -z "$sha256" ]; then
        fetch "$sums_at" "$work/SHA256SUMS"
        sums=$(cat "$work/SHA256SUMS")
      fi
      ;;
    *://*) fail "Cannot install from $from: only http:// and https:// are understood" ;;
    *) choose_local_source ;;
  esac
  wanted=$sha256
  [ -n "$sums" ] || return 0
  wanted=$(printf '%s\n' "$sums" | sum_for "${source##*/}") ||
    fail "Cannot install: $sums_at has no checksum for ${source##*/}; is this the right place for $platform?"
}

choose_local_source() {
  source_kind='file'
  source=$from
  [ -e "$from" ] || fail "Cannot install from $from: there is no such file or directory"
  if [ -d "$from" ]; then
    source=${from%/}/$asset
    [ -e "$source" ] || source=${from%/}/proconsul
    [ -e "$source" ] || fail "Cannot install from $from: it holds neither $asset nor proconsul"
  fi
  [ -r "$source" ] || fail "Cannot install from $source: it cannot be read by $(id -un)"
  [ -z "$sha256" ] || return 0
  sums_at=$(dirname -- "$source")/SHA256SUMS
  if [ -r "$sums_at" ] && sum_for "${source##*/}" <"$sums_at" >/dev/null; then
    sums=$(cat "$sums_at")
  elif [ -d "$from" ]; then
    fail "Cannot install from $from: it has no SHA256SUMS that names ${source##*/}; give --sha256, or the executable itself"
  fi
}

choose_fetcher() {
  if have curl; then
    fetcher=curl
  elif have wget; then
    fetcher=wget
  else
    fail "Cannot download from $from: neither curl nor wget is installed; install one, or use --from PATH"
  fi
}

# Downloads a URL to a path, or ends with the reason.
fetch() {
  case $fetcher in
    curl) curl -fsSL --retry 2 --connect-timeout 15 -o "$2" "$1" 2>"$work/problem" ;;
    wget) wget -nv -O "$2" "$1" 2>"$work/problem" ;;
  esac && return
  refuse_full_disk "$2"
  fail "Cannot download $1: $(problem_text)"
}

# What the last program said when it failed, on one line.
problem_text() {
  text=$(tail -n 1 "$work/problem")
  printf '%s' "${text:-no reason was given}"
}

# Ends with a sentence when the file system of a path has no room for an executable.
refuse_full_disk() {
  needed_kib=${needed_kib:-131072}
  free_kib=$(df -Pk "$(dirname -- "$1")" 2>/dev/null | { read -r _ && read -r _ _ _ free _ && printf '%s' "$free"; }) || return 0
  [ "$free_kib" -lt "$needed_kib" ] || return 0
  fail "Cannot install to $bin_dir: $((free_kib / 1024)) MiB are free there, about $((needed_kib / 1024)) MiB are needed; make room and run this again"
}

# Puts the executable in place, unless it is there already.
install_executable() {
  if [ -n "$wanted" ]; then
    expected=$wanted
  else
    expected=$(sum_of "$source")
    say "Not verified: there is no SHA256SUMS beside $source; --sha256 HEX gives the checksum"
  fi
  if [ -f "$executable" ] && [ "$(sum_of "$executable")" = "$expected" ]; then
    say "Unchanged: $executable"
    return
  fi
  doing "install $executable from $source" || return 0
  make_directory "$bin_dir" 755
  [ -w "$bin_dir" ] || fail "Cannot install to $bin_dir: $(id -un) cannot write there"
  new=$(mktemp "$bin_dir/.proconsul.XXXXXX") || fail "Cannot install to $bin_dir: no file can be made there"
  if [ $source_kind = url ]; then
    fetch "$source" "$new"
  elif ! cp "$source" "$new" 2>"$work/problem"; then
    needed_kib=$(($(wc -c <"$source") / 1024))
    refuse_full_disk "$new"
    fail "Cannot copy $source to $bin_dir: $(problem_text)"
  fi
  found=$(sum_of "$new")
  [ "$found" = "$expected" ] ||
    fail "Cannot install $source: its SHA-256 checksum is $found, but ${sums_at:---sha256} says $expected; nothing was installed"
  chmod 755 "$new"
  version=$("$new" version 2>"$work/problem") ||
    fail "Cannot install $source: it does not run on this machine ($(problem_text)); nothing was installed"
  mv -f "$new" "$executable" || fail "Cannot install $executable: the file cannot be put in place"
  new=''
  changed=yes executable_changed=yes
  say "Installed $executable ($(printf '%s\n' "$version" | head -n 1))"
}

# The name consul, where it is free.
install_link() {
  if is_our_link; then return; fi
  other=$(command -v consul 2>/dev/null)
  if [ -n "$other" ] || [ -e "$link" ] || [ -L "$link" ]; then
    say "Kept: consul is ${other:-$link}; proconsul does not replace it"
    return
  fi
  doing "link $link to proconsul" || return 0
  ln -s proconsul "$link" || fail "Cannot link $link to proconsul"
  changed=yes
  say "Linked $link to proconsul"
}

is_our_link() { [ -L "$link" ] && [ "$(readlink "$link")" = proconsul ]; }

# --- Directories, the user, generated files ---

# Makes a directory with a mode if it is missing; a third argument is its owner.
make_directory() {
  [ -d "$1" ] && return
  { mkdir -p "$1" && chmod "$2" "$1"; } 2>"$work/problem" || fail "Cannot make the directory $1: $(problem_text)"
  [ $# -lt 3 ] || [ $user_mode = yes ] || chown "$3" "$1" || fail "Cannot give the directory $1 to $3"
}

make_user() {
  [ $user_mode = no ] || return 0
  if id proconsul >/dev/null 2>&1; then return; fi
  doing 'make the system user proconsul' || return 0
  if have useradd; then
    useradd --system --user-group --no-create-home --home-dir "$data_dir" \
      --shell /usr/sbin/nologin proconsul 2>"$work/problem"
  else
    { addgroup -S proconsul && adduser -S -D -H -h "$data_dir" -s /sbin/nologin -G proconsul proconsul; } \
      >/dev/null 2>"$work/problem"
  fi || fail "Cannot make the system user proconsul: $(problem_text)"
  changed=yes
  say 'Made the system user proconsul'
}

make_places() {
  for place in "$config_dir" "$data_dir"; do
    [ -d "$place" ] && continue
    doing "make $place" || continue
    # The configuration may hold secrets: the service reads it, others do not.
    if [ "$place" = "$data_dir" ]; then
      make_directory "$place" 700 proconsul:proconsul
    else
      make_directory "$place" 750 root:proconsul
    fi
    changed=yes
    say "Made $place"
  done
}

# The checksum under which a path was recorded when it was generated; empty if it was not.
recorded_sum() {
  [ -r "$record" ] && sum_for "$1" <"$record"
}

# True if a file is as it was generated.
is_as_generated() { [ -f "$1" ] && [ "$(sum_of "$1")" = "$(recorded_sum "$1")" ]; }

record_sum() {
  {
    [ ! -f "$record" ] || while read -r listed name; do
      [ "$name" = "$1" ] || printf '%s  %s\n' "$listed" "$name"
    done <"$record"
    printf '%s  %s\n' "$(sum_of "$1")" "$1"
  } >"$record.new" && mv -f "$record.new" "$record"
}

# Writes a generated file: path, mode, text. A file that somebody has edited stays. Sets `written` to yes or no.
write_generated() {
  written=no
  if [ -f "$1" ]; then
    if [ "$(sum_of "$1")" = "$(printf '%s\n' "$3" | sum_of)" ]; then
      say "Unchanged: $1"
      return
    fi
    if ! is_as_generated "$1"; then
      say "Kept: $1 was edited, so this run does not change it; remove it to have it written anew"
      return
    fi
  fi
  doing "write $1" || return 0
  make_directory "$(dirname -- "$1")" 755
  { printf '%s\n' "$3" >"$1.new" && chmod "$2" "$1.new"; } 2>"$work/problem" ||
    fail "Cannot write $1.new: $(problem_text)"
  [ $user_mode = yes ] || chgrp proconsul "$1.new" || fail "Cannot give $1.new to the group proconsul"
  { mv -f "$1.new" "$1" && record_sum "$1"; } 2>"$work/problem" || fail "Cannot write $1: $(problem_text)"
  written=yes changed=yes
  say "Wrote $1"
}

# A text as a JSON string.
json_string() { printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"; }

config_text() {
  printf '{\n  "data_dir": %s' "$(json_string "$data_dir")"
  [ -z "$node" ] || printf ',\n  "node_name": %s' "$(json_string "$node")"
  [ -z "$datacenter" ] || printf ',\n  "datacenter": %s' "$(json_string "$datacenter")"
  [ $server = no ] || printf ',\n  "server": true'
  [ -z "$bootstrap_expect" ] || printf ',\n  "bootstrap_expect": %s' "$bootstrap_expect"
  [ -z "$bind" ] || printf ',\n  "bind_addr": %s' "$(json_string "$bind")"
  [ -z "$client" ] || printf ',\n  "client_addr": %s' "$(json_string "$client")"
  [ -z "$joins" ] || printf ',\n  "retry_join": [%s]' "$joins"
  printf '\n}'
}

install_config() {
  config_changed=no
  if [ $has_agent_options = no ] && [ -f "$config" ]; then
    say "Unchanged: $config"
    return
  fi
  write_generated "$config" 640 "$(config_text)"
  config_changed=$written
}

# --- The service ---

# No W^X protection (MemoryDenyWriteExecute): a JavaScript engine makes code while it runs.
unit_text() {
  cat <<END
[Unit]
Description=proconsul agent
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=$(unit_word "$executable") agent -config-dir=$(unit_word "$config_dir")
ExecReload=/bin/kill -HUP \$MAINPID
KillMode=mixed
KillSignal=SIGTERM
TimeoutStopSec=30
Restart=on-failure
RestartSec=5
LimitNOFILE=65536
NoNewPrivileges=yes
END
  if [ $user_mode = no ]; then
    cat <<END
User=proconsul
Group=proconsul
ProtectSystem=full
ProtectHome=read-only
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
END
  else
    printf '\n[Install]\nWantedBy=default.target\n'
  fi
}

# A path as one word of a unit file.
unit_word() { printf '%s' "$1" | sed 's/[\\" ]/\\&/g; s/%/%%/g; s/\$/$$/g'; }

install_service() {
  if [ $can_enable = no ]; then
    [ $service = no ] || say "No systemd to start it; start it with: $(start_command)"
    return 0
  fi
  write_generated "$unit" 644 "$(unit_text)"
  unit_changed=$written
  [ $can_start = no ] || [ "$unit_changed" = no ] || service_control daemon-reload
  if ! service_control is-enabled --quiet proconsul 2>/dev/null && doing 'enable the service proconsul'; then
    service_control enable --quiet proconsul 2>"$work/problem" ||
      fail "Cannot enable the service proconsul: $(problem_text)"
    changed=yes
  fi
  if [ $can_start = no ]; then
    say 'systemd does not run here; the service starts with the next boot'
  else
    start_service
  fi
}

start_command() {
  if [ $user_mode = no ]; then
    printf "su -s /bin/sh proconsul -c '%s agent -config-dir=%s'" "$executable" "$config_dir"
  else
    printf "'%s' agent -config-dir='%s'" "$executable" "$config_dir"
  fi
}

start_service() {
  if service_control is-active --quiet proconsul; then
    [ "$executable_changed$config_changed$unit_changed" != nonono ] || return 0
    doing 'restart the service proconsul' || return 0
    verb=restart
  else
    doing 'start the service proconsul' || return 0
    verb=start
  fi
  changed=yes
  service_control $verb proconsul 2>"$work/problem" || fail_service 'systemd says that it failed'
  wait_for_answer
  say "Running: the service proconsul ($(service_words))"
}

# Waits until the agent answers, at most 15 seconds.
wait_for_answer() {
  seconds=0
  until "$executable" info -http-addr="$(http_address)" >/dev/null 2>&1; do
    # systemd starts a failed agent again, which must not pass for success: that is not "active".
    service_control is-active --quiet proconsul || fail_service 'the agent ended'
    if [ "$seconds" -ge 15 ]; then
      is_as_generated "$config" && fail_service "no answer on $(http_address) within 15 seconds"
      say "Note: no answer on $(http_address) yet; $config may set another address"
      return
    fi
    seconds=$((seconds + 1))
    sleep 1
  done
}

# Where to ask the agent: the configured client_addr when it is a plain address.
http_address() {
  address=$(sed -n 's/.*"client_addr": *"\([0-9.]*\)".*/\1/p' "$config")
  case $address in
    '' | 0.0.0.0) address=127.0.0.1 ;;
  esac
  printf '%s:8500' "$address"
}

service_words() {
  if [ $user_mode = no ]; then printf 'systemctl status proconsul'; else printf 'systemctl --user status proconsul'; fi
}

fail_service() {
  say "Cannot start the service proconsul: $1; its last words:" >&2
  if have journalctl; then
    if [ $user_mode = no ]; then
      journalctl -u proconsul -n 8 -o cat --no-pager
    else
      journalctl --user -u proconsul -n 8 -o cat --no-pager
    fi | grep -v '^$' >&2
  fi
  fail "Correct $config and run: $(service_words | sed 's/status/restart/')"
}

# --- Removal ---

uninstall() {
  if [ -f "$unit" ]; then
    if [ $can_enable = yes ] && doing 'stop and disable the service proconsul'; then
      [ $can_start = no ] || service_control stop proconsul 2>/dev/null
      service_control disable --quiet proconsul 2>/dev/null
      say 'Stopped the service proconsul'
    fi
    remove_generated "$unit"
    if [ $can_start = yes ] && [ "$dry_run" = no ]; then
      service_control daemon-reload
      service_control reset-failed proconsul 2>/dev/null
    fi
  fi
  if is_our_link; then remove "$link"; fi
  if [ -f "$executable" ]; then remove "$executable"; fi
  remove_generated "$config"
  if [ $purge = yes ]; then
    purge_all
  else
    remove_record
    [ ! -d "$data_dir" ] || say "Kept: the data in $data_dir; --uninstall --purge removes it"
  fi
  [ "$dry_run" = yes ] || rm -f "$bin_dir"/.proconsul.??????
  [ $changed = yes ] || say 'Nothing to remove: proconsul is not installed'
}

remove() {
  doing "remove $1" || return 0
  rm -f "$1" || fail "Cannot remove $1"
  changed=yes
  say "Removed $1"
}

remove_generated() {
  [ -f "$1" ] || return 0
  if [ $purge = yes ] || is_as_generated "$1"; then
    remove "$1"
  else
    say "Kept: $1 was edited; --uninstall --purge removes it"
  fi
}

# The record goes with the last file that it lists, the directory when it is empty.
remove_record() {
  [ "$dry_run" = no ] && [ -d "$config_dir" ] || return 0
  [ -f "$config" ] || [ -f "$unit" ] || rm -f "$record"
  rmdir "$config_dir" 2>/dev/null || :
}

purge_all() {
  for place in "$data_dir" "$config_dir"; do
    [ -d "$place" ] || continue
    doing "remove $place and all that is in it" || continue
    rm -rf "$place" || fail "Cannot remove $place"
    changed=yes
    say "Removed $place"
  done
  if [ $user_mode = no ] && id proconsul >/dev/null 2>&1 && doing 'remove the system user proconsul'; then
    if have userdel; then userdel proconsul; else deluser proconsul; fi >/dev/null 2>&1 ||
      fail 'Cannot remove the system user proconsul'
    changed=yes
    say 'Removed the system user proconsul'
  fi
}

# --- The order of things ---

clean_up() {
  [ -z "$new" ] || rm -f "$new"
  [ -z "$work" ] || rm -rf "$work"
}

install() {
  choose_platform
  choose_sum_program
  choose_source
  install_executable
  install_link
  make_user
  make_places
  install_config
  install_service
  case :$PATH: in
    *:"$bin_dir":*) ;;
    *) say "Note: $bin_dir is not on the PATH" ;;
  esac
  if [ $changed = no ]; then say 'Nothing to do: proconsul is installed as asked'; fi
}

main() {
  umask 022
  changed=no executable_changed=no config_changed=no unit_changed=no
  new='' work=''
  parse_arguments "$@"
  choose_places
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  work=$(mktemp -d) || fail 'Cannot make a temporary directory; is TMPDIR writable?'
  if [ $action = uninstall ]; then
    choose_sum_program
    uninstall
  else
    install
  fi
}

# Standard input may be this script itself: nothing that main runs may read from it.
main "$@" </dev/null
