#!/bin/sh
# Opens the course. It is installed once, from this folder, with no network.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
PATH=$PATH:/usr/local/bin:/opt/homebrew/bin
test='import sys; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])'
whole='import ast, sys; ast.parse(open(sys.argv[1], "rb").read()).body[-1].test'
for wanted in @PYTHONS@; do
  for python in "python$wanted" python3 python; do
    if "$python" -c "$test" "$wanted" 2> /dev/null; then
      if "$python" -c "$whole" "$here/wheels/start.py" 2> /dev/null; then
        exec "$python" "$here/wheels/start.py" "$@"
      fi
      echo "wheels/start.py is missing or damaged: copy the whole folder again from where you have it."
      wanted=
      break 2
    fi
  done
done
if [ "$wanted" ]; then
  echo "This pack wants Python (one of: @PYTHONS@), which is not found here. Install it, from"
  echo "python.org for example, and start again; until then site/index.html opens in a browser."
fi
if [ -t 0 ]; then
  echo "Press Enter to close."
  read -r _
fi
exit 1
