# Copies the databases of a running Postgres into a data folder of this image's major version, by dump and restore.
# It runs in a Job on the server's volume. $PGDATA is in use and is not touched; the copy is complete once it is called
# $PGDATA.upgraded, and equal because from before the dump on the databases in use can only be read. Killed at any
# moment, the next run starts again. Without UPGRADE it only undoes what an earlier run has left.
set -euo pipefail

fail() {
  echo "$*"
  exit 1
}

export PGUSER=$POSTGRES_USER PGPASSWORD=$POSTGRES_PASSWORD PGTZ=UTC PGCONNECT_TIMEOUT=10
in_use=(-h "$SERVER_HOST" -p "$SERVER_PORT")
copy=(-h 127.0.0.1)
query() { psql --no-psqlrc -qAt -v ON_ERROR_STOP=1 "$@"; }
own=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
have=$(cat "$PGDATA/PG_VERSION")
new=$PGDATA.upgrading
databases="FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname <> 'postgres'"

# A session keeps the setting that it began with, so all sessions of the user end.
for_all() {
  query "${in_use[@]}" -d postgres <<END
SELECT format('ALTER DATABASE %I $1', datname) $databases \gexec
SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity
WHERE usename = current_user AND datname IN (SELECT datname $databases) \g /dev/null
END
}

# Deletes the copy before clients can write again. The folder exists as long as databases are read-only.
take_back() {
  mkdir -p "$new"
  rm -rf "$PGDATA.upgraded"
  for_all "RESET default_transaction_read_only"
  rm -rf "$new" "$new.init"
}

# Kubernetes retries after every exit code but 1.
undo() {
  if ! take_back; then exit 2; fi
  fail "nothing was changed"
}

# Backups, restores, gc and MLflow's migrations take this lock too. It ends with the session.
lock() {
  # a new pod gets its network policies some moments after its start
  for _ in $(seq 60); do
    if pg_isready -q "${in_use[@]}" -d postgres; then break; fi
    sleep 1
  done
  coproc LOCK { query "${in_use[@]}" -d postgres 2>&1; }
  echo "SET lock_timeout = '30min'; SELECT 'locked' FROM (SELECT pg_advisory_lock(108170419336560)) lock;" >&"${LOCK[1]}"
  read -r answer <&"${LOCK[0]}" || true
  if [ "${answer:-}" != locked ]; then
    fail "cannot take the lock in Postgres that backups, restores and migrations also take: ${answer:-it does not answer}"
  fi
}

check_databases() {
  unfinished=$(query "${in_use[@]}" -d postgres -c "SELECT datname $databases AND datname ~ '_(migrating|migrated|restored)$' LIMIT 1")
  if [ -n "$unfinished" ]; then
    fail "a migration or a restore is unfinished ($unfinished is left of it); finish it with the earlier Postgres first"
  fi
  foreign=$(query "${in_use[@]}" -d postgres -c "SELECT datname $databases AND NOT pg_has_role(datdba, 'MEMBER') LIMIT 1")
  if [ -n "$foreign" ]; then
    fail "the database $foreign does not belong to $PGUSER and would be left behind; dump it and drop it first"
  fi
  query "${in_use[@]}" -d postgres -c "SELECT 'the role ' || rolname || ' is not taken along' FROM pg_roles
    WHERE rolname !~ '^pg_' AND rolname NOT IN (current_user, 'postgres')"
  # files of a running server come and go
  needed=$(du -sk "$PGDATA" 2> /dev/null | cut -f 1) || true
  free=$(df -Pk "$PGDATA" | awk 'NR == 2 { print $4 }')
  if [ "$needed" -gt "$free" ]; then
    fail "the volume has $((free / 1024)) MiB left and the copy needs $((needed / 1024)); make it larger (databaseStorageSize)"
  fi
}

# The image's own entrypoint makes the folder, with the users and rights that it would give a new one.
start_copy() {
  PGDATA=$new docker-entrypoint.sh postgres -c listen_addresses=127.0.0.1 -c fsync=off > /tmp/server.log 2>&1 &
  until pg_isready -q "${copy[@]}" -d postgres; do
    kill -0 $! 2> /dev/null || fail "Postgres $own does not start on an empty folder: $(tail -n 1 /tmp/server.log)"
    sleep 0.2
  done
}

stop_copy() {
  pg_ctl -D "$new" -m fast -w -t 600 stop > /dev/null
  initdb -D "$new" --sync-only > /dev/null
}

# Every row, and what belongs to the tables. Servers of two versions sort in two ways, and a copy has other numbers.
contents() {
  query "$@" <<'END' | LC_ALL=C sort
SELECT format('SELECT %L, count(*), sum((''x'' || left(md5(t::text), 15))::bit(60)::bigint) FROM %I.%I t',
  schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') \gexec
SELECT 'sequence', schemaname, sequencename, last_value FROM pg_sequences;
SELECT 'index', schemaname, indexname FROM pg_indexes WHERE schemaname <> 'pg_catalog';
SELECT 'view', schemaname, viewname FROM pg_views
  WHERE schemaname NOT IN ('pg_catalog', 'information_schema');
-- since Postgres 18 NOT NULL is a constraint as well
SELECT 'constraint', conrelid::regclass, conname FROM pg_constraint
  WHERE contype <> 'n' AND conrelid >= 16384;
SELECT 'large objects', count(*), sum(length(lo_get(oid))) FROM pg_largeobject_metadata;
END
}

copy_database() {
  echo "copying $1"
  query "${copy[@]}" -d postgres -v name="$1" <<'END'
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
END
  pg_dump "${in_use[@]}" --no-owner --no-privileges "$1" | query "${copy[@]}" -d "$1" > /dev/null
  contents "${in_use[@]}" -d "$1" > /tmp/wanted
  contents "${copy[@]}" -d "$1" > /tmp/found
  diff /tmp/wanted /tmp/found > /tmp/differences || fail "the copy of $1 differs: $(sed -n 2p /tmp/differences)"
  echo "equal: $(grep -c '' /tmp/wanted) tables, sequences, indexes, views and constraints"
}

upgrade() {
  lock
  check_databases
  trap 'if [ $? -ne 0 ]; then undo; fi' EXIT
  rm -rf "$PGDATA.upgraded" "$new.init" "$new"
  mkdir "$new"
  for_all "SET default_transaction_read_only = on"
  start_copy
  query "${in_use[@]}" -d postgres -c "SELECT datname $databases ORDER BY 1" > /tmp/names
  while read -r name; do copy_database "$name" < /dev/null; done < /tmp/names
  # MLflow's old databases have in their comment how long they are kept
  query "${in_use[@]}" -d postgres -c "SELECT format('COMMENT ON DATABASE %I IS %L;', datname, note)
    FROM (SELECT datname, shobj_description(oid, 'pg_database') AS note $databases) noted WHERE note IS NOT NULL" |
    query "${copy[@]}" -d postgres
  stop_copy
  mv "$new" "$PGDATA.upgraded"
  sync
  echo "Postgres $own has a copy of everything; what Postgres $have has can only be read from now on"
}

if [ "$have" -gt "$own" ]; then
  fail "the data is of Postgres $have and the image has $own: Postgres cannot go back to an earlier major version; use the later image again"
elif [ "$have" -lt "$own" ]; then
  [ -n "${UPGRADE:-}" ] ||
    fail "the data is of Postgres $have and the image has $own, which does not read it; run \`npm run up -- --upgrade-postgres\`, or use the earlier image again"
  upgrade
elif compgen -G "$PGDATA.upgrad*" > /dev/null; then
  take_back
  echo "an unfinished upgrade is undone: the databases are writable again"
fi
