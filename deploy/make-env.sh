#!/bin/sh
# Writes .env beside docker-compose.yml, or into the folder given, with passwords of its own. deploy/env.example says
# what each is. One that is there stays as it is: its passwords may be in use.
set -eu
folder=${1:-$(cd "$(dirname "$0")/.." && pwd)}
file=$folder/.env
if [ -e "$file" ]; then
  echo "$file is there already. Remove it to have new passwords." >&2
  exit 1
fi
secret() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
umask 077
cat >"$file" <<END
CLICKHOUSE_PASSWORD=$(secret)
CLICKHOUSE_BI_PASSWORD=$(secret)
CLICKHOUSE_CLUSTER_SECRET=$(secret)
END
echo "$file is written."
