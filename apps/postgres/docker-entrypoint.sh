#!/bin/sh
# Starts Postgres, and makes its data folder first when there is none. Settings as in the official image:
#   POSTGRES_USER (postgres)  POSTGRES_PASSWORD (required)  POSTGRES_DB (the user's name)  POSTGRES_INITDB_ARGS
#   each also as NAME_FILE, a file that holds the value; PGDATA; /docker-entrypoint-initdb.d/*.sh *.sql *.sql.gz
# Unlike there, POSTGRES_USER is not a superuser: it owns its databases. The superuser is `postgres`, without a password,
# so that it logs in from inside the container only.
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

# Starts a server that only this script reaches, with further options, and stops it.
start_alone() { pg_ctl -w -t 600 -o "-c listen_addresses='' -c unix_socket_directories=/tmp $*" start > /dev/null; }
stop_alone() { pg_ctl -m fast -w -t 600 stop > /dev/null; }

# Lets POSTGRES_USER of earlier data create databases too, and prints the role that initdb created. After a power loss
# the lock file names process 1, which is this script now: Postgres takes that for a running server, unless
# PG_GRANDPARENT_PID names this process.
first_role() {
  printf 'ALTER ROLE "%s" CREATEDB\nSELECT rolname FROM pg_authid WHERE oid = 10\n' "$POSTGRES_USER" |
    PG_GRANDPARENT_PID=$$ postgres --single -D "$PGDATA" postgres | sed -n 's/^.*rolname = "\(.*\)".*$/\1/p'
}

# Gives the databases of POSTGRES_USER, which initdb made the superuser, to a role without its rights; the last
# transaction swaps the names. Postgres offers no other way to revoke the rights or to reassign everything it owns.
# A start that is killed before that changes nothing, and the next one starts over.
hand_over() {
  owner="$POSTGRES_USER-without-rights"
  sql -d postgres -v owner="$owner" <<'END'
SELECT format('CREATE ROLE %I', :'owner') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
END
  sql -d postgres -At -c "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate
    AND datname <> 'postgres'" > /tmp/databases
  while read -r database; do
    sql -d "$database" -v owner="$owner" <<'END'
SELECT format('ALTER %s %s OWNER TO %I', kind, object, :'owner')
FROM (
  SELECT 'pg_class'::regclass AS catalog, oid, 'TABLE' AS kind, oid::regclass::text AS object, relowner AS owner,
    relnamespace AS schema FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT 'pg_type'::regclass, oid, 'TYPE', oid::regtype::text, typowner, typnamespace
    FROM pg_type WHERE typtype IN ('e', 'd', 'r')
  UNION ALL SELECT 'pg_proc'::regclass, oid, 'ROUTINE', oid::regprocedure::text, proowner, pronamespace FROM pg_proc
  UNION ALL SELECT 'pg_namespace'::regclass, oid, 'SCHEMA', quote_ident(nspname), nspowner, oid FROM pg_namespace
  UNION ALL SELECT 'pg_database'::regclass, oid, 'DATABASE', quote_ident(datname), datdba, 'public'::regnamespace
    FROM pg_database WHERE datname = current_database()
) objects JOIN pg_namespace ON pg_namespace.oid = schema
WHERE owner = 10 AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  -- neither what belongs to a column or a type, and follows it, nor what belongs to an extension
  AND NOT EXISTS (
    SELECT FROM pg_depend WHERE classid = catalog AND objid = objects.oid AND deptype IN ('a', 'i', 'e')
  )
\gexec
END
  done < /tmp/databases
  rm /tmp/databases
  sql -d postgres -v user="$POSTGRES_USER" -v owner="$owner" <<'END'
BEGIN;
SELECT rolpassword AS verifier FROM pg_authid WHERE oid = 10 \gset
-- a session cannot rename its own role
ALTER ROLE :"owner" SUPERUSER;
SET LOCAL SESSION AUTHORIZATION :"owner";
ALTER ROLE :"user" RENAME TO postgres;
RESET SESSION AUTHORIZATION;
ALTER ROLE :"owner" NOSUPERUSER LOGIN PASSWORD :'verifier';
ALTER ROLE :"owner" RENAME TO :"user";
-- a restore makes databases next to those in use
ALTER ROLE :"user" CREATEDB;
ALTER ROLE postgres PASSWORD NULL;
COMMIT;
END
}

run_init_scripts() {
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh) echo "running $script" && PGHOST=/tmp sh "$script" ;;
      *.sql) echo "running $script" && sql -d "$POSTGRES_DB" -f "$script" ;;
      *.sql.gz) echo "running $script" && gunzip -c "$script" | sql -d "$POSTGRES_DB" ;;
    esac
  done
}

# Data of earlier versions of this image: POSTGRES_USER is the superuser there.
update_rights() {
  superuser=$(first_role)
  if [ -z "$superuser" ]; then
    echo "cannot read who is the superuser of $PGDATA; Postgres printed the reason above" >&2
    exit 1
  fi
  if [ "$superuser" = "$POSTGRES_USER" ]; then
    echo "taking the superuser's rights from $POSTGRES_USER"
    start_alone
    hand_over
    stop_alone
  fi
}

# Creates the data folder next to its final place and renames it when it is complete, so that a first start that was
# killed leaves nothing half done and the next one starts over.
initialise() {
  POSTGRES_PASSWORD=$(setting POSTGRES_PASSWORD)
  POSTGRES_DB=$(setting POSTGRES_DB "$POSTGRES_USER")
  POSTGRES_INITDB_ARGS=$(setting POSTGRES_INITDB_ARGS)
  export POSTGRES_USER POSTGRES_DB POSTGRES_PASSWORD
  if [ -z "$POSTGRES_PASSWORD" ]; then
    echo "POSTGRES_PASSWORD must not be empty: set it, or POSTGRES_PASSWORD_FILE, for the user $POSTGRES_USER" >&2
    exit 1
  fi
  final=$PGDATA
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
  start_alone -c fsync=off
  if [ "$POSTGRES_DB" != postgres ]; then
    sql -d postgres -v name="$POSTGRES_DB" <<'END'
CREATE DATABASE :"name";
END
  fi
  run_init_scripts
  if [ "$POSTGRES_USER" != postgres ]; then hand_over; fi
  stop_alone
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
  # A shell that is process 1 ignores signals without a trap.
  trap 'exit 1' INT TERM
  POSTGRES_USER=$(setting POSTGRES_USER postgres)
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initialise
  elif [ "$POSTGRES_USER" != postgres ]; then
    update_rights
  fi
  unset POSTGRES_PASSWORD
  # The root file system may be read-only: only /tmp is sure to be writable for the socket.
  set -- postgres -c unix_socket_directories=/tmp "$@"
fi
exec "$@"
