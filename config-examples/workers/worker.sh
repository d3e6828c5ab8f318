#!/bin/sh
# A worker in POSIX shell: answers pings, does tasks, ends when it is asked to.
#
# Messages are JSON-RPC 2.0, one a line, on stdin and stdout. What else it has to
# say goes to stderr, which is its log. A shell has no JSON: this one finds what
# it needs in the lines as pmd writes them, members in a fixed order and no spaces.

send() {
  printf '{"jsonrpc":"2.0",%s}\n' "$1"
}

# Prints the string or number behind the first "$2": in the line $1, as JSON.
member() {
  value=${1#*\"$2\":}
  case $value in
    \"*) value=${value#\"}; printf '"%s"' "${value%%\"*}" ;;
    *) printf '%s' "${value%%[,\}]*}" ;;
  esac
}

# Replace this by what you do. $1 is the type of the task as JSON, $2 its line.
work() {
  case $1 in
    '"fail"') return 1 ;;
    *) printf '{"type":%s}' "$1" ;;
  esac
}

send '"method":"ready","params":{}'
send '"method":"log","params":{"level":"info","message":"ready for work"}'
while IFS= read -r line; do
  case $line in
    *'"method":"shutdown"'*)
      exit 0 ;;
    '{"jsonrpc":"2.0","id":'*'"method":"ping"'*)
      send "\"id\":$(member "$line" id),\"result\":{}" ;;
    '{"jsonrpc":"2.0","id":'*'"method":"task"'*)
      id=$(member "$line" id)
      if result=$(work "$(member "$line" type)" "$line"); then
        send "\"id\":$id,\"result\":$result"
      else
        # retry: whether another attempt may help.
        send "\"id\":$id,\"error\":{\"code\":1,\"message\":\"asked to fail\",\"data\":{\"retry\":false}}"
      fi ;;
    '{"jsonrpc":"2.0","id":'*)
      send "\"id\":$(member "$line" id),\"error\":{\"code\":-32601,\"message\":\"no such method\"}" ;;
  esac
done
