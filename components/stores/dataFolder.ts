/**
 * Decides which data folder the server of this image starts on. A server does not read the data of another major
 * version of Postgres: `npm run up -- --upgrade-postgres` makes a copy that it reads, `$PGDATA.upgraded`, and this
 * puts it in the place of what was in use, which stays as `$PGDATA.<its major version>`. If it is killed
 * between the two renames, the next start continues, with the new image or the old one.
 */
export const chooseDataFolder = `
set -eu
own=$(postgres --version | sed 's/[^0-9]*\\([0-9]*\\).*/\\1/')
major() { cat "$1/PG_VERSION" 2> /dev/null || true; }
take() { mv "$1" "$PGDATA" && sync && echo "the data of Postgres $own is in use"; }
have=$(major "$PGDATA")
if [ "$have" = "$own" ]; then exit 0; fi
if [ "$(major "$PGDATA.upgraded")" = "$own" ] && [ ! -e "$PGDATA.$have" ]; then
  if [ -n "$have" ]; then mv "$PGDATA" "$PGDATA.$have"; fi
  take "$PGDATA.upgraded"
  exit 0
fi
if [ -z "$have" ]; then
  if [ "$(major "$PGDATA.$own")" = "$own" ]; then take "$PGDATA.$own"; exit 0; fi
  have=$(major "$PGDATA.upgraded")
  if [ -z "$have" ]; then exit 0; fi
fi
if [ "$have" -lt "$own" ]; then
  fix='run npm run up -- --upgrade-postgres, or use the earlier image again'
else
  fix='Postgres cannot go back to an earlier major version; use the later image again'
fi
echo "the data is of Postgres $have, which the image's Postgres $own does not read: $fix" >&2
exit 1
`;
