#!/bin/sh
# Makes the file tree of an image without a container engine: tree.sh DOCKERFILE CONTEXT ROOT, where ROOT is a folder that
# holds the base already (FROM is not fetched). It does what the Dockerfile says, step by step; an
# instruction that it does not know is an error. What is no file of the image is left beside it, in ROOT.image:
#   user, folder: words; environment: NAME=VALUE, a line each; command: its words, a line each
# Run as root.
set -eu
dockerfile=$1 context=$(cd "$2" && pwd) root=$3

die() {
  echo "$dockerfile: $*" >&2
  exit 1
}

image=$root.image
rm -rf "$image"
mkdir "$image"
echo root > "$image/user"
echo / > "$image/folder"
: > "$image/environment"
: > "$image/command"
: > "$image/arguments"

# words JSON: of an instruction in the exec form, a line each.
words() {
  case $1 in
    \[*\]) echo "$1" | sed -e 's/^\[ *"//' -e 's/" *\]$//' -e 's/", *"/\n/g' ;;
    *) die "not in the exec form: $1" ;;
  esac
}

# Lines that end in a backslash go on in the next; comments and empty lines mean nothing.
sed -e '/^ *#/d' -e '/^ *$/d' "$dockerfile" | sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' > "$image/steps"
while read -r instruction rest; do
  case $instruction in
    FROM | HEALTHCHECK | VOLUME | STOPSIGNAL | EXPOSE | LABEL) ;;
    ARG) echo "$rest" >> "$image/arguments" ;;
    ENV) echo "$rest" >> "$image/environment" ;;
    USER) echo "$rest" > "$image/user" ;;
    WORKDIR)
      mkdir -p "$root$rest"
      echo "$rest" > "$image/folder"
      ;;
    COPY | ADD)
      from=${rest% *} to=${rest##* }
      case $from in
        *' '* | --*) die "not supported here: $instruction $rest" ;;
      esac
      mkdir -p "$root$(dirname "${to}x")"
      found=
      for file in "$context"/$from; do
        [ -e "$file" ] || die "there is no $file"
        found=yes
        case $instruction:$file in
          ADD:*.tar*) tar --no-same-owner -xf "$file" -C "$root$to" ;;
          *) if [ -d "$file" ]; then mkdir -p "$root$to" && cp -a "$file/." "$root$to"; else cp -a "$file" "$root$to"; fi ;;
        esac
      done
      [ -n "$found" ] || die "nothing to copy: $from"
      ;;
    RUN)
      # The words of ARG and ENV are in its environment.
      # shellcheck disable=SC2046
      env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin $(cat "$image/arguments" "$image/environment") \
        chroot "$root" /bin/sh -c "cd $(cat "$image/folder") && $rest" || die "RUN $rest"
      ;;
    ENTRYPOINT) words "$rest" > "$image/command" ;;
    CMD) words "$rest" >> "$image/command" ;;
    *) die "not known here: $instruction" ;;
  esac
done < "$image/steps"
rm "$image/steps" "$image/arguments"
