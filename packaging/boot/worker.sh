# A worker for tests: a task takes until the file /run/go is there.
while read -r line; do
  id=${line#*'"id":"'}
  id=${id%%'"'*}
  case $line in
    *'"method":"task"'*)
      until [ -e /run/go ]; do sleep 0.1; done
      echo "$id" >> /var/tmp/tasks
      ;;
  esac
  printf '{"jsonrpc":"2.0","id":"%s","result":{}}\n' "$id"
done
