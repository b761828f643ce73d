#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# texts_test.sh XGETTEXT MSGCMP scarbon/ OUT.pot: every text that the sources of scarbon and of its HTML report mark has a translation.
set -eu
find "$3" -name '*.cpp' | "$1" --files-from=- --language=C++ --from-code=UTF-8 --keyword=tr --keyword=trf:1 --keyword=tr_noop \
  --keyword=line:1 --no-location -o "$4" 2>/dev/null
"$1" --language=JavaScript --from-code=UTF-8 --keyword=tr --join-existing --no-location -o "$4" "$3"/../web/page/*.js 2>/dev/null
[ "$(grep -c '^msgid' "$4")" -gt 50 ]
for catalogue in "$3"/po/*.po; do
  "$2" "$catalogue" "$4" 2>&1
  if "$2" "$4" "$catalogue" 2>&1 | grep "this message is used but not defined"; then exit 1; fi
done
