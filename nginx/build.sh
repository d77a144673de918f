#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the module for the machine's own nginx, from the sources that
# Debian's nginx-dev carries.
#
#   nginx/build.sh OUTDIR LIBPAT.a INCLUDEDIR...
#
# leaves OUTDIR/ngx_http_pat_module.so.  Needs no root and writes nowhere but
# OUTDIR.  Configuring takes about ten seconds and is done once, and again
# when its inputs change; after that only what changed is compiled.

set -eu

NGINX_SRC=${NGINX_SRC:-/usr/share/nginx/src}

if [ $# -lt 3 ]; then
    echo "usage: $0 OUTDIR LIBPAT.a INCLUDEDIR..." >&2
    exit 2
fi

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
PAT_LIBPAT=$(realpath "$2")
shift 2
PAT_INCLUDES=$(realpath "$@" | tr '\n' ' ')
PAT_HEADERS=$(cd / && find $PAT_INCLUDES -path '*/base/*.h' -o -path '*/token/*.h' \
    -o -path '*/policy/*.h' -o -path '*/index/*.h' | sort | tr '\n' ' ')
export PAT_LIBPAT PAT_INCLUDES PAT_HEADERS

# As Debian builds nginx itself (nginx -V), but for the source prefix, and with
# the warnings that nginx's own configure turns into errors said in full.
cc_opt="-g -O2 -ffile-prefix-map=$here=nginx -ffile-prefix-map=$out=."
cc_opt="$cc_opt -fstack-protector-strong -fstack-clash-protection"
cc_opt="$cc_opt -Wformat -Werror=format-security -Wdate-time"
cc_opt="$cc_opt -D_FORTIFY_SOURCE=2 -fPIC -fno-plt"
cc_opt="$cc_opt -Wall -Wextra -Werror"
ld_opt="-Wl,-z,relro -Wl,-z,now -Wl,--as-needed -fPIC"

# Made by gcc, libpat's objects carry what linking as one program needs. The
# hundred little programs that configure tries are not to be made so.
cc=${CC:-cc}
if ! $cc -dM -E - </dev/null | grep -q __clang__; then
    cc="$cc -O2 -flto=auto"
fi

# Everything that a finished configure depends on.
stamp=$(
    cat "$here/config" "$0" "$NGINX_SRC/conf_flags"
    /usr/sbin/nginx -v 2>&1 || true
    echo "$here" "$PAT_LIBPAT" "$PAT_INCLUDES" "$PAT_HEADERS"
)

tree=$out/nginx-src

if [ ! -f "$tree/objs/Makefile" ] \
    || [ ! -f "$out/configured" ] \
    || [ "$(cat "$out/configured")" != "$stamp" ]
then
    rm -rf "$tree" "$out/configured"
    cp -r "$NGINX_SRC" "$tree"

    NGX_CONF_FLAGS=()
    . "$tree/conf_flags"

    if ! (cd "$tree" && ./configure "${NGX_CONF_FLAGS[@]}" \
            --with-cc-opt="$cc_opt" --with-ld-opt="$ld_opt" \
            --add-dynamic-module="$here" >"$out/configure.log" 2>&1)
    then
        tail -n 20 "$out/configure.log" >&2
        exit 1
    fi

    printf '%s\n' "$stamp" >"$out/configured"
fi

make -s -C "$tree" -f objs/Makefile CC="$cc" modules

# A running nginx may have the old file mapped: replace it, do not write it.
cp "$tree/objs/ngx_http_pat_module.so" "$out/.ngx_http_pat_module.so"
mv "$out/.ngx_http_pat_module.so" "$out/ngx_http_pat_module.so"
