# A PostgreSQL of our own, for whoever sources this: on a free port, in a folder that goes with it.
# Needs `log`, the path of a file for what is said meanwhile; sets `cluster`, and says the address in `postgres_url`.

cluster=
postgres_url=

find_pg_bin() {
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) "$(dirname "$(command -v initdb || echo /)")"; do
        if [[ -x $folder/initdb && -x $folder/pg_ctl ]]; then
            printf '%s\n' "$folder"
            return
        fi
    done
}

# initdb refuses to run as root.
as_postgres() {
    if [[ $EUID -eq 0 ]]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

free_port() {
    local port
    for port in $(shuf -i 20000-32000 -n 50); do
        if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
}

# start_postgres OPTIONS: with these options of the server besides.
start_postgres() {
    local port options pg_bin
    pg_bin=$(find_pg_bin)
    cluster=$(mktemp -d /tmp/keyrack-postgres.XXXXXX) || return 1
    if [[ $EUID -eq 0 ]]; then
        chown postgres "$cluster" || return 1
    fi
    as_postgres "$pg_bin/initdb" -D "$cluster/data" -U keyrack -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$log" 2>&1 || return 1
    for _ in 1 2 3; do
        port=$(free_port)
        options="-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories= $1"
        if as_postgres "$pg_bin/pg_ctl" -D "$cluster/data" -l "$cluster/server.log" -o "$options" -w start \
            >>"$log" 2>&1; then
            postgres_url="postgres://keyrack@127.0.0.1:$port/postgres"
            return
        fi
    done
    cat "$cluster/server.log" >>"$log" 2>/dev/null
    return 1
}

stop_postgres() {
    if [[ -n $cluster ]]; then
        as_postgres "$(find_pg_bin)/pg_ctl" -D "$cluster/data" -m immediate -w stop >/dev/null 2>&1
        rm -rf "$cluster"
    fi
    cluster=
}
