#!/bin/sh
# Starts Postgres, and makes its data folder first when there is none. Settings as in the official image:
#   POSTGRES_USER (postgres)  POSTGRES_PASSWORD (required)  POSTGRES_DB (the user's name)  POSTGRES_INITDB_ARGS
#   each also as NAME_FILE, a file that holds the value; PGDATA; /docker-entrypoint-initdb.d/*.sh *.sql *.sql.gz
set -eu

# The value of $1, from the variable or from the file named by ${1}_FILE; $2 when neither is set.
setting() {
  eval "value=\${$1:-} file=\${$1_FILE:-}"
  if [ -n "$value" ] && [ -n "$file" ]; then
    echo "$1 and $1_FILE are both set: set one of them" >&2
    exit 1
  fi
  if [ -n "$file" ]; then value=$(cat "$file"); fi
  printf '%s' "${value:-${2:-}}"
}

sql() { psql --no-psqlrc -q -v ON_ERROR_STOP=1 -h /tmp -U "$POSTGRES_USER" "$@"; }

run_init_scripts() {
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) echo "running $script" && PGHOST=/tmp sh "$script" ;;
      *.sql) echo "running $script" && sql -d "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz) echo "running $script" && gunzip -c "$script" | sql -d "$POSTGRES_DB" ;;
    esac
  done
}

# Makes the data folder beside its place and renames it when it is complete: a first start that was killed
# leaves nothing half done, the next one begins again.
initialise() {
  POSTGRES_PASSWORD=$(setting POSTGRES_PASSWORD)
  POSTGRES_USER=$(setting POSTGRES_USER postgres)
  POSTGRES_DB=$(setting POSTGRES_DB "$POSTGRES_USER")
  POSTGRES_INITDB_ARGS=$(setting POSTGRES_INITDB_ARGS)
  export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
  if [ -z "$POSTGRES_PASSWORD" ]; then
    echo "POSTGRES_PASSWORD must not be empty: set it, or POSTGRES_PASSWORD_FILE, for the user $POSTGRES_USER" >&2
    exit 1
  fi
  final=$PGDATA
  # A shell that is process 1 ignores signals unless told otherwise.
  trap 'exit 1' INT TERM
  export PGDATA="$final.init"
  rm -rf "$PGDATA"
  mkdir -p "$(dirname "$final")"
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" > "$password"
  # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
  initdb --username="$POSTGRES_USER" --pwfile="$password" --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
    --auth-local=trust --auth-host=scram-sha-256 --no-sync $POSTGRES_INITDB_ARGS
  rm -f "$password"
  echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
  printf "%s\n" "listen_addresses = '*'" "jit = off" >> "$PGDATA/postgresql.conf"
  pg_ctl -w -o "-c listen_addresses='' -c unix_socket_directories=/tmp -c fsync=off" start > /dev/null
  if [ "$POSTGRES_DB" != postgres ]; then
    sql -d postgres -v name="$POSTGRES_DB" <<'END'
CREATE DATABASE :"name";
END
  fi
  run_init_scripts
  pg_ctl -m fast -w stop > /dev/null
  initdb --sync-only > /dev/null
  # Kubernetes may have made an empty folder in its place.
  if [ -d "$final" ]; then rmdir "$final"; fi
  mv "$PGDATA" "$final"
  sync "$(dirname "$final")"
  export PGDATA="$final"
}

# Arguments that begin with a dash are for the server.
case "${1:-postgres}" in -*) set -- postgres "$@" ;; esac

if [ "${1:-postgres}" = postgres ]; then
  [ $# -eq 0 ] || shift
  umask 077
  if [ ! -s "$PGDATA/PG_VERSION" ]; then initialise; fi
  unset POSTGRES_PASSWORD
  # The root file system may be read-only: only /tmp is sure to be writable for the socket.
  set -- postgres -c unix_socket_directories=/tmp "$@"
fi
exec "$@"
